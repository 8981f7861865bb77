/// A range of bytes in a buffer that may move. Extents stay valid when the bytes are copied to a
/// larger buffer; pointers would not.
@frozen
public struct ByteExtent: BitwiseCopyable, Sendable, Equatable {
    /// The offset of the first byte from the start of the buffer.
    public var offset: UInt32
    /// The number of bytes.
    public var count: UInt32

    /// Creates a range of `count` bytes at `offset`.
    @inlinable
    public init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }

    /// Creates a range from `start` to `end`, exclusive; empty if `end` is not after `start`.
    @inlinable
    init(from start: Int, to end: Int) {
        offset = UInt32(truncatingIfNeeded: start)
        count = UInt32(truncatingIfNeeded: end > start ? end &- start : 0)
    }

    /// The offset after the last byte.
    @inlinable
    public var end: Int { Int(offset) &+ Int(count) }

    /// Whether the range has no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// An empty range at the start.
    @inlinable
    public static var empty: ByteExtent { ByteExtent(offset: 0, count: 0) }
}
