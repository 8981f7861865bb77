import HTTP

/// The body of a multipart/byteranges response (RFC 9110, section 14.6).
struct MultipartRanges {
    /// The boundary between the parts.
    let boundary: UInt64
    /// The total length in bytes.
    let contentLength: Int64
    /// The parts, each after its head.
    let segments: [BodySegment]

    init(_ ranges: [ByteRange], size: Int64, boundary: UInt64, contentType: [UInt8]) {
        self.boundary = boundary
        var segments: [BodySegment] = []
        var length: Int64 = 0
        for range in ranges {
            let head = ByteWriter.bytes(atMost: 256 &+ contentType.count) { writer in
                writer.append("\r\n--")
                MultipartRanges.write(boundary: boundary, into: &writer)
                if !contentType.isEmpty {
                    writer.append("\r\nContent-Type: ")
                    writer.append(contentType.span)
                }
                writer.append("\r\nContent-Range: bytes ")
                writer.append(decimal: range.start)
                writer.append(byte: UInt8(ascii: "-"))
                writer.append(decimal: range.end &- 1)
                writer.append(byte: UInt8(ascii: "/"))
                writer.append(decimal: size)
                writer.append("\r\n\r\n")
            }
            segments.append(.bytes(head))
            segments.append(.file(offset: range.start, count: range.count))
            length = length &+ Int64(head.count) &+ range.count
        }
        let end = ByteWriter.bytes(atMost: 64) { writer in
            writer.append("\r\n--")
            MultipartRanges.write(boundary: boundary, into: &writer)
            writer.append("--\r\n")
        }
        segments.append(.bytes(end))
        self.segments = segments
        contentLength = length &+ Int64(end.count)
    }

    /// Writes the boundary as twenty digits, as nginx does.
    static func write(boundary: UInt64, into writer: inout ByteWriter) {
        var divisor: UInt64 = 10_000_000_000_000_000_000
        while divisor > 0 {
            writer.append(
                byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: boundary / divisor % 10))
            divisor /= 10
        }
    }
}
