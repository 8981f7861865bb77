import Foundation
import Testing

/// Request bodies, which a file server does not need: they are read and discarded, so that the
/// connection stays open, or refused if their end cannot be determined.
@Suite struct RequestBodyTests {
    private static let follow = "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test(arguments: [0, 1, 1_000, 100_000, 900_000])
    func bodyWithLengthIsDiscarded(count: Int) throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        for method in ["POST", "GET"] {
            try client.request("\(method) /a.txt HTTP/1.1", ["Content-Length: \(count)"])
            try client.send(patternBytes(count))
            try client.send(Self.follow)
            #expect(try client.response().status == (method == "GET" ? 200 : 405))
            #expect(try client.response().text == "hello")
        }
    }

    @Test(arguments: [
        "0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5;ext=1\r\nhello\r\n0\r\n\r\n",
        "00a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nTrailer: value\r\nOther: x\r\n\r\n",
    ])
    func chunkedBodyIsDiscarded(body: String) throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        for method in ["POST", "GET"] {
            try client.request("\(method) /a.txt HTTP/1.1", ["Transfer-Encoding: chunked"])
            for byte in Array(body.utf8) { try client.send([byte]) }
            try client.send(Self.follow)
            #expect(try client.response().status == (method == "GET" ? 200 : 405))
            #expect(try client.response().text == "hello")
        }
    }

    @Test func largeChunkedBodyIsDiscarded() throws {
        let server = try TestServer("client_max_body_size 10m;", files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Transfer-Encoding: chunked"])
        let chunk = Array("4000\r\n".utf8) + patternBytes(0x4000) + Array("\r\n".utf8)
        for _ in 0..<60 { try client.send(chunk) }
        try client.send("0\r\n\r\n" + Self.follow)
        #expect(try client.response().status == 405)
        #expect(try client.response().text == "hello")
    }

    @Test func bodyThatLooksLikeRequestIsDiscarded() throws {
        let server = try TestServer(files: ["a.txt": "hello", "evil": "evil"])
        let client = try server.connect()
        let smuggled = "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"
        try client.request("GET /a.txt HTTP/1.1", ["Content-Length: \(smuggled.utf8.count)"])
        try client.send(smuggled + Self.follow)
        #expect(try client.response().text == "hello")
        #expect(try client.response().text == "hello")
        #expect(client.isQuiet)
    }

    @Test(arguments: [
        ("client_max_body_size 10;", 10, 405), ("client_max_body_size 10;", 11, 413),
        ("client_max_body_size 0;", 2_000_000, 405), ("", 1_048_577, 413),
        ("client_max_body_size 1k;", 1_025, 413),
    ])
    func bodyLargerThanLimitIs413(directive: String, count: Int, status: Int) throws {
        let server = try TestServer(directive, files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Content-Length: \(count)"])
        if status == 405 { try client.send(patternBytes(count)) }
        let response = try client.response()
        #expect(response.status == status)
        if status == 413 {
            #expect(response.reason == "Request Entity Too Large")
            #expect(response["Connection"] == "close")
        }
    }

    /// nginx counts chunks only if a handler reads them; the framing is correct either way.
    @Test func chunkedBodyLargerThanLimitIs413() throws {
        let server = try TestServer(
            "client_max_body_size 100; lingering_timeout 1s; keepalive_timeout 1s;",
            files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Transfer-Encoding: chunked"])
        try client.send("c8\r\n" + String(repeating: "x", count: 200) + "\r\n0\r\n\r\n")
        try? client.send(Self.follow)
        let response = try client.response()
        #expect(response.status == 413 || response.status == 405)
        // If the header arrives alone, the response keeps the connection open, and the chunk that
        // follows closes it.
        let keepsAlive = response["Connection"] == "keep-alive"
        let hasNextResponse = try client.readToEnd().firstRange(of: "hello") != nil
        #expect(!hasNextResponse || keepsAlive)
    }

    @Test func expectContinueGets100() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Content-Length: 5", "Expect: 100-continue"])
        // Whether it requests the body or responds at once, the final response is 405, and the next
        // request is understood.
        var response = try client.response()
        let wasAsked = response.status == 100
        if wasAsked {
            try client.send("12345")
            response = try client.response()
        }
        #expect(response.status == 405)
        if response["Connection"] == "close" {
            #expect(try client.isClosedByServer())
        } else {
            if !wasAsked { try client.send("12345") }
            try client.send(Self.follow)
            #expect(try client.response().text == "hello")
        }
    }

    @Test(arguments: [
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: -1"], ["Content-Length: 5x"], ["Content-Length: 0x5"],
        ["Content-Length: 5,5"], ["Content-Length: +5"], ["Content-Length:"],
        ["Content-Length: 99999999999999999999999"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: identity"], ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: xchunked"], ["Transfer-Encoding: chunked, identity"],
    ])
    func ambiguousFramingIsRefusedAndClosed(fields: [String]) throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", fields)
        try? client.send("0\r\n\r\n" + Self.follow)
        let response = try client.response()
        #expect(response.status == 400 || response.status == 501, "\(fields)")
        #expect(response["Connection"] == "close")
        #expect(try client.isClosedByServer())
    }

    @Test func chunkedHTTP10IsRefused() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.0", ["Transfer-Encoding: chunked"])
        try? client.send("0\r\n\r\n" + Self.follow)
        #expect(try client.response().status == 400)
        #expect(try client.isClosedByServer())
    }

    @Test(arguments: [
        "x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "\r\n0\r\n\r\n",
    ])
    func invalidChunksCloseConnection(body: String) throws {
        let server = try TestServer("lingering_timeout 1s;", files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("POST /a.txt HTTP/1.1", ["Transfer-Encoding: chunked"])
        try? client.send(body + Self.follow)
        let status = try client.response().status
        #expect(status == 400 || status == 405, "\(body)")
        // Bytes after broken framing are not a request.
        #expect(try client.readToEnd().firstRange(of: "hello") == nil)
        #expect(try server.fetch("/a.txt").text == "hello")
    }
}
