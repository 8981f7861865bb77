extension DirectiveGroup {
    /// Edge cases of single directives.
    static let edges = DirectiveGroup("edges") {
        DirectiveCase(
            "root, alias: an empty one is the prefix",
            server: """
                location / { root ""; } location /al { alias ""; }
                location /ends { root ""; if ($document_root ~ "[^/]/$") { return 200 slash; } }
                """,
            files: ["../../below-the-prefix.txt": "below"],
            .get("/below-the-prefix.txt", expect: 200, "below"),
            .get("/albelow-the-prefix.txt", expect: 200, "below"),
            .get("/ends", expect: 200, "slash"))
        DirectiveCase(
            "error_page: the page is requested with GET, and preconditions are those of GET",
            server: "location / { error_page 405 =200 $uri; }", files: ["f": "file"],
            .post("/f", "x", expect: 200, "file"),
            .post("/f", "x", ["If-None-Match: *"], expect: 304),
            .post(
                "/f", "x", ["If-Modified-Since: \(TemporaryDirectory.modifiedText)"], expect: 304),
            .method("DELETE", "/f", ["If-None-Match: *"], expect: 304),
            .post("/f", "x", ["If-Match: \"other\""], expect: 412),
            .post("/f", "x", ["Range: bytes=0-1"], expect: 206, "fi"))
        DirectiveCase(
            "return: If-None-Match with methods other than GET and HEAD",
            server: "location / { return 200 text; }",
            .get("/", ["If-None-Match: *"], expect: 304),
            .post(
                "/", "x", ["If-None-Match: *"], expect: 412,
                nginx: .differs(.methodOfIfNoneMatch, [304])))
        DirectiveCase(
            "error_page: $status of a page that is a 304",
            server: "location / { error_page 404 =200 /page; add_header X-S $status always; }",
            files: ["page": "page"],
            .get(
                "/none", ["If-None-Match: *"], expect: 304, .field("X-S", "304"),
                nginx: .differs(.statusOfErrorPage, [304, .field("X-S", "200")])),
            .get("/none", expect: 200, "page", .field("X-S", "200")))
        DirectiveCase(
            "keepalive_timeout, return: a return of the server",
            server: "keepalive_timeout 0; return 200 text;",
            .get(
                "/", expect: 200, .field("Connection", "close"), .closes,
                nginx: .differs(.keepaliveOfServer, [.field("Connection", "keep-alive")])))
        DirectiveCase(
            "keepalive_requests, rewrite: a redirect of the server",
            server: "keepalive_requests 1; rewrite ^ /elsewhere redirect;",
            .get(
                "/", expect: 302, .field("Connection", "close"), .closes,
                nginx: .differs(
                    .keepaliveOfServer, [.field("Connection", "keep-alive"), .keeps])))
    }
}
