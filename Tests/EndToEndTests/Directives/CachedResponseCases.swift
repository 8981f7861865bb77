/// Repeated requests, which are served from the cache: the responses equal nginx's each time.
extension DirectiveGroup {
    static let kept = DirectiveGroup("cached responses") {
        DirectiveCase(
            "content_cache: files, directories and missing names", http: "content_cache off;",
            files: ["a.txt": "text"], nginx: .ownAddition,
            .get("/a.txt", expect: 200, "text"), .get("/a.txt", expect: 200, "text"),
            .get("/a.txt", expect: 200, "text"), .get("/none", expect: 404))
        DirectiveCase(
            "content_cache: one entry for many paths",
            http: "content_cache size=4k entries=2 file_max=8;",
            files: ["a": "a", "b": "b", "c": "c", "long": "longer than eight"],
            nginx: .ownAddition,
            .get("/a", expect: "a"), .get("/b", expect: "b"), .get("/c", expect: "c"),
            .get("/long", expect: "longer than eight"), .get("/a", expect: "a"),
            .get("/b", expect: "b"), .get("/c", expect: "c"),
            .get("/long", expect: "longer than eight"), .get("/a", expect: "a"),
            .get("/long", expect: "longer than eight"))
        DirectiveCase(
            "content_cache: off must be the only argument", http: "content_cache off size=1m;",
            refuses: "\"off\" must be the only argument", nginx: .ownAddition)
        DirectiveCase(
            "content_cache: an invalid argument", http: "content_cache size=1m max=3;",
            refuses: "invalid parameter \"max=3\"", nginx: .ownAddition)
        DirectiveCase(
            "content_cache: an invalid size", http: "content_cache size=many;",
            refuses: "invalid value in \"size=many\"", nginx: .ownAddition)
        DirectiveCase(
            "content_cache: more entries than memory", http: "content_cache entries=9999999;",
            refuses: "too many entries in \"entries=9999999\"", nginx: .ownAddition)
        DirectiveCase(
            "open_file_cache: without max", server: "open_file_cache inactive=3s;",
            refuses: "\"open_file_cache\" must have the \"max\" parameter")
        DirectiveCase(
            "open_file_cache: an invalid number", server: "open_file_cache max=x;",
            refuses: "invalid \"open_file_cache\" parameter \"max=x\"")
        DirectiveCase(
            "index, try_files, error_page, add_header, expires: again and again",
            server: """
                error_page 404 /gone.html; add_header X-A b; expires max;
                location /app/ { try_files $uri $uri/ /app/index.html; }
                location /named/ { add_header X-B $uri; expires epoch; }
                location /coded/ { gzip on; gzip_min_length 1; gzip_types *; gzip_vary on; }
                location /none/ { log_not_found off; }
                """,
            files: [
                "index.html": "top", "a.txt": "text", "gone.html": "gone", "app/index.html": "app",
                "named/x": "named", "coded/x": "coded text",
            ],
            .get("/", expect: 200, "top"), .head("/", expect: 200, .empty),
            .get("/a.txt", expect: 200, "text", .field("X-A", "b")),
            .get("/a.txt?query", expect: 200, "text"),
            .get("/%61.txt", expect: 200, "text"),
            .get("/a.txt", ["If-None-Match: \"5e469d27-4\""], expect: 304, .empty),
            .get("/a.txt", ["If-None-Match: \"other\""], expect: 200, "text"),
            .get("/a.txt", ["If-Modified-Since: \(modified)"], expect: 304),
            .get("/a.txt", ["Range: bytes=1-2"], expect: 206, "ex"),
            .get("/a.txt", ["Connection: close"], expect: 200, "text", .closes),
            .get("/app/some/where", expect: 200, "app"), .get("/app", expect: 301),
            .get("/named/x", expect: 200, "named", .field("X-B", "/named/x")),
            .get("/coded/x", ["Accept-Encoding: gzip"], expect: .gzipped("coded text")),
            .get("/coded/x", expect: 200, "coded text"),
            .get("/missing", expect: 404, "gone"), .get("/none/x", expect: 404, "gone"),
            .post("/a.txt", "x", expect: 405, nginx: .differs(.allowOn405, [405]))
        ).askedAgain()
    }

    private static let modified = "Fri, 14 Feb 2020 13:14:15 GMT"
}
