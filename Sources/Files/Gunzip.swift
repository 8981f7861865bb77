import CZlib

/// One gzip body (RFC 1952) on its way back to what was compressed.
///
/// Several members, one behind the other, are one body (section 2.2); what follows the last one
/// and is no member breaks the stream, as in nginx.
@safe
public final class Gunzip {
    /// zlib keeps a pointer back to its z_stream, which therefore may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// The trailer of a member was the last thing that was read.
    private var isMemberOver = false

    /// nil when memory is short.
    public init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let gzipFormat: Int32 = 16
        let returned = unsafe inflateInit2_(
            stream, MAX_WBITS + gzipFormat, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        // The value is whole, so that its deinit gives the memory back.
        guard returned == Z_OK else { return nil }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Decompresses from `input` into `output` until one of them is used up, or a member is over.
    ///
    /// With `isLast` the input is the body's last: call again with what was not consumed, and with
    /// room in `output`, until `isFinished`. A body that ends within a member is broken.
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
        // Z_BUF_ERROR says that there was nothing to do, which is no error as such.
        let isSound =
            isMemberOver
            || (returned == Z_OK || returned == Z_BUF_ERROR)
                && !(isRead && produced < output.count)
        return StreamProgress(
            consumed: consumed, produced: produced, isFinished: isMemberOver && isRead,
            isBroken: !isSound)
    }
}
