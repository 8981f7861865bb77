extension DirectiveGroup {
    /// Mapping of a path to a file.
    static let files = DirectiveGroup("files") {
        DirectiveCase(
            "root: a file below it",
            files: ["a.txt": "text", "b": "no suffix"],
            .get("/a.txt", expect: 200, "text", .field("Content-Type", "text/plain")),
            .head("/a.txt", expect: 200, .field("Content-Length", "4"), .empty),
            .get("/b", expect: 200, .field("Content-Type", "text/plain")),
            .get("/none", expect: 404, .errorLog("open() \"{root}/none\" failed (2:")))
        DirectiveCase(
            "root, alias: not both in one location",
            server: "location /a { root {root}; alias {root}; }",
            refuses: "\"alias\" directive is duplicate, \"root\" directive was specified earlier")
        DirectiveCase(
            "alias, root: not both in one location, in the other order",
            server: "location /a { alias {root}; root {root}; }",
            refuses: "\"root\" directive is duplicate, \"alias\" directive was specified earlier")
        DirectiveCase(
            "root: twice", server: "root {root}; root {root};",
            refuses: "\"root\" directive is duplicate")
        DirectiveCase(
            "root: without an argument", server: "root;",
            refuses: "invalid number of arguments in \"root\" directive")
        DirectiveCase(
            "root: in a location, the others keep the server's",
            server: "location /in/ { root {root}/inner; } location /x/ { }",
            files: ["inner/in/f": "inner", "in/f": "outer", "x/f": "x"],
            .get("/in/f", expect: 200, "inner"), .get("/x/f", expect: 200, "x"))
        DirectiveCase(
            "root: in a location only; other locations use the built-in html",
            server: "location /in/ { root {root}; }", bare: true,
            files: ["in/f": "inner", "f": "not reached"],
            .get("/in/f", expect: 200, "inner"), .get("/f", expect: 404))
        DirectiveCase(
            "root: relative to the prefix", server: "root nowhere;", bare: true,
            .get("/f", expect: 404, .errorLog("/nowhere/f\" failed (2:")))
        DirectiveCase(
            "root: with slashes behind it", server: "root {root}///;", bare: true,
            files: ["f": "f", "d/index.html": "index"],
            .get("/f", expect: 200, "f"), .get("/d/", expect: 200, "index"))
        DirectiveCase(
            "root: paths that leave it", files: ["a/f": "f", "a/b/g": "g"],
            .get("/a/b/../f", expect: 200, "f"), .get("/../a/f", expect: 400),
            .get("/a/./b/./g", expect: 200, "g"), .get("/a/b/%2e%2e/f", expect: 200, "f"),
            .get("/%2e%2e/a/f", expect: 400), .get("/a/b/..", expect: 403),
            .get("/a//b///g", expect: 200, "g"), .get("/a%2fb%2Fg", expect: 200, "g"),
            .get("/a/%00", expect: 400), .get("/a/f%", expect: 400),
            .get("/a/%zz", expect: 400), .get("/a/f#frag", expect: 200, "f"),
            .get("/a/f?x=/../..", expect: 200, "f"), .get("/a/f/", expect: 404),
            .get("/a/f/x", expect: 404))
        DirectiveCase(
            "root: a directory without its slash",
            files: ["d/index.html": "i", "e f/x": "x", "q/x": "x"],
            .get("/d", expect: 301, .location("http://localhost:{port}/d/")),
            .get("/d?a=b&c", expect: 301, .location("http://localhost:{port}/d/?a=b&c")),
            .get("/e%20f", expect: 301, .location("http://localhost:{port}/e%20f/")),
            .get("/e%20f?%20", expect: 301, .location("http://localhost:{port}/e%20f/?%20")),
            .head("/d", expect: 301, .location("http://localhost:{port}/d/")),
            .post("/d", "x", expect: 301, .location("http://localhost:{port}/d/")),
            .get(
                "/d", ["Host: EXAMPLE.org:81"], expect: 301,
                .location("http://example.org:{port}/d/")),
            .get("/q/../d", expect: 301, .location("http://localhost:{port}/d/")),
            .raw(
                "GET /d HTTP/1.0\r\n\r\n", expect: 301, .closes,
                .location("http://127.0.0.1:{port}/d/")))
        DirectiveCase(
            "root: methods", files: ["f": "f", "d/index.html": "i"],
            .post("/f", "body", expect: 405),
            .method("PUT", "/f", expect: 405),
            .method("DELETE", "/f", expect: 405),
            .method("OPTIONS", "/f", expect: 405),
            .method("PATCH", "/none", expect: 405),
            .method("PUT", "/d/", expect: 405),
            .method("TRACE", "/f", expect: 405))
        DirectiveCase(
            "root: a file that the worker may not read",
            files: ["secret": "s", "d/f": "f"], modes: ["secret": 0o000, "d": 0o700],
            .get("/secret", expect: 403, .errorLog("failed (13: Permission denied)")),
            .get("/d/f", expect: 403), .get("/d/", expect: 403))
        DirectiveCase(
            "root: symbolic links", files: ["real/f": "f"],
            links: ["link": "real/f", "dir": "real", "dangling": "none", "loop": "loop"],
            .get("/link", expect: 200, "f"), .get("/dir/f", expect: 200, "f"),
            .get("/dangling", expect: 404), .get("/loop", expect: 403),
            .get("/dir", expect: 301, .location("http://localhost:{port}/dir/")))

        // MARK: alias

        DirectiveCase(
            "alias: with a slash at both",
            server: "location /i/ { alias {root}/images/; }",
            files: ["images/a": "a", "images/d/index.html": "d", "images/index.html": "top"],
            .get("/i/a", expect: 200, "a"), .get("/i/", expect: 200, "top"),
            .get("/i/d/", expect: 200, "d"),
            .get("/i/d", expect: 301, .location("http://localhost:{port}/i/d/")),
            .get("/i", expect: 404),
            .get(
                "/i/none", expect: 404,
                .errorLog("open() \"{root}/images/none\" failed")))
        DirectiveCase(
            "alias: without a slash at either", server: "location /i { alias {root}/images; }",
            files: ["images/a": "a", "images/index.html": "top", "imagesque": "que"],
            .get("/i/a", expect: 200, "a"), .get("/i/", expect: 200, "top"),
            .get("/i", expect: 301, .location("http://localhost:{port}/i/")),
            .get("/ique", expect: 200, "que"), .get("/isque", expect: 404))
        DirectiveCase(
            "alias: with the slash at the location only",
            server: "location /i/ { alias {root}/images; }",
            files: ["images/a": "a", "imagesa": "glued", "images/index.html": "top"],
            .get("/i/a", expect: 200, "glued"),
            .get("/i//a", expect: 200, "glued"),
            .get("/i/", expect: 403))
        DirectiveCase(
            "alias: that can be left by one slash",
            server: "location /i { alias {root}/images/; }",
            files: ["images/a": "a", "secret": "outside"],
            .get("/i/a", expect: 200, "a"),
            .get(
                "/i../secret", expect: 403,
                nginx: .differs(.outOfRoot, [200, "outside"])),
            .get("/ia", expect: 200, "a"))
        DirectiveCase(
            "alias: one file of an exact location",
            server: """
                location = /favicon.ico { alias {root}/img/f.ico; }
                location = /robots.txt { alias {root}/r.txt; default_type text/x-r; }
                """,
            files: ["img/f.ico": "icon", "r.txt": "robots"],
            .get("/favicon.ico", expect: 200, "icon"), .head("/favicon.ico", expect: 200),
            .get("/robots.txt", expect: 200, "robots", .field("Content-Type", "text/plain")))
        DirectiveCase(
            "alias: one directory of an exact location",
            server: "location = /d { alias {root}/dir; } location = /e/ { alias {root}/dir/; }",
            files: ["dir/index.html": "top"],
            .get("/d", expect: 301, .location("http://localhost:{port}/d/")),
            .get("/e/", expect: 404))
        DirectiveCase(
            "alias: inherited by a nested location",
            server: """
                location /a/ {
                    alias {root}/x/;
                    location /a/b/ { default_type text/x-b; }
                    location ~ \\.t$ { default_type text/x-t; }
                }
                """,
            files: ["x/b/f": "f", "x/g.t": "g"],
            .get("/a/b/f", expect: 200, "f", .field("Content-Type", "text/x-b")),
            .get("/a/g.t", expect: 200, "g", .field("Content-Type", "text/x-t")))
        DirectiveCase(
            "alias: in a location with a regular expression, it is the whole path",
            server: "location ~ ^/v/ { alias {root}/one; }",
            files: ["one": "one"], .get("/v/any", expect: 200, "one"))
        DirectiveCase(
            "alias: not in a server", server: "alias {root};",
            refuses: "\"alias\" directive is not allowed here")
        DirectiveCase(
            "alias: to a file, for a path that ends in a slash",
            server: "location /d/ { alias {root}/f.txt; }", files: ["f.txt": "text"],
            .get("/d/", expect: 403, nginx: .differs(.aliasToFile, [500])))
        DirectiveCase(
            "alias: encoded and double slashes in the rest of the path",
            server: "location /i/ { alias {root}/x/; }", files: ["x/a b/c": "c"],
            .get("/i/a%20b/c", expect: 200, "c"), .get("//i///a%20b//c", expect: 200, "c"),
            .get("/i/a%20b", expect: 301, .location("http://localhost:{port}/i/a%20b/")))

        // MARK: index

        DirectiveCase(
            "index: the default is index.html",
            files: ["index.html": "top", "none/x": "x", "htm/index.htm": "not by default"],
            .get("/", expect: 200, "top", .field("Content-Type", "text/html")),
            .head("/", expect: 200, .field("Content-Length", "3")),
            .get("/?a", expect: 200, "top"), .get("/index.html", expect: 200, "top"),
            .get(
                "/none/", expect: 403,
                .errorLog("directory index of \"{root}/none/\" is forbidden")),
            .get("/htm/", expect: 403), .get("/missing/", expect: 404))
        DirectiveCase(
            "index: the first existing file",
            server: "index index.html index.htm d.txt;",
            files: ["a/index.htm": "htm", "b/d.txt": "txt", "b/index.htm": "b", "c/d.txt": "c"],
            .get("/a/", expect: 200, "htm"), .get("/b/", expect: 200, "b"),
            .get("/c/", expect: 200, "c", .field("Content-Type", "text/plain")))
        DirectiveCase(
            "index: several directives of one level add up",
            server: "index one; index two;", files: ["a/two": "2", "b/one": "1", "b/two": "x"],
            .get("/a/", expect: 200, "2"), .get("/b/", expect: 200, "1"))
        DirectiveCase(
            "index: a location's replaces the server's",
            server: "index one; location /l/ { index two; }",
            files: ["l/one": "1", "l/two": "2", "m/one": "m1"],
            .get("/l/", expect: 200, "2"), .get("/m/", expect: 200, "m1"))
        DirectiveCase(
            "index: an absolute name as the last",
            server: "index index.html /fallback.html;",
            files: ["fallback.html": "fell", "a/index.html": "a", "b/x": "x"],
            .get("/a/", expect: 200, "a"), .get("/b/", expect: 200, "fell"))
        DirectiveCase(
            "index: selects a location again",
            server: """
                location / { default_type text/x-slash; }
                location = /index.page { default_type text/x-index; }
                location ~ \\.php$ { default_type text/x-php; }
                index index.php index.page;
                """,
            files: ["index.page": "page", "p/index.php": "php", "q/index.page": "q"],
            .get("/", expect: 200, .field("Content-Type", "text/x-index")),
            .get("/p/", expect: 200, .field("Content-Type", "text/x-php")),
            .get("/q/", expect: 200, .field("Content-Type", "text/x-slash")))
        DirectiveCase(
            "index: a directory with that name", server: "index sub index.html;",
            files: ["a/sub/x": "x", "a/index.html": "a"],
            .get("/a/", expect: 301, .location("http://localhost:{port}/a/sub/")))
        DirectiveCase(
            "index: in a directory below", server: "index sub/page.html;",
            files: ["a/sub/page.html": "page", "b/x": "x"],
            .get("/a/", expect: 200, "page"), .get("/b/", expect: 403))
        DirectiveCase(
            "index: the empty name", server: "index \"\";",
            refuses: "index \"\" in \"index\" directive is invalid")
        DirectiveCase(
            "index: a POST to it", files: ["index.html": "top"],
            .post("/", "x", expect: 405), .method("PUT", "/", expect: 405))
        DirectiveCase(
            "index, alias: of the directory that the alias names",
            server: "location /a/ { alias {root}/b/; index x y; }", files: ["b/y": "y"],
            .get("/a/", expect: 200, "y"))

        // MARK: directives of apus

        DirectiveCase(
            "symlinks: beneath", server: "symlinks beneath;", files: ["a/f": "f"],
            links: ["in": "a/f", "out": "{dir}/error.log", "a/up": "../a/f"],
            nginx: .ownAddition,
            .get("/a/f", expect: 200), .get("/in", expect: 200, "f"),
            .get("/a/up", expect: 200, "f"), .get("/out", expect: 403))
        DirectiveCase(
            "hidden_files: deny",
            server: "hidden_files deny; location /all/ { hidden_files allow; }",
            files: [".git/config": "c", "a/.env": "e", ".well-known/x": "w", "all/.f": "f"],
            nginx: .ownAddition,
            .get("/.git/config", expect: 404), .get("/a/.env", expect: 404),
            .get("/.well-known/x", expect: 200, "w"), .get("/all/.f", expect: 200, "f"))
        DirectiveCase(
            "hidden_files: the default is nginx's", files: [".env": "e"],
            .get("/.env", expect: 200, "e"))
    }
}
