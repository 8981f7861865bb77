/// add_header: names, values, statuses, levels.
extension DirectiveGroup {
    static let addedFields = DirectiveGroup("added fields") {
        DirectiveCase(
            "add_header: a constant value", server: "add_header X-Name value;",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, "text", .field("X-Name", "value")),
            .head("/a.txt", expect: 200, .field("X-Name", "value"), .empty),
            .get("/none", expect: 404, .noField("X-Name")))
        DirectiveCase(
            "add_header: the order is that of the file",
            server: "add_header b 1; add_header A 2; add_header b 3; add_header C 4 always;",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, .fields("b", ["1", "3"]), .field("A", "2")))
        DirectiveCase(
            "add_header: always is for errors, too",
            server: "add_header A 1; add_header B 2 always; location /f { return 403; }",
            .get("/none", expect: 404, .field("B", "2"), .noField("A")),
            .get("/f", expect: 403, .field("B", "2"), .noField("A")),
            .method("DELETE", "/none", expect: 405, .field("B", "2"), ignoring: ["Allow"]))
        DirectiveCase(
            "add_header: statuses that get all headers",
            server: """
                add_header A 1;
                location /200 { return 200 x; } location /201 { return 201 x; }
                location /202 { return 202 x; } location /204 { return 204; }
                location /206 { return 206 x; } location /301 { return 301 /x; }
                location /302 { return 302 /x; } location /303 { return 303 /x; }
                location /307 { return 307 /x; } location /308 { return 308 /x; }
                location /400 { return 400; } location /500 { return 500; }
                """,
            .get("/200", expect: 200, .field("A", "1")),
            .get("/201", expect: 201, .field("A", "1")),
            .get("/202", expect: 202, .noField("A")),
            .get("/204", expect: 204, .field("A", "1")),
            .get("/206", expect: 206, .field("A", "1")),
            .get("/301", expect: 301, .field("A", "1")),
            .get("/302", expect: 302, .field("A", "1")),
            .get("/303", expect: 303, .field("A", "1")),
            .get("/307", expect: 307, .field("A", "1")),
            .get("/308", expect: 308, .field("A", "1")),
            .get("/400", expect: 400, .noField("A")),
            .get("/500", expect: 500, .noField("A")))
        DirectiveCase(
            "add_header: variables",
            server: "add_header X \"$uri of $host, $arg_a\"; add_header Y ${arg_b};",
            files: ["a.txt": "text"],
            .get("/a.txt?a=1", expect: .field("X", "/a.txt of localhost, 1"), .noField("Y")),
            .get("/a.txt?b=2", expect: .field("X", "/a.txt of localhost,"), .field("Y", "2")))
        DirectiveCase(
            "add_header: an empty value sends no field",
            server: "add_header A \"\"; add_header B $arg_none; add_header C c;",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, .noField("A"), .noField("B"), .field("C", "c")))
        DirectiveCase(
            "add_header: line ends become spaces",
            server: "location / { add_header X $uri; return 200 ok; }",
            .get(
                "/a%0d%0aInjected:%20y", expect: 200, .field("X", "/a  Injected: y"),
                .noField("Injected"),
                nginx: .before("1.31", [.field("X", "/a"), .field("Injected", "y")])),
            .get(
                "/a%0ab", expect: 200, .field("X", "/a b"),
                nginx: .before("1.31", [200])))
        DirectiveCase(
            "add_header: a level with headers inherits none",
            server: """
                add_header A server;
                location /own { add_header B location; return 200 x; }
                location /none { return 200 x; }
                location /deep { location /deep/er { return 200 x; } add_header C deep; }
                """,
            .get("/own", expect: .field("B", "location"), .noField("A")),
            .get("/none", expect: .field("A", "server")),
            .get("/deep/er", expect: .field("C", "deep"), .noField("A")))
        DirectiveCase(
            "add_header: from the http level", http: "add_header H http;",
            server: "location /own { add_header B location; return 200 x; }",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: .field("H", "http")),
            .get("/own", expect: .field("B", "location"), .noField("H")))
        DirectiveCase(
            "add_header: in an if",
            server: """
                location / { add_header A out;
                    if ($arg_a) { add_header B in; } if ($arg_b) { expires 1h; } }
                """,
            files: ["a.txt": "text"],
            .get("/a.txt", expect: .field("A", "out"), .noField("B")),
            .get("/a.txt?a=1", expect: .field("B", "in"), .noField("A")),
            .get("/a.txt?b=1", expect: .field("A", "out"), .field("Cache-Control", "max-age=3600")))
        DirectiveCase(
            "add_header_inherit: merge, off and on",
            server: """
                add_header A server;
                location /merge { add_header_inherit merge; add_header B l; return 200 x; }
                location /off { add_header_inherit off; return 200 x; }
                location /on { add_header_inherit on; add_header B l; return 200 x; }
                location /deep { add_header_inherit merge; add_header B l;
                    location /deep/er { add_header C d; return 200 x; } }
                """,
            nginx: .since("1.29.3"),
            .get("/merge", expect: .field("A", "server"), .field("B", "l")),
            .get("/off", expect: .noField("A")),
            .get("/on", expect: .noField("A"), .field("B", "l")),
            .get(
                "/deep/er", expect: .field("A", "server"), .field("B", "l"), .field("C", "d")))
        DirectiveCase(
            "add_header_inherit: off is inherited",
            server: """
                add_header_inherit off; add_header A server;
                location / { add_header B outer; location /in { return 200 x; } }
                """,
            nginx: .since("1.29.3"),
            .get("/in", expect: .noField("A"), .noField("B")))
        DirectiveCase(
            "add_header_inherit: an invalid argument", server: "add_header_inherit perhaps;",
            refuses: "invalid value \"perhaps\"", nginx: .since("1.29.3"))
        DirectiveCase(
            "add_header: redirects and directories",
            server: """
                add_header A "$status $sent_http_location";
                rewrite ^/old$ /new redirect; rewrite ^/far$ http://far.example/ permanent;
                """,
            files: ["directory/index.html": "<p>"],
            .get("/old", expect: 302, .field("A", "302 /new")),
            .get("/far", expect: 301, .field("A", "301 http://far.example/")),
            .get("/directory", expect: 301, .field("A", "301 /directory/")),
            .get("/directory/", expect: 200, .field("A", "200")))
        DirectiveCase(
            "add_header: a listing", server: "autoindex on; add_header A $sent_http_content_type;",
            files: ["directory/a.txt": "a"],
            .get(
                "/directory/", expect: 200, .field("A", "text/html"),
                ignoring: ["Content-Length", "Transfer-Encoding"]))
        DirectiveCase(
            "add_header: an error page",
            server: """
                add_header A outer always; error_page 404 /404.html; error_page 403 =200 /404.html;
                location = /404.html { add_header B page; add_header C page always; }
                location /403 { return 403; }
                error_page 410 @gone; location @gone { add_header G $status always; return 410 x; }
                location /410 { return 410; }
                """,
            files: ["404.html": "not here"],
            .get(
                "/none", expect: 404, "not here", .noField("A"), .noField("B"),
                .field("C", "page")),
            .get("/403", expect: 200, "not here", .field("B", "page"), .field("C", "page")),
            .get("/410", expect: 410, .field("G", "410")))
        DirectiveCase(
            "add_header: 304 has the headers of 200",
            server: "add_header A a; add_header B b always; expires 1h; add_header S $status;",
            files: ["a.txt": "text"],
            .get(
                "/a.txt", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 304,
                .field("A", "a"), .field("B", "b"), .field("Cache-Control", "max-age=3600"),
                .has("Expires"), .field("S", "304"), .noField("Content-Type")))
        DirectiveCase(
            "add_header: headers of a 304 can use values that it omits",
            server: "add_header T \"$sent_http_content_type.\";", files: ["a.txt": "text"],
            .get("/a.txt", expect: 200, .field("T", "text/plain.")),
            .get(
                "/a.txt", ["If-None-Match: *"], expect: 304, .field("T", "text/plain."),
                nginx: .differs(.fieldsOnNotModified, [304, .field("T", ".")])))
        DirectiveCase(
            "add_header: values of earlier response headers",
            server: """
                location / { add_header A "$sent_http_content_length $sent_http_etag";
                add_header B "$sent_http_last_modified, $sent_http_connection, $sent_http_a";
                add_header C "[$sent_http_c$sent_http_server$sent_http_date]"; }
                """,
            files: ["a.txt": "text"],
            .get(
                "/a.txt", expect: .field("A", "4 \"5e469d27-4\""),
                .field(
                    "B", "Fri, 14 Feb 2020 13:14:15 GMT, keep-alive, 4 \"5e469d27-4\""),
                .field("C", "[]")))
        DirectiveCase(
            "add_header: ranges are applied after headers",
            server: "add_header A \"$status $sent_http_content_length$sent_http_content_range\";",
            files: ["a.txt": "0123456789"],
            .get("/a.txt", ["Range: bytes=2-4"], expect: 206, "234", .field("A", "200 10")),
            .get(
                "/a.txt", ["Range: bytes=2-4,6-7"], expect: 206, .field("A", "200 10")),
            .head(
                "/a.txt", expect: 200, .field("A", "200 10")))
        DirectiveCase(
            "add_header, expires: 416 keeps the headers of the file",
            server: """
                expires 1h; add_header A $status; add_header B b always; add_header ETag '"x"';
                add_header Last-Modified "Fri, 14 Feb 2020 13:14:14 GMT";
                """,
            files: ["a.txt": "0123456789"],
            .get(
                "/a.txt", ["Range: bytes=20-"], expect: 416, .field("A", "200"),
                .fields("B", ["b", "b"]), .field("Cache-Control", "max-age=3600"),
                .noField("ETag"), .noField("Last-Modified")))
        DirectiveCase(
            "add_header, gzip: compression is applied after headers",
            server: """
                gzip on; gzip_min_length 1; gzip_types *;
                add_header A "$sent_http_content_length$sent_http_content_encoding";
                """,
            files: ["a.txt": "text"],
            .get(
                "/a.txt", ["Accept-Encoding: gzip"], expect: .gzipped("text"), .field("A", "4")),
            .head(
                "/a.txt", ["Accept-Encoding: gzip"], expect: .field("A", "4"),
                .field("Content-Encoding", "gzip")))
        DirectiveCase(
            "add_header, gzip_static: a sidecar's coding is set before headers",
            server: "gzip_static always; add_header A \"$sent_http_content_encoding\";",
            files: ["a.txt": "text", "a.txt.gz": "not really"],
            .get(
                "/a.txt", expect: .field("A", "gzip"), .field("Content-Encoding", "gzip"),
                ignoring: ["Accept-Ranges"]))
        DirectiveCase(
            "add_header: Cache-Control is sent as often as it is set",
            server: "add_header Cache-Control public; add_header cache-control immutable;",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: .fields("Cache-Control", ["public", "immutable"])))
        DirectiveCase(
            "add_header, expires: Cache-Control beside expires is a second field",
            server: "expires 1h; add_header Cache-Control public;", files: ["a.txt": "text"],
            .get("/a.txt", expect: .fields("Cache-Control", ["max-age=3600", "public"])))
        DirectiveCase(
            "add_header: Link", server: "add_header Link '</a>'; add_header Link '</b>';",
            files: ["a.txt": "text"],
            .get("/a.txt", expect: .fields("Link", ["</a>", "</b>"])))
        DirectiveCase(
            "add_header: ETag replaces that of the file",
            server: """
                location /r { alias {root}; add_header A a; add_header ETag '"mine"'; }
                location /none { alias {root}; add_header ETag ''; }
                location /off { alias {root}; etag off; add_header A a; add_header etag '"own"'; }
                location /text { add_header A a; add_header ETag '"t"'; return 200 x; }
                location /twice { alias {root}; add_header ETag ''; add_header A a;
                    add_header ETag '"2"'; }
                """,
            files: ["a.txt": "text"],
            .get("/r/a.txt", expect: .field("ETag", "\"mine\"")),
            .get("/none/a.txt", expect: .noField("ETag")),
            .get("/off/a.txt", expect: .field("ETag", "\"own\"")),
            .get("/text", expect: .field("ETag", "\"t\"")),
            .get("/twice/a.txt", expect: .field("ETag", "\"2\"")))
        DirectiveCase(
            "add_header, gzip: ETag becomes weak if the response is compressed",
            server: """
                gzip on; gzip_min_length 1; gzip_types *;
                location /strong { alias {root}; add_header ETag '"mine"'; }
                location /weak { alias {root}; add_header ETag 'W/"mine"'; }
                location /odd { alias {root}; add_header ETag 'odd'; }
                location /own { alias {root}; etag off; add_header ETag '"own"'; }
                """,
            files: ["a.txt": "text"],
            .get("/strong/a.txt", ["Accept-Encoding: gzip"], expect: .field("ETag", "W/\"mine\"")),
            .get("/weak/a.txt", ["Accept-Encoding: gzip"], expect: .field("ETag", "W/\"mine\"")),
            .get("/odd/a.txt", ["Accept-Encoding: gzip"], expect: .noField("ETag")),
            .get("/odd/a.txt", expect: .field("ETag", "odd")),
            .get("/own/a.txt", ["Accept-Encoding: gzip"], expect: .field("ETag", "W/\"own\"")))
        DirectiveCase(
            "add_header: Last-Modified replaces that of the file",
            server: """
                location /own { alias {root}; add_header A a;
                    add_header Last-Modified "Fri, 14 Feb 2020 13:14:14 GMT"; add_header B b; }
                location /none { alias {root}; add_header Last-Modified ""; }
                location /two { alias {root};
                    add_header Last-Modified "Fri, 14 Feb 2020 13:14:14 GMT";
                    add_header A a; add_header last-modified "Fri, 14 Feb 2020 13:14:13 GMT"; }
                """,
            files: ["a.txt": "text"],
            .get(
                "/own/a.txt", expect: .field("Last-Modified", "Fri, 14 Feb 2020 13:14:14 GMT")),
            .get("/none/a.txt", expect: .noField("Last-Modified")),
            .get(
                "/two/a.txt", expect: .field("last-modified", "Fri, 14 Feb 2020 13:14:13 GMT")))
        DirectiveCase(
            "add_header: an error before a location is chosen",
            server: "add_header A a; add_header B b always; merge_slashes on;",
            .raw(
                "GET /../../x HTTP/1.1\r\nHost: localhost\r\n\r\n", expect: 400, .field("B", "b"),
                .noField("A")),
            .raw("GET / HTTP/1.1\r\n\r\n", expect: 400, .field("B", "b"), .noField("A")))
        DirectiveCase(
            "add_header: logs know the fields",
            declares: """
                log_format added '$sent_http_x|$sent_http_cache_control|$sent_http_content_type|'
                    '$sent_http_content_length|$sent_http_location|$sent_http_last_modified|'
                    '$sent_http_etag|$sent_http_nothing';
                """,
            server: """
                access_log {dir}/access.log added; expires 1h; add_header X "$arg_x";
                add_header Cache-Control public; location /r { return 301 /x; }
                """,
            files: ["a.txt": "text"],
            .get(
                "/a.txt?x=1",
                expect: .logs(
                    "access.log",
                    "1|max-age=3600, public|text/plain|4|-|Fri, 14 Feb 2020 13:14:15 GMT|"
                        + "\\x225e469d27-4\\x22|-")))
        DirectiveCase(
            "add_header: logs know where a redirect led",
            declares: "log_format led '$sent_http_location $sent_http_a';",
            server: "access_log {dir}/led.log led; add_header A a; return 301 /x;",
            .get("/", expect: .logs("led.log", "http://localhost:{port}/x a")))
        DirectiveCase(
            "add_header: HTTP/1.0", server: "add_header A a;", files: ["a.txt": "text"],
            .raw("GET /a.txt HTTP/1.0\r\n\r\n", expect: 200, .field("A", "a"), .closes))
        DirectiveCase(
            "add_header: a long value",
            server: "add_header A \"$arg_a$arg_a$arg_a$arg_a$arg_a$arg_a$arg_a$arg_a\";",
            files: ["a.txt": "text"],
            .get(
                "/a.txt?a=" + String(repeating: "x", count: 4000), expect: 200, "text",
                .field("A", String(repeating: "x", count: 32_000))))
        DirectiveCase(
            "add_header: If-Range and the validators that are added",
            server: """
                location /m/ { alias {root}/; add_header Last-Modified "\(added)"; }
                location /n/ { alias {root}/; add_header Last-Modified ""; }
                location /x/ { alias {root}/; add_header Last-Modified never; }
                location /t/ { alias {root}/; add_header ETag $arg_t; }
                location /o/ { alias {root}/; etag off; add_header ETag '"o"'; }
                location /w/ { alias {root}/; add_header ETag 'W/"w"'; }
                """,
            files: ["a.txt": "text"],
            .get("/m/a.txt", range + ["If-Range: \(added)"], expect: 206, "te"),
            .get("/m/a.txt", range + ["If-Range: \(own)"], expect: 200, "text"),
            .get("/m/a.txt", range + ["If-Range: \"5e469d27-4\""], expect: 206, "te"),
            .get("/n/a.txt", range + ["If-Range: \(own)"], expect: 200, .noField("Last-Modified")),
            .get("/x/a.txt", range + ["If-Range: \(own)"], expect: 200, "text"),
            .get("/x/a.txt", range + ["If-Range: never"], expect: 200, "text"),
            .get("/t/a.txt?t=\"x\"", range + ["If-Range: \"x\""], expect: 206, "te"),
            .get("/t/a.txt?t=\"x\"", range + ["If-Range: \"5e469d27-4\""], expect: 200, "text"),
            .get("/t/a.txt?t=\"x\"", range + ["If-Range: \(own)"], expect: 206, "te"),
            .get("/t/a.txt", range + ["If-Range: \"5e469d27-4\""], expect: 200, .noField("ETag")),
            .get("/o/a.txt", range + ["If-Range: \"o\""], expect: 206, "te"),
            .get("/o/a.txt", range + ["If-Range: \"x\""], expect: 200, "text"),
            .get(
                "/w/a.txt", range + ["If-Range: W/\"w\""], expect: 200, "text",
                nginx: .differs(.weakIfRange, [206, "te"])))
        DirectiveCase(
            "add_header: a line end in its value",
            server: """
                location /q { add_header A "a\\nb\\n\\nc"; return 200 ok; }
                location /v { add_header A "$arg_a\\nb"; return 200 ok; }
                """,
            .get(
                "/q", expect: 200, .field("A", "a b  c"),
                nginx: .differs(.lineFeedInField, [200])),
            .get(
                "/v?a=x", expect: 200, .field("A", "x b"),
                nginx: .differs(.lineFeedInField, [200])))
        DirectiveCase(
            "add_header: a parameter that is not always", server: "add_header A b never;",
            refuses: "invalid parameter \"never\"")
        DirectiveCase(
            "add_header: an unknown variable", server: "add_header A $nobody_knows;",
            refuses: "unknown \"nobody_knows\" variable")
        DirectiveCase(
            "add_header: one argument", server: "add_header A;",
            refuses: "invalid number of arguments in \"add_header\" directive")
    }

    private static let range = ["Range: bytes=0-1"]
    private static let own = "Fri, 14 Feb 2020 13:14:15 GMT"
    private static let added = "Fri, 01 Jan 2021 00:00:00 GMT"
}
