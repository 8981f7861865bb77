import Foundation
import Testing

/// Compression on the fly, and pre-compressed files.
@Suite struct GzipTests {
    private static let page = wordyText(30_000)
    private static let accept = "Accept-Encoding: gzip"
    private static let files: [String: Fixture] = [
        "page.html": .text(page), "page.txt": .text(page), "data.json": .text(page),
        "tiny.html": "<p>tiny</p>", "twenty.html": "<p>12345678901234</p",
    ]

    @Test func gzipBodyDecompressesToFile() throws {
        let server = try TestServer("gzip on;", files: Self.files)
        let client = try server.connect()
        for _ in 0..<2 {
            try client.request("GET /page.html HTTP/1.1", [Self.accept])
            let response = try client.response()
            #expect(response.status == 200)
            #expect(response["Content-Encoding"] == "gzip")
            #expect(response["Content-Type"] == "text/html")
            #expect(response.wasChunked)
            #expect(response["Content-Length"] == nil)
            #expect(response["ETag"] == "W/" + TemporaryDirectory.entityTag(size: 30_000))
            #expect(response["Last-Modified"] == TemporaryDirectory.modifiedText)
            #expect(response["Accept-Ranges"] == nil)
            #expect(response.body.count < 15_000)
            #expect(try gunzip(response.body) == Array(Self.page.utf8))
        }
    }

    @Test func responseIsPlainWithoutAcceptEncoding() throws {
        let server = try TestServer("gzip on;", files: Self.files)
        for fields in [[], ["Accept-Encoding: br"], ["Accept-Encoding: identity"]] {
            let response = try server.fetch("/page.html", fields)
            #expect(response["Content-Encoding"] == nil, "\(fields)")
            #expect(response["Content-Length"] == "30000")
            #expect(response["ETag"] == TemporaryDirectory.entityTag(size: 30_000))
        }
    }

    @Test(arguments: [
        ("gzip", true), ("deflate, gzip", true), ("gzip;q=1.0", true), ("gzip;q=0.1", true),
        ("gzip;q=0", false), ("gzip; q=0", false), ("gzip;q=0.0", false), ("GZIP", true),
        ("gzip, deflate, br, zstd", true), ("br;q=1, gzip;q=0.5", true), ("xgzip", false),
        ("gzipx", false), ("", false),
    ])
    func acceptEncodingIsEvaluated(value: String, isCompressed: Bool) throws {
        let server = try TestServer("gzip on;", files: Self.files)
        let response = try server.fetch("/page.html", ["Accept-Encoding: \(value)"])
        #expect((response["Content-Encoding"] == "gzip") == isCompressed, "\(value)")
    }

    @Test func headHasHeadersOfGet() throws {
        let server = try TestServer("gzip on;", files: Self.files)
        let client = try server.connect()
        try client.request("HEAD /page.html HTTP/1.1", [Self.accept])
        #expect(try client.response(to: "HEAD").status == 200)
        try client.request("GET /tiny.html HTTP/1.1")
        #expect(try client.response().text == "<p>tiny</p>")
    }

    @Test(arguments: [
        ("gzip_vary on;", "/page.html", "Accept-Encoding"), ("", "/page.html", nil),
        ("gzip_vary on;", "/page.txt", nil), ("gzip_vary on;", "/tiny.html", nil),
    ])
    func varyIsSent(directive: String, target: String, value: String?) throws {
        let server = try TestServer("gzip on; \(directive)", files: Self.files)
        #expect(try server.fetch(target, [Self.accept])["Vary"] == value)
        #expect(try server.fetch(target)["Vary"] == value)
    }

