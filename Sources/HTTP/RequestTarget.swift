/// Conversion between the path of a request target and a path of the site (RFC 3986, sections 2.1
/// and 5.2.4), as nginx does it.
public enum RequestTarget {
    /// Decodes the path once, removes `.` and `..` segments, and merges adjacent slashes if
    /// `mergesSlashes`. The result begins with a slash, has no NUL and no `..` segment, and is
    /// never longer than the raw path and one slash. A `?` or `#` ends the path.
    ///
    /// Returns false, for a response with 400, if an escape is not two hexadecimal digits, if there
    /// is a NUL, escaped or not, or if `..` leads above the root; also if the writer is too small.
    public static func normalize(
        path raw: Span<UInt8>, mergesSlashes: Bool, into writer: inout ByteWriter
    ) -> Bool {
        var path = PathNormalizer(mergesSlashes: mergesSlashes, root: writer.count)
        writer.append(byte: 0x2F)
        var index = raw.count > 0 && raw[0] == 0x2F ? 1 : 0
        while index < raw.count {
            var byte = raw[index]
            index &+= 1
            if byte == 0x3F || byte == 0x23 { break }
            if byte == 0x25 {
                guard index &+ 1 < raw.count, let high = raw[index].hexadecimalDigit,
                    let low = raw[index &+ 1].hexadecimalDigit
                else { return false }
                byte = high << 4 | low
                index &+= 2
            }
            // A C string would end at a NUL. The parser refuses it, but there are other callers.
            guard byte != 0 else { return false }
            guard path.append(byte, into: &writer) else { return false }
        }
        return path.finish(&writer) && !writer.hasOverflowed
    }

    /// Escapes a path for a Location header: nginx's NGX_ESCAPE_URI.
    public static func escape(uri: Span<UInt8>, into writer: inout ByteWriter) {
        escape(uri, keeping: .uri, into: &writer)
    }

    /// Escapes a name as one segment of a path: nginx's NGX_ESCAPE_URI_COMPONENT, which leaves only
    /// unreserved bytes (RFC 3986, section 2.3).
    public static func escape(component: Span<UInt8>, into writer: inout ByteWriter) {
        escape(component, keeping: .unreserved, into: &writer)
    }

    /// Escapes text for a query: nginx's NGX_ESCAPE_ARGS.
    public static func escape(arguments: Span<UInt8>, into writer: inout ByteWriter) {
        escape(arguments, keeping: .arguments, into: &writer)
    }

    /// Escapes the control characters of a header value (RFC 9110, section 5.5).
    public static func escape(controlsOf text: Span<UInt8>, into writer: inout ByteWriter) {
        for index in 0..<text.count {
            let byte = text[index]
            if byte >= 0x20 && byte != 0x7F || byte == 0x09 {
                writer.append(byte: byte)
            } else {
                writer.append(percentEncoded: byte)
            }
        }
    }

    private static func escape(
        _ text: Span<UInt8>, keeping kept: ByteSet, into writer: inout ByteWriter
    ) {
        for index in 0..<text.count {
            let byte = text[index]
            if kept.contains(byte) {
                writer.append(byte: byte)
            } else {
                writer.append(percentEncoded: byte)
            }
        }
    }
}

/// The state of `RequestTarget.normalize`: the shape of the current segment.
private struct PathNormalizer {
    private enum Segment {
        case empty, dot, dotDot, other
    }

    private let mergesSlashes: Bool
    /// The offset in the writer where the path begins.
    private let root: Int
    private var segment = Segment.empty

    init(mergesSlashes: Bool, root: Int) {
        self.mergesSlashes = mergesSlashes
        self.root = root
    }

    /// Writes a decoded byte. Returns false if it would lead above the root. A `?`, `#` or `%` that
    /// was decoded is an ordinary byte.
    mutating func append(_ byte: UInt8, into writer: inout ByteWriter) -> Bool {
        if byte == 0x2F { return endSegment(&writer) }
        writer.append(byte: byte)
        switch segment {
        case .empty: segment = byte == 0x2E ? .dot : .other
        case .dot: segment = byte == 0x2E ? .dotDot : .other
        case .dotDot, .other: segment = .other
        }
        return true
    }

    /// Ends the path. Returns false if its last segment would lead above the root.
    mutating func finish(_ writer: inout ByteWriter) -> Bool {
        switch segment {
        case .dot, .dotDot: return endSegment(&writer)
        case .empty, .other: return true
        }
    }

    private mutating func endSegment(_ writer: inout ByteWriter) -> Bool {
        switch segment {
        case .empty:
            if !mergesSlashes { writer.append(byte: 0x2F) }
        case .dot:
            writer.truncate(to: writer.count &- 1)
        case .dotDot:
            // The two dots follow their slash, which follows the segment that is removed.
            var end = writer.count &- 4
            while end >= root, writer.byte(at: end) != 0x2F { end &-= 1 }
            guard end >= root else { return false }
            writer.truncate(to: end &+ 1)
        case .other:
            writer.append(byte: 0x2F)
        }
        segment = .empty
        return true
    }
}

