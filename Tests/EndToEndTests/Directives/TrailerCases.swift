/// add_trailer.
extension DirectiveGroup {
    static let trailers = DirectiveGroup("trailers") {
        DirectiveCase(
            "add_trailer: a file", server: "add_trailer T value; add_trailer U $uri;",
            files: ["a.txt": "text", "empty.txt": "", "long.txt": .pattern(100_000)],
            .get(
                "/a.txt", expect: 200, "text", .chunked, .trailers(["T: value", "U: /a.txt"]),
                .noField("Content-Length"), .noField("Trailer"), .noField("T"), .keeps),
            .get("/empty.txt", expect: "", .chunked, .trailers(["T: value", "U: /empty.txt"])),
            .get("/long.txt", expect: .chunked, .trailers(["T: value", "U: /long.txt"])),
            .same(.get("/a.txt", expect: "text", .trailers(["T: value", "U: /a.txt"]))))
        DirectiveCase(
            "add_trailer: HEAD and HTTP/1.0 have none", server: "add_trailer T value;",
            files: ["a.txt": "text"],
            .head("/a.txt", expect: 200, .field("Content-Length", "4")),
            .raw(
                "GET /a.txt HTTP/1.0\r\n\r\n", expect: 200, "text", .field("Content-Length", "4")))
        DirectiveCase(
            "add_trailer: ranges", server: "add_trailer T $status;", files: ["a.txt": "0123456789"],
            .get(
                "/a.txt", ["Range: bytes=2-4"], expect: 206, "234", .chunked,
                .field("Content-Range", "bytes 2-4/10"), .trailers(["T: 206"])),
            .get(
                "/a.txt", ["Range: bytes=0-1,4-5"], expect: 206, .chunked, .trailers(["T: 206"])))
        DirectiveCase(
            "add_trailer: texts, redirects, listings",
            server: """
                add_trailer T $status; autoindex on; location /t { return 200 text; }
                location /e { return 200; } location /r { return 301 /x; }
                location /n { return 204; }
                """,
            files: ["directory/a": ""],
            .get("/t", expect: "text", .chunked, .trailers(["T: 200"])),
            .get("/e", expect: "", .chunked, .trailers(["T: 200"])),
            .get("/r", expect: 301, .chunked, .trailers(["T: 301"])),
            .get("/n", expect: 204, .noField("Transfer-Encoding")),
            .get("/directory", expect: 301, .trailers(["T: 301"])),
            .get("/directory/", expect: 200, .chunked, .trailers(["T: 200"])))
        DirectiveCase(
            "add_trailer: always is for errors, too",
            server: """
                location /a { add_trailer T a always; add_trailer U u; }
                location /b { add_trailer T b; }
                """,
            .get("/a", expect: 404, .chunked, .trailers(["T: a"])),
            .get("/b", expect: 404, .has("Content-Length"), .trailers([])))
        DirectiveCase(
            "add_trailer: an empty value sends none",
            server: "add_trailer T $arg_t; add_trailer U '';", files: ["a.txt": "text"],
            .get("/a.txt", expect: "text", .chunked, .trailers([])),
            .get("/a.txt?t=1", expect: "text", .trailers(["T: 1"])))
        DirectiveCase(
            "add_trailer, gzip: after a compressed response",
            server: "gzip on; gzip_min_length 1; gzip_types *; add_trailer T t;",
            files: ["a.txt": "text", "long.txt": .pattern(200_000)],
            .get(
                "/a.txt", ["Accept-Encoding: gzip"], expect: .gzipped("text"), .chunked,
                .trailers(["T: t"])),
            .get("/long.txt", ["Accept-Encoding: gzip"], expect: .chunked, .trailers(["T: t"])))
        DirectiveCase(
            "add_trailer: 304", server: "add_trailer T t;", files: ["a.txt": "text"],
            .get("/a.txt", ["If-None-Match: *"], expect: 304, .noField("Transfer-Encoding")))
        DirectiveCase(
            "add_trailer, add_header: separate inheritance",
            server: """
                add_trailer T server; add_header A server;
                location /h { add_header B b; return 200 x; }
                location /t { add_trailer U u; return 200 x; }
                """,
            .get("/h", expect: .noField("A"), .field("B", "b"), .trailers(["T: server"])),
            .get("/t", expect: .field("A", "server"), .trailers(["U: u"])))
        DirectiveCase(
            "add_trailer_inherit: merge and off",
            server: """
                add_trailer T server;
                location /merge { add_trailer_inherit merge; add_trailer U u; return 200 x; }
                location /off { add_trailer_inherit off; return 200 x; }
                """,
            nginx: .since("1.29.3"),
            .get("/merge", expect: .trailers(["U: u", "T: server"])),
            .get("/off", expect: .has("Content-Length"), .trailers([])))
        DirectiveCase(
            "add_trailer: line ends become spaces",
            server: "location / { add_trailer T $uri; return 200 x; }",
            .get(
                "/a%0d%0ab", expect: 200, .trailers(["T: /a  b"]),
                nginx: .before("1.31", [.trailers(["T: /a", "b"])])))
        DirectiveCase(
            "add_trailer: logs and later trailers can use them",
            declares: "log_format trailers '$sent_trailer_t $sent_http_transfer_encoding';",
            server: "access_log {dir}/t.log trailers; add_trailer T t;", files: ["a.txt": "text"],
            .get("/a.txt", expect: .logs("t.log", "t chunked")))
        DirectiveCase(
            "add_trailer, chunked_transfer_encoding: none without chunks",
            server: "add_trailer T t; chunked_transfer_encoding off;", files: ["a.txt": "text"],
            .get("/a.txt", expect: "text", .field("Content-Length", "4")))
        DirectiveCase(
            "add_trailer: a parameter that is not always", server: "add_trailer A b now;",
            refuses: "invalid parameter \"now\"")
        DirectiveCase(
            "add_trailer: error pages in another location",
            server: """
                error_page 404 /e.html; location = /e.html { add_trailer T e always; }
                """,
            files: ["e.html": "page"],
            .get("/none", expect: 404, "page", .chunked, .trailers(["T: e"])))
    }
}
