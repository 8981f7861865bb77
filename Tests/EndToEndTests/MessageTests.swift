import Foundation
import Testing

/// Requests that follow each other on a connection, split at any offset.
@Suite struct MessageTests {
    @Test(arguments: [
        ("1.1", [], true), ("1.1", ["Connection: close"], false),
        ("1.1", ["Connection: keep-alive"], true), ("1.0", [], false),
        ("1.0", ["Connection: keep-alive"], true), ("1.0", ["Connection: Keep-Alive"], true),
        ("1.1", ["Connection: Close"], false), ("1.0", ["Connection: close"], false),
    ])
    func connectionIsKeptOpen(version: String, fields: [String], isKept: Bool) throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.request("GET /a.txt HTTP/\(version)", fields)
        let response = try client.response()
        #expect(response.version == "HTTP/1.1")
        #expect(response.text == "hello")
        #expect(response["Connection"] == (isKept ? "keep-alive" : "close"))
        if isKept {
            try client.request("GET /a.txt HTTP/1.1")
            #expect(try client.response().text == "hello")
        } else {
            #expect(try client.isClosedByServer())
        }
    }

    @Test func errorsKeepConnectionOpen() throws {
        let server = try TestServer(files: ["a.txt": "hello", "d/x": "x"])
        let client = try server.connect()
        for (target, status) in [("/none", 404), ("/d/", 403), ("/d", 301), ("/a.txt", 200)] {
            try client.request("GET \(target) HTTP/1.1")
            #expect(try client.response().status == status)
        }
    }

    @Test(arguments: [2, 100, 2000])
    func pipelinedRequestsGetResponsesInOrder(count: Int) throws {
        let server = try TestServer(
            "keepalive_requests 10000;", files: ["a.txt": "alpha", "b.txt": "beta"])
        let client = try server.connect()
        let pair = "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: x\r\n\r\n"
        try client.send(String(repeating: pair, count: count / 2))
        for _ in 0..<(count / 2) {
            #expect(try client.response().text == "alpha")
            #expect(try client.response().text == "beta")
        }
        #expect(client.isQuiet)
    }

    @Test func pipelineIsServedAfterHalfClose() throws {
        let server = try TestServer(files: ["a.txt": "alpha"])
        let client = try server.connect()
        try client.send(
            String(repeating: "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", count: 20))
        client.closeWriting()
        for _ in 0..<20 { #expect(try client.response().text == "alpha") }
        #expect(try client.isClosedByServer())
    }

    @Test func requestByteByByte() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        let text =
            "GET /a.txt?x=1 HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\nX-Long: "
            + String(repeating: "y", count: 80) + "\r\n\r\n"
        for _ in 0..<2 {
            for byte in Array(text.utf8) { try client.send([byte]) }
            #expect(try client.response().text == "el")
        }
    }

    @Test func requestSplitAtEveryByte() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let request = Array(
            "GET /a.txt HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nRange: bytes=1-2\r\n\r\n"
                .utf8)
        let client = try server.connect()
        for cut in 1..<request.count {
            try client.send(Array(request[..<cut]))
            // The pause lets the first part arrive alone most of the time; the response is the same
            // either way.
            if cut % 7 == 0 { Thread.sleep(forTimeInterval: 0.002) }
            try client.send(Array(request[cut...]))
            let response = try client.response()
            #expect(response.status == 206)
            #expect(response.text == "el", "cut at \(cut)")
        }
    }

    @Test func bareLineFeedsAndLeadingEmptyLinesAreAccepted() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.send("GET /a.txt HTTP/1.1\nHost: x\n\n")
        #expect(try client.response().text == "hello")
        try client.send("\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: x\n\r\n")
        #expect(try client.response().text == "hello")
        try client.send("\nGET /a.txt HTTP/1.1\r\nHost: x\r\n\n")
        #expect(try client.response().text == "hello")
    }

    @Test func absoluteFormIsAccepted() throws {
        let server = try TestServer(
            """
            server_name first.test;
            location / { root ROOT/first; } }
            server { listen 127.0.0.1:PORT; server_name second.test; root ROOT/second;
            """, files: ["first/a": "first", "second/a": "second"])
        let client = try server.connect()
        // The host in the target takes precedence over the header (RFC 9112, section 3.2.2).
        for (target, host, text) in [
            ("http://first.test/a", "first.test", "first"),
            ("http://second.test/a", "first.test", "second"),
            ("http://second.test:8080/a?q", "first.test", "second"),
            ("HTTP://SECOND.test/a", "first.test", "second"),
            ("http://second.test/x/../a", "second.test", "second"),
        ] {
            try client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(try client.response().text == text, "\(target)")
        }
        try client.send("GET http://first.test HTTP/1.1\r\nHost: first.test\r\n\r\n")
        #expect(try client.response().status == 403)
    }

    @Test func http09GetsBodyOnly() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.send("GET /a.txt\r\n")
        #expect(try client.readToEnd() == Array("hello".utf8))
    }

    @Test func queryIsNotPartOfFileName() throws {
        let server = try TestServer(files: ["a.txt": "hello"])
        for target in ["/a.txt?", "/a.txt?x", "/a.txt?../..", "/a.txt?a=b&c=%zz", "/a.txt??"] {
            #expect(try server.fetch(target).text == "hello", "\(target)")
        }
    }
}
