import Foundation
import Testing

/// Requests that are incomplete, too large or malformed: their status, and closing the connection
/// if the framing is lost.
@Suite struct BadMessageTests {
    @Test(arguments: [
        ("GET /a.txt HTTP/1.1\r\n\r\n", 400),  // no Host
        ("GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: ..\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: x\r\nX\u{1}: y\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: x\r\n: novalue\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: x\r\nX y: z\r\n\r\n", 400),
        ("GET a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /a\u{1}.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.x\r\nHost: x\r\n\r\n", 400),
        ("GET /a.txt HTTX/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET /a.txt HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("get /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("G\u{e4}T /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (" GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\r\n\r\n", 400),
        ("GET http:// HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http://a b/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("TRACE /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    ])
    func badRequestIsRefusedAndClosed(request: String, status: Int) throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.send(request)
        let response = try client.response()
        // For CONNECT, nginx 1.22 sends 400; later versions send 405.
        #expect(response.status == status || (!Product.isApus && response.status == 400))
        #expect(response["Connection"] == "close")
        #expect(try client.isClosedByServer())
        #expect(try server.fetch("/a.txt").text == "hello")
    }

    @Test(.enabled(if: Product.isApus, "nginx 1.22 takes the first of two Hosts"))
    func twoHostHeadersAreRefused() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.send("GET /a.txt HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n")
        #expect(try client.response().status == 400)
        #expect(try client.isClosedByServer())
    }

    @Test func unknownMethodIs405() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let status = try server.fetch("/a.txt", method: "BREW").status
        #expect(status == 405)
    }

    @Test(arguments: [
        (100, 0, 200), (900, 0, 200), (5_000, 0, 200), (20_000, 0, 414), (0, 5_000, 200),
        (0, 9_000, 400),
    ])
    func longLinesAreRefused(target: Int, field: Int, status: Int) throws {
        // The defaults: client_header_buffer_size 1k; large_client_header_buffers 4 8k.
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        let query = String(repeating: "q", count: target)
        let value = String(repeating: "v", count: field)
        try client.request("GET /a.txt?\(query) HTTP/1.1", ["X: \(value)"])
        let response = try client.response()
        #expect(response.status == status)
        if status != 200 { #expect(try client.isClosedByServer()) }
    }

    @Test func tooManyHeadersAreRefused() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let few = (0..<300).map { "X-Field-\($0): \(String(repeating: "v", count: 60))" }
        #expect(try server.fetch("/a.txt", few).status == 200)
        let many = (0..<1200).map { "X-Field-\($0): \(String(repeating: "v", count: 60))" }
        let client = try server.connect()
        try client.request("GET /a.txt HTTP/1.1", many)
        #expect(try client.response().status == 400)
    }

    @Test func headerBufferSizesAreApplied() throws {
        let server = try TestServer(
            "client_header_buffer_size 128; large_client_header_buffers 2 512;",
            files: ["a.txt": "hello"])
        let value = String(repeating: "v", count: 400)
        #expect(try server.fetch("/a.txt", ["X: \(value)"]).status == 200)
        #expect(try server.fetch("/a.txt", ["X: \(value)\(value)"]).status == 400)
        #expect(try server.fetch("/a.txt", Array(repeating: "X: \(value)", count: 4)).status == 400)
        #expect(try server.fetch("/a.txt?\(value)\(value)").status == 414)
    }

    @Test func headersWithInvalidNamesAreIgnored() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request(
            "GET /a.txt HTTP/1.1", ["Bad_Name: 1", "Bad.Name: 2", "nocolon", "Range: bytes=0-0"])
        #expect(try client.response().text == "h")
    }

    @Test func earlyCloseLeavesNoState() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        for part in ["", "G", "GET /a.txt HTTP/1.1\r\n", "GET /a.txt HTTP/1.1\r\nHost: x\r\n"] {
            let client = try server.connect()
            try client.send(part)
            client.closeWriting()
            #expect(try client.readToEnd().isEmpty, "after \(part)")
        }
        #expect(try server.fetch("/a.txt").text == "hello")
    }

    @Test func resetsDoNotHarmWorker() throws {
        let server = try TestServer(files: ["a.txt": "hello", "big": .pattern(3_000_000)])
        let worker = try server.waitForWorkers(1)[0]
        for number in 0..<60 {
            let client = try server.connect(receiveBuffer: 4096)
            try client.request("GET /big HTTP/1.1")
            if number % 2 == 0 { try client.awaitBytes(100) }
            client.reset()
        }
        #expect(try server.fetch("/a.txt").text == "hello")
        #expect(server.workers == [worker])
    }

    /// Random bytes, and requests with single bytes changed.
    @Test(arguments: 1...4)
    func randomBytesDoNotHarmWorker(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let server = try TestServer(
            "client_header_timeout 1s; autoindex on;", files: ["a.txt": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        let base =
            Array(
                "GET /a.txt?x=%41 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,3-4\r\nIf-Range: x\r\n"
                    .utf8)
            + Array("Content-Length: 3\r\nAccept-Encoding: gzip;q=0.5\r\n\r\nabc".utf8)
        for number in 0..<150 {
            let client = try server.connect()
            var bytes = base
            if number % 5 == 0 {
                let count = Int.random(in: 1...2000, using: &random)
                bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            } else {
                for _ in 0...(number % 4) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] = UInt8.random(in: 0...255, using: &random)
                }
            }
            try? client.send(bytes)
            client.closeWriting()
            _ = try client.readToEnd()
        }
        #expect(server.workers == [worker], "seed \(seed)")
        #expect(try server.fetch("/a.txt").text == "hello")
    }
}

/// SplitMix64: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
