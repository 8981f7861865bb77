extension DirectiveGroup {
    /// Media types.
    static let types = DirectiveGroup("types") {
        DirectiveCase(
            "types: by suffix", server: "types { text/x-a a aa; text/x-b b; }",
            files: ["f.a": "1", "f.aa": "2", "f.b": "3", "f.html": "4", "f.A": "5", "a": "6"],
            .get("/f.a", expect: 200, .field("Content-Type", "text/x-a")),
            .get("/f.aa", expect: 200, .field("Content-Type", "text/x-a")),
            .get("/f.b", expect: 200, .field("Content-Type", "text/x-b")),
            .get("/f.html", expect: 200, .field("Content-Type", "text/plain")),
            .get("/f.A", expect: 200, .field("Content-Type", "text/x-a")),
            .get("/a", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "types: odd names", server: "types { text/x-gz gz; text/x-tar.gz tar.gz; }",
            files: [
                "f.tar.gz": "1", ".gz": "2", "f.": "3", "f.gz.": "4", "x.gz/f": "5", "f..gz": "6",
                "f.gz~": "7",
            ],
            .get("/f.tar.gz", expect: 200, .field("Content-Type", "text/x-gz")),
            .get("/.gz", expect: 200, .field("Content-Type", "text/plain")),
            .get("/f.", expect: 200, .field("Content-Type", "text/plain")),
            .get("/f.gz.", expect: 200, .field("Content-Type", "text/plain")),
            .get("/x.gz/f", expect: 200, .field("Content-Type", "text/plain")),
            .get("/f..gz", expect: 200, .field("Content-Type", "text/x-gz")),
            .get("/f.gz~", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "types, default_type: an empty block forces the default",
            server: "location /d/ { types { } default_type application/octet-stream; }",
            files: ["d/f.html": "1", "f.html": "2"],
            .get("/d/f.html", expect: 200, .field("Content-Type", "application/octet-stream")),
            .get("/f.html", expect: 200, .field("Content-Type", "text/html")))
        DirectiveCase(
            "types: a location's types replace the outer ones",
            server: "types { text/x-o o; } location /l/ { types { text/x-i i; } }",
            files: ["l/f.o": "1", "l/f.i": "2", "f.o": "3", "f.i": "4"],
            .get("/l/f.o", expect: 200, .field("Content-Type", "text/plain")),
            .get("/l/f.i", expect: 200, .field("Content-Type", "text/x-i")),
            .get("/f.o", expect: 200, .field("Content-Type", "text/x-o")),
            .get("/f.i", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "types: two blocks of one level add up, and the later type of a suffix wins",
            server: "types { text/x-1 a b; } types { text/x-2 b c; }",
            files: ["f.a": "1", "f.b": "2", "f.c": "3"],
            .get("/f.a", expect: 200, .field("Content-Type", "text/x-1")),
            .get("/f.b", expect: 200, .field("Content-Type", "text/x-2")),
            .get("/f.c", expect: 200, .field("Content-Type", "text/x-2")))
        DirectiveCase(
            "types: with parameters and quotes",
            server: "types { \"text/x-q; charset=utf-8\" q; 'text/x-r' r; }",
            files: ["f.q": "1", "f.r": "2"],
            .get("/f.q", expect: 200, .field("Content-Type", "text/x-q; charset=utf-8")),
            .get("/f.r", expect: 200, .field("Content-Type", "text/x-r")))
        DirectiveCase(
            "types: an included file", server: "types { include {root}/more.types; text/x-z z; }",
            files: ["more.types": "text/x-more more;", "f.more": "1", "f.z": "2"],
            .get("/f.more", expect: 200, .field("Content-Type", "text/x-more")),
            .get("/f.z", expect: 200, .field("Content-Type", "text/x-z")))
        DirectiveCase(
            "types: nginx's defaults without a block",
            whole: """
                events { }
                http { access_log off; server { listen 127.0.0.1:{port}; root {root}; } }
                """,
            files: ["f.html": "1", "f.gif": "2", "f.jpg": "3", "f.css": "4", "f.htm": "5"],
            .get("/f.html", expect: 200, .field("Content-Type", "text/html")),
            .get("/f.gif", expect: 200, .field("Content-Type", "image/gif")),
            .get("/f.jpg", expect: 200, .field("Content-Type", "image/jpeg")),
            .get("/f.css", expect: 200, .field("Content-Type", "text/plain")),
            .get("/f.htm", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "default_type: quoted, with a charset, and by level",
            server: """
                default_type "application/json; charset=utf-8";
                location /l/ { default_type application/octet-stream; }
                """,
            files: ["f": "1", "l/f": "2"],
            .get("/f", expect: 200, .field("Content-Type", "application/json; charset=utf-8")),
            .get("/l/f", expect: 200, .field("Content-Type", "application/octet-stream")))
        DirectiveCase(
            "default_type: the empty one", server: "default_type \"\";", files: ["f": "1"],
            .get("/f", expect: 200))
        DirectiveCase(
            "default_type: twice", server: "default_type a/b; default_type a/c;",
            refuses: "\"default_type\" directive is duplicate")
        DirectiveCase(
            "types, include: the stock mime.types of Debian",
            server: "include /etc/nginx/mime.types; default_type application/octet-stream;",
            files: ["a.js": "1", "a.svg": "2", "a.woff2": "3", "a.mjs": "4", "a.jpeg": "5"],
            .get("/a.js", expect: 200, .field("Content-Type", "application/javascript")),
            .get("/a.svg", expect: 200, .field("Content-Type", "image/svg+xml")),
            .get("/a.woff2", expect: 200, .field("Content-Type", "font/woff2")),
            .get("/a.mjs", expect: 200, .field("Content-Type", "application/octet-stream")),
            .get("/a.jpeg", expect: 200, .field("Content-Type", "image/jpeg")))
        DirectiveCase(
            "types_hash_max_size, types_hash_bucket_size: accepted",
            server: "types_hash_max_size 2048; types_hash_bucket_size 128;", files: ["f": "1"],
            .get("/f", expect: 200, "1"))
    }
}
