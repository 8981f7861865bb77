extension DirectiveGroup {
    /// error_page, named and internal locations, recursive_error_pages, limit_except.
    static let errorPages = DirectiveGroup("error_page") {
        DirectiveCase(
            "error_page: a list of codes, the stock shape",
            server: """
                error_page 404 /404.html; error_page 500 502 503 504 /50x.html;
                location = /50x.html { root {root}/errors; }
                location = /503 { return 503; } location = /500 { return 500; }
                """,
            files: ["404.html": "missing", "errors/50x.html": "broken", "f": "f"],
            .get(
                "/none", expect: 404, "missing", .field("Content-Type", "text/html"),
                .field("Content-Length", "7"), .noField("Accept-Ranges")),
            .head("/none", expect: 404, .field("Content-Length", "7"), .empty),
            .get("/503", expect: 503, "broken"), .get("/500", expect: 500, "broken"),
            .get("/f", expect: 200, "f"), .post("/503", "body", expect: 503, "broken"),
            .get("/none", ["Range: bytes=0-1"], expect: 404, "missing"),
            .get("/none", ["If-None-Match: *"], expect: 404, "missing"),
            .get("/none", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 404))
        DirectiveCase(
            "error_page: another code",
            server: """
                error_page 404 =200 /empty.gif; error_page 403 =404 /none.html;
                error_page 410 =301 /moved; error_page 405 =200 /put;
                location = /403 { return 403; } location = /410 { return 410; }
                """,
            files: ["empty.gif": "gif", "moved": "moved", "put": "put", "f": "f", "d/x": "x"],
            .get("/none", expect: 200, "gif"), .get("/403", expect: 404),
            .get("/410", expect: 301), .post("/f", "x", expect: 200, "put"),
            .get("/d/", expect: 404))
        DirectiveCase(
            "error_page: = uses the code of the page",
            server: """
                error_page 404 = /page; error_page 403 = @named; error_page 410 = /ret;
                location = /403 { return 403; } location = /410 { return 410; }
                location = /ret { return 418 tea; }
                location @named { return 202 named; }
                """,
            files: ["page": "page"],
            .get("/none", expect: 200, "page"), .get("/403", expect: 202, "named"),
            .get("/410", expect: 418, "tea"))
        DirectiveCase(
            "error_page: without = the code of the error stays",
            server: """
                error_page 404 /ret; location = /ret { return 200 "text of 200"; }
                error_page 403 @n; location @n { return 200 named; }
                location = /403 { return 403; }
                """,
            .get("/none", expect: 404), .get("/403", expect: 403))
        DirectiveCase(
            "error_page: places elsewhere",
            server: """
                error_page 404 http://h.example/404; error_page 403 =301 https://h.example/$uri;
                error_page 410 =307 http://h.example/410; error_page 402 =404 http://h.example/402;
                location = /403 { return 403; } location = /410 { return 410; }
                location = /402 { return 402; }
                """,
            .get("/none", expect: 302, .location("http://h.example/404")),
            .get("/403", expect: 301, .location("https://h.example//403")),
            .get("/410", expect: 307, .location("http://h.example/410")),
            .get("/402", expect: 302, .location("http://h.example/402")),
            .post("/403", "x", expect: 301))
        DirectiveCase(
            "error_page: =301 with a path",
            server: "error_page 404 =301 /404.html;", files: ["404.html": "page"],
            .get("/none", expect: 301))
        DirectiveCase(
            "error_page: a named location",
            server: """
                error_page 404 @missing;
                location @missing { default_type x/m; root {root}/errors; rewrite ^ /404 break; }
                """,
            files: ["errors/404": "named"],
            .get("/none", expect: 404, "named", .field("Content-Type", "x/m")),
            .post("/none", "x", expect: 405))
        DirectiveCase(
            "error_page: the method becomes GET, but not for a named location",
            server: """
                error_page 403 /show; error_page 410 @show; error_page 405 /show;
                location = /show { return 200 "$request_method $uri"; }
                location @show { return 200 "$request_method $uri"; }
                location = /403 { return 403; } location = /410 { return 410; }
                """,
            .post("/403", "x", expect: 403), .post("/410", "x", expect: 410),
            .head("/403", expect: 403), .method("DELETE", "/403", expect: 403))
        DirectiveCase(
            "error_page: variables",
            server: """
                error_page 404 /errors/$host.html; error_page 403 =$status /x;
                """,
            refuses: "invalid value \"=$status\"")
        DirectiveCase(
            "error_page: variables in the path",
            server: "error_page 404 /errors/$host.html;",
            files: ["errors/localhost.html": "local"],
            .get("/none", expect: 404, "local"), .get("/none", ["Host: x"], expect: 404))
        DirectiveCase(
            "error_page: captures of the location",
            server: """
                location ~ ^/l/(?<lang>[a-z]+)/(.*)$ { error_page 404 /err/$1.html; }
                location ~ ^/m/(?<lng>[a-z]+)/ { error_page 404 /err/$lng.html; }
                """,
            files: ["err/de.html": "de"],
            .get("/l/de/none", expect: 404, "de"), .get("/l/fr/none", expect: 404),
            .get("/m/de/none", expect: 404, "de"))
        DirectiveCase(
            "error_page: a location's pages replace all of the server's",
            server: """
                error_page 404 /s404; error_page 403 /s403;
                location /l/ { error_page 403 /l403; location = /l/403 { return 403; } }
                location = /403 { return 403; }
                """,
            files: ["s404": "s404", "s403": "s403", "l403": "l403"],
            .get("/none", expect: 404, "s404"), .get("/403", expect: 403, "s403"),
            .get("/l/403", expect: 403, "l403"), .get("/l/none", expect: 404, .bodyLacks("s404")))
        DirectiveCase(
            "error_page: the page itself is missing",
            server: "error_page 404 /none.html;", .get("/x", expect: 404, .bodyContains("404")))
        DirectiveCase(
            "error_page, recursive_error_pages: an error of the page",
            server: """
                location /off/ { error_page 404 /403; error_page 403 /fine; }
                location /on/ { recursive_error_pages on;
                    error_page 404 /on/403; error_page 403 /fine;
                    location = /on/403 { return 403; } }
                location = /403 { return 403; }
                """,
            files: ["fine": "fine"],
            .get("/off/x", expect: 403), .get("/on/x", expect: 403, "fine"))
        DirectiveCase(
            "recursive_error_pages, error_page: one after the other",
            server: """
                recursive_error_pages on;
                location /a { error_page 404 = @one; }
                location @one { error_page 403 = @two; return 403; }
                location @two { return 200 two; }
                location /n { recursive_error_pages off; error_page 404 = @three; }
                location @three { recursive_error_pages off; error_page 403 = @two; return 403; }
                """,
            .get("/a", expect: 200, "two"), .get("/n", expect: 403))
        DirectiveCase(
            "recursive_error_pages, error_page: a cycle ends",
            server: "recursive_error_pages on; error_page 404 /none;",
            .get(
                "/x", expect: 500,
                .errorLog("rewrite or internal redirection cycle")))
        DirectiveCase(
            "error_page: of 400, 414 and 413",
            server: """
                client_max_body_size 3; error_page 400 /400; error_page 413 /413;
                error_page 414 /414;
                large_client_header_buffers 2 1k;
                """,
            files: ["400": "bad", "413": "large", "414": "long"],
            .get("/%00", expect: 400), .post("/", "1234", expect: 413, "large"),
            .get("/" + String(repeating: "x", count: 3000), expect: 414),
            .raw("GET / HTTP/1.1\r\n\r\n", expect: 400))
        DirectiveCase(
            "error_page: of 497 and 494 and 499 load",
            server: "error_page 494 /x; error_page 495 496 497 /y;", files: ["f": "f"],
            .get("/f", expect: 200))
        DirectiveCase(
            "error_page: 416 and 412",
            server: "error_page 416 /416; error_page 412 /412;",
            files: ["f": "0123456789", "416": "range", "412": "match"],
            .get(
                "/f", ["Range: bytes=100-"], expect: 416, .fields("ETag", ["\"5e469d27-5\""]),
                nginx: .differs(
                    .fieldsBesideErrorPage,
                    [416, .fields("ETag", ["\"5e469d27-a\"", "\"5e469d27-5\""])])),
            .get("/f", ["If-Match: \"x\""], expect: 412))
        DirectiveCase(
            "error_page: 405 of a file",
            server: "error_page 405 =200 $uri;", files: ["f": "file"],
            .post("/f", "x", expect: 200, "file"), .get("/f", expect: 200))
        DirectiveCase(
            "error_page: of a redirect, whose Location stays", server: "error_page 301 /x;",
            files: ["d/x": "x"],
            .get(
                "/d", expect: 404, .noField("Location"),
                nginx: .differs(
                    .fieldsBesideErrorPage, [404, .location("http://localhost:{port}/d/")])))
        DirectiveCase(
            "error_page: a code below 300", server: "error_page 200 /x;",
            refuses: "value \"200\" must be between 300 and 599")
        DirectiveCase(
            "error_page: 499", server: "error_page 499 /x;",
            refuses: "invalid value \"499\"")
        DirectiveCase(
            "error_page: no page", server: "error_page 404;", refuses: "invalid number of arguments"
        )
        DirectiveCase(
            "error_page: a word for a code", server: "error_page four /x;",
            refuses: "invalid value \"four\"")
        DirectiveCase(
            "error_page, types: the type of the page is that of its name",
            server: "error_page 404 /error.json;", files: ["error.json": "{}"],
            .get("/a.html", expect: 404, "{}", .field("Content-Type", "application/json")))
        DirectiveCase(
            "error_page, index: a directory as the page",
            server: "error_page 404 /err/;", files: ["err/index.html": "index"],
            .get("/none", expect: 404, "index"))
        DirectiveCase(
            "error_page, try_files: through a location that tries",
            server: """
                error_page 404 /errors/404;
                location /errors/ { try_files $uri.html =404; internal; }
                """,
            files: ["errors/404.html": "tried"],
            .get("/none", expect: 404, "tried"), .get("/errors/404", expect: 404, "tried"))
        DirectiveCase(
            "error_page, gzip: pages are compressed",
            server:
                """
                gzip on; error_page 404 /404.html; error_page 503 /503.html;
                location = /503 { return 503; }
                """,
            files: ["404.html": .text(wordyText(2000)), "503.html": .text(wordyText(2000))],
            .get("/none", ["Accept-Encoding: gzip"], expect: 404, .gzipped(wordyText(2000))),
            .get("/503", ["Accept-Encoding: gzip"], expect: 503))

        // MARK: internal, named

        DirectiveCase(
            "internal: only for internal redirects",
            server: """
                location /in/ { internal; } error_page 404 /in/404;
                location /r { rewrite ^ /in/f last; } location /rr { rewrite ^ /in/f redirect; }
                """,
            files: ["in/f": "inside", "in/404": "missing"],
            .get("/in/f", expect: 404, "missing"), .get("/r", expect: 200, "inside"),
            .get("/none", expect: 404, "missing"), .get("/rr", expect: 302),
            .get("/in/", expect: 404), .post("/in/f", "x", expect: 404))
        DirectiveCase(
            "internal, index: an index is from inside",
            server: "location = /d/index.html { internal; }", files: ["d/index.html": "index"],
            .get("/d/", expect: 200, "index"), .get("/d/index.html", expect: 404))
        DirectiveCase(
            "internal: with an argument", server: "location / { internal on; }",
            refuses: "invalid number of arguments in \"internal\" directive")
        DirectiveCase(
            "location: a named one does not match paths",
            server: "location @n { return 200 named; } location / { return 200 \"$uri\"; }",
            .get("/@n", expect: 200, "/@n"), .get("/n", expect: 200, "/n"))
        DirectiveCase(
            "location, try_files: a named one that does not exist",
            server: "location / { try_files $uri @nowhere; }",
            .get("/x", expect: 500, .errorLog("could not find named location \"@nowhere\"")))
        DirectiveCase(
            "location: a named one inside another",
            server: "location / { location @n { } }",
            refuses: "named location \"@n\" can be on the server level only")
        DirectiveCase(
            "location: another one inside a named one",
            server: "location @n { location /x { } }",
            refuses: "cannot be inside the named location \"@n\"")
        DirectiveCase(
            "location: the first of two named ones with the same name",
            server: """
                location @n { return 200 one; } location @n { return 200 two; }
                location / { try_files $uri @n; }
                """,
            .get("/x", expect: 200, "one"))
        DirectiveCase(
            "location: a named one with its own try_files",
            server: """
                location / { try_files $uri @a; } location @a { try_files /a$uri @b; }
                location @b { try_files /b$uri =404; }
                """,
            files: ["a/f": "a", "b/g": "b"],
            .get("/f", expect: 200, "a"), .get("/g", expect: 200, "b"), .get("/h", expect: 404))
        DirectiveCase(
            "location, root, error_page: a named one serves files below its root",
            server: """
                location / { error_page 404 = @fallback; }
                location @fallback { root {root}/second; }
                """,
            files: ["f": "first", "second/g": "second", "second/index.html": "i"],
            .get("/f", expect: 200, "first"), .get("/g", expect: 200, "second"),
            .get("/h", expect: 404))

        // MARK: limit_except

        DirectiveCase(
            "limit_except, return: the other methods",
            server: """
                location / { limit_except GET { return 403; } }
                """,
            refuses: "\"return\" directive is not allowed here")
        DirectiveCase(
            "limit_except: an unknown method", server: "location / { limit_except BREW { } }",
            refuses: "invalid method \"BREW\"")
        DirectiveCase(
            "limit_except: not in a server", server: "limit_except GET { deny all; }",
            refuses: "\"limit_except\" directive is not allowed here")
    }
}
