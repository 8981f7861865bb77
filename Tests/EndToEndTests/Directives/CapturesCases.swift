extension DirectiveGroup {
    /// Captures of server names and locations in alias, root, index and return; configurations from
    /// practice.
    static let captures = DirectiveGroup("captures") {
        DirectiveCase(
            "server_name: captures in the root",
            server: "server_name ~^(?<site>[a-z]+)\\.s\\.test$; root {root}/$site;", bare: true,
            files: ["one/f": "1", "two/f": "2"],
            .get("/f", ["Host: one.s.test"], expect: 200, "1"),
            .get("/f", ["Host: TWO.s.test"], expect: 200, "2"))
        DirectiveCase(
            "server_name: numbered captures in the root",
            server: "server_name ~^([a-z]+)\\.n\\.test$; root {root}/$1;", bare: true,
            files: ["one/f": "1"], .get("/f", ["Host: one.n.test"], expect: 200, "1"))
        DirectiveCase(
            "alias: captures",
            server: """
                location ~ ^/u/(.+)$ { alias {root}/users/$1; }
                location ~ ^/n/(?<name>[^/]+)/(?<file>.*)$ { alias {root}/users/$name/www/$file; }
                location ~* ^/I/(.*)$ { alias {root}/users/$1; }
                """,
            files: [
                "users/ann/f": "f", "users/ann/www/g": "g", "users/d/index.html": "i",
                "users/a b": "space",
            ],
            .get("/u/ann/f", expect: 200, "f"), .get("/n/ann/g", expect: 200, "g"),
            .get("/i/ann/f", expect: 200, "f"),
            .get(
                "/u/none", expect: 404,
                .errorLog("open() \"{root}/users/none\" failed")),
            .get("/u/a%20b", expect: 200, "space"),
            .get("/u/d/", expect: 200), .get("/u/d", expect: 301))
        DirectiveCase(
            "alias, index: a directory of a regular expression's location",
            server: "location ~ ^/p/(.*)$ { alias {root}/x/$1; index index.html; autoindex on; }",
            files: ["x/d/index.html": "index", "x/e/f": "f"],
            .get("/p/d/", expect: 200), .get("/p/e/", expect: 200))
        DirectiveCase(
            "root: captures and variables",
            server: """
                location ~ ^/r/(?<site>[a-z]+)/ { root {root}/sites/$site; }
                location /h/ { root {root}/hosts/$host; }
                """,
            files: ["sites/one/r/one/f": "one", "hosts/x.test/h/f": "x"],
            .get("/r/one/f", expect: 200, "one"),
            .get("/h/f", ["Host: x.test"], expect: 200, "x"), .get("/h/f", expect: 404))
        DirectiveCase(
            "alias: variables",
            server: "location /v/ { alias {root}/$host/; }", files: ["localhost/f": "f"],
            .get("/v/f", expect: 200, "f"), .get("/v/f", ["Host: x"], expect: 404))
        DirectiveCase(
            "index: variables",
            server: """
                index index.$arg_lang.html index.html;
                location /v/ { set $n page; index $n.html; }
                location /c/ { index $arg_i /show; } location = /show { return 200 "show $uri"; }
                """,
            files: ["index.de.html": "de", "index.html": "en", "v/page.html": "page", "c/x": "x"],
            .get("/?lang=de", expect: 200, "de"), .get("/?lang=fr", expect: 200, "en"),
            .get("/", expect: 200, "en"), .get("/v/", expect: 200, "page"),
            .get("/c/?i=x", expect: 200, "x"), .get("/c/", expect: 500))
        DirectiveCase(
            "location: captures in return",
            server: """
                location ~ ^/a/(b+)(c)?$ { return 200 "$1|$2|$3"; }
                location ~ ^/x/(?<first>.)(?<second>.)$ { return 200 "$second$first"; }
                location ~* ^/Y/(Z)$ { return 200 "$1"; }
                """,
            .get("/a/bbc", expect: 200, "bb|c|"), .get("/a/b", expect: 200, "b||"),
            .get("/x/12", expect: 200, "21"), .get("/y/z", expect: 200, "z"))
        DirectiveCase(
            "location: captures of nested ones",
            server: """
                location ~ ^/o/(\\w+) {
                    location ~ ^/o/in/(\\w+) { return 200 "inner $1"; }
                    return 200 "outer $1";
                }
                """,
            .get("/o/x", expect: 200, "outer x"), .get("/o/in/y", expect: 200, "inner y"))
        DirectiveCase(
            "location: captures are those of the last expression tried",
            server: """
                location ~ ^/m/(a)(b) {
                    if ($arg_x ~ (1)) { set $c $1; }
                    return 200 "$1|$2|$c";
                }
                """,
            .get("/m/ab", expect: 200, "||"), .get("/m/ab?x=1", expect: 200, "1||1"))
        DirectiveCase(
            "location: $uri is decoded, $request_uri is not",
            server: """
                location / { return 200 "$uri|$request_uri"; }
                location /i/ { rewrite ^/i/(.*)$ /$1 last; }
                """,
            .get("/a%20b//c/../d?x=%20", expect: 200, "/a b/d|/a%20b//c/../d?x=%20"),
            .get("/i/z?y", expect: 200, "/z|/i/z?y"),
            .raw("GET http://h.example/p?q HTTP/1.1\r\nHost: x\r\n\r\n", expect: 200, "/p|/p?q"),
            .raw("GET http://h.example HTTP/1.1\r\nHost: x\r\n\r\n", expect: 200))
        DirectiveCase(
            "location: an internal redirect tries the regular expressions again",
            server: """
                location / { try_files $uri /fall.php; }
                location ~ \\.php$ { return 200 "php $uri"; }
                location ^~ /static/ { try_files $uri /fall.php; }
                """,
            files: ["f": "f"],
            .get("/f", expect: 200, "f"), .get("/none", expect: 200, "php /fall.php"),
            .get("/static/none", expect: 200, "php /fall.php"))
        DirectiveCase(
            "location, try_files, return: a docs site with versions",
            server: """
                location = / { return 302 /latest/; }
                location ~ ^/(latest|v\\d+(?:\\.\\d+)*)$ { return 301 $uri/; }
                location ~ ^/(?<version>latest|v\\d+(?:\\.\\d+)*)/(?<page>.*)$ {
                    try_files /docs/$version/$page /docs/$version/$page.html
                        /docs/$version/$page/index.html =404;
                }
                """,
            files: ["docs/latest/index.html": "home", "docs/v1.2/a.html": "a"],
            .get("/", expect: 302, .location("http://localhost:{port}/latest/")),
            .get("/latest", expect: 301, .location("http://localhost:{port}/latest/")),
            .get("/latest/", expect: 200, "home"), .get("/v1.2/a", expect: 200, "a"),
            .get("/v1.2/b", expect: 404), .get("/v1", expect: 301))
    }
}
