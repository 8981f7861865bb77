/// Small switches for response headers and the connection.
extension DirectiveGroup {
    static let fieldSwitches = DirectiveGroup("field switches") {
        DirectiveCase(
            "chunked_transfer_encoding: off closes instead",
            server: """
                gzip on; gzip_min_length 1; gzip_types *; chunked_transfer_encoding off;
                """,
            files: ["a.txt": "text"],
            .get(
                "/a.txt", ["Accept-Encoding: gzip"], expect: .gzipped("text"),
                .noField("Transfer-Encoding"), .noField("Content-Length"), .closes),
            .get("/a.txt", expect: "text", .keeps))
        DirectiveCase(
            "chunked_transfer_encoding: on",
            server: "gzip on; gzip_min_length 1; gzip_types *; chunked_transfer_encoding on;",
            files: ["a.txt": "text"],
            .get("/a.txt", ["Accept-Encoding: gzip"], expect: .gzipped("text"), .chunked, .keeps))
        DirectiveCase(
            "keepalive_disable: msie6 after POST is the default",
            server: "location / { return 200 ok; }",
            .post("/", "x", ["User-Agent: \(explorer6)"], expect: 200, .closes),
            .get("/", ["User-Agent: \(explorer6)"], expect: 200, .keeps),
            .post("/", "x", ["User-Agent: \(explorer6) SV1"], expect: 200, .keeps),
            .post("/", "x", ["User-Agent: \(explorer6) Opera"], expect: 200, .keeps),
            .post("/", "x", ["User-Agent: Mozilla (MSIE 7.0; Windows)"], expect: 200, .keeps),
            .post("/", "x", ["User-Agent: Mozilla (MSIE 5.5; Windows)"], expect: 200, .closes),
            .get("/", ["User-Agent: \(safari)"], expect: 200, .keeps))
        DirectiveCase(
            "keepalive_disable: none",
            server: "keepalive_disable none; location / { return 200 ok; }",
            .post("/", "x", ["User-Agent: \(explorer6)"], expect: 200, .keeps))
        DirectiveCase(
            "keepalive_disable: safari",
            server: "keepalive_disable safari; location / { return 200 ok; }",
            .get("/", ["User-Agent: \(safari)"], expect: 200, .closes),
            .get("/", ["User-Agent: \(safari) Chrome/90"], expect: 200, .keeps),
            .get("/", ["User-Agent: Safari/5 Linux"], expect: 200, .keeps),
            .get("/", expect: 200, .keeps))
        DirectiveCase(
            "keepalive_disable: both",
            server: "keepalive_disable msie6 safari; location / { return 200 ok; }",
            .get("/", ["User-Agent: \(safari)"], expect: 200, .closes),
            .post("/", "x", ["User-Agent: \(explorer6)"], expect: 200, .closes))
        DirectiveCase(
            "keepalive_disable: an unknown browser", server: "keepalive_disable netscape;",
            refuses: "invalid value \"netscape\"")
        DirectiveCase(
            "keepalive_min_timeout: a time", server: "keepalive_min_timeout 10s; return 200 ok;",
            nginx: .since("1.27.4"), .get("/", expect: 200, "ok", .keeps))
        DirectiveCase(
            "msie_refresh: Internet Explorer gets a page",
            server: """
                msie_refresh on; location /r { return 302 /x?a="b'; }
                location /p { return 301 http://far.example/; } location /s { return 307 /x; }
                """,
            .get(
                "/r", ["User-Agent: \(explorer6)"], expect: 200, .noField("Location"),
                .body(
                    "<html><head><meta http-equiv=\"Refresh\" content=\"0; URL=/x?a=%22b%27\">"
                        + "</head><body></body></html>\r\n")),
            .get(
                "/p", ["User-Agent: \(explorer6)"], expect: 200,
                .bodyContains("URL=http://far.example/\"")),
            .get("/s", ["User-Agent: \(explorer6)"], expect: 307),
            .get("/r", ["User-Agent: \(explorer6)", "If-Match: \"x\""], expect: 412),
            .get("/r", ["User-Agent: \(explorer6)", "If-None-Match: *"], expect: 304),
            .head("/r", ["User-Agent: \(explorer6)"], expect: 200, .has("Content-Length")),
            .get("/r", expect: 302, .location("http://localhost:{port}/x?a=\"b'")))
        DirectiveCase(
            "msie_padding: built-in pages of errors for Internet Explorer and Chrome",
            server: """
                location /off/ { msie_padding off; return 404; } location /s/ { return 301 /; }
                location /t/ { return 404 text; } location / { return 404; }
                """,
            .get("/", ["User-Agent: \(explorer6)"], expect: 404, .bodyContains(padding)),
            .get("/", ["User-Agent: \(chrome)"], expect: 404, .bodyContains(padding)),
            .get("/", ["User-Agent: curl/8"], expect: 404, .bodyLacks("padding")),
            .get("/", ["User-Agent: Opera \(explorer6)"], expect: 404, .bodyLacks("padding")),
            .get("/", ["User-Agent: Gecko/1 Chrome/1"], expect: 404, .bodyLacks("padding")),
            .get("/", expect: 404, .bodyLacks("padding")),
            .get("/off/", ["User-Agent: \(chrome)"], expect: 404, .bodyLacks("padding")),
            .get("/s/", ["User-Agent: \(chrome)"], expect: 301, .bodyLacks("padding")),
            .get("/t/", ["User-Agent: \(chrome)"], expect: 404, "text"),
            .raw(
                "GET / HTTP/1.0\r\nUser-Agent: \(chrome)\r\n\r\n", expect: 404,
                .bodyContains(padding)),
            .get(
                "/", ["User-Agent: \(chrome)", "Host:"], expect: 400, .bodyContains(padding)))
        DirectiveCase(
            "gzip_min_length, msie_padding: a page of about nginx's size",
            server: "gzip on; gzip_min_length 300; gzip_vary on;",
            .get("/a", ["Accept-Encoding: gzip"], expect: 404, .noField("Content-Encoding")),
            .get(
                "/a", ["Accept-Encoding: gzip", "User-Agent: \(chrome)"], expect: 404,
                .field("Content-Encoding", "gzip")))
        DirectiveCase(
            "early_hints: accepted", server: "early_hints $http_sec_fetch_mode; return 200 ok;",
            nginx: .since("1.29"), .get("/", expect: 200, "ok"))
        DirectiveCase(
            "server_tokens: build", server: "server_tokens build; return 200 ok;",
            .get("/", expect: 200, .has("Server")))
        DirectiveCase(
            "server_tokens: an invalid argument", server: "server_tokens perhaps;",
            refuses: "invalid value \"perhaps\"")
        DirectiveCase(
            "etag: off", server: "etag off;", files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, .noField("ETag"), .has("Last-Modified")),
            .get("/a.txt", ["If-None-Match: \"5e469d27-4\""], expect: 200))
        DirectiveCase(
            "if_modified_since: off, exact and before",
            server: """
                location /off { alias {root}; if_modified_since off; }
                location /exact { alias {root}; if_modified_since exact; }
                location /before { alias {root}; if_modified_since before; }
                """,
            files: ["a.txt": "text"],
            .get("/off/a.txt", since("14 Feb 2020 13:14:15"), expect: 200),
            .get("/exact/a.txt", since("14 Feb 2020 13:14:15"), expect: 304),
            .get("/exact/a.txt", since("15 Feb 2020 13:14:15"), expect: 200),
            .get("/before/a.txt", since("15 Feb 2020 13:14:15"), expect: 304),
            .get("/before/a.txt", since("13 Feb 2020 13:14:15"), expect: 200))
        DirectiveCase(
            "absolute_redirect: off",
            server: """
                absolute_redirect off; location /r { return 301 /x?y; }
                rewrite ^/w/(.*) /z/$1 permanent; error_page 404 /../x;
                """,
            files: ["directory/a": ""],
            .get("/r", expect: 301, .location("/x?y")),
            .get("/w/a", expect: 301, .location("/z/a")),
            .get("/directory", expect: 301, .location("/directory/")))
        DirectiveCase(
            "absolute_redirect, port_in_redirect: on",
            server: """
                location /r { return 301 /x?y; } rewrite ^/w/(.*) /z/$1 permanent;
                location /p { port_in_redirect off; return 302 /x; }
                location /e { error_page 404 http://far.example/404; }
                location /e2 { error_page 404 =301 https://far.example/404; }
                """,
            files: ["directory/a": ""],
            .get(
                "/r", ["Host: Example.org:99"], expect: 301,
                .location("http://example.org:{port}/x?y")),
            .get("/w/a", expect: 301, .location("http://localhost:{port}/z/a")),
            .get("/directory", expect: 301, .location("http://localhost:{port}/directory/")),
            .get("/p", expect: 302, .location("http://localhost/x")),
            .get("/e/none", expect: 302, .location("http://far.example/404")),
            .get("/e2/none", expect: 301, .location("https://far.example/404")))
        DirectiveCase(
            "server_name_in_redirect: on",
            server:
                "server_name first.example b.example; server_name_in_redirect on; return 301 /x;",
            .get("/", ["Host: b.example"], expect: .location("http://first.example:{port}/x")))
        DirectiveCase(
            "merge_slashes: off", server: "merge_slashes off; location /a//b { return 200 two; }",
            .get("/a//b", expect: 200, "two"), .get("/a/b", expect: 404))
        DirectiveCase(
            "merge_slashes: on", server: "location /a/b { return 200 one; }",
            .get("/a//b", expect: 200, "one"))
        DirectiveCase(
            "underscores_in_headers: on and off",
            servers: """
                server { listen 127.0.0.1:{port}; underscores_in_headers on;
                    return 200 "[$http_a_b]"; }
                server { listen 127.0.0.1:{port2}; return 200 "[$http_a_b]"; }
                """,
            .get("/", ["A_B: c"], expect: "[c]"), .get("/", ["A_B: c"], expect: "[]", port: 2))
        DirectiveCase(
            "ignore_invalid_headers: on and off",
            servers: """
                server { listen 127.0.0.1:{port}; return 200 ok; }
                server { listen 127.0.0.1:{port2}; ignore_invalid_headers off; return 200 ok; }
                """,
            .get("/", ["A(B: c"], expect: 200))
        DirectiveCase(
            "max_headers: so many", server: "max_headers 3; return 200 ok;",
            nginx: .since("1.29.8"),
            .get("/", ["A: 1", "B: 2"], expect: 200),
            .get("/", ["A: 1", "B: 2", "C: 3"], expect: 400))
        DirectiveCase(
            "log_not_found: off",
            server: "location /q { log_not_found off; } location /l { }",
            .get("/q/none", expect: 404),
            .get("/l/none", expect: 404, .errorLog("open() \"{root}/l/none\" failed")))
        DirectiveCase(
            "max_ranges: 0 and 1",
            server: """
                location /0 { alias {root}; max_ranges 0; }
                location /1 { alias {root}; max_ranges 1; }
                """,
            files: ["a.txt": "0123456789"],
            .get("/0/a.txt", ["Range: bytes=0-1"], expect: 200, .noField("Accept-Ranges")),
            .get("/1/a.txt", ["Range: bytes=0-1"], expect: 206),
            .get("/1/a.txt", ["Range: bytes=0-1,3-4"], expect: 200))
    }

    private static let explorer6 = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"
    private static let chrome = "Mozilla/5.0 (like Gecko) Chrome/120.0.0.0 Safari/537.36"
    /// Six of these follow the page.
    private static let padding =
        "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
        + "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    private static let safari = "Mozilla/5.0 (Macintosh; Mac OS X) Version/5 Safari/533"

    private static func since(_ text: String) -> [String] {
        ["If-Modified-Since: Fri, \(text) GMT"]
    }
}
