extension DirectiveGroup {
    /// Captures of an encoded path, and escapes in redirects.
    static let escapes = DirectiveGroup("escapes") {
        DirectiveCase(
            "set, return: a capture of an encoded path is encoded by set only",
            server: """
                location ~ ^/s/(.*)$ { set $p $1; return 200 "$p|$1"; }
                location ~ ^/to/(.*)$ { set $p $1; return 302 /x/$p; }
                location ~ ^/named/(?<escaped_name>.*)$ { set $p $escaped_name; return 200 "$p"; }
                location ~ ^/args/(.*)$ { set $args x=$1; return 200 "$args"; }
                """,
            .get("/s/a%20b", expect: 200, "a%20b|a b"), .get("/s/a+b", expect: 200, "a%2Bb|a+b"),
            .get("/s/a%2526", expect: 200, "a%2526|a%26"),
            .get("/s/a\"b", expect: 200, "a\"b|a\"b"),
            .get("/s/ab?x=%20", expect: 200, "ab|ab"),
            .get("/s/%41/../a\"b", expect: 200, "a%22b|a\"b"),
            .get("http://localhost/s/a%20b", expect: 200, "a%20b|a b"),
            .get("/to/a%20b", expect: 302, .location("http://localhost:{port}/x/a%20b")),
            .get("/named/a%20b", expect: 200, "a b"),
            .get("/args/a%20b%26", expect: 200, "x=a%20b%26"))
        DirectiveCase(
            "if: a capture of an encoded path is compared, and looked for, encoded",
            server: """
                location ~ ^/(.*)$ {
                    set $r no;
                    if ($uri = "/$1") { set $r yes; }
                    if (-f {root}/$1) { set $r $r-file; }
                    if ($uri ~ ^/(.)) { set $r "$r-$1"; }
                    return 200 $r;
                }
                """,
            files: ["a b": "1", "f": "2"],
            .get("/a%20b", expect: 200, "no-a"), .get("/f", expect: 200, "yes-file-f"),
            .get("/%20", expect: 200, "no-%20"))
        DirectiveCase(
            "rewrite, set: captures are not encoded after a matching rewrite",
            server: """
                location ~ ^/k/ { rewrite ^/k/(.*)$ /k/$1; set $p $1; return 200 "$p"; }
                location ~ ^/m/(.*)$ { set $p $1; rewrite ^/none/(.*)$ /x/$1; return 200 "$p|$1"; }
                location ~ ^/two/(.*)$ { set $p $1; rewrite ^/two/(.*)$ /three/$1 last; }
                location ~ ^/three/(.*)$ { set $q $1; return 200 "$p|$q"; }
                """,
            .get("/k/a%20b", expect: 200, "a b"), .get("/m/a%20b", expect: 200, "a%20b|"),
            .get("/two/a%20b", expect: 200, "a%20b|a%20b"))
        DirectiveCase(
            "rewrite: which bytes of a capture are encoded",
            server: """
                rewrite ^/to/(.*)$ /x/$1 redirect; rewrite ^/arg/(.*)$ /show?p=$1? last;
                location /show { return 200 "$args"; }
                """,
            .get(
                "/to/a%22%3C%3E%5C%5E%60%7B%7C%7D%20b%3B%26%3D", expect: 302,
                .location("http://localhost:{port}/x/a%22<>\\^`{|}%20b;&=")),
            .get(
                "/arg/a%22%3C%3E%5C%5E%60%7B%7C%7D%20b%3B%26%3D", expect: 200,
                "p=a%22%3C%3E%5C%5E%60%7B%7C%7D%20b%3B%26="),
            .get(
                "/arg/!$'()*,-.%2F:%40%5B%5D_~%23%25%2B%3F%7F%C3%A4", expect: 200,
                "p=!$'()*,-./:@[]_~%23%25%2B%3F%7F%C3%A4"))
        DirectiveCase(
            "rewrite: invalid escapes in a redirect",
            server: """
                rewrite ^/a$ /x%zz/%2/%/%41%3Fz%/%q redirect; rewrite ^/b$ /x%25%zz%c3%A4% redirect;
                rewrite ^/c$ /x%%41b redirect; rewrite ^/d$ /x%2 redirect;
                rewrite ^/e$ /x%?a=%41 redirect; rewrite ^/f$ /x%4?y%41 redirect;
                rewrite ^/g$ /x%z redirect; rewrite ^/h$ "/%7e%7f%1f%80" redirect;
                """,
            .get("/a", expect: 302, .location("http://localhost:{port}/xzz//A?z%/%q")),
            .get("/b", expect: 302), .get("/c", expect: 302), .get("/d", expect: 302),
            .get("/e", expect: 302), .get("/f", expect: 302), .get("/g", expect: 302),
            .get("/h", expect: 302))
    }
}
