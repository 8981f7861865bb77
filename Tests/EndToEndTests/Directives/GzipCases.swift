private let words = wordyText(3000)

extension DirectiveGroup {
    /// Compression on the fly, and pre-compressed files.
    static let gzip = DirectiveGroup("gzip") {
        DirectiveCase(
            "gzip: off by default", files: ["f.html": .text(words)],
            .get(
                "/f.html", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding"),
                .noField("Vary")))
        DirectiveCase(
            "gzip: on, for text/html", server: "gzip on;",
            files: ["f.html": .text(words), "f.css": .text(words), "s.html": "short"],
            .get(
                "/f.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words), .chunked,
                .field("Content-Encoding", "gzip"), .noField("Content-Length"),
                .noField("Accept-Ranges"), .noField("Vary"),
                .field("Last-Modified", "Fri, 14 Feb 2020 13:14:15 GMT"),
                .field("ETag", "W/\"5e469d27-bb8\"")),
            .get("/f.html", expect: 200, .noField("Content-Encoding")),
            .get("/f.css", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding")),
            .get("/s.html", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding")),
            .head("/f.html", ["Accept-Encoding: gzip"], expect: 200, .empty),
            .get(
                "/f.html", ["Accept-Encoding: br, gzip;q=0.5"], expect: 200,
                .field("Content-Encoding", "gzip")),
            .get(
                "/f.html", ["Accept-Encoding: gzip;q=0"], expect: 200,
                .noField("Content-Encoding")),
            .get("/f.html", ["Accept-Encoding: GZIP"], expect: 200, .has("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: deflate"], expect: 200,
                .noField("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "Range: bytes=0-9"], expect: 200,
                .noField("Content-Range"), .has("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "If-None-Match: \"5e469d27-bb8\""],
                expect: 304, .field("ETag", "W/\"5e469d27-bb8\""),
                nginx: .differs(.tagOnNotModified, [304, .field("ETag", "\"5e469d27-bb8\"")])),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "If-None-Match: W/\"5e469d27-bb8\""],
                expect: 304, .field("ETag", "W/\"5e469d27-bb8\""),
                nginx: .differs(.tagOnNotModified, [304, .field("ETag", "\"5e469d27-bb8\"")])),
            .raw(
                "GET /f.html HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n", expect: 200,
                .noField("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p"], expect: 200,
                .noField("Content-Encoding")),
            .get(
                "/none.html", ["Accept-Encoding: gzip"], expect: 404,
                .field("Content-Encoding", "gzip")))
        DirectiveCase(
            "gzip: by level", server: "gzip on; location /off/ { gzip off; }",
            files: ["off/f.html": .text(words), "on/f.html": .text(words)],
            .get(
                "/off/f.html", ["Accept-Encoding: gzip"], expect: 200,
                .noField("Content-Encoding")),
            .get("/on/f.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_types: besides text/html, which may be repeated",
            server: "gzip on; gzip_types text/css application/json text/html;",
            files: [
                "f.html": .text(words), "f.css": .text(words), "f.json": .text(words),
                "f.js": .text(words),
            ],
            .get("/f.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")),
            .get("/f.css", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")),
            .get("/f.json", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")),
            .get("/f.js", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding")))
        DirectiveCase(
            "gzip_types: all", server: "gzip on; gzip_types *;", files: ["f.js": .text(words)],
            .get("/f.js", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words)))
        DirectiveCase(
            "gzip_types: without regard to case",
            server: "gzip on; gzip_types TEXT/CSS; types { Text/Css css; }",
            files: ["f.css": .text(words)],
            .get("/f.css", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_types: a location's take the place of the server's",
            server: "gzip on; gzip_types text/css; location /l/ { gzip_types application/json; }",
            files: ["l/f.css": .text(words), "l/f.json": .text(words)],
            .get("/l/f.css", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding")),
            .get("/l/f.json", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_types: of a type with parameters",
            server: "gzip on; gzip_types text/x-p; types { \"text/x-p; charset=utf-8\" p; }",
            files: ["f.p": .text(words)],
            .get("/f.p", ["Accept-Encoding: gzip"], expect: 200))
        DirectiveCase(
            "gzip_min_length: the border", server: "gzip on; gzip_min_length 100;",
            files: ["a.html": .text(wordyText(99)), "b.html": .text(wordyText(100))],
            .get("/a.html", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding")),
            .get("/b.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_min_length: the default is 20, and 1k is a size",
            server: "gzip on; location /k/ { gzip_min_length 1k; }",
            files: [
                "a.html": .text(wordyText(19)), "b.html": .text(wordyText(20)),
                "k/a.html": .text(wordyText(1023)), "k/b.html": .text(wordyText(1024)),
            ],
            .get("/a.html", ["Accept-Encoding: gzip"], expect: 200, .noField("Content-Encoding")),
            .get("/b.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")),
            .get(
                "/k/a.html", ["Accept-Encoding: gzip"], expect: 200,
                .noField("Content-Encoding")),
            .get("/k/b.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_comp_level: 1 and 9",
            server: """
                gzip on; location /1/ { gzip_comp_level 1; } location /9/ { gzip_comp_level 9; }
                """,
            files: ["1/f.html": .text(words), "9/f.html": .text(words)],
            .get("/1/f.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words)),
            .get("/9/f.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words)))
        DirectiveCase(
            "gzip_comp_level: ten", server: "gzip_comp_level 10;",
            refuses: "value must be", nginxSays: "value must be")
        DirectiveCase(
            "gzip_cache: off and plain",
            server: """
                gzip on; location /off/ { gzip_cache off; } location /plain/ { gzip_cache plain; }
                """,
            files: ["off/f.html": .text(words), "plain/f.html": .text(words)],
            nginx: .ownAddition,
            .get("/off/f.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words), .chunked),
            .get("/off/f.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words), .chunked),
            .get(
                "/plain/f.html", ["Accept-Encoding: gzip"], expect: 200,
                .noField("Content-Encoding"), .field("Content-Length", "3000")))
        DirectiveCase(
            "gzip_cache: an invalid argument", server: "gzip_cache always;",
            refuses: "invalid value \"always\"", nginx: .ownAddition)
        DirectiveCase(
            "gzip_vary: on", server: "gzip on; gzip_vary on; gzip_types text/css;",
            files: ["f.html": .text(words), "f.css": .text(words), "f.png": .text(words)],
            .get(
                "/f.html", ["Accept-Encoding: gzip"], expect: 200,
                .field("Vary", "Accept-Encoding")),
            .get("/f.html", expect: 200, .field("Vary", "Accept-Encoding")),
            .get("/f.css", expect: 200, .field("Vary", "Accept-Encoding")),
            .get("/f.png", expect: 200, .noField("Vary")),
            .head("/f.html", expect: 200, .field("Vary", "Accept-Encoding")),
            .get("/f.html", ["If-None-Match: \"5e469d27-bb8\""], expect: 304))
        DirectiveCase(
            "gzip_vary, add_header: $sent_http_vary has added headers only",
            server: """
                gzip on; gzip_vary on;
                location / { add_header X-V "[$sent_http_vary]"; }
                location /v { add_header Vary Cookie; add_header X-V "[$sent_http_vary]"; }
                """, files: ["f.html": .text(words), "v.html": .text(words)],
            .get("/f.html", expect: 200, .field("Vary", "Accept-Encoding"), .field("X-V", "[]")),
            .get(
                "/v.html", ["Accept-Encoding: gzip"], expect: 200,
                .fields("Vary", ["Accept-Encoding", "Cookie"]), .field("X-V", "[Cookie]")))
        DirectiveCase(
            "gzip_vary: without gzip", server: "gzip_vary on;", files: ["f.html": .text(words)],
            .get("/f.html", ["Accept-Encoding: gzip"], expect: 200, .noField("Vary")))
        DirectiveCase(
            "gzip_http_version: 1.0", server: "gzip on; gzip_http_version 1.0;",
            files: ["f.html": .text(words)],
            .raw(
                "GET /f.html HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n", expect: 200,
                .field("Content-Encoding", "gzip"), .noField("Transfer-Encoding"),
                .gzipped(words), .closes))
        DirectiveCase(
            "gzip_http_version: an invalid version", server: "gzip_http_version 2;",
            refuses: "invalid value \"2\"")
        DirectiveCase(
            "gzip_proxied: any and off",
            server:
                """
                gzip on;
                location /any/ { gzip_proxied any; } location /off/ { gzip_proxied off; }
                """,
            files: ["any/f.html": .text(words), "off/f.html": .text(words)],
            .get(
                "/any/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p"], expect: 200,
                .has("Content-Encoding")),
            .get(
                "/off/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p"], expect: 200,
                .noField("Content-Encoding")))
        DirectiveCase(
            "gzip_proxied: the popular list",
            server: "gzip on; gzip_proxied expired no-cache no-store private auth;",
            files: ["f.html": .text(words)],
            .get(
                "/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p"], expect: 200,
                .has("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p", "Authorization: Basic eA=="],
                expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_proxied: no_last_modified, no_etag",
            server: """
                gzip on; location /e/ { etag off; gzip_proxied no_etag; }
                location /f/ { gzip_proxied no_etag no_last_modified; }
                """,
            files: ["e/f.html": .text(words), "f/f.html": .text(words)],
            .get(
                "/e/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p"], expect: 200,
                .has("Content-Encoding")),
            .get(
                "/f/f.html", ["Accept-Encoding: gzip", "Via: 1.1 p"], expect: 200,
                .noField("Content-Encoding")))
        DirectiveCase(
            "gzip_proxied: an invalid argument", server: "gzip_proxied some;",
            refuses: "invalid value \"some\"")
        DirectiveCase(
            "gzip_disable: msie6 and expressions",
            server: "gzip on; gzip_disable \"msie6\" \"Old[0-9]\";",
            files: ["f.html": .text(words)],
            .get(
                "/f.html",
                ["Accept-Encoding: gzip", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; X)"],
                expect: 200, .noField("Content-Encoding")),
            .get(
                "/f.html",
                ["Accept-Encoding: gzip", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; SV1)"],
                expect: 200, .has("Content-Encoding")),
            .get(
                "/f.html",
                ["Accept-Encoding: gzip", "User-Agent: Mozilla/4.0 (compatible; MSIE 7.0; X)"],
                expect: 200, .has("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "User-Agent: old5"], expect: 200,
                .noField("Content-Encoding")),
            .get("/f.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")))
        DirectiveCase(
            "gzip_disable: an expression that does not compile", server: "gzip_disable \"(\";",
            refuses: "missing closing parenthesis")
        DirectiveCase(
            "gzip_static: on, off, always",
            server: """
                gzip_static on; gzip_vary on;
                location /off/ { gzip_static off; } location /always/ { gzip_static always; }
                """,
            files: [
                "f.html": "plain", "f.html.gz": "coded", "g.html": "plain", "off/f.html": "plain",
                "off/f.html.gz": "coded", "always/f.html": "plain", "always/f.html.gz": "coded",
                "always/only.html.gz": "only", "only.html.gz": "only",
            ],
            .get(
                "/f.html", ["Accept-Encoding: gzip"], expect: 200, "coded",
                .field("Content-Encoding", "gzip"), .field("Content-Type", "text/html"),
                .field("Vary", "Accept-Encoding"), .field("ETag", "\"5e469d27-5\""),
                nginx: .before("1.29.0", [200, "coded", .noField("Accept-Ranges")])),
            .get("/f.html", expect: 200, "plain", .field("Vary", "Accept-Encoding")),
            .get("/g.html", ["Accept-Encoding: gzip"], expect: 200, "plain", .noField("Vary")),
            .get("/off/f.html", ["Accept-Encoding: gzip"], expect: 200, "plain"),
            .get(
                "/always/f.html", expect: 200, "coded", .field("Content-Encoding", "gzip"),
                nginx: .before("1.29.0", [200, "coded"])),
            .get(
                "/always/only.html", expect: 200, "only",
                nginx: .before("1.29.0", [200, "only"])),
            .get(
                "/only.html", ["Accept-Encoding: gzip"], expect: 200, "only",
                nginx: .before("1.29.0", [200, "only"])),
            .get("/only.html", expect: 404),
            .get("/f.html.gz", expect: 200, "coded", .noField("Content-Encoding")),
            .head(
                "/f.html", ["Accept-Encoding: gzip"], expect: 200,
                .field("Content-Encoding", "gzip"), nginx: .before("1.29.0", [200])),
            .post("/f.html", "", ["Accept-Encoding: gzip"], expect: 405))
        DirectiveCase(
            "brotli_static, zstd_static: the client's weights decide",
            server: "gzip_static on; brotli_static on; zstd_static on;",
            files: ["f": "plain", "f.gz": "gz", "f.br": "br", "f.zst": "zst"],
            nginx: .ownAddition,
            .get("/f", ["Accept-Encoding: gzip, br, zstd"], expect: 200, "zst"),
            .get("/f", ["Accept-Encoding: gzip, br"], expect: 200, "br"),
            .get("/f", ["Accept-Encoding: gzip, br;q=0.5"], expect: 200, "gz"),
            .get("/f", expect: 200, "plain"))
        DirectiveCase(
            "gzip_buffers, output_buffers, postpone_output, gzip: idle sizes",
            server: "gzip on; gzip_buffers 16 8k; output_buffers 2 32k; postpone_output 1460;",
            files: ["f.html": .text(words)],
            .get("/f.html", ["Accept-Encoding: gzip"], expect: 200, .gzipped(words)))
    }
}