extension Span where Element == UInt8 {
    /// The number of segments of a path that are `..`.
    public var parentSegments: Int {
        var found = 0
        var index = 0
        while true {
            let dot = firstIndex(of: 0x2E, from: index, to: count)
            guard dot < count else { return found }
            index = dot &+ 1
            guard dot == 0 || self[dot &- 1] == 0x2F, index < count, self[index] == 0x2E else {
                continue
            }
            if index &+ 1 == count || self[index &+ 1] == 0x2F { found &+= 1 }
        }
    }

    /// Returns the number of `..` segments that are complete within this part of a path. Its first
    /// and last segments are complete only if nothing precedes or follows the part.
    public func wholeParentSegments(isFirst: Bool, isLast: Bool) -> Int {
        var start = 0
        var end = count
        if !isFirst { start = firstIndex(of: 0x2F, from: 0, to: count) }
        if !isLast {
            while end > start, self[end &- 1] != 0x2F { end &-= 1 }
        }
        return slice(from: start, to: end).parentSegments
    }
}

/// The host and port of an authority or a Host header (RFC 3986, section 3.2), by the rules of
/// nginx's ngx_http_validate_host.
struct HostName: BitwiseCopyable {
    /// The length of the host: without port and trailing dot, with the brackets of an address.
    let count: Int
    /// The port; 0 if there is none.
    let port: UInt16

    /// Parses a host. Returns nil if it has a byte that is not allowed, an empty label, address or
    /// host, an invalid escape, or a port that is not a number below 65536.
    @inline(__always)
    init?(_ received: Span<UInt8>, _ extent: ByteExtent) {
        // Nearly all hosts are letters, digits, dashes and dots, which are checked eight at a time.
        let start = Int(extent.offset)
        let colon = received.firstIndex(of: 0x3A, from: start, to: extent.end)
        guard received.isPlainHost(from: start, to: colon) else {
            self.init(received.slice(extent))
            return
        }
        guard let port = HostName.port(received.slice(from: colon, to: extent.end)) else {
            return nil
        }
        let length = colon &- start &- (received[colon &- 1] == 0x2E ? 1 : 0)
        guard length > 0 else { return nil }
        self.init(count: length, port: port)
    }

    private init(count: Int, port: UInt16) {
        self.count = count
        self.port = port
    }

    /// Parses a host byte by byte.
    @inline(never)
    init?(_ text: Span<UInt8>) {
        var end = 0
        if text.count > 0, text[0] == 0x5B {
            guard let close = HostName.endOfAddress(text) else { return nil }
            end = close
        } else {
            var previous: UInt8 = 0
            while end < text.count, text[end] != 0x3A {
                let byte = text[end]
                guard ByteSet.registeredName.contains(byte), byte != 0x2E || previous != 0x2E,
                    byte != 0x25 || HostName.isEscape(text, at: end)
                else { return nil }
                previous = byte
                end &+= 1
            }
        }
        guard let port = HostName.port(text.slice(from: end, to: text.count)) else { return nil }
        if end > 0, text[end &- 1] == 0x2E { end &-= 1 }
        guard end > 0 else { return nil }
        count = end
        self.port = port
    }

    /// Returns true if two hexadecimal digits follow the percent sign (RFC 3986, section 2.1).
    private static func isEscape(_ text: Span<UInt8>, at index: Int) -> Bool {
        index &+ 2 < text.count && text[index &+ 1].hexadecimalDigit != nil
            && text[index &+ 2].hexadecimalDigit != nil
    }

    /// Returns the index after the bracket that ends an address; nil if there is none, or the
    /// address is empty.
    private static func endOfAddress(_ text: Span<UInt8>) -> Int? {
        for index in 1..<text.count {
            if text[index] == 0x5D { return index > 1 ? index &+ 1 : nil }
            guard ByteSet.registeredName.contains(text[index]) || text[index] == 0x3A else {
                return nil
            }
            if text[index] == 0x2E, text[index &- 1] == 0x2E { return nil }
        }
        return nil
    }

    /// Returns the number after the colon; 0 for an empty text or a colon alone.
    private static func port(_ text: Span<UInt8>) -> UInt16? {
        guard text.count > 0 else { return 0 }
        guard text[0] == 0x3A else { return nil }
        var port: UInt32 = 0
        for index in 1..<text.count {
            guard let digit = text[index].decimalDigit else { return nil }
            port = port &* 10 &+ UInt32(digit)
            guard port <= 65535 else { return nil }
        }
        return UInt16(truncatingIfNeeded: port)
    }
}
