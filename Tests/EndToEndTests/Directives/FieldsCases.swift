extension DirectiveGroup {
    /// Response headers: validators, ranges, Server, Location.
    static let fields = DirectiveGroup("fields") {
        DirectiveCase(
            "server_tokens: on and off",
            server: "location /off { server_tokens off; } location /on { server_tokens on; }",
            .get("/on", expect: 404, .has("Server")), .get("/off", expect: 404, .has("Server")))
        DirectiveCase(
            "server_tokens: off hides the version", server: "server_tokens off;", files: ["f": "f"],
            nginx: .ownAddition,
            .get("/f", expect: 200, .field("Server", "apus")),
            .get("/none", expect: 404, .field("Server", "apus"), .bodyLacks("apus/")))
        DirectiveCase(
            "server_tokens: an invalid argument", server: "server_tokens maybe;",
            refuses: "invalid value \"maybe\"")
        DirectiveCase(
            "etag: on and off", server: "location /off/ { etag off; }",
            files: ["f": "12345", "off/f": "12345"],
            .get(
                "/f", expect: 200, .field("ETag", "\"5e469d27-5\""),
                .field("Last-Modified", "Fri, 14 Feb 2020 13:14:15 GMT")),
            .get("/off/f", expect: 200, .noField("ETag"), .has("Last-Modified")),
            .get("/f", ["If-None-Match: \"5e469d27-5\""], expect: 304, .empty),
            .get("/f", ["If-None-Match: W/\"5e469d27-5\""], expect: 304),
            .get("/f", ["If-None-Match: \"x\", \"5e469d27-5\""], expect: 304),
            .get("/f", ["If-None-Match: *"], expect: 304),
            .get("/f", ["If-None-Match: \"x\""], expect: 200),
            .get("/off/f", ["If-None-Match: \"5e469d27-5\""], expect: 200),
            .get("/f", ["If-Match: \"5e469d27-5\""], expect: 200),
            .get("/f", ["If-Match: \"x\""], expect: 412), .get("/f", ["If-Match: *"], expect: 200),
            .get("/f", ["If-Match: W/\"5e469d27-5\""], expect: 412),
            .get("/off/f", ["If-Match: \"5e469d27-5\""], expect: 412),
            .get("/none", ["If-None-Match: *"], expect: 404))
        DirectiveCase(
            "if_modified_since: exact",
            files: ["f": "12345"],
            .get("/f", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 304),
            .get("/f", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:16 GMT"], expect: 200),
            .get("/f", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:14 GMT"], expect: 200),
            .get("/f", ["If-Modified-Since: Friday, 14-Feb-20 13:14:15 GMT"], expect: 304),
            .get("/f", ["If-Modified-Since: Fri Feb 14 13:14:15 2020"], expect: 304),
            .get("/f", ["If-Modified-Since: yesterday"], expect: 200),
            .get("/f", ["If-Unmodified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 200),
            .get("/f", ["If-Unmodified-Since: Fri, 14 Feb 2020 13:14:14 GMT"], expect: 412),
            .head("/f", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 304))
        DirectiveCase(
            "if_modified_since: before and off",
            server: """
                location /before/ { if_modified_since before; }
                location /off/ { if_modified_since off; }
                """,
            files: ["before/f": "1", "off/f": "2"],
            .get("/before/f", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 304),
            .get("/before/f", ["If-Modified-Since: Sat, 15 Feb 2020 13:14:15 GMT"], expect: 304),
            .get("/before/f", ["If-Modified-Since: Thu, 13 Feb 2020 13:14:15 GMT"], expect: 200),
            .get("/off/f", ["If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 200),
            .get("/off/f", ["If-None-Match: \"5e469d27-1\""], expect: 304))
        DirectiveCase(
            "if_modified_since: an invalid argument", server: "if_modified_since never;",
            refuses: "invalid value \"never\"")
        DirectiveCase(
            "max_ranges: not set", files: ["f": "0123456789"],
            .get(
                "/f", ["Range: bytes=2-4"], expect: 206, "234",
                .field("Content-Range", "bytes 2-4/10"), .field("Content-Length", "3"),
                .noField("Accept-Ranges")),
            .get("/f", ["Range: bytes=-3"], expect: 206, "789"),
            .get("/f", ["Range: bytes=7-"], expect: 206, "789"),
            .get("/f", ["Range: bytes=7-99"], expect: 206, "789"),
            .get("/f", ["Range: bytes=-99"], expect: 206, "0123456789"),
            .get("/f", ["Range: bytes=10-"], expect: 416, .field("Content-Range", "bytes */10")),
            .get("/f", ["Range: bytes=5-2"], expect: 416),
            .get("/f", ["Range: bytes=-0"], expect: 416),
            .get("/f", ["Range: bytes=a"], expect: 416),
            .get("/f", ["Range: lines=1-2"], expect: 200),
            .get("/f", ["Range: bytes=0-1,4-5"], expect: 206, .bodyContains("bytes 4-5/10")),
            .get("/f", ["Range: bytes=0-1, 20-"], expect: 206, "01"),
            .get("/f", ["Range: bytes=0-9,0-9"], expect: 200),
            .get("/f", ["Range: bytes=0-1", "If-Range: \"5e469d27-a\""], expect: 206, "01"),
            .get("/f", ["Range: bytes=0-1", "If-Range: \"x\""], expect: 200),
            .get(
                "/f", ["Range: bytes=0-1", "If-Range: Fri, 14 Feb 2020 13:14:15 GMT"],
                expect: 206),
            .get(
                "/f", ["Range: bytes=0-1", "If-Range: Fri, 14 Feb 2020 13:14:16 GMT"],
                expect: 200),
            .get("/f", expect: 200, .field("Accept-Ranges", "bytes")),
            .head(
                "/f", ["Range: bytes=2-4"], expect: 200,
                nginx: .differs(.headIgnoresRange, [206])))
        DirectiveCase(
            "max_ranges: 0, 1 and 2",
            server: """
                location /0/ { max_ranges 0; } location /1/ { max_ranges 1; }
                location /2/ { max_ranges 2; }
                """,
            files: ["0/f": "0123456789", "1/f": "0123456789", "2/f": "0123456789"],
            .get(
                "/0/f", ["Range: bytes=0-1"], expect: 200, .noField("Content-Range"),
                .noField("Accept-Ranges")),
            .get("/0/f", ["Range: bytes=100-"], expect: 200),
            .get("/1/f", ["Range: bytes=0-1"], expect: 206),
            .get("/1/f", ["Range: bytes=0-1,3-4"], expect: 200),
            .get("/2/f", ["Range: bytes=0-1,3-4"], expect: 206),
            .get("/2/f", ["Range: bytes=0-1,3-4,6-7"], expect: 200))
        DirectiveCase(
            "max_ranges: no number", server: "max_ranges many;", refuses: "invalid number")
        DirectiveCase(
            "absolute_redirect: off",
            server: "location /off/ { absolute_redirect off; }",
            files: ["off/d/x": "x", "on/d/x": "x"],
            .get("/off/d?q", expect: 301, .location("/off/d/?q")),
            .get("/on/d", expect: 301, .location("http://localhost:{port}/on/d/")),
            .get("//off//d", expect: 301, .location("/off/d/")))
        DirectiveCase(
            "port_in_redirect: off", server: "port_in_redirect off;", files: ["d/x": "x"],
            .get("/d", expect: 301, .location("http://localhost/d/")),
            .get(
                "/d", ["Host: a.example:8080"], expect: 301,
                .location("http://a.example/d/")))
        DirectiveCase(
            "server_name_in_redirect: on",
            server: "server_name first.example second.example; server_name_in_redirect on;",
            files: ["d/x": "x"],
            .get(
                "/d", ["Host: second.example"], expect: 301,
                .location("http://first.example:{port}/d/")))
        DirectiveCase(
            "server_name_in_redirect, port_in_redirect: on without a name",
            server: "server_name_in_redirect on; port_in_redirect off;", files: ["d/x": "x"],
            .get(
                "/d", ["Host: h.example"], expect: 301, .location("http://h.example/d/"),
                nginx: .differs(.emptyHostInRedirect, [301, .location("http:///d/")])))
        DirectiveCase(
            "server_name_in_redirect: with a wildcard as the first name",
            server: "server_name *.w.example; server_name_in_redirect on;", files: ["d/x": "x"],
            .get(
                "/d", ["Host: a.w.example"], expect: 301,
                .location("http://*.w.example:{port}/d/")))
    }
}
