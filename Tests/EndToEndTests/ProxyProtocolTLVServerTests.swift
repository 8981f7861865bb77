import Testing

@Suite struct ProxyProtocolTLVServerTests {
    private static let configuration = """
        listen 127.0.0.1:PORT2 proxy_protocol;
        set $own $proxy_protocol_tlv_0xe1;
        return 200 "$proxy_protocol_tlv_authority|$own|$proxy_protocol_tlv_ssl_cn";
        """

    /// Returns a header of version 2 with values, for an IPv4 connection, or for one of the proxy.
    private static func header(_ values: [UInt8], isLocal: Bool = false) -> [UInt8] {
        let count = 12 + values.count
        return Array("\r\n\r\n\0\r\nQUIT\n".utf8)
            + [isLocal ? 0x20 : 0x21, 0x11, UInt8(count >> 8), UInt8(count & 255)]
            + [10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 0, 81] + values
    }

    private static func tlv(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(value.count >> 8), UInt8(value.count & 255)] + value
    }

    private static let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    @Test func valuesAreThoseOfTheConnection() throws {
        let server = try TestServer(Self.configuration)
        let tls = [1, 0, 0, 0, 0] + Self.tlv(0x22, Array("client".utf8))
        let values =
            Self.tlv(0x02, Array("a.test".utf8)) + Self.tlv(0xE1, Array("own".utf8))
            + Self.tlv(0x20, tls)
        let client = try RawClient(.ipv4(server.ports[1]), of: server)
        try client.send(Self.header(values) + Self.request + Self.request)
        for _ in 0..<2 { #expect(try client.response().text == "a.test|own|client") }
        // An idle connection keeps its values.
        try client.send(Self.request)
        #expect(try client.response().text == "a.test|own|client")
        client.close()
        // Connections in the same slot have none of them.
        for header in [Self.header([]), Self.header(values, isLocal: true)] {
            let next = try RawClient(.ipv4(server.ports[1]), of: server)
            try next.send(header + Self.request)
            #expect(try next.response().text == "||")
        }
    }

    @Test func headerMayArriveInPieces() throws {
        let server = try TestServer(Self.configuration)
        let values =
            Self.tlv(0xE0, [UInt8](repeating: 1, count: 3000))
            + Self.tlv(0x02, Array("late.test".utf8))
        let bytes = Self.header(values) + Self.request
        let client = try RawClient(.ipv4(server.ports[1]), of: server)
        for start in stride(from: 0, to: bytes.count, by: 700) {
            try client.send(Array(bytes[start..<min(start + 700, bytes.count)]))
        }
        #expect(try client.response().text == "late.test||")
    }

    @Test func brokenValuesAreLoggedAndEmpty() throws {
        let server = try TestServer(Self.configuration)
        let client = try RawClient(.ipv4(server.ports[1]), of: server)
        try client.send(Self.header([0x01, 0xFF, 0xFF]) + Self.request)
        #expect(try client.response().text == "||")
        try server.waitForError("broken PROXY protocol TLV")
    }
}
