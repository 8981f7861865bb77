import Foundation
import Glibc
import Testing

/// Clients that close one side or both, or reset, in any state of the connection.
@Suite struct HostileCloseTests {
    private static let request = "GET /probe.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let directives = """
        send_timeout 2s; client_header_timeout 2s; client_body_timeout 2s;
        lingering_timeout 1s; lingering_time 2s; client_max_body_size 1k;
        """
    private static let files: [String: Fixture] = [
        "big.bin": .pattern(8_000_000), "noise.txt": .pattern(8_000_000),
    ]

    /// A state of a connection, and how it is reached.
    struct Stage: CustomTestStringConvertible {
        let name: String
        var sent: String
        /// The number of response bytes after which it is reached.
        var received = 0
        /// The number of complete responses that a client gets if it only stops sending.
        var responses = 0
        /// True if the following response is too large to be in flight.
        var isLarge = false
        var testDescription: String { name }
    }

    private static func large(_ name: String, _ target: String, _ field: String) -> Stage {
        Stage(
            name: name, sent: "GET \(target) HTTP/1.1\r\nHost: x\r\n\(field)\r\n\r\n",
            received: 200, responses: 1, isLarge: true)
    }

    private static let stages = [
        Stage(name: "connected", sent: ""),
        Stage(name: "empty line", sent: "\r\n"),
        Stage(name: "in the request line", sent: "GET /pro"),
        Stage(name: "in a field", sent: "GET /probe.txt HTTP/1.1\r\nHos"),
        Stage(name: "before the head's end", sent: "GET /probe.txt HTTP/1.1\r\nHost: x\r\n\r"),
        Stage(name: "after the request", sent: request, responses: 1),
        Stage(name: "idle", sent: request, received: 200, responses: 1),
        Stage(name: "in the second head", sent: request + "GET /", received: 200, responses: 1),
        Stage(name: "after three requests", sent: request + request + request, responses: 3),
        Stage(
            name: "in a body",
            sent: "GET /probe.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart",
            received: 100, responses: 1),
        Stage(
            name: "in a chunk",
            sent: "GET /probe.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nh",
            received: 100, responses: 1),
        Stage(
            name: "lingering",
            sent: "POST /probe.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\npart",
            received: 100, responses: 1),
        Stage(name: "after a fault", sent: "nonsense\r\n\r\n", received: 100, responses: 1),
        large("in a file", "/big.bin", "X: y"),
        large("in a file by reading", "/read/big.bin", "X: y"),
        large("in ranges", "/big.bin", "Range: bytes=0-3999999,4000000-7999999"),
        large("in gzip", "/gzip/noise.txt", "Accept-Encoding: gzip"),
    ]

    private func watch() throws -> WorkerWatch {
        let server = try TestServer(
            """
            \(Self.directives)
            location /read/ { alias ROOT/; sendfile off; }
            location /gzip/ { alias ROOT/; gzip on; gzip_types *; }
            """, files: Self.files)
        return try WorkerWatch(server)
    }

    private func reach(_ stage: Stage, _ server: TestServer) throws -> RawClient {
        let client = try server.connect(receiveBuffer: stage.isLarge ? 4096 : nil)
        try client.send(stage.sent)
        try client.awaitBytes(stage.received)
        return client
    }

    @Test func resetInEveryState() throws {
        let watch = try watch()
        for stage in Self.stages {
            for _ in 0..<6 { try reach(stage, watch.server).reset() }
            try waitFor("the end of connections \(stage.name)") {
                try watch.extraDescriptors() <= 0
            }
            try watch.expectOthersAreServed()
        }
        try watch.expectUnharmed(keptKiB: WorkerWatch.keptKiB + 6 * 300)
    }

    @Test func closeInEveryState() throws {
        let watch = try watch()
        for stage in Self.stages {
            for _ in 0..<6 { try reach(stage, watch.server).close() }
            try waitFor("the end of connections \(stage.name)") {
                try watch.extraDescriptors() <= 0
            }
            try watch.expectOthersAreServed()
        }
        try watch.expectUnharmed(keptKiB: WorkerWatch.keptKiB + 6 * 300)
    }

    @Test func halfCloseInEveryState() throws {
        let watch = try watch()
        for stage in Self.stages {
            let client = try reach(stage, watch.server)
            client.closeWriting()
            // Complete requests get their response; then, or at once, the connection ends.
            for _ in 0..<stage.responses {
                let response = try client.response()
                let statuses = [200, 206, 400, 405, 413]
                #expect(statuses.contains(response.status), "\(stage.name)")
                if stage.isLarge { #expect(response.body.count >= 8_000_000, "\(stage.name)") }
            }
            #expect(try client.isClosedByServer(), "\(stage.name)")
            try waitFor("the end of the connection \(stage.name)") {
                try watch.extraDescriptors() <= 0
            }
        }
        try watch.expectUnharmed(keptKiB: WorkerWatch.keptKiB + 300)
    }

    @Test func halfClosedClientThatDoesNotRead() throws {
        let watch = try watch()
        let clients = try Self.stages.filter(\.isLarge).flatMap { stage in
            try (0..<4).map { _ in try reach(stage, watch.server) }
        }
        for client in clients { client.closeWriting() }
        // Nothing can arrive or be sent any more: the worker waits without spinning.
        try watch.expectRest()
        try watch.expectOthersAreServed()
        try watch.expectSleep {
            try waitFor("send_timeout") { try watch.extraDescriptors() <= 0 }
        }
        withExtendedLifetime(clients) {}
        try watch.expectUnharmed(keptKiB: WorkerWatch.keptKiB + 4 * 300)
    }

    @Test func resetBeforeAccept() throws {
        let watch = try watch()
        for number in 0..<400 {
            let client = try watch.server.connect()
            if number % 2 == 0 { try client.send(Self.request) }
            client.reset()
        }
        try watch.expectUnharmed()
    }
}
