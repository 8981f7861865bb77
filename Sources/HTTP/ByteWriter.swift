/// Appends bytes to memory that the caller owns: headers, log lines and other short texts. The
/// first part that does not fit sets `hasOverflowed`; it and all that follows are left out.
@safe @frozen
public struct ByteWriter: BitwiseCopyable {
    @usableFromInline let start: UnsafeMutableRawPointer

    @usableFromInline var written: Int
    @usableFromInline var isFull: Bool

    /// The size of the memory in bytes.
    public let capacity: Int
    /// The number of bytes written.
    @inlinable
    public var count: Int { written }
    /// True if something did not fit; nothing is written after that.
    @inlinable
    public var hasOverflowed: Bool { isFull }

    /// Creates a writer over `capacity` bytes at `start`, which must stay valid while it is used.
    @inlinable
    public init(unsafe start: UnsafeMutableRawPointer, capacity: Int) {
        unsafe self.start = start
        self.capacity = capacity
        written = 0
        isFull = false
    }

    /// Reserves `length` bytes at the end. Returns their address; nil if they do not fit.
    @inlinable
    mutating func reserve(_ length: Int) -> UnsafeMutableRawPointer? {
        guard length <= capacity &- written, !isFull else {
            isFull = true
            return nil
        }
        let place = unsafe start + written
        written &+= length
        return unsafe place
    }

    /// Appends text known at compile time.
    @inlinable
    public mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        guard let place = unsafe reserve(length) else { return }
        unsafe place.copyMemory(from: text.utf8Start, byteCount: length)
    }

    /// Appends bytes.
    @inlinable
    public mutating func append(_ bytes: Span<UInt8>) {
        let length = bytes.count
        guard length > 0, let place = unsafe reserve(length) else { return }
        unsafe bytes.withUnsafeBytes { source in
            if let base = source.baseAddress {
                unsafe place.copyMemory(from: base, byteCount: length)
            }
        }
    }

    /// Appends one byte.
    @inlinable
    public mutating func append(byte: UInt8) {
        guard let place = unsafe reserve(1) else { return }
        unsafe place.storeBytes(of: byte, as: UInt8.self)
    }

    /// Appends a string as UTF-8.
    @inlinable
    public mutating func append(string: String) {
        var copy = string
        copy.withUTF8 { source in
            guard let base = source.baseAddress, let place = unsafe reserve(source.count) else {
                return
            }
            unsafe place.copyMemory(from: base, byteCount: source.count)
        }
    }

    /// Returns the byte at `index`; 0 outside of the written bytes.
    @inlinable
    public func byte(at index: Int) -> UInt8 {
        guard index >= 0, index < count else { return 0 }
        return unsafe start.load(fromByteOffset: index, as: UInt8.self)
    }

    /// Removes all bytes from `count` on; does nothing if there are fewer.
    @inlinable
    public mutating func truncate(to count: Int) {
        if count >= 0, count < written { written = count }
    }

    /// The written bytes.
    @inlinable
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<UInt8>(
                _unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
