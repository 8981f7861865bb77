import Testing

/// strict_requests: what nginx tolerates and the RFCs do not.
@Suite(.enabled(if: Product.isApus, "apus's own directive")) struct StrictRequestTests {
    private static let strict = "strict_requests on;"

    @Test(arguments: [
        ("GET /a.txt#b HTTP/1.1\r\nHost: a\r\n\r\n", 200, 400),
        ("GET  /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, 400),
        ("GET /a.txt HTTP/1.1\nHost: a\n\n", 200, 400),
        ("GET /a.txt HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", 200, 400),
        ("GET /a.txt HTTP/1.10\r\nHost: a\r\n\r\n", 200, 400),
        ("BREW /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405, 501),
        ("brew /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 400, 501),
        ("DELETE /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405, 405),
        ("OPTIONS /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 405, 204),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400, 204),
        ("GET /a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: identity;q=0\r\n\r\n", 200, 406),
        ("GET /a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: *;q=0\r\n\r\n", 200, 406),
        ("GET /a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: *;q=0, identity\r\n\r\n", 200, 200),
    ])
    func statuses(request: String, tolerant: Int, strictly: Int) throws {
        for (http, status) in [("", tolerant), (Self.strict, strictly)] {
            let server = try TestServer("", http: http, files: ["a.txt": "hello"])
            let client = try server.connect()
            try client.send(request)
            let response = try client.response()
            #expect(response.status == status, "\(http)")
            if status == 405 || status == 204 {
                let allowed = http.isEmpty ? "GET, HEAD" : "GET, HEAD, OPTIONS"
                #expect(response["Allow"] == allowed)
            }
        }
    }

    @Test func fieldsThatAreTooLarge() throws {
        let server = try TestServer("", http: Self.strict, files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nX: ")
        try? client.send(String(repeating: "x", count: 40_000) + "\r\n\r\n")
        #expect(try client.response().status == 431)
    }

    @Test(arguments: [("*", true), ("x-gzip", true), ("gzip;q=0, *", false), ("*;q=0", false)])
    func codingsByOtherNames(value: String, isCoded: Bool) throws {
        let server = try TestServer(
            "gzip on;", http: Self.strict, files: ["page.html": .text(wordyText(5000))])
        let response = try server.fetch("/page.html", ["Accept-Encoding: \(value)"])
        #expect((response["Content-Encoding"] == "gzip") == isCoded)
    }
}