    @Test(arguments: [
        ("", "/twenty.html", true), ("", "/tiny.html", false),
        ("gzip_min_length 30000;", "/page.html", true),
        ("gzip_min_length 30001;", "/page.html", false),
        ("gzip_min_length 29k;", "/page.html", true),
        ("gzip_min_length 0;", "/tiny.html", true),
        ("", "/page.txt", false), ("", "/data.json", false),
        ("gzip_types text/plain application/json;", "/page.txt", true),
        ("gzip_types text/plain application/json;", "/data.json", true),
        ("gzip_types text/plain;", "/page.html", true),
        ("gzip_types text/css;", "/page.txt", false),
        ("gzip_types *;", "/page.txt", true), ("gzip_types TEXT/plain;", "/page.txt", true),
        ("gzip_comp_level 9;", "/page.html", true), ("gzip_comp_level 1;", "/page.html", true),
        ("gzip off;", "/page.html", false),
        ("gzip_disable Old.*Browser;", "/page.html", true),
        ("gzip_disable ^Tester;", "/page.html", false),
        ("gzip_disable msie6;", "/page.html", true),
    ])
    func typesAndLengthsSelectCompression(directive: String, target: String, isCompressed: Bool)
        throws
    {
        let server = try TestServer(directive, http: "gzip on;", files: Self.files)
        let response = try server.fetch(target, [Self.accept, "User-Agent: Tester/1.0"])
        #expect((response["Content-Encoding"] == "gzip") == isCompressed)
        let body = isCompressed ? try gunzip(response.body) : response.body
        #expect(body == Self.files[String(target.dropFirst())]?.content)
    }

