import CZlib

/// Compresses one response body into the gzip format (RFC 1952).
///
/// The bytes are those that nginx sends: the same windows for the same sizes, no name, mtime 0.
/// Reusing an encoder allocates nothing; see ``GzipPool``.
@safe
public final class Gzip {
    /// The parameters that an encoder's memory depends on. Encoders of the same shape are
    /// interchangeable.
    public struct Shape: Equatable, Sendable {
        /// `gzip_comp_level`, 1 (fast) to 9 (small).
        public let level: Int32
        /// Base 2 logarithm of the window, 9 to 15.
        public let windowBits: Int32
        /// zlib's memLevel, 1 to 9.
        public let memoryLevel: Int32

        /// Creates the shape for a body of `sizeHint` bytes; nil is an unknown length.
        ///
        /// As in nginx's ngx_http_gzip_filter_memory: a body that fits into half of the window uses
        /// the next smaller one, so that a small response costs 10 KiB rather than 256 KiB.
        public init(level: Int, sizeHint: Int64?) {
            var windowBits: Int32 = 15
            var memoryLevel: Int32 = 8
            if let size = sizeHint, size > 0 {
                while size < (Int64(1) << Int64(windowBits - 1)) - 262 {
                    windowBits -= 1
                    memoryLevel -= 1
                }
            }
            self.level = Int32(clamping: min(max(level, 1), 9))
            self.windowBits = windowBits
            self.memoryLevel = max(memoryLevel, 1)
        }
    }

    /// The shape that this encoder was allocated for.
    public let shape: Shape

    /// zlib keeps a pointer back to its z_stream, which therefore must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Creates an encoder for a body of `sizeHint` bytes; nil if memory is short.
    public convenience init?(level: Int, sizeHint: Int64?) {
        self.init(shape: Shape(level: level, sizeHint: sizeHint))
    }

    /// Creates an encoder of a shape; nil if memory is short.
    public init?(shape: Shape) {
        self.shape = shape
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let gzipFormat: Int32 = 16
        let returned = unsafe deflateInit2_(
            stream, shape.level, Z_DEFLATED, shape.windowBits + gzipFormat, shape.memoryLevel,
            Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        // All properties are set, so that deinit frees the memory.
        guard returned == Z_OK else { return nil }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Starts a new body. Returns false if zlib refuses; the encoder must not be used again then.
    public func reset() -> Bool { unsafe deflateReset(stream) == Z_OK }

    /// Compresses from `input` into `output` until one of them is used up.
    ///
    /// With `finish` the input is the end of the body: call again with the bytes that were not
    /// consumed, and with room in `output`, until `isFinished`. deflate(3) holds bytes back, so
    /// that a call that consumed everything may produce nothing.
    public func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, finish: Bool
    ) -> StreamProgress {
        let inputCount = UInt32(clamping: input.count)
        let outputCount = UInt32(clamping: output.count)
        // Bytes beyond zlib's 32-bit counter stay for the next call, which then is the last.
        let isLast = finish && Int(inputCount) == input.count
        // zlib does not write through next_in; its declaration only lacks the const.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
        unsafe stream.pointee.avail_in = inputCount
        unsafe stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = outputCount
        guard outputCount > 0 else {
            return .none
        }
        let returned = unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
        let consumed = unsafe inputCount &- stream.pointee.avail_in
        let produced = unsafe outputCount &- stream.pointee.avail_out
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        // Z_BUF_ERROR means that there was nothing to do, which is no error.
        return StreamProgress(
            consumed: Int(consumed), produced: Int(produced), isFinished: returned == Z_STREAM_END,
            isBroken: returned == Z_STREAM_ERROR)
    }

    /// Compresses from a span into a span, as above.
    public func compress(
        _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, finish: Bool
    ) -> StreamProgress {
        unsafe input.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                unsafe compress(source, into: target, finish: finish)
            }
        }
    }
}

/// A pool of idle encoders, so that a response does not allocate 256 KiB.
public struct GzipPool {
    /// The maximum number of encoders.
    public let capacity: Int
    private var idle: [Gzip] = []

