import CZlib

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