    @Test(arguments: [
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", false),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", true),
        ("Mozilla/4.0 (compatible; MSIE 5.5)", false), ("Mozilla/4.0 (compatible; MSIE 7.0)", true),
    ])
    func gzipDisableMatchesUserAgent(agent: String, isCompressed: Bool) throws {
        let server = try TestServer("gzip on; gzip_disable msie6;", files: Self.files)
        let response = try server.fetch("/page.html", [Self.accept, "User-Agent: \(agent)"])
        #expect((response["Content-Encoding"] == "gzip") == isCompressed)
    }

    @Test(arguments: [
        ("", "1.0", false), ("", "1.1", true), ("gzip_http_version 1.0;", "1.0", true),
        ("gzip_http_version 1.1;", "1.0", false),
    ])
    func gzipHTTPVersionIsApplied(directive: String, version: String, isCompressed: Bool) throws {
        let server = try TestServer("gzip on; \(directive)", files: Self.files)
        let response = try server.fetch("/page.html", [Self.accept], version: version)
        #expect((response["Content-Encoding"] == "gzip") == isCompressed)
        // HTTP/1.0 has no chunks: the body ends with the connection.
        #expect(response.wasChunked == (isCompressed && version == "1.1"))
        #expect(try (isCompressed ? gunzip(response.body) : response.body) == Array(Self.page.utf8))
    }

    @Test(arguments: [
        ("", [], false), ("gzip_proxied any;", [], true), ("gzip_proxied off;", [], false),
        ("gzip_proxied auth;", ["Authorization: Basic eDp5"], true),
        ("gzip_proxied no_etag;", [], false),
        // As in nginx: a file has no Expires, and its Last-Modified is not yet a header when this
        // is decided.
        ("gzip_proxied auth;", [], true),
        ("gzip_proxied no_last_modified;", [], true), ("gzip_proxied expired;", [], true),
    ])
    func gzipProxiedIsApplied(directive: String, fields: [String], isCompressed: Bool) throws {
        let server = try TestServer("gzip on; \(directive)", files: Self.files)
        let proxied = [Self.accept, "Via: 1.1 proxy.test"] + fields
        let response = try server.fetch("/page.html", proxied)
        #expect((response["Content-Encoding"] == "gzip") == isCompressed)
    }

    @Test func conditionsAndErrorsWithGzip() throws {
        let server = try TestServer("gzip on;", files: Self.files)
        let tag = "W/" + TemporaryDirectory.entityTag(size: 30_000)
        let unchanged = try server.fetch("/page.html", [Self.accept, "If-None-Match: \(tag)"])
        #expect(unchanged.status == 304)
        #expect(unchanged["Content-Encoding"] == nil)
        let missing = try server.fetch("/none.html", [Self.accept])
        #expect(missing.status == 404)
        #expect(missing["ETag"] == nil)
        if missing["Content-Encoding"] == "gzip" {
            #expect(String(decoding: try gunzip(missing.body), as: UTF8.self).contains("404"))
        } else {
            #expect(missing.text.contains("404"))
        }
    }

    @Test func rangeIsNeverCompressed() throws {
        let server = try TestServer("gzip on;", files: Self.files)
        // As in nginx, a request for both gets the whole file, compressed.
        let both = try server.fetch("/page.html", [Self.accept, "Range: bytes=0-99"])
        #expect(both.status == 200)
        #expect(both["Content-Range"] == nil)
        #expect(try gunzip(both.body) == Array(Self.page.utf8))
        let part = try server.fetch("/page.html", ["Range: bytes=0-99"])
        #expect(part.status == 206)
        #expect(part["Content-Encoding"] == nil)
        #expect(part.text == String(Self.page.prefix(100)))
        let plain = try server.fetch("/page.txt", [Self.accept, "Range: bytes=0-99"])
        #expect(plain.status == 206)
    }

    @Test func compressingLargeFileDoesNotDelayOthers() throws {
        let bytes = wordyText(20_000_000)
        let server = try TestServer(
            "gzip on; gzip_comp_level 9;", files: ["big.html": .text(bytes), "small": "small"])
        let client = try server.connect(receiveBuffer: 4096)
        try client.request("GET /big.html HTTP/1.1", [Self.accept])
        try client.awaitBytes(100)
        #expect(try server.fetch("/small").text == "small")
        let response = try client.response(seconds: 60)
        #expect(try gunzip(response.body) == Array(bytes.utf8))
    }

    @Test(arguments: ["off", "on", "always"])
    func gzipStaticSendsPrecompressedFile(value: String) throws {
        let compressed = try gzip("before")
        let server = try TestServer(
            "gzip_static \(value); gzip_vary on;",
            files: [
                "a.html": "plain", "a.html.gz": .bytes(compressed),
                "only.html.gz": .bytes(compressed),
            ])
        let wish = try server.fetch("/a.html", [Self.accept])
        #expect((wish["Content-Encoding"] == "gzip") == (value != "off"))
        #expect(wish["Vary"] == (value == "on" ? "Accept-Encoding" : nil))
        #expect(wish["Content-Type"] == "text/html")
        if value != "off" {
            #expect(wish["Content-Length"] == "\(compressed.count)")
            #expect(wish["ETag"] == TemporaryDirectory.entityTag(size: compressed.count))
            #expect(wish.body == compressed)
        }
        let none = try server.fetch("/a.html")
        #expect((none["Content-Encoding"] == "gzip") == (value == "always"))
        #expect(none.body == (value == "always" ? compressed : Array("plain".utf8)))
        let only = try server.fetch("/only.html", [Self.accept])
        #expect(only.status == (value == "off" ? 404 : 200))
        #expect(try server.fetch("/only.html").status == (value == "always" ? 200 : 404))
    }

    @Test func gzipStaticHasPriorityOverGzip() throws {
        let compressed = try gzip(Self.page)
        let server = try TestServer(
            "gzip on; gzip_static on;",
            files: ["page.html": .text(Self.page), "page.html.gz": .bytes(compressed)])
        let whole = try server.fetch("/page.html", [Self.accept])
        #expect(!whole.wasChunked)
        #expect(whole.body == compressed)
        let part = try server.fetch("/page.html", [Self.accept, "Range: bytes=1-9"])
        #expect(part["Content-Encoding"] == "gzip")
        #expect(part.body == (part.status == 206 ? Array(compressed[1...9]) : compressed))
    }
}
