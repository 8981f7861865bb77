/// A stretch of bytes of a buffer that may move: where it begins and how long it is. A head that
/// keeps extents instead of pointers stays true when its bytes are copied to a larger buffer.
@frozen
public struct ByteExtent: BitwiseCopyable, Sendable, Equatable {
    /// The first byte, counted from the start of the buffer.
    public var offset: UInt32
    /// How many bytes.
    public var count: UInt32

    /// The stretch of `count` bytes at `offset`.
    @inlinable
    public init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }

    /// The stretch from `start` to `end`, exclusive; empty when `end` is not past `start`.
    @inlinable
    init(from start: Int, to end: Int) {
        offset = UInt32(truncatingIfNeeded: start)
        count = UInt32(truncatingIfNeeded: end > start ? end &- start : 0)
    }

    /// The offset after the last byte.
    @inlinable
    public var end: Int { Int(offset) &+ Int(count) }

    /// Whether there is no byte in it.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// No bytes, at the start.
    @inlinable
    public static var empty: ByteExtent { ByteExtent(offset: 0, count: 0) }
}
