extension DirectiveGroup {
    /// try_files, and the internal redirect at its end.
    static let tryFiles = DirectiveGroup("try_files") {
        DirectiveCase(
            "try_files: the single-page application's shape",
            server: "location / { try_files $uri $uri/ /index.html; }",
            files: ["index.html": "app", "a.js": "js", "d/index.html": "d", "e/x": "x"],
            .get("/", expect: 200, "app"), .get("/a.js", expect: 200, "js"),
            .get("/some/route", expect: 200, "app", .field("Content-Type", "text/html")),
            .get("/d/", expect: 200, "d"),
            .get(
                "/d", expect: 301,
                .location("http://localhost:{port}/d/")),
            .get("/e/", expect: 403), .get("/e", expect: 301), .head("/some/route", expect: 200),
            .get("/route?x=1", expect: 200, "app"), .post("/route", "x", expect: 405))
        DirectiveCase(
            "try_files: /index.html and /index.html =404 send the fields of different locations",
            server: """
                location /a/ { default_type x/a; types { } try_files $uri /app; }
                location /b/ { default_type x/b; types { } try_files $uri /app =404; }
                location = /app { default_type x/app; types { } }
                """,
            files: ["app": "app"],
            .get("/a/none", expect: 200, "app", .field("Content-Type", "x/app")),
            .get("/b/none", expect: 200, "app", .field("Content-Type", "x/b")))
        DirectiveCase(
            "try_files: =0 is the name of a file",
            server: "location / { try_files /none =0; } location /b { try_files /f.txt =0; }",
            files: ["f.txt": "text"], .get("/a", expect: 404), .get("/b", expect: 200, "text"))
        DirectiveCase(
            "try_files: a code of success", server: "location / { try_files /none =200; }",
            .get(
                "/a", ["Connection: close"], expect: 200, "",
                nginx: .differs(.tryFilesStatus, [.noResponse])))
        DirectiveCase(
            "try_files: a code as the last",
            server: """
                location / { try_files $uri =404; } location /g/ { try_files $uri =410; }
                location /r/ { try_files $uri =301; }
                location /n/ { try_files $uri =204; } location /c/ { try_files $uri =444; }
                """,
            files: ["f": "f", "d/x": "x"],
            .get("/f", expect: 200, "f"), .get("/none", expect: 404), .get("/d", expect: 404),
            .get("/d/", expect: 404), .get("/g/x", expect: 410), .get("/r/x", expect: 301),
            .get("/n/x", expect: 204), .get("/c/x", expect: .noResponse),
            .post("/none", "x", expect: 404), .post("/f", "x", expect: 405))
        DirectiveCase(
            "try_files: clean addresses",
            server: "location / { try_files $uri $uri.html $uri/ =404; }",
            files: [
                "page.html": "page", "d/index.html": "d", "both/index.html": "dir",
                "both.html": "file",
            ],
            .get("/page", expect: 200, "page", .field("Content-Type", "text/html")),
            .get("/page.html", expect: 200, "page"), .get("/d/", expect: 200, "d"),
            .get("/both", expect: 200, "file"), .get("/both/", expect: 200, "dir"),
            .get("/none", expect: 404))
        DirectiveCase(
            "try_files: a named location as the last argument",
            server: """
                location / { try_files $uri @back; }
                location @back { default_type x/back; return 200 "back $uri $args"; }
                """,
            files: ["f": "f"],
            .get("/f", expect: 200, "f"), .get("/none?a=b", expect: 200, "back /none a=b"),
            .post("/none", "x", expect: 200, "back /none "))
        DirectiveCase(
            "try_files: an empty name first",
            server: """
                location / { try_files "" @back; } location @back { return 200 back; }
                location /e/ { root {root}; try_files "" =404; }
                """,
            files: ["f": "f", "e/f": "f"],
            .get("/f", expect: 200, "back"), .get("/", expect: 200, "back"),
            .get("/e/f", expect: 404))
        DirectiveCase(
            "try_files: arguments of the last",
            server: """
                location / { try_files $uri /show?from=$uri&$args; }
                location /k/ { try_files $uri /show; }
                location /n/ { try_files $uri /show?; }
                location = /show { return 200 "$uri|$args|$request_uri"; }
                """,
            .get("/none?a=1", expect: 200, "/show|from=/none&a=1|/none?a=1"),
            .get("/none", expect: 200, "/show|from=/none&|/none"),
            .get("/k/x?a=1", expect: 200, "/show||/k/x?a=1"),
            .get("/n/x?a=1", expect: 200, "/show||/n/x?a=1"))
        DirectiveCase(
            "try_files: arguments before the last are part of the name",
            server: "location / { try_files $uri?x $uri$args =404; }",
            files: ["f?x": "question", "gab": "args"],
            .get("/f", expect: 200, "question"), .get("/g?ab", expect: 200, "args"),
            .get("/g", expect: 404))
        DirectiveCase(
            "try_files: $uri$args, as in real configurations",
            server: "location / { try_files $uri$args $uri$args/ /index.html; }",
            files: ["index.html": "index", "f": "f"],
            .get("/f", expect: 200, "f"), .get("/f?x=1", expect: 200, "index"))
        DirectiveCase(
            "try_files: a file found keeps the path of the request",
            server: """
                location / { try_files /other.css $uri; }
                location /l/ { try_files /other.css =404; log_not_found off; }
                """,
            files: ["other.css": "css", "d/x": "x"],
            .get("/a.html", expect: 200, "css", .field("Content-Type", "text/css")),
            .get("/l/x", expect: 200, "css"))
        DirectiveCase(
            "try_files: a directory counts only with its slash",
            server: """
                location /a { try_files $uri =404; } location /b { try_files $uri/ =404; }
                location /c { try_files $uri/ /none; }
                """,
            files: ["a/x": "x", "b/index.html": "b", "c": "a file"],
            .get("/a", expect: 404), .get("/a/", expect: 404),
            .get("/b", expect: 301, .location("http://localhost:{port}/b/")),
            .get("/b/", expect: 404), .get("/c", expect: 404))
        DirectiveCase(
            "try_files, index: a directory with another name",
            server: "location / { try_files /dir/ =404; }",
            files: ["dir/index.html": "index"],
            .get("/x", expect: 301, .location("http://localhost:{port}/dir/")),
            .get("/x/", expect: 301, .location("http://localhost:{port}/dir/")))
        DirectiveCase(
            "try_files: in a server only for paths without a location",
            server: "try_files $uri /fall; location /l/ { }",
            files: ["fall": "fell", "f": "f"],
            .get("/f", expect: 200, "f"), .get("/none", expect: 200, "fell"),
            .get("/l/none", expect: 404))
        DirectiveCase(
            "try_files, alias: the location's prefix",
            server: """
                location /i/ { alias {root}/x/; try_files $uri /i/default =404; }
                location /j/ { alias {root}/x/; try_files $uri @j; }
                location @j { return 200 "j $uri"; }
                """,
            files: ["x/f": "f", "x/default": "default"],
            .get("/i/f", expect: 200, "f"), .get("/i/none", expect: 404),
            .get("/j/f", expect: 200, "f"), .get("/j/none", expect: 200, "j /j/none"))
        DirectiveCase(
            "try_files, alias: in a regular expression's location",
            server: """
                location ~ ^/u/(?<user>[a-z]+)(?<rest>/.*)$ {
                    alias {root}/home/$user; try_files $rest =404;
                }
                """,
            files: ["home/ann/f": "f"],
            .get("/u/ann/f", expect: 200), .get("/u/ann/none", expect: 404))
        DirectiveCase(
            "try_files: captures of the location",
            server: """
                location ~ ^/v/([0-9]+)/(.*)$ { try_files /data/$1/$2 /data/latest/$2 =404; }
                location ~ ^/n/(?<what>.+)$ { try_files /data/$what =404; }
                """,
            files: ["data/1/a": "1a", "data/latest/b": "latest b"],
            .get("/v/1/a", expect: 200, "1a"), .get("/v/2/b", expect: 200, "latest b"),
            .get("/v/2/c", expect: 404), .get("/n/1/a", expect: 200, "1a"))
        DirectiveCase(
            "try_files: a cycle ends after ten",
            server: "location / { try_files $uri /again$uri; }",
            .get(
                "/x", expect: 500,
                .errorLog("rewrite or internal redirection cycle while internally redirecting to")))
        DirectiveCase(
            "try_files, error_page: a code has its page",
            server: """
                error_page 404 /404.html; location / { try_files $uri =404; }
                """,
            files: ["404.html": "missing"],
            .get("/none", expect: 404, "missing"), .get("/404.html", expect: 200, "missing"))
        DirectiveCase(
            "try_files, internal: the last may be internal",
            server: """
                location / { try_files $uri /in/f; } location /in/ { internal; }
                """,
            files: ["in/f": "inside"],
            .get("/none", expect: 200, "inside"), .get("/in/f", expect: 404))
        DirectiveCase(
            "try_files: encoded paths",
            server: "location / { try_files $uri $uri.html =404; }",
            files: ["a b.html": "space", "ä": "umlaut", "q?": "question", "p%41": "percent"],
            .get("/a%20b", expect: 200, "space"), .get("/%C3%A4", expect: 200, "umlaut"),
            .get("/q%3F", expect: 200, "question"), .get("/p%2541", expect: 200, "percent"))
        DirectiveCase(
            "try_files: the last is not encoded",
            server: """
                location / { try_files $uri /show/a%20b; }
                location /show/ { return 200 "$uri"; }
                """,
            .get("/none", expect: 200))
        DirectiveCase(
            "try_files: dots in variables do not leave the root",
            server: "location / { try_files /$arg_f =404; }",
            files: ["f": "f"],
            .get("/?f=f", expect: 200, "f"))
        DirectiveCase(
            "try_files, rewrite: rewrites run first",
            server: "location / { rewrite ^/old/(.*)$ /new/$1 break; try_files $uri =404; }",
            files: ["new/f": "f"],
            .get("/old/f", expect: 200, "f"), .get("/old/none", expect: 404))
        DirectiveCase(
            "try_files: one argument", server: "try_files $uri;",
            refuses: "invalid number of arguments in \"try_files\" directive")
        DirectiveCase(
            "try_files: twice", server: "try_files $uri =404; try_files $uri =403;",
            refuses: "\"try_files\" directive is duplicate")
        DirectiveCase(
            "try_files: an invalid code", server: "try_files $uri =x;",
            refuses: "invalid code \"=x\"")
        DirectiveCase(
            "try_files: is not inherited",
            server: """
                location /a/ { try_files $uri /fall; location /a/b/ { } }
                """,
            files: ["fall": "fell"],
            .get("/a/none", expect: 200, "fell"), .get("/a/b/none", expect: 404))
        DirectiveCase(
            "try_files, gzip_static: a sidecar of the file that was found",
            server: "gzip_static on; location / { try_files $uri /app.html; }",
            files: ["app.html": "plain", "app.html.gz": "coded"],
            .get(
                "/x", ["Accept-Encoding: gzip"], expect: 200, "coded",
                nginx: .before("1.29.0", [200, "coded"])),
            .get("/x", expect: 200, "plain"))
        DirectiveCase(
            "try_files, root: a location with its own root",
            server: """
                location /s/ { root {root}/other; try_files $uri /s/index.html =404; }
                """,
            files: ["other/s/f": "f", "other/s/index.html": "i", "s/f": "wrong"],
            .get("/s/f", expect: 200, "f"), .get("/s/none", expect: 200, "i"))
    }
}
