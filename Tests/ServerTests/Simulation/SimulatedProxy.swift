import Testing

@testable import Server

/// Headers that a proxy sends before the first request.
enum SimulatedProxy {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    static let headers: [[UInt8]] = [
        Array("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n".utf8),
        Array("PROXY UNKNOWN\r\n".utf8),
        signature + [0x20, 0, 0, 0],
        signature + [0x21, 0x11, 0, 12, 192, 0, 2, 1, 198, 51, 100, 7, 1, 0, 2, 0],
        // Larger than an input buffer, which has to grow.
        signature + [0x21, 0x11, 0x08, 0x00, 192, 0, 2, 1, 198, 51, 100, 7, 1, 0, 2, 0]
            + [UInt8](repeating: 7, count: 2036),
    ]

    /// Returns the requests, with the header before the first one.
    static func requests(
        _ requests: [SimulatedRequest], behind header: [UInt8]
    ) -> [SimulatedRequest] {
        guard let first = requests.first else { return [] }
        let proxied = SimulatedRequest(
            bytes: header + first.bytes, headCount: header.count + first.headCount,
            responses: first.responses)
        return [proxied] + requests.dropFirst()
    }
}

/// Connections that begin with a PROXY protocol header.
@Suite struct SimulatedProxyTests {
    /// Runs a connection that receives these bytes, until nothing is left to do.
    private func driver(after bytes: [UInt8], ends: Bool = false) throws -> ConnectionDriver {
        var settings = SimulatedSettings()
        settings.inputSize = 100
        settings.proxyHeader = SimulatedProxy.headers[0]
        let driver = ConnectionDriver(settings, room: 1000, seed: 7, isTraced: false)
        try driver.takeTurn()
        driver.socket.clientSends(bytes[...])
        driver.socket.clientHasEnded = ends
        while driver.isDue { try driver.takeTurn() }
        return driver
    }

    /// A partial header, or a header alone, must be completed within client_header_timeout from the
    /// beginning of the connection; no request is logged.
    @Test(arguments: 0..<SimulatedProxy.headers[0].count + 1)
    func incompleteProxyHeaderTimesOut(count: Int) throws {
        let driver = try driver(after: Array(SimulatedProxy.headers[0].prefix(count)))
        #expect(!driver.isClosed)
        #expect(driver.deadlineMs == 61_000)
        try driver.checkBetweenTurns()
        driver.nowMs = 61_000
        try driver.expire()
        #expect(driver.isClosed)
        #expect(driver.closeReason == .timedOut || driver.closeReason == nil)
    }

    @Test(arguments: 0..<SimulatedProxy.headers[0].count + 1)
    func clientMayDisconnectWithinHeader(count: Int) throws {
        let driver = try driver(after: Array(SimulatedProxy.headers[0].prefix(count)), ends: true)
        #expect(driver.closeReason == .done)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .broken), ("PROXY TCP4 a\r\n", .broken),
            ("\r\n\r\n\0\r\nQUIT\n\u{11}", .unknownVersion(1)),
        ] as [(String, ProxyHeader.Fault)])
    func missingProxyHeaderClosesConnection(text: String, fault: ProxyHeader.Fault) throws {
        let driver = try driver(after: Array(text.utf8))
        #expect(driver.closeReason == .brokenProxyHeader(fault))
        #expect(driver.socket.towardsClient.isEmpty)
    }
}
