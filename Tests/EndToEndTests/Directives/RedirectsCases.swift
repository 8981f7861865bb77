extension DirectiveGroup {
    /// return, and the resulting Location.
    static let redirects = DirectiveGroup("redirects") {
        DirectiveCase(
            "return: a code alone",
            server: """
                location = /200 { return 200; } location = /204 { return 204; }
                location = /403 { return 403; } location = /404 { return 404; }
                location = /410 { return 410; } location = /418 { return 418; }
                location = /500 { return 500; } location = /503 { return 503; }
                location = /599 { return 599; } location = /301 { return 301; }
                location = /400 { return 400; } location = /302 { return 302; }
                location = /304 { return 304; } location = /0 { return 0; }
                """,
            .get("/200", expect: 200, .empty, .keeps), .get("/204", expect: 204, .empty),
            .get("/403", expect: 403, .field("Content-Type", "text/html")),
            .get("/404", expect: 404), .get("/410", expect: 410, .keeps),
            .get("/418", expect: 418, .empty), .get("/500", expect: 500, .closes),
            .get("/503", expect: 503), .get("/599", expect: 599), .get("/301", expect: 301),
            .get("/400", expect: 400, .closes), .get("/302", expect: 302),
            .get("/304", expect: 304, .empty),
            .post("/200", "body", expect: 200), .post("/403", "body", expect: 403, .keeps),
            .head("/403", expect: 403), .head("/200", expect: 200),
            .method("PUT", "/204", expect: 204), .method("DELETE", "/200", expect: 200),
            .method("OPTIONS", "/204", expect: 204))
        DirectiveCase(
            "return: 444 closes without a response",
            server: "return 444;", .get("/", expect: .noResponse),
            .post("/", "x", expect: .noResponse))
        DirectiveCase(
            "return: a text",
            server: """
                location = /ok { return 200 "ok\\n"; }
                location = /json { default_type application/json; return 200 '{"a": 1}'; }
                location = /404 { return 404 "gone fishing"; }
                location = /crlf { return 200 "a\\r\\nb\\tc"; }
                location = /empty { return 200 ""; }
                location = /html { default_type text/html; return 200 "<b>x</b>"; }
                location = /503 { default_type text/plain; return 503 "later"; }
                """,
            .get(
                "/ok", expect: 200, "ok\n", .field("Content-Type", "text/plain"),
                .field("Content-Length", "3"), .noField("Last-Modified"), .noField("ETag"),
                .noField("Accept-Ranges")),
            .get("/json", expect: 200, "{\"a\": 1}", .field("Content-Type", "application/json")),
            .get("/404", expect: 404, "gone fishing", .field("Content-Type", "text/plain")),
            .get("/crlf", expect: 200, "a\r\nb\tc"),
            .get("/empty", expect: 200, .empty, .field("Content-Length", "0")),
            .get("/html", expect: 200, .field("Content-Type", "text/html")),
            .get("/503", expect: 503, "later"),
            .head("/ok", expect: 200, .field("Content-Length", "3"), .empty),
            .get("/ok", ["Range: bytes=0-0"], expect: 200, "ok\n"),
            .get("/ok", ["If-None-Match: *"], expect: 304, .empty),
            .get("/ok", ["If-None-Match: \"x\""], expect: 200),
            .get("/ok", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 200),
            .post("/ok", "body", expect: 200, "ok\n"),
            .method("DELETE", "/ok", expect: 200, "ok\n"),
            .raw("GET /ok HTTP/1.0\r\n\r\n", expect: 200, "ok\n", .closes))
        DirectiveCase(
            "return, error_page: preconditions of a text",
            server: """
                location / { return 200 ok; }
                location /e { error_page 412 /412.html; return 200 ok; }
                location = /412.html { return 200 "not met"; }
                """,
            .get("/", ["If-Match: \"x\""], expect: 412),
            .get("/", ["If-Match: *"], expect: 200, "ok"),
            .get("/e", ["If-Match: \"x\""], expect: 412, "not met"),
            .get("/e", ["If-None-Match: *"], expect: 304, .empty),
            .get(
                "/", ["If-Unmodified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 200, "ok",
                nginx: .differs(.ifUnmodifiedSinceWithoutTime, [412])))
        DirectiveCase(
            "return, types: the type of a text is by the path's suffix",
            server: "location / { return 200 x; }",
            .get("/a.html", expect: 200, .field("Content-Type", "text/html")),
            .get("/a.json", expect: 200, .field("Content-Type", "application/json")),
            .get("/a", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "return: variables",
            server: """
                location /v { return 200 "$request_method $uri $args $is_args $host $scheme"; }
                location /u { return 200 "$request_uri|$uri|$document_uri|$query_string"; }
                location /h { return 200 "[$http_x_a][$cookie_c][$arg_q][$arg_Q][$arg_none]"; }
                location /s {
                    return 200 "$server_name|$server_port|$server_protocol|$remote_addr"; }
                location /b { return 200 "${host}x$uri"; }
                location /r { return 200 "$document_root|$request_filename"; }
                """,
            .get("/v?a=1", expect: 200, "GET /v a=1 ? localhost http"),
            .get("/v", expect: 200, "GET /v   localhost http"),
            .head("/v", expect: 200),
            .get(
                "/u/%41%20/../b//c?x=%41", expect: 200,
                "/u/%41%20/../b//c?x=%41|/u/b/c|/u/b/c|x=%41"),
            .get("/h?q=1&Q=2", ["X-A: a", "Cookie: b=0; c=5"], expect: 200, "[a][5][1][1][]"),
            .get("/s", expect: 200, "|{port}|HTTP/1.1|127.0.0.1"),
            .get("/r/x", expect: 200, "{root}|{root}/r/x"))
        DirectiveCase(
            "return: a dollar without a name", server: "return 200 \"a$\";",
            refuses: "invalid variable name", nginxSays: "invalid variable name")
        DirectiveCase(
            "return: an unknown variable", server: "return 200 $nonesuch;",
            refuses: "unknown \"nonesuch\" variable")
        DirectiveCase(
            "return: redirects to places elsewhere",
            server: """
                location = /301 { return 301 https://$host$request_uri; }
                location = /302 { return 302 http://x.example/; }
                location = /303 { return 303 http://x.example/a?b; }
                location = /307 { return 307 https://x.example$uri?$args; }
                location = /308 { return 308 ftp://x.example/; }
                location = /url { return http://y.example/; }
                location = /urls { return https://y.example/$uri; }
                location = /scheme { return $scheme://z.example/; }
                """,
            .get(
                "/301?a=b", expect: 301, .location("https://localhost/301?a=b"),
                .field("Content-Type", "text/html")),
            .get("/302", expect: 302, .location("http://x.example/")),
            .get("/303", expect: 303, .location("http://x.example/a?b")),
            .get("/307?q", expect: 307, .location("https://x.example/307?q")),
            .get("/308", expect: 308, .location("ftp://x.example/")),
            .get("/url", expect: 302, .location("http://y.example/")),
            .get("/urls", expect: 302, .location("https://y.example//urls")),
            .get("/scheme", expect: 302, .location("http://z.example/")),
            .post("/301", "x", expect: 301, .keeps), .head("/302", expect: 302),
            .method("DELETE", "/307", expect: 307))
        DirectiveCase(
            "return, absolute_redirect: redirects to paths",
            server: """
                location = /301 { return 301 /a?b=c; }
                location = /rel { return 302 a/b; }
                location = /empty { return 302 ""; }
                location = /slashes { return 302 //evil.example/; }
                location /off/ {
                    absolute_redirect off;
                    location = /off/301 { return 301 /a?b=c; }
                    location = /off/rel { return 302 a; }
                }
                location = /port { port_in_redirect off; return 301 /x; }
                location = /sp { return 301 "/a b"; }
                """,
            .get("/301", expect: 301, .location("http://localhost:{port}/a?b=c")),
            .get(
                "/301", ["Host: Q.example:99"], expect: 301,
                .location("http://q.example:{port}/a?b=c")),
            .get("/rel", expect: 302, .location("a/b")),
            .get("/empty", expect: 302),
            .get("/slashes", expect: 302, .location("http://localhost:{port}//evil.example/")),
            .get("/off/301", expect: 301, .location("/a?b=c")),
            .get("/off/rel", expect: 302, .location("a")),
            .get("/port", expect: 301, .location("http://localhost/x")),
            .get("/sp", expect: 301, .location("http://localhost:{port}/a b")),
            .raw(
                "GET /301 HTTP/1.0\r\n\r\n", expect: 301,
                .location("http://127.0.0.1:{port}/a?b=c")))
        DirectiveCase(
            "return, server_name: captures of the server name",
            server: """
                server_name ~^(www\\.)?(?<rest>.+)$;
                location = /n { return 301 http://new.$rest$request_uri; }
                location = /1 { return 200 "$1|$2"; }
                """,
            .get("/n?x", ["Host: www.a.test"], expect: 301, .location("http://new.a.test/n?x")),
            .get("/n", ["Host: a.test"], expect: 301, .location("http://new.a.test/n")),
            .get("/1", ["Host: www.a.test"], expect: 200, "www.|a.test"))
        DirectiveCase(
            "return: in a server is processed before locations",
            server: "location / { return 200 location; } return 200 server;",
            .get("/", expect: 200, "server"), .get("/x/y", expect: 200, "server"),
            .get("/../", expect: 400))
        DirectiveCase(
            "return: the first of a location counts",
            server: "location / { return 200 first; return 200 second; }",
            .get("/", expect: 200, "first"))
        DirectiveCase(
            "return, error_page: its codes are errors too",
            server: """
                error_page 404 /missing.html; error_page 503 @down; error_page 410 =200 /gone.txt;
                location = /404 { return 404; } location = /text { return 404 "own text"; }
                location = /503 { return 503; } location @down { return 503 "down"; }
                location = /410 { return 410; }
                """,
            files: ["missing.html": "missing", "gone.txt": "gone"],
            .get("/404", expect: 404, "missing", .field("Content-Type", "text/html")),
            .get("/text", expect: 404, "own text"),
            .get("/503", expect: 503, "down"), .get("/410", expect: 200, "gone"))
        DirectiveCase(
            "return: three digits and more", server: "return 1000;",
            refuses: "invalid return code \"1000\"")
        DirectiveCase(
            "return: a code with a word in it", server: "return 2xx;",
            refuses: "invalid return code \"2xx\"")
        DirectiveCase(
            "return: no arguments", server: "return;", refuses: "invalid number of arguments")
        DirectiveCase(
            "return: not in http", http: "return 404;",
            refuses: "\"return\" directive is not allowed here")
        DirectiveCase(
            "return, gzip: a text is compressed like a file",
            server: """
                gzip on; gzip_min_length 1; gzip_types text/plain;
                location = /t { return 200 "some text that is long enough to be compressed"; }
                """,
            .get(
                "/t", ["Accept-Encoding: gzip"], expect: 200, .field("Content-Encoding", "gzip"),
                .gzipped("some text that is long enough to be compressed")))
        DirectiveCase(
            "return: the request body is discarded and the connection stays open",
            server: "location / { return 200 ok; }",
            .post("/", String(repeating: "x", count: 5000), expect: 200, "ok", .keeps),
            .same(.get("/again", expect: 200, "ok")))
        DirectiveCase(
            "return, client_max_body_size: the body size is checked first",
            server: "client_max_body_size 4; location / { return 200 ok; }",
            .post("/", "12345", expect: 413), .post("/", "1234", expect: 200))
        DirectiveCase(
            "return, client_max_body_size: return in a server is processed first",
            server: "client_max_body_size 4; return 200 ok;",
            .post("/", "12345", expect: 200, "ok"))
        DirectiveCase(
            "return: a whole site moves, a common pattern",
            servers: """
                server { listen 127.0.0.1:{port}; server_name old.test www.old.test;
                    return 301 http://new.test$request_uri; }
                server { listen 127.0.0.1:{port}; server_name new.test; root {root}; }
                """,
            files: ["f": "new"],
            .get("/f?x=1", ["Host: old.test"], expect: 301, .location("http://new.test/f?x=1")),
            .get(
                "/a%20b/../f", ["Host: www.old.test"], expect: 301,
                .location("http://new.test/a%20b/../f")),
            .get("/f", ["Host: new.test"], expect: 200, "new"))
    }
}
