extension DirectiveGroup {
    /// Listings.
    static let autoindex = DirectiveGroup("autoindex") {
        DirectiveCase(
            "autoindex: on", server: "location /l/ { autoindex on; } location /o/ { }",
            files: [
                "l/a.txt": "12345", "l/sub/x": "x", "l/.hidden": "h", "l/b c&<>.t": "x", "o/x": "x",
                "l/with/index.html": "index",
            ],
            .get(
                "/l/", expect: 200, .bodyContains("<a href=\"a.txt\">a.txt</a>"),
                .bodyContains("sub/"), .bodyLacks("hidden"), .bodyContains("14-Feb-2020 13:14"),
                .bodyContains("b%20c"), .field("Content-Type", "text/html"),
                .noField("ETag"), .noField("Last-Modified")),
            .head("/l/", expect: 200, .empty, ignoring: ["Content-Length"]),
            .get("/l", expect: 301), .get("/o/", expect: 403),
            .get("/l/with/", expect: 200, "index"),
            .get("/l/sub", expect: 301, .location("http://localhost:{port}/l/sub/")),
            .get("/l/none/", expect: 404), .post("/l/", "x", expect: 403))
        DirectiveCase(
            "autoindex_exact_size: on and off",
            server: """
                autoindex on; location /k/ { autoindex_exact_size off; }
                location /e/ { autoindex_exact_size on; }
                """,
            files: [
                "k/a": .pattern(2048), "e/a": .pattern(2048), "k/b": .pattern(1000),
                "k/c": .pattern(3 << 20),
            ],
            .get(
                "/k/", expect: 200, .bodyContains("2048"), .bodyContains("1000"),
                .bodyContains("3M")),
            .get("/e/", expect: 200, .bodyContains("2048")))
        DirectiveCase(
            "autoindex_localtime: on", server: "autoindex on; autoindex_localtime on;",
            files: ["a": "a"], .get("/", expect: 200, .bodyContains("14-Feb-2020 13:14")))
        DirectiveCase(
            "autoindex, alias: the directory that the alias names",
            server: "location /x/ { alias {root}/y/; autoindex on; }", files: ["y/file": "f"],
            .get("/x/", expect: 200, .bodyContains("Index of /x/"), .bodyContains("file")))
        DirectiveCase(
            "autoindex, error_page: preconditions of a listing",
            server: """
                location / { autoindex on; }
                location /j/ { alias {root}/; autoindex on; autoindex_format json; }
                location /e/ { alias {root}/; autoindex on; error_page 412 /412.html; }
                """,
            files: ["412.html": "not met"],
            .get("/", ["If-Match: \"x\""], expect: 412),
            .get("/", ["If-Match: *"], expect: 200, .bodyContains("412.html")),
            .get("/", ["If-None-Match: *"], expect: 304, .empty),
            .get("/", ["If-None-Match: \"x\""], expect: 200),
            .head("/", ["If-None-Match: *"], expect: 304),
            .head("/", ["If-Match: \"x\""], expect: 412),
            .get("/j/", ["If-Match: \"x\""], expect: 412),
            .get("/j/", ["If-None-Match: *"], expect: 304, .empty),
            .get("/e/", ["If-Match: \"x\""], expect: 412, "not met"),
            .get("/none/", ["If-Match: \"x\""], expect: 404),
            .get(
                "/", ["If-Modified-Since: Fri, 14 Feb 2031 13:14:15 GMT"], expect: 200),
            .get(
                "/", ["If-Unmodified-Since: Fri, 14 Feb 2020 13:14:15 GMT"], expect: 200,
                nginx: .differs(.ifUnmodifiedSinceWithoutTime, [412])))
        DirectiveCase(
            "autoindex: neither on nor off", server: "autoindex yes;",
            refuses: "invalid value \"yes\" in \"autoindex\" directive")
        DirectiveCase(
            "autoindex: a directory that may not be read", server: "autoindex on;",
            files: ["d/f": "f"], modes: ["d": 0o700],
            .get("/d/", expect: 403))
    }
}
