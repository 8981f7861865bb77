import CZlib

/// Compressed bodies.
enum Gzip {
    /// Decodes a body of `length` bytes, and compares it with the contents. Returns the end of the
    /// body, which is after the received bytes if some are missing; nil if it is wrong.
    static func check(
        _ received: [UInt8], from start: Int, length: Int, count: Int, contents: [UInt32]
    ) -> Int? {
        let end = start + length
        let part = Array(received[start..<min(end, received.count)])
        guard let content = inflated(part, atMost: count + 1),
            Kernel.matches(content[...], from: 0, contents)
        else { return nil }
        return end > received.count || content.count == count ? end : nil
    }

    /// Decodes a chunked body as far as it was received, and compares it with the contents. Returns
    /// the end of the body, which is after the received bytes if some are missing; nil if it is
    /// wrong.
    static func checkChunks(
        _ received: [UInt8], from start: Int, count: Int, contents: [UInt32]
    ) -> Int? {
        var compressed: [UInt8] = []
        guard let (end, isWhole) = chunks(received, from: start, into: &compressed) else {
            return nil
        }
        guard let content = inflated(compressed, atMost: count + 1) else { return nil }
        guard Kernel.matches(content[...], from: 0, contents) else { return nil }
        if isWhole, content.count != count { return nil }
        return isWhole ? end : received.count + 1
    }

    /// Appends the data of chunks. Returns the end of the last chunk that was read; nil if the
    /// framing is wrong.
    private static func chunks(
        _ received: [UInt8], from start: Int, into data: inout [UInt8]
    ) -> (end: Int, isWhole: Bool)? {
        var position = start
        while true {
            var size = 0
            var digits = 0
            while position < received.count, received[position] != 13 {
                let digit = received[position]
                switch digit {
                case 0x30...0x39: size = size * 16 + Int(digit) - 0x30
                case 0x61...0x66: size = size * 16 + Int(digit) - 0x61 + 10
                default: return nil
                }
                digits += 1
                position += 1
            }
            guard position + 2 <= received.count else { return (position, false) }
            guard digits > 0, received[position + 1] == 10 else { return nil }
            position += 2
            let end = position + size
            data += received[position..<min(end, received.count)]
            guard end + 2 <= received.count else { return (end, false) }
            guard received[end] == 13, received[end + 1] == 10 else { return nil }
            position = end + 2
            if size == 0 { return (position, true) }
        }
    }

    /// Returns the content of a gzip stream, which may be incomplete; nil if it is invalid.
    private static func inflated(_ compressed: [UInt8], atMost count: Int) -> [UInt8]? {
        guard !compressed.isEmpty else { return [] }
        var stream = unsafe z_stream()
        guard
            unsafe inflateInit2_(
                &stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { _ = unsafe inflateEnd(&stream) }
        var input = compressed
        var isValid = false
        let content = unsafe [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
            unsafe input.withUnsafeMutableBufferPointer { bytes in
                unsafe stream.next_in = bytes.baseAddress
                unsafe stream.avail_in = UInt32(bytes.count)
                unsafe stream.next_out = memory.baseAddress
                unsafe stream.avail_out = UInt32(count)
                let result = unsafe inflate(&stream, Z_NO_FLUSH)
                isValid = result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
                filled = unsafe count - Int(stream.avail_out)
            }
        }
        return isValid ? content : nil
    }

    /// Returns bytes as one gzip member.
    static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var stream = unsafe z_stream()
        guard
            unsafe deflateInit2_(
                &stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return [] }
        defer { _ = unsafe deflateEnd(&stream) }
        var input = bytes
        let room = bytes.count + bytes.count / 100 + 100
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, filled in
            unsafe input.withUnsafeMutableBufferPointer { bytes in
                unsafe stream.next_in = bytes.baseAddress
                unsafe stream.avail_in = UInt32(bytes.count)
                unsafe stream.next_out = memory.baseAddress
                unsafe stream.avail_out = UInt32(room)
                _ = unsafe deflate(&stream, Z_FINISH)
                filled = unsafe room - Int(stream.avail_out)
            }
        }
    }
}
