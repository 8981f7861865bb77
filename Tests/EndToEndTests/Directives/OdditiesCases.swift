extension DirectiveGroup {
    /// Common patterns of real configurations, and interactions of directives of several groups.
    static let oddities = DirectiveGroup("oddities") {
        DirectiveCase(
            "if, rewrite: the front controller's shape",
            server: """
                location / {
                    if (!-e $request_filename) { rewrite ^(.*)$ /index.html?q=$1 last; break; }
                }
                location = /index.html { return 200 "$uri $args"; }
                """,
            files: ["f": "f", "d/x": "x"],
            .get("/f", expect: 200, "f"),
            .get(
                "/none?a=1", expect: 200,
                "/index.html q=/none&a=1"),
            .get("/no%20ne", expect: 200, "/index.html q=/no%20ne"),
            .get("/d", expect: 301), .get("/d/", expect: 403))
        DirectiveCase(
            "if: -f and -d of $request_filename",
            server: """
                location /r/ { root {root}/sub; if (-f $request_filename) { return 200 file; }
                    if (-d $request_filename) { return 200 dir; } return 200 none; }
                location /a/ { alias {root}/al/; if (-f $request_filename) { return 200 file; }
                    return 200 "$request_filename"; }
                if (-f $document_root/lock) { return 423; }
                """,
            files: ["sub/r/f": "f", "sub/r/d/x": "x", "al/f": "f"],
            .get("/r/f", expect: 200, "file"), .get("/r/d", expect: 200, "dir"),
            .get("/r/d/", expect: 200, "dir"), .get("/r/x", expect: 200, "none"),
            .get("/a/f", expect: 200, "file"), .get("/a/g", expect: 200, "{root}/al/g"))
        DirectiveCase(
            "rewrite: adds and removes slashes",
            server: """
                location /take/ { rewrite ^/(.*)/$ /$1 permanent; return 200 "$uri"; }
                location /add/ { rewrite ^([^.]*[^/])$ $1/ permanent; return 200 "$uri"; }
                """,
            .get("/take/a/", expect: 301, .location("http://localhost:{port}/take/a")),
            .get("/take/a", expect: 200, "/take/a"),
            .get("/take/a/?x=1", expect: 301, .location("http://localhost:{port}/take/a?x=1")),
            .get("/add/a", expect: 301, .location("http://localhost:{port}/add/a/")),
            .get("/add/a.b", expect: 200, "/add/a.b"))
        DirectiveCase(
            "if: cookies, arguments and referers",
            server: """
                location /c { if ($http_cookie ~* "lang=([^;]+)(?:;|$)") { set $lang $1; }
                    return 200 "$lang"; }
                location /q { if ($args ~ "^id=(\\d+)$") { set $id $1; rewrite ^ /item/$id? last; }
                    return 200 none; }
                location /item/ { return 200 "$uri|$args"; }
                location /r { if ($http_referer !~ "^https?://good\\.test/") { return 403; }
                    return 200 ok; }
                """,
            .get("/c", ["Cookie: a=b; lang=de; c=d"], expect: 200, "de"),
            .get("/c", ["Cookie: LANG=fr"], expect: 200, "fr"), .get("/c", expect: 200, ""),
            .get("/q?id=42", expect: 200, "/item/42|"), .get("/q?id=x", expect: 200, "none"),
            .get("/r", expect: 403), .get("/r", ["Referer: https://good.test/x"], expect: 200))
        DirectiveCase(
            "set, rewrite: arguments that were set",
            server: """
                location /a { set $args "b=2"; rewrite ^ /show last; }
                location /b { set $args "$args&c=3"; try_files /none /show2; }
                location /c { set $args ""; rewrite ^ /show? last; }
                location = /show { return 200 "$args|$request_uri"; }
                location = /show2 { return 200 "$args"; }
                """,
            .get("/a?x=1", expect: 200, "b=2|/a?x=1"), .get("/c?x=1", expect: 200, "|/c?x=1"),
            .get("/b?x=1", expect: 200, ""))
        DirectiveCase(
            "location: names that are no paths",
            server: """
                location "" { return 200 empty; } location a { return 200 never; }
                location = "" { return 200 never; }
                """,
            .get("/", expect: 200, "empty"), .get("/a", expect: 200, "empty"))
        DirectiveCase(
            "location: an encoded name is compared literally",
            server: "location /a%20b { return 200 encoded; } location / { return 200 other; }",
            .get("/a%20b", expect: 200, "other"), .get("/a%2520b", expect: 200, "encoded"))
        DirectiveCase(
            "location, root: ^~ around nested regular expressions",
            server: """
                location ^~ /s/ {
                    return 200 prefix;
                    location ~ \\.q$ { return 200 nested; }
                }
                location ~ \\.q$ { return 200 regex; }
                """,
            .get("/s/a", expect: 200, "prefix"), .get("/s/a.q", expect: 200, "nested"),
            .get("/a.q", expect: 200, "regex"))
        DirectiveCase(
            "location: nested regular expressions precede those of outer levels",
            server: """
                location /n/ { return 200 n; location /n/m/ { return 200 m; } }
                location ~ x { return 200 x; }
                """,
            .get("/n/a", expect: 200, "n"), .get("/n/x", expect: 200, "x"),
            .get("/n/m/a", expect: 200, "m"), .get("/n/m/x", expect: 200, "x"))
        DirectiveCase(
            "error_page: = a page with arguments",
            server: """
                error_page 404 = /show?code=404&from=$uri; error_page 403 /show?x;
                location = /show { return 200 "$args|$uri|$request_uri"; }
                location = /403 { return 403; }
                """,
            .get("/none?a=1", expect: 200, "code=404&from=/none|/show|/none?a=1"),
            .get("/403?a=1", expect: 403))
        DirectiveCase(
            "error_page: HEAD and POST with named and plain pages",
            server: """
                error_page 404 /p; error_page 410 = @n;
                location = /410 { return 410; } location @n { return 200 "n $request_method"; }
                """,
            files: ["p": "page"],
            .head("/none", expect: 404, .field("Content-Length", "4"), .empty),
            .post("/none", "x", expect: 404, "page"), .head("/410", expect: 200),
            .post("/410", "x", expect: 200, "n POST"))
        DirectiveCase(
            "error_page: inside of the error page's location",
            server: """
                error_page 404 /e/a;
                location /e/ { error_page 404 /f/b; root {root}/none; }
                """,
            files: ["f/b": "b"], .get("/x", expect: 404, .bodyLacks("b\n")))
        DirectiveCase(
            "error_page: for a try_files code, and for a missing file",
            server: """
                location /t { try_files $uri =404; error_page 404 =200 /ok; }
                location /m { error_page 404 =200 /ok; }
                location /c { try_files $uri =403; error_page 403 =200 /ok; }
                """,
            files: ["ok": "ok"],
            .get("/t", expect: 200, "ok"), .get("/m", expect: 200, "ok"),
            .get("/c", expect: 200, "ok"))
        DirectiveCase(
            "error_page, autoindex: 403 of a directory",
            server: "error_page 403 =404 /404.html; location /l/ { autoindex on; }",
            files: ["404.html": "hidden", "d/x": "x", "l/x": "x"],
            .get("/d/", expect: 404, "hidden"), .get("/l/", expect: 200))
        DirectiveCase(
            "try_files, autoindex, index: directories",
            server: """
                autoindex on; location /a/ { try_files $uri $uri/ =404; }
                location /b/ { try_files $uri/index.html $uri =404; }
                """,
            files: ["a/d/x": "x", "a/i/index.html": "i", "b/d/index.html": "bd", "b/e/x": "x"],
            .get("/a/d/", expect: 200, .bodyContains("Index of /a/d/")),
            .get("/a/i/", expect: 200, "i"), .get("/b/d", expect: 200, "bd"),
            .get("/b/d/", expect: 200, "bd"), .get("/b/e/", expect: 404))
        DirectiveCase(
            "try_files: a path and a page in one, with prefix and suffix",
            server: """
                location / { try_files /cache$uri.html /cache${uri}index.html $uri @dynamic; }
                location @dynamic { return 200 "dynamic $uri"; }
                """,
            files: ["cache/a.html": "cached a", "cache/d/index.html": "cached d", "plain": "p"],
            .get("/a", expect: 200, "cached a", .field("Content-Type", "text/html")),
            .get("/d/", expect: 200, "cached d"), .get("/plain", expect: 200, "p"),
            .get("/z", expect: 200, "dynamic /z"))
        DirectiveCase(
            "return: a text with a status without a body",
            server: """
                location /204 { return 204 text; } location /304 { return 304 text; }
                location /301 { return 301 "not a place"; } location /100 { return 100; }
                """,
            .get("/204", expect: 204, .empty), .get("/304", expect: 304, .empty),
            .get("/301", expect: 301, .location("not a place")))
        DirectiveCase(
            "return: in nested and named locations, and through try_files",
            server: """
                location /a { location /a/b { return 200 nested; } return 200 outer; }
                location /t { try_files /none @n; return 200 early; }
                location @n { return 200 named; }
                """,
            .get("/a/b", expect: 200, "nested"), .get("/a/c", expect: 200, "outer"),
            .get("/t", expect: 200, "early"))
        DirectiveCase(
            "return: HTTP/1.0, with and without Host",
            server: "location / { return 301 /x; }",
            .raw(
                "GET / HTTP/1.0\r\nHost: h.example:8\r\n\r\n", expect: 301,
                .location("http://h.example:{port}/x"), .closes),
            .raw(
                "GET / HTTP/1.0\r\n\r\n", expect: 301,
                .location("http://127.0.0.1:{port}/x"), .closes))
        DirectiveCase(
            "server_name, return: $server_name and $host of several names",
            server: """
                server_name first.test *.wild.test; return 200 "$server_name|$host|$http_host";
                """,
            .get(
                "/", ["Host: FIRST.test:81"], expect: 200,
                "first.test|first.test|FIRST.test:81"),
            .get(
                "/", ["Host: a.wild.test."], expect: 200,
                "first.test|a.wild.test|a.wild.test."),
            .raw("GET / HTTP/1.0\r\n\r\n", expect: 200, "first.test|first.test|"),
            .raw(
                "GET http://u.test/ HTTP/1.1\r\nHost: other\r\n\r\n", expect: 200,
                "first.test|u.test|other"))
        DirectiveCase(
            "rewrite, set: set after a rewrite with break is not run",
            server: """
                location /a { rewrite ^/a(.*)$ /b$1 break; set $u $uri; try_files /none /show; }
                location = /show { return 200 "$u|$uri|$document_uri|$request_filename"; }
                """,
            .get("/ax", expect: 200, "|/show|/show|{root}/show"))
        DirectiveCase(
            "rewrite: a regular expression with alternatives that took no part",
            server: """
                rewrite ^/(a)?(b)?(c)?$ /show/$1-$2-$3 last; location /show { return 200 "$uri"; }
                """,
            .get("/ac", expect: 200, "/show/a--c"), .get("/b", expect: 200, "/show/-b-"),
            .get("/", expect: 200, "/show/--"))
        DirectiveCase(
            "rewrite: nine captures; $10 is not a capture",
            server: """
                rewrite ^/(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)$ /show/$9$8$7$6$5$4$3$2$1$10 last;
                location /show { return 200 "$uri"; }
                """,
            .get("/abcdefghij", expect: 200, "/show/ihgfedcbaa0"))
        DirectiveCase(
            "rewrite, merge_slashes: a replacement with two slashes",
            server: "rewrite ^/a/(.*)$ //b//$1 last; location / { return 200 \"$uri\"; }",
            files: ["b/f": "f"], .get("/a/f", expect: 200, "//b//f"))
        DirectiveCase(
            "rewrite: to a path with a dot-dot that leaves the root",
            server: "rewrite ^/x/(.*)$ /$1/../../error.log break;", files: ["a/f": "f"],
            .get("/x/a", expect: 403, nginx: .differs(.outOfRoot, [200])),
            .get("/x/../../error.log", expect: 400))
        DirectiveCase(
            "root: of an if of a server's script, and of location / alone",
            servers: """
                server { listen 127.0.0.1:{port}; set $r one; if ($arg_two) { set $r two; }
                    location / { root {root}/$r; } }
                """,
            files: ["one/f": "1", "two/f": "2"],
            .get("/f", expect: 200, "1"), .get("/f?two=1", expect: 200, "2"))
        DirectiveCase(
            "location, types: the error page's type is by the path that it is found with",
            server: """
                error_page 404 /e; location = /e { default_type text/html; return 404 "<p>none"; }
                """,
            .get("/x.json", expect: 404, "<p>none", .field("Content-Type", "text/html")))
        DirectiveCase(
            "internal, try_files, alias: downloads through a named location",
            server: """
                location /dl/ { try_files /none /protected$uri; }
                location /protected/dl/ { internal; alias {root}/files/; }
                """,
            files: ["files/a.txt": "a"],
            .get("/dl/a.txt", expect: 200, "a"), .get("/protected/dl/a.txt", expect: 404),
            .get("/dl/none", expect: 404))
        DirectiveCase(
            "gzip_static, index, error_page: sidecars of index and error pages",
            server: "gzip_static on; error_page 404 /404.html;",
            files: [
                "d/index.html": "i", "d/index.html.gz": "I", "404.html": "n",
                "404.html.gz": "N",
            ],
            .get(
                "/d/", ["Accept-Encoding: gzip"], expect: 200, "I",
                nginx: .before("1.29.0", [200, "I"])),
            .get(
                "/x", ["Accept-Encoding: gzip"], expect: 404, "N",
                nginx: .before("1.29.0", [404, "N"])), .get("/x", expect: 404, "n"))
        DirectiveCase(
            "access_log, log_format: values after internal redirects",
            declares: "log_format oddities1 '$request_uri $uri $status $request_method';",
            server: """
                access_log {dir}/a.log oddities1; error_page 404 /404.html;
                location /r { rewrite ^ /f last; } location /s { return 204; }
                """,
            files: ["f": "f", "404.html": "n", "index.html": "i"],
            .get("/r?x", expect: 200, .logs("a.log", "/r?x /f 200 GET")),
            .get("/none", expect: 404, .logs("a.log", "/none /404.html 404 GET")),
            .get("/", expect: 200, .logs("a.log", "/ /index.html 200 GET")),
            .get("/s", expect: 204, .logs("a.log", "/s /s 204 GET")),
            .post("/none", "x", expect: 404, .logs("a.log", "/none /404.html 404 GET")))
        DirectiveCase(
            "location, return: request bodies in chunks before a redirect",
            server: "location / { return 303 /done; }",
            .raw(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n0\r\n\r\n", expect: 303, .keeps),
            .same(.get("/", expect: 303)))
        DirectiveCase(
            "location, return: Expect with a body that is not read",
            server: "location / { return 200 ok; }",
            .raw(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
                expect: 100), .next(expect: 200, "ok"))
        DirectiveCase(
            "rewrite_log: on", server: "rewrite_log on; rewrite ^/a$ /b last;", files: ["b": "b"],
            .get(
                "/a", expect: 200, "b",
                .errorLog("\"^/a$\" matches \"/a\"")),
            .get("/b", expect: 200, .errorLog("rewritten data: \"/b\", args: \"\"")))
        DirectiveCase(
            "map, return: a table of redirects",
            declares: """
                map $uri $combinedTarget { /old /new; ~^/o/(?<combinedRest>.*)$ /n/$combinedRest; }
                """,
            server: """
                if ($combinedTarget) { return 301 $combinedTarget; }
                """,
            files: ["f": "f"],
            .get("/old", expect: 301, .location("http://localhost:{port}/new")),
            .get("/o/a/b?c", expect: 301, .location("http://localhost:{port}/n/a/b")),
            .get("/f", expect: 200, "f"))
        DirectiveCase(
            "charset, error_page, return: responses that have it",
            server: """
                charset utf-8; error_page 404 /404.html;
                location /t { return 200 x; }
                location /j { default_type application/json; return 200 x; }
                location /403 { return 403; }
                """,
            files: ["a.html": "1", "a.png": "2", "404.html": "4", "a.css": "5", "d/x": "x"],
            .get("/a.html", expect: 200, .field("Content-Type", "text/html; charset=utf-8")),
            .get("/a.css", expect: 200), .get("/a.png", expect: 200),
            .get("/none", expect: 404, .field("Content-Type", "text/html; charset=utf-8")),
            .get("/t", expect: 200, .field("Content-Type", "text/plain; charset=utf-8")),
            .get("/j", expect: 200), .get("/403", expect: 403), .get("/d", expect: 301))
    }
}
