import Foundation
import Testing

/// Deadlines: that a connection is closed, and only for the right reason. The speed is not tested,
/// since the machine may be busy.
@Suite struct TimeoutTests {
    @Test func slowHeadTimesOut() throws {
        let server = try TestServer(
            "client_header_timeout 1s; keepalive_timeout 60s;", files: ["a.txt": "hello"])
        let start = Date()
        let client = try server.connect()
        try client.send("GET /a.txt HTTP/1.1\r\nHost: x\r\nX: ")
        // A byte from time to time does not extend the time for the whole header.
        try waitFor("the slow connection to be closed") {
            do { try client.send("y") } catch { return true }
            return !client.isQuiet
        }
        #expect(Date().timeIntervalSince(start) > 0.5)
        #expect(try client.readToEnd().isEmpty)
        try server.waitForAccess("\" 408 0 \"")
    }

    @Test func silentConnectionTimesOut() throws {
        let server = try TestServer("client_header_timeout 1s;", files: ["a.txt": "hello"])
        let client = try server.connect()
        #expect(try client.isClosedByServer())
    }

    @Test func headTimeoutRestartsWithEachRequest() throws {
        let server = try TestServer(
            "client_header_timeout 2s; keepalive_timeout 60s;", files: ["a.txt": "hello"])
        let client = try server.connect()
        let start = Date()
        // Sends requests for longer than a header may take.
        try waitFor("the time for a header to pass") {
            try client.request("GET /a.txt HTTP/1.1")
            #expect(try client.response().text == "hello")
            return Date().timeIntervalSince(start) > 2.5
        }
    }

    @Test func idleConnectionIsClosed() throws {
        let server = try TestServer("keepalive_timeout 1s;", files: ["a.txt": "hello"])
        let client = try server.connect()
        let start = Date()
        try client.request("GET /a.txt HTTP/1.1")
        let response = try client.response()
        #expect(response["Connection"] == "keep-alive")
        #expect(response["Keep-Alive"] == nil)
        #expect(try client.isClosedByServer())
        #expect(Date().timeIntervalSince(start) > 0.5)
    }

    @Test func keepAliveHeaderIsSent() throws {
        let server = try TestServer("keepalive_timeout 5 4;", files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("GET /a.txt HTTP/1.1")
        #expect(try client.response()["Keep-Alive"] == "timeout=4")
        try client.request("GET /a.txt HTTP/1.1", ["Connection: close"])
        #expect(try client.response()["Keep-Alive"] == nil)
    }

    @Test func keepaliveTimeoutZeroClosesConnection() throws {
        let server = try TestServer("keepalive_timeout 0;", files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("GET /a.txt HTTP/1.1")
        #expect(try client.response()["Connection"] == "close")
        #expect(try client.isClosedByServer())
    }

    @Test func keepaliveRequestsIsApplied() throws {
        let server = try TestServer("keepalive_requests 3;", files: ["a.txt": "hello"])
        let client = try server.connect()
        for number in 1...3 {
            try client.request("GET /a.txt HTTP/1.1")
            #expect(try client.response()["Connection"] == (number < 3 ? "keep-alive" : "close"))
        }
        #expect(try client.isClosedByServer())
    }

    @Test func keepaliveTimeIsApplied() throws {
        let server = try TestServer(
            "keepalive_time 1s; keepalive_timeout 60s;", files: ["a.txt": "hello"])
        let client = try server.connect()
        try waitFor("the connection to be closed for its age") {
            try client.request("GET /a.txt HTTP/1.1")
            return try client.response()["Connection"] == "close"
        }
        #expect(try client.isClosedByServer())
    }

    @Test func stoppedReaderIsClosed() throws {
        let server = try TestServer("send_timeout 1s;", files: ["big": .pattern(30_000_000)])
        let client = try server.connect(receiveBuffer: 4096)
        try client.request("GET /big HTTP/1.1")
        try client.awaitBytes(1000)
        // The log line shows that the server has closed the connection.
        try server.waitForAccess("GET /big")
        #expect(try client.readToEnd().count < 30_000_000)
    }

    @Test func slowReaderIsNotClosed() throws {
        let server = try TestServer("send_timeout 2s;", files: ["big": .pattern(12_000_000)])
        let client = try server.connect(receiveBuffer: 4096)
        try client.request("GET /big HTTP/1.1")
        let start = Date()
        // Each pause is shorter than the timeout, all of them together are longer.
        for _ in 0..<12 {
            _ = try client.take(700_000)
            Thread.sleep(forTimeInterval: 0.25)
        }
        #expect(Date().timeIntervalSince(start) > 2)
        _ = try client.take(3_000_000)
    }

    @Test func stoppedBodyTimesOut() throws {
        let server = try TestServer(
            "client_body_timeout 1s; lingering_timeout 1s;", files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Content-Length: 100"])
        try client.send("part")
        #expect(try client.response().status == 405)
        #expect(try client.readToEnd().isEmpty)
    }

    @Test func lingeringCloseReadsUnreadData() throws {
        let server = try TestServer(
            "client_max_body_size 1k; lingering_close on; lingering_timeout 5s;",
            files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Content-Length: 3000000"])
        // Without lingering, this would cause a reset, which destroys the response.
        try client.send(patternBytes(2_000_000))
        #expect(try client.response().status == 413)
    }

    @Test(arguments: ["lingering_timeout 1s;", "lingering_time 1s; lingering_timeout 60s;"])
    func lingeringCloseIsBounded(directives: String) throws {
        let server = try TestServer(
            "client_max_body_size 1k; \(directives)", files: ["a.txt": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        // A worker that responds has opened all descriptors that it needs.
        _ = try server.fetch("/a.txt")
        let before = try descriptorCount(of: worker)
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Content-Length: 3000000"])
        #expect(try client.response().status == 413)
        try waitFor("the descriptor of the lingering connection to be closed") {
            // lingering_time limits a client that continues, lingering_timeout one that stops.
            if directives.contains("60s") { try? client.send("part") }
            return try descriptorCount(of: worker) <= before
        }
    }

    @Test func resetTimedoutConnectionResets() throws {
        let server = try TestServer(
            "send_timeout 1s; reset_timedout_connection on;", files: ["big": .pattern(30_000_000)])
        let client = try server.connect(receiveBuffer: 4096)
        try client.request("GET /big HTTP/1.1")
        try client.awaitBytes(1000)
        try server.waitForAccess("GET /big")
        try waitFor("no connection left in the kernel") {
            try connectionCount(of: server) == 0
        }
    }
}

/// Returns the number of connections, in any state except TIME_WAIT, that the kernel has for the
/// server's port on the server's side.
func connectionCount(of server: TestServer) throws -> Int {
    let result = try run(
        "ss",
        [
            "-tanH", "state", "connected", "exclude", "time-wait",
            "sport = :\(server.port)",
        ])
    guard result.succeeded else { throw TimedOut(description: result.error) }
    return result.output.split(separator: "\n").count
}
