import HTTP

/// The normalized path of a request (`$uri`), in a buffer that the request has while it is
/// processed.
struct RequestPath: BitwiseCopyable {
    private(set) var buffer = Buffer.none
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// True if the request has a buffer for its path.
    var isLoaded: Bool { !buffer.isNone }

    /// The bytes of the path.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = buffer.span(from: 0, to: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The last byte; 0 for an empty path.
    var lastByte: UInt8 { count > 0 ? buffer.span(from: count &- 1, to: count)[0] : 0 }

    /// Starts with an empty path in `buffer`.
    mutating func load(_ buffer: Buffer) {
        self.buffer = buffer
        count = 0
    }

    /// Returns the buffer for release. There is no path afterwards.
    mutating func unload() -> Buffer {
        let old = buffer
        buffer = .none
        count = 0
        return old
    }

    mutating func removeAll() { count = 0 }

    /// Sets the path to the first `count` bytes that were written to the buffer.
    mutating func setCount(_ count: Int) { self.count = max(0, min(count, buffer.capacity)) }

    /// Replaces the path. Returns false if it is too long.
    @discardableResult
    mutating func replace(by bytes: Span<UInt8>) -> Bool {
        count = 0
        return append(bytes)
    }

    /// Appends a name to the path. Returns false if it becomes too long.
    @discardableResult
    mutating func append(_ name: Span<UInt8>) -> Bool {
        var writer = buffer.writer(from: count)
        writer.append(name)
        count &+= writer.count
        return !writer.hasOverflowed
    }
}
