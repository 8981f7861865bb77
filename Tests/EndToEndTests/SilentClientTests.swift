import Foundation
import Glibc
import Testing

/// Clients that open all connections and send nothing, or nothing more: they are closed in favour
/// of clients that send requests, as in nginx (ngx_drain_connections).
@Suite struct SilentClientTests {
    /// Timeouts that do not expire during the test.
    private static let timeouts =
        "client_header_timeout 600s; keepalive_timeout 600s; send_timeout 600s;"

    private func server(_ main: String = "", connections: Int = 32) throws -> TestServer {
        try TestServer(
            Self.timeouts, main: main, connections: connections,
            files: ["a": "hello", "big.bin": .pattern(8_000_000)])
    }

    private func expectResponses(
        _ server: TestServer, _ location: SourceLocation = #_sourceLocation
    ) throws {
        for _ in 0..<3 {
            let text = try server.fetch("/a").text
            #expect(text == "hello", sourceLocation: location)
        }
    }

    @Test func silentClientsAreClosedWhenConnectionsRunShort() throws {
        let server = try server()
        let silent = try (0..<60).map { _ in try server.connect() }
        try expectResponses(server)
        // The oldest ones were closed, the newest ones are still open.
        #expect(try silent[0].isClosedByServer())
        #expect(silent[59].isQuiet)
        try silent[59].request("GET /a HTTP/1.1")
        #expect(try silent[59].response().text == "hello")
        if Product.isApus {
            try server.waitForError("32 worker_connections are not enough, reusing connections")
        }
    }

    /// Connections that wait for their next request are closed too, even if others share their
    /// timeout.
    @Test func idleClientsAreClosedWhenConnectionsRunShort() throws {
        let server = try server()
        // An incomplete header keeps its connection open, though it is the oldest with its timeout.
        let slow = try server.connect()
        try slow.send("GET /a HT")
        let kept = try (0..<60).map { _ in
            let client = try server.connect()
            try client.request("GET /a HTTP/1.1")
            #expect(try client.response().text == "hello")
            return client
        }
        try expectResponses(server)
        #expect(try kept[0].isClosedByServer())
        try slow.send("TP/1.1\r\nHost: x\r\n\r\n")
        #expect(try slow.response().text == "hello")
    }

    @Test func activeClientsAreNotClosed() throws {
        let server = try server()
        let downloads = try (0..<10).map { _ in
            let client = try server.connect(receiveBuffer: 65_536)
            try client.request("GET /big.bin HTTP/1.1")
            try client.awaitBytes(1000)
            return client
        }
        let silent = try (0..<60).map { _ in try server.connect() }
        try expectResponses(server)
        for client in downloads { #expect(try client.response().body.count == 8_000_000) }
        for client in silent { client.close() }
        try expectResponses(server)
    }

    @Test(.enabled(if: Product.isApus, "nginx keeps descriptors for files back"))
    func silentClientsAreClosedWhenDescriptorsRunShort() throws {
        let server = try server("worker_rlimit_nofile 40;", connections: 512)
        let silent = try (0..<80).map { _ in try server.connect() }
        try expectResponses(server)
        for client in silent { client.close() }
        try expectResponses(server)
    }
}
