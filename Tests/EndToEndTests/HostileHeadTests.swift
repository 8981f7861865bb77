import Foundation
import Glibc
import Testing

/// Request headers that are slow, endless or huge: the response or the close, and no memory left
/// behind.
@Suite struct HostileHeadTests {
    private static let limits = "client_header_timeout 1500ms; keepalive_timeout 30s;"

    /// The parts of a header that clients send before they stop.
    private static let beginnings = [
        "", "\r\n", "G", "GET /probe.txt", "GET /probe.txt HTTP/1.1\r",
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\n", "GET /probe.txt HTTP/1.1\r\nHost: x\r\nX",
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "y", count: 5000),
        "GET /probe.txt HTTP/1.1\r\nHost: x\r\n\r",
    ]

    @Test func incompleteHeadsTimeOut() throws {
        let watch = try WorkerWatch(TestServer(Self.limits))
        let clients = try (0..<180).map { number in
            let client = try watch.server.connect()
            try client.send(Self.beginnings[number % Self.beginnings.count])
            return client
        }
        try watch.expectSleep {
            try watch.expectOthersAreServed()
            for client in clients { #expect(try client.isClosedByServer()) }
        }
        // A single byte begins a header; no byte does not.
        let cut = clients.count / Self.beginnings.count * (Self.beginnings.count - 1)
        try watch.server.waitForAccess("\" 408 ", times: cut)
        #expect(watch.server.accessLog.components(separatedBy: "\" 408 ").count - 1 == cut)
        try watch.expectUnharmed()
    }

    @Test func slowHeadsTimeOut() throws {
        let watch = try WorkerWatch(TestServer(Self.limits))
        var clients = try (0..<40).map { _ in try watch.server.connect() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nX: ") }
        try waitFor("all slow connections to be closed") {
            clients.removeAll { client in
                do { try client.send("y") } catch { return true }
                return !client.isQuiet
            }
            return clients.isEmpty
        }
        try watch.expectUnharmed()
    }

    @Test func requestSentByteByByteGetsResponse() throws {
        let watch = try WorkerWatch(TestServer())
        let client = try watch.server.connect()
        let request = "GET /probe.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: drip\r\n\r\n"
        for byte in request.utf8 { try client.send([byte]) }
        #expect(try client.response().text == WorkerWatch.probeText)
        // Two requests at once, split at every offset.
        let twice = Array((request + request).utf8)
        for cut in 1..<twice.count {
            try client.send(Array(twice[..<cut]))
            try client.send(Array(twice[cut...]))
            for _ in 0..<2 { #expect(try client.response().text == WorkerWatch.probeText) }
        }
        client.close()
        try watch.expectUnharmed()
    }

    /// Headers that never end, sent as fast as the server reads them, and the resulting status.
    private static let endless: [(name: String, start: String, piece: String, status: Int)] = [
        ("tiny fields", "GET / HTTP/1.1\r\nHost: x\r\n", "a:b\r\n", 400),
        ("fields of one name", "GET / HTTP/1.1\r\nHost: x\r\n", "Range: bytes=0-0\r\n", 400),
        ("hosts", "GET / HTTP/1.1\r\n", "Host: x\r\n", 400),
        ("a name", "GET / HTTP/1.1\r\nHost: x\r\n", "nnnnnnnn", 400),
        ("a value", "GET / HTTP/1.1\r\nHost: x\r\nX: ", "vvvvvvvv", 400),
        ("blanks", "GET / HTTP/1.1\r\nHost: x\r\nX:", "        ", 400),
        ("a method", "", "GGGGGGGG", 414),
        ("a target", "GET /", "tttttttt", 414),
        ("a query", "GET /?", "a=b&c=d&", 414),
        ("dots", "GET ", "/../", 414),
        ("escapes", "GET /", "%2e%2e%2f", 414),
        ("a version", "GET / HTTP/1.", "11111111", 414),
        ("empty lines", "", "\r\n", 400),
        ("bytes that are no text", "GET /", "\u{1}\u{1}", 400),
    ]

    @Test func endlessHeadsAreRefused() throws {
        let watch = try WorkerWatch(
            TestServer("client_header_timeout 20s; lingering_timeout 500ms; lingering_time 1s;"))
        for (name, start, piece, status) in Self.endless {
            let client = try watch.server.connect()
            try client.send(start)
            let pieces = Array(String(repeating: piece, count: 40_000 / piece.utf8.count).utf8)
            // Two megabytes: hundreds of thousands of headers, if they were accepted.
            _ = client.flood(pieces, limit: 2_000_000, patience: 0.05)
            let received = try client.readToEnd()
            // If the client continued after the response, a reset may have destroyed it.
            if let line = String(decoding: received, as: UTF8.self).split(separator: "\r\n").first {
                let isExpected = line.hasPrefix("HTTP/1.1 \(status) ") || line.hasPrefix("<html>")
                #expect(isExpected || line.hasPrefix("<!"), "\(name): \(line)")
            }
            #expect(received.count < 4000, "\(name)")
            #expect(try watch.grownKiB() < WorkerWatch.keptKiB, "\(name)")
        }
        try watch.expectUnharmed()
    }

    @Test func manyTinyHeadersAreRefused() throws {
        // The configuration allows these sizes; only the configuration limits them.
        let watch = try WorkerWatch(
            TestServer("large_client_header_buffers 64 64k; lingering_timeout 500ms;"))
        let fields = String(repeating: "a:b\r\n", count: 300_000)
        let client = try watch.server.connect()
        try client.send("GET /probe.txt HTTP/1.1\r\nHost: x\r\n")
        _ = client.flood(Array(fields.utf8), limit: fields.utf8.count)
        let received = String(decoding: try client.readToEnd(), as: UTF8.self)
        #expect(received.isEmpty || received.hasPrefix("HTTP/1.1 400 "))
        try watch.expectUnharmed()
    }

    /// The longest accepted line, then longer ones; no file has such a name.
    @Test(arguments: [(8 * 1024, 404), (8 * 1024 + 2, 414), (64 * 1024, 414), (1 << 20, 414)])
    func longTargetsAreLimited(length: Int, status: Int) throws {
        let watch = try WorkerWatch(TestServer("lingering_timeout 500ms;"))
        let room = length - "GET / HTTP/1.1\r\n".utf8.count
        for piece in ["a", "a/", "%61"] {
            let padding = String(repeating: "x", count: room % piece.utf8.count)
            let target = padding + String(repeating: piece, count: room / piece.utf8.count)
            let client = try watch.server.connect()
            try client.send("GET /\(target) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.response().status == status, "\(piece)")
        }
        try watch.expectUnharmed()
    }

    @Test func largeTargetsAreAcceptedIfConfigured() throws {
        let watch = try WorkerWatch(TestServer("large_client_header_buffers 4 128k; autoindex on;"))
        let targets = [
            "/" + String(repeating: "a", count: 65_536),
            "/" + String(repeating: "a/", count: 32_768),
            "/" + String(repeating: "a/../", count: 13_107) + "probe.txt",
            "/" + String(repeating: "%61", count: 21_845),
            "/probe.txt?" + String(repeating: "q", count: 65_536),
            "/" + String(repeating: "/", count: 65_536), String(repeating: "/.", count: 32_768),
        ]
        let statuses = [404, 404, 200, 404, 200, 200, 200]
        for (number, target) in targets.enumerated() {
            let response = try watch.server.fetch(target)
            #expect(response.status == statuses[number], "target \(number)")
        }
        try watch.expectUnharmed()
    }

    @Test func incompleteLargeHeadsHaveBoundedMemory() throws {
        let watch = try WorkerWatch(TestServer("client_header_timeout 1s;"))
        let count = 200
        let head =
            "GET /probe.txt HTTP/1.1\r\nHost: x\r\n"
            + String(repeating: "X: " + String(repeating: "y", count: 7000) + "\r\n", count: 4)
        var kept: [Int] = []
        for _ in 0..<2 {
            let clients = try (0..<count).map { _ in
                let client = try watch.server.connect()
                try client.send(head)
                return client
            }
            try watch.expectOthersAreServed()
            // A header's buffer doubles up to the limit: four of 8 KiB, and the last doubling.
            #expect(try watch.grownKiB() < count * 80 + WorkerWatch.keptKiB)
            for client in clients { #expect(try client.isClosedByServer()) }
            try watch.expectUnharmed(keptKiB: count * 40)
            kept.append(try watch.grownKiB())
        }
        // Memory that the allocator retains is reused.
        #expect(kept[1] <= kept[0] + WorkerWatch.keptKiB, "\(kept)")
    }
}
