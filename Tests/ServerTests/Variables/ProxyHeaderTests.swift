import Testing

@testable import Server

@Suite struct ProxyHeaderTests {
    private static let ipv4 = ProxyHeader.Addresses(
        source: Peer(ipv4: 0xC000_0201, port: 56324),
        destination: Peer(ipv4: 0xC633_6407, port: 443))
    private static let ipv6 = ProxyHeader.Addresses(
        source: Peer(ipv6: 0x2001_0DB8_0000_0000, 1, port: 1),
        destination: Peer(ipv6: 0, 1, port: 2))

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    private static let ipv4Bytes: [UInt8] = [
        192, 0, 2, 1, 198, 51, 100, 7, 0xDC, 0x04, 0x01, 0xBB,
    ]
    private static let ipv6Bytes: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [UInt8](repeating: 0, count: 15) + [1, 0, 1, 0, 2]

    /// Returns a header of version 2.
    private static func binary(
        _ command: UInt8, _ family: UInt8, _ body: [UInt8], count: Int? = nil
    ) -> [UInt8] {
        let length = count ?? body.count
        return signature + [command, family, UInt8(length >> 8), UInt8(length & 255)] + body
    }

    private static func line(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func parse(_ bytes: [UInt8]) -> ProxyHeader.Outcome { ProxyHeader.parse(bytes.span) }

    /// Complete headers with their addresses.
    private static let headers: [([UInt8], ProxyHeader.Addresses?)] = [
        (line("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"), ipv4),
        (line("PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), ipv6),
        (line("PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0001 ::1 00001 2\r\n"), ipv6),
        // The address family that the line names is ignored.
        (line("PROXY TCP4 2001:db8::1 ::1 1 2\r\n"), ipv6),
        (line("PROXY UNKNOWN\r\n"), nil), (line("PROXY UNKNOWN ffff::1 and more\r\n"), nil),
        (line("PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"), nil),
        (binary(0x21, 0x11, ipv4Bytes), ipv4), (binary(0x21, 0x21, ipv6Bytes), ipv6),
        // Extensions are skipped, valid or not.
        (binary(0x21, 0x11, ipv4Bytes + [1, 0, 2, 104, 50]), ipv4),
        (binary(0x21, 0x11, ipv4Bytes + [1, 255, 255]), ipv4),
        (binary(0x21, 0x21, ipv6Bytes + [UInt8](repeating: 0, count: 4044)), ipv6),
        // LOCAL, and unknown commands, families and transports: the addresses of the socket are
        // used.
        (binary(0x20, 0x00, []), nil), (binary(0x20, 0x11, ipv4Bytes), nil),
        (binary(0x2F, 0x11, ipv4Bytes), nil), (binary(0x21, 0x00, []), nil),
        (binary(0x21, 0x12, ipv4Bytes), nil), (binary(0x21, 0x10, ipv4Bytes), nil),
        (binary(0x21, 0x31, [UInt8](repeating: 47, count: 216)), nil),
        (binary(0x21, 0x41, [1, 2, 3]), nil),
    ]

    @Test(arguments: headers)
    func headersAreParsed(bytes: [UInt8], addresses: ProxyHeader.Addresses?) {
        let whole = ProxyHeader.Outcome.complete(addresses, byteCount: bytes.count)
        #expect(parse(bytes) == whole)
        // The bytes that follow belong to the first request.
        #expect(parse(bytes + Self.line("GET / HTTP/1.1\r\n")) == whole)
    }

    @Test(arguments: headers)
    func incompleteHeaderNeedsMore(bytes: [UInt8], addresses: ProxyHeader.Addresses?) {
        for count in 0..<bytes.count {
            #expect(parse(Array(bytes.prefix(count))) == .needsMore)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "P\0", "proxy TCP4 ", "PROXY  \r\n", "PROXY\r\n", "PROXY \r\n",
        "PROXY TCP4\r\n", "PROXY TCP4 \r\n", "PROXY TCP5 192.0.2.1 198.51.100.7 1 2\r\n",
        "PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 1 \r\n",
        "PROXY TCP4 192.0.2.1  198.51.100.7 1 2\r\n", "PROXY TCP4 192.0.2 198.51.100.7 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 65536 2\r\n", "PROXY TCP4 a b 1 2\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 -1 2\r\n", "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n",
        "PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\r\n", "PROXY UNKNOWN\n", "PROXY \n",
        "PROXY UNKNOW\r\n",
        "\r\nGET / HTTP/1.1\r\n", "\r\n\r\n\0\r\nQUIX", "\r\n\r\n\0\r\nQUIT\n\u{11}",
    ])
    func otherBytesAreInvalid(text: String) {
        let outcome = parse(Self.line(text))
        guard case .invalid = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func tooLongLineIsInvalid() {
        let line = Self.line("PROXY UNKNOWN " + String(repeating: "x", count: 93))
        #expect(parse(line) == .invalid(.broken))
        #expect(parse(Array(line.dropLast())) == .needsMore)
        #expect(parse(line + [13, 10]) == .invalid(.broken))
    }

    @Test func binaryFaultsAreReported() {
        let old = Self.signature + [0x11]
        #expect(parse(old) == .invalid(.unknownVersion(1)))
        let short = Self.binary(0x21, 0x11, Array(Self.ipv4Bytes.dropLast()))
        #expect(parse(short) == .invalid(.broken))
        let short6 = Self.binary(0x21, 0x21, Array(Self.ipv6Bytes.dropLast()))
        #expect(parse(short6) == .invalid(.broken))
        let large = Self.binary(0x21, 0x11, [], count: 4081)
        #expect(parse(large) == .invalid(.tooLarge))
        let largest = Self.binary(0x21, 0x11, [], count: 4080)
        #expect(parse(largest) == .needsMore)
        let greatest = Self.binary(0x20, 0x11, [], count: 65535)
        #expect(parse(greatest) == .invalid(.tooLarge))
    }
}
