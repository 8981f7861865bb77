import CZlib

/// Decompresses a gzip body in this process. Returns nil if it is damaged or bytes follow it.
func inflated(_ packed: [UInt8]) -> [UInt8]? {
    var input = packed
    var result: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65_536)
    var stream = unsafe z_stream()
    return unsafe withUnsafeMutablePointer(to: &stream) { stream in
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, 31, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { unsafe inflateEnd(stream) }
        return unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe stream.pointee.next_in = input.baseAddress
            unsafe stream.pointee.avail_in = UInt32(input.count)
            var returned = Z_OK
            while returned == Z_OK {
                let produced = unsafe room.withUnsafeMutableBufferPointer { room in
                    unsafe stream.pointee.next_out = room.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room.count)
                    returned = unsafe inflate(stream, Z_NO_FLUSH)
                    return unsafe room.count - Int(stream.pointee.avail_out)
                }
                result += room[..<produced]
            }
            return unsafe returned == Z_STREAM_END && stream.pointee.avail_in == 0 ? result : nil
        }
    }
}
