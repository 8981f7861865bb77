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
