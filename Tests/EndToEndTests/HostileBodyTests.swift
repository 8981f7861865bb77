import Foundation
import Glibc
import Testing

/// Request bodies that are slow, endless or malformed. A file server discards them, within limits.
@Suite struct HostileBodyTests {
    private static let limits = """
        client_body_timeout 700ms; lingering_timeout 700ms; lingering_time 1500ms;
        """

    /// Requests whose body stops and is never completed.
    private static let stopped = [
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart",
        "POST /probe.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart",
        "POST /none HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;x=",
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y",
        "PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    ]

    @Test func stoppedBodiesTimeOut() throws {
        let watch = try WorkerWatch(TestServer(Self.limits))
        let clients = try (0..<160).map { number in
            let client = try watch.server.connect()
            try client.send(Self.stopped[number % Self.stopped.count])
            return client
        }
        try watch.expectSleep {
            try watch.expectOthersAreServed()
            for client in clients {
                let text = String(decoding: try client.readToEnd(), as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 "))
            }
        }
        try watch.expectUnharmed()
    }

    @Test func slowBodiesTimeOut() throws {
        let watch = try WorkerWatch(TestServer(Self.limits))
        var clients = try (0..<40).map { number in
            let client = try watch.server.connect()
            try client.request(
                "GET /probe.txt HTTP/1.1",
                [number % 2 == 0 ? "Content-Length: 1000000" : "Transfer-Encoding: chunked"])
            #expect(try client.response().text == WorkerWatch.probeText)
            return client
        }
        // A byte of a body, or a chunk of one byte, from time to time.
        var turn = 0
        try waitFor("all slow connections to be closed") {
            turn += 1
            clients.removeAll { client in
                do { try client.send(turn % 2 == 0 ? "1\r\nx\r\n" : "1\r\ny\r\n") } catch {
                    return true
                }
                return !client.isQuiet
            }
            return clients.isEmpty
        }
        try watch.expectUnharmed()
    }

    /// Bodies that continue as fast as the server reads them.
    private static let endless = [
        ("a length", "Content-Length: 9223372036854775807", "yyyyyyyy"),
        ("chunks of a byte", "Transfer-Encoding: chunked", "1\r\nx\r\n"),
        ("chunk extensions", "Transfer-Encoding: chunked", "1;a=b;c=\"d\";e;f;g;h;i;j\r\nx\r\n"),
        ("one large chunk", "Transfer-Encoding: chunked", "7fffffffffffffff\r\n"),
    ]

    @Test func endlessBodiesAreRefused() throws {
        let watch = try WorkerWatch(
            TestServer("client_max_body_size 0; " + Self.limits), warmUp: ["/"])
        for (name, field, piece) in Self.endless {
            let client = try watch.server.connect()
            try client.request("GET /probe.txt HTTP/1.1", [field])
            let pieces = Array(String(repeating: piece, count: 64_000 / piece.utf8.count).utf8)
            _ = client.flood(pieces, limit: 8_000_000, patience: 0.1)
            #expect(try watch.grownKiB() < WorkerWatch.keptKiB, "\(name)")
            try watch.expectOthersAreServed()
            client.close()
        }
        try watch.expectUnharmed()
    }

    @Test(arguments: [
        ("0\r\n", "X: y\r\n"), ("5;", "extension;"), ("", "0000000000000000"), ("0\r\nX: ", "yyy"),
    ])
    func endlessChunkFramingIsRefused(start: String, piece: String) throws {
        let watch = try WorkerWatch(TestServer(Self.limits))
        let client = try watch.server.connect()
        try client.request("GET /probe.txt HTTP/1.1", ["Transfer-Encoding: chunked"])
        try client.send(start)
        let pieces = Array(String(repeating: piece, count: 10_000).utf8)
        try waitFor("the close") {
            client.flood(pieces, limit: 1_000_000, patience: 2) < 1_000_000
        }
        try watch.expectUnharmed()
    }
}