    /// Creates a pool of at most `capacity` encoders.
    public init(capacity: Int) { self.capacity = max(capacity, 0) }

    /// The number of idle encoders.
    public var idleCount: Int { idle.count }

    /// Returns an encoder that is ready for a new body; nil if memory is short.
    public mutating func acquire(level: Int, sizeHint: Int64?) -> Gzip? {
        let shape = Gzip.Shape(level: level, sizeHint: sizeHint)
        if let index = idle.lastIndex(where: { $0.shape == shape }) {
            let encoder = idle.remove(at: index)
            if encoder.reset() { return encoder }
        }
        return Gzip(shape: shape)
    }

    /// Returns an encoder to the pool, even in the middle of a body. If the pool is full, the one
    /// that was idle longest is freed.
    public mutating func release(_ encoder: Gzip) {
        guard capacity > 0 else { return }
        if idle.count >= capacity { idle.removeFirst() }
        idle.append(encoder)
    }
}

/// Decompresses one gzip body (RFC 1952).
///
/// Several members in a row are one body (section 2.2). Bytes after the last member that are not a
/// member break the stream, as in nginx.
@safe
public final class Gunzip {
    /// zlib keeps a pointer back to its z_stream, which therefore must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// True if the last byte read was the end of a member's trailer.
    private var isMemberOver = false

    /// Creates a decoder; nil if memory is short.
    public init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let gzipFormat: Int32 = 16
        let returned = unsafe inflateInit2_(
            stream, MAX_WBITS + gzipFormat, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        // All properties are set, so that deinit frees the memory.
        guard returned == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Decompresses from `input` into `output` until one of them is used up, or a member ends.
    ///
    /// With `isLast` the input is the end of the body: call again with the bytes that were not
    /// consumed, and with room in `output`, until `isFinished`. A body that ends within a member is
    /// broken.
    public func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, isLast: Bool
    ) -> StreamProgress {
        guard output.count > 0 else { return .none }
        if isMemberOver {
            guard input.count > 0 else {
                return StreamProgress(
                    consumed: 0, produced: 0, isFinished: isLast, isBroken: false)
            }
            guard unsafe inflateReset(stream) == Z_OK else { return .broken }
            isMemberOver = false
        }
        let inputCount = UInt32(clamping: input.count)
        let outputCount = UInt32(clamping: output.count)
        // zlib does not write through next_in; its declaration only lacks the const.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
        unsafe stream.pointee.avail_in = inputCount
        unsafe stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        unsafe stream.pointee.avail_out = outputCount
        let returned = unsafe inflate(stream, Z_NO_FLUSH)
        let consumed = unsafe Int(inputCount &- stream.pointee.avail_in)
        let produced = unsafe Int(outputCount &- stream.pointee.avail_out)
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        let isRead = isLast && consumed == input.count
        isMemberOver = returned == Z_STREAM_END
        // Z_BUF_ERROR means that there was nothing to do, which is no error by itself.
        let isSound =
            isMemberOver
            || (returned == Z_OK || returned == Z_BUF_ERROR)
                && !(isRead && produced < output.count)
        return StreamProgress(
            consumed: consumed, produced: produced, isFinished: isMemberOver && isRead,
            isBroken: !isSound)
    }
}

/// The result of one call of a stream converter, such as ``Gzip``.
@frozen
public struct StreamProgress: Equatable, Sendable {
    /// The number of input bytes that were consumed.
    public let consumed: Int
    /// The number of output bytes that were written.
    public let produced: Int
    /// Whether all output was written.
    public let isFinished: Bool
    /// True if the stream cannot be completed: its input is damaged, or it was used after its end.
    public let isBroken: Bool

    /// No progress for lack of room.
    static var none: StreamProgress {
        StreamProgress(consumed: 0, produced: 0, isFinished: false, isBroken: false)
    }

    /// Damaged input.
    static var broken: StreamProgress {
        StreamProgress(consumed: 0, produced: 0, isFinished: false, isBroken: true)
    }
}
