import Testing

/// strict_requests: requests that nginx accepts against the RFCs.
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
    func strictRequestStatus(request: String, tolerant: Int, strictly: Int) throws {
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

    /// Several lines of a list, invalid ranges, trailers: the bytes, and the result.
    @Test(arguments: [
        ("If-None-Match: \"0\"\r\nIf-None-Match: \"5e469d27-5\"", 400, 304),
        ("If-None-Match: \"0\"\r\nIf-None-Match: \"1\"", 400, 200),
        ("If-Match: \"0\"\r\nIf-Match: \"5e469d27-5\"", 400, 200),
        ("If-Match: \"0\"\r\nIf-Match: \"1\"", 400, 412),
        ("Range: bytes=5-2", 416, 200), ("Range: bytes=0-1,5-2", 206, 200),
        ("Range: bytes=0-1,x", 416, 200), ("Range: bytes=1-99999999999999999999", 416, 206),
        ("Range: bytes=9-", 416, 416), ("Range: bytes=0-1\r\nRange: bytes=0-1", 206, 200),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\nnocolon", 200, 400),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\nX: y", 200, 200),
        ("Transfer-Encoding: chunked\r\n\r\n1;\r\nx\r\n0\r\nX: y", 200, 400),
    ])
    func strictListsAndFraming(fields: String, tolerant: Int, strictly: Int) throws {
        for (http, status) in [("", tolerant), (Self.strict, strictly)] {
            let server = try TestServer("", http: http, files: ["a.txt": "hello"])
            let client = try server.connect()
            try client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
            #expect(try client.response().status == status, "\(http)")
        }
    }

    @Test func tooLargeHeadersAre431() throws {
        let server = try TestServer("", http: Self.strict, files: ["a.txt": "hello"])
        let client = try server.connect()
        try client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nX: ")
        try? client.send(String(repeating: "x", count: 40_000) + "\r\n\r\n")
        #expect(try client.response().status == 431)
    }

    /// All lines of Accept-Encoding are one list, and a client may prefer the uncompressed file.
    @Test(
        arguments: [
            (["identity;q=1, gzip;q=0.5"], nil, nil), (["gzip;q=0.5", "identity"], nil, nil),
            (["identity;q=0.5, gzip"], "gzip", "gzip"), (["identity, gzip"], "gzip", "gzip"),
            (["deflate", "gzip"], "gzip", "gzip"), (["gzip;q=0.5", "br"], "gzip", "br"),
            (["gzip", "gzip;q=0"], "gzip", "gzip"), (["br;q=0.5", "identity;q=0.6"], nil, nil),
            (["br;q=0.6, identity;q=0.5, gzip;q=0.1"], nil, "br"),
        ] as [([String], String?, String?)])
    func encodingWeightsAreApplied(values: [String], page: String?, sidecar: String?) throws {
        let server = try TestServer(
            "gzip on; gzip_static on; brotli_static on;", http: Self.strict,
            files: [
                "page.html": .text(wordyText(5000)), "a.txt": "plain", "a.txt.gz": "gzipped",
                "a.txt.br": "brotli",
            ])
        let fields = values.map { "Accept-Encoding: \($0)" }
        // Twice: a response cached for other clients is not for this one.
        for first in [["Accept-Encoding: gzip, br"], ["Accept-Encoding: identity"], fields] {
            _ = try server.fetch("/page.html", first)
            _ = try server.fetch("/a.txt", first)
            #expect(try server.fetch("/page.html", fields)["Content-Encoding"] == page)
            #expect(try server.fetch("/a.txt", fields)["Content-Encoding"] == sidecar)
        }
    }

    @Test(arguments: [("*", true), ("x-gzip", true), ("gzip;q=0, *", false), ("*;q=0", false)])
    func encodingAliasesAreAccepted(value: String, isCompressed: Bool) throws {
        let server = try TestServer(
            "gzip on;", http: Self.strict, files: ["page.html": .text(wordyText(5000))])
        let response = try server.fetch("/page.html", ["Accept-Encoding: \(value)"])
        #expect((response["Content-Encoding"] == "gzip") == isCompressed)
    }
}
