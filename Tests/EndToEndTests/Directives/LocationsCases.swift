extension DirectiveGroup {
    /// Selection of a location.
    static let locations = DirectiveGroup("locations") {
        DirectiveCase(
            "location: nginx's own example of the order",
            server: """
                location = / { default_type a/exact; }
                location / { default_type b/slash; }
                location /documents/ { default_type c/documents; }
                location ^~ /images/ { default_type d/images; }
                location ~* \\.(gif|jpg|jpeg)$ { default_type e/regex; types { } }
                index none;
                """,
            files: [
                "index.html": "", "f.q": "1", "documents/document.q": "2", "images/1.gif": "3",
                "documents/1.jpg": "4", "documents/1.JPG": "5",
            ],
            .get("/f.q", expect: 200, .field("Content-Type", "b/slash")),
            .get("/documents/document.q", expect: 200, .field("Content-Type", "c/documents")),
            .get("/images/1.gif", expect: 200, .field("Content-Type", "d/images")),
            .get("/documents/1.jpg", expect: 200, .field("Content-Type", "e/regex")),
            .get("/documents/1.JPG", expect: 200, .field("Content-Type", "e/regex")),
            .get("/", expect: 403))
        DirectiveCase(
            "location: the first regular expression that matches",
            server: """
                location ~ ^/a { default_type r/first; } location ~ b$ { default_type r/second; }
                location ~* ^/A/C { default_type r/third; } location /a/b { default_type p/x; }
                """,
            files: ["a/b": "1", "x/b": "2", "A/c": "3", "a/q": "4"],
            .get("/a/b", expect: 200, .field("Content-Type", "r/first")),
            .get("/x/b", expect: 200, .field("Content-Type", "r/second")),
            .get("/A/c", expect: 200, .field("Content-Type", "r/third")),
            .get("/a/q", expect: 200, .field("Content-Type", "r/first")))
        DirectiveCase(
            "location: a prefix with ^~ takes precedence over regular expressions",
            server: """
                location ^~ /s/ { default_type p/s; } location /s/longer/ { default_type p/l; }
                location ~ \\.q$ { default_type r/q; }
                """,
            files: ["s/f.q": "1", "s/longer/f.q": "2", "s/longer/f": "3"],
            .get("/s/f.q", expect: 200, .field("Content-Type", "p/s")),
            .get("/s/longer/f.q", expect: 200, .field("Content-Type", "r/q")),
            .get("/s/longer/f", expect: 200, .field("Content-Type", "p/l")))
        DirectiveCase(
            "location: modifiers without a space",
            server: """
                location =/a { default_type m/exact; } location ~^/b { default_type m/regex; }
                location ~*^/C { default_type m/caseless; } location ^~/d { default_type m/d; }
                """,
            files: ["a": "1", "b1": "2", "c1": "3", "d1": "4", "a1": "5"],
            .get("/a", expect: 200, .field("Content-Type", "m/exact")),
            .get("/b1", expect: 200, .field("Content-Type", "m/regex")),
            .get("/c1", expect: 200, .field("Content-Type", "m/caseless")),
            .get("/d1", expect: 200, .field("Content-Type", "m/d")),
            .get("/a1", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "location: is found by the decoded path",
            server:
                "location /a/b { default_type p/ab; } location = \"/x y\" { default_type e/xy; }",
            files: ["a/b": "1", "x y": "2", "a/bc": "3"],
            .get("/a%2Fb", expect: 200, .field("Content-Type", "p/ab")),
            .get("/%61/b", expect: 200, .field("Content-Type", "p/ab")),
            .get("/a//b", expect: 200, .field("Content-Type", "p/ab")),
            .get("/q/../a/b", expect: 200, .field("Content-Type", "p/ab")),
            .get("/x%20y", expect: 200, .field("Content-Type", "e/xy")),
            .get("/a/bc", expect: 200, .field("Content-Type", "p/ab")),
            .get("/A/b", expect: 404))
        DirectiveCase(
            "location: nested ones, regular expressions included",
            server: """
                location /n/ {
                    default_type n/outer;
                    location /n/in/ { default_type n/inner; }
                    location ~ \\.q$ { default_type n/regex; }
                    location = /n/exact { default_type n/exact; }
                }
                location ~ \\.q$ { default_type o/regex; }
                location ~ \\.z$ { default_type o/z; }
                """,
            files: [
                "n/f": "1", "n/in/f": "2", "n/f.q": "3", "n/exact": "4", "f.q": "5", "n/f.z": "6",
                "n/in/f.q": "7",
            ],
            .get("/n/f", expect: 200, .field("Content-Type", "n/outer")),
            .get("/n/in/f", expect: 200, .field("Content-Type", "n/inner")),
            .get("/n/f.q", expect: 200, .field("Content-Type", "n/regex")),
            .get("/n/exact", expect: 200, .field("Content-Type", "n/exact")),
            .get("/f.q", expect: 200, .field("Content-Type", "o/regex")),
            .get("/n/f.z", expect: 200, .field("Content-Type", "o/z")),
            .get("/n/in/f.q", expect: 200, .field("Content-Type", "n/regex")))
        DirectiveCase(
            "location: inside of a regular expression's",
            server: """
                location ~ ^/v\\d/ {
                    default_type v/any;
                    location ~ ^/v2/ { default_type v/two; }
                }
                """,
            files: ["v1/f": "1", "v2/f": "2"],
            .get("/v1/f", expect: 200, .field("Content-Type", "v/any")),
            .get("/v2/f", expect: 200, .field("Content-Type", "v/two")))
        DirectiveCase(
            "location: a prefix inside of a regular expression's",
            server: "location ~ ^/v\\d/ { location /v3/ { } }",
            refuses: "location \"/v3/\" is outside location \"^/v\\d/\"")
        DirectiveCase(
            "location: look-ahead for dot files except .well-known",
            server: "location ~ /\\.(?!well-known) { root {root}/none; }",
            files: [".git/f": "1", ".well-known/f": "2", "a/.f": "3", "a.f": "4"],
            .get("/.git/f", expect: 404), .get("/.well-known/f", expect: 200, "2"),
            .get("/a/.f", expect: 404), .get("/a.f", expect: 200))
        DirectiveCase(
            "location: unescaped dots match as written",
            server: "location ~* .(css|js)$ { default_type x/asset; types { } }",
            files: ["a.css": "1", "acss": "2", "b.JS": "3", "xjs": "4"],
            .get("/a.css", expect: 200, .field("Content-Type", "x/asset")),
            .get("/acss", expect: 200, .field("Content-Type", "x/asset")),
            .get("/b.JS", expect: 200, .field("Content-Type", "x/asset")),
            .get("/xjs", expect: 200, .field("Content-Type", "x/asset")))
        DirectiveCase(
            "location: braces in a quoted expression",
            server: "location ~ \"^/\\d{4}/\" { default_type x/year; }",
            files: ["2020/f": "1", "20/f": "2"],
            .get("/2020/f", expect: 200, .field("Content-Type", "x/year")),
            .get("/20/f", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "location: the query is not part of the path",
            server: "location ~ q { default_type r/q; }", files: ["f": "1"],
            .get("/f?q", expect: 200, .field("Content-Type", "text/plain")))
        DirectiveCase(
            "location: no location at all", files: ["f": "1"],
            .get("/f", expect: 200, "1"), .get("/none", expect: 404))
        DirectiveCase(
            "location: twice", server: "location /a { } location /a { }",
            refuses: "duplicate location \"/a\"")
        DirectiveCase(
            "location: twice exactly", server: "location = /a { } location = /a { }",
            refuses: "duplicate location \"/a\"")
        DirectiveCase(
            "location: an exact and a prefix location with the same name",
            server: "location = /a { default_type e/a; } location /a { default_type p/a; }",
            files: ["a": "1", "ab": "2"],
            .get("/a", expect: 200, .field("Content-Type", "e/a")),
            .get("/ab", expect: 200, .field("Content-Type", "p/a")))
        DirectiveCase(
            "location: ^~ and a prefix location with the same name are duplicates",
            server: "location ^~ /a { } location /a { }", refuses: "duplicate location \"/a\"")
        DirectiveCase(
            "location: a nested prefix outside the outer one",
            server: "location /a/ { location /b/ { } }",
            refuses: "location \"/b/\" is outside location \"/a/\"")
        DirectiveCase(
            "location: inside of an exact one",
            server: "location = /a { location /a/b { } }",
            refuses: "location \"/a/b\" cannot be inside the exact location \"/a\"")
        DirectiveCase(
            "location: an unknown modifier", server: "location ! /a { }",
            refuses: "invalid location modifier \"!\"")
        DirectiveCase(
            "location: an expression that does not compile", server: "location ~ ( { }",
            refuses: "missing closing parenthesis", nginxSays: "missing closing parenthesis")
        DirectiveCase(
            "location: three arguments", server: "location = /a /b { }",
            refuses: "invalid number of arguments in \"location\" directive")
    }
}
