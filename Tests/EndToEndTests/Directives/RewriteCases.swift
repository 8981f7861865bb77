extension DirectiveGroup {
    /// rewrite, set, break.
    static let rewrites = DirectiveGroup("rewrites") {
        DirectiveCase(
            "rewrite: last finds a location again, break does not",
            server: """
                location /last/ { rewrite ^/last/(.*)$ /to/$1 last; default_type x/last; }
                location /break/ { rewrite ^/break/(.*)$ /to/$1 break; default_type x/break; }
                location /none/ { rewrite ^/none/(.*)$ /to/$1; default_type x/none; }
                location /to/ { default_type x/to; }
                """,
            files: ["to/f": "f"],
            .get("/last/f", expect: 200, .field("Content-Type", "x/to")),
            .get("/break/f", expect: 200, .field("Content-Type", "x/break")),
            .get("/none/f", expect: 200, .field("Content-Type", "x/to")),
            .get("/last/none", expect: 404, .errorLog("\"{root}/to/none\" failed")))
        DirectiveCase(
            "rewrite: without a flag the next ones go on with the new path",
            server: """
                rewrite ^/a$ /b; rewrite ^/b$ /c; rewrite ^/c$ /d last; rewrite ^/d$ /e;
                """,
            files: ["d": "d", "e": "e"],
            .get("/a", expect: 200, "d"), .get("/d", expect: 200, "e"))
        DirectiveCase(
            "rewrite: in a server, break and last are the same",
            server: "rewrite ^/x /1 break; rewrite ^/y /2 last; rewrite ^/[12]$ /3;",
            files: ["1": "1", "2": "2", "3": "3"],
            .get("/x", expect: 200, "1"), .get("/y", expect: 200, "2"),
            .get("/1", expect: 200, "3"))
        DirectiveCase(
            "rewrite: redirect and permanent",
            server: """
                rewrite ^/r/(.*)$ /n/$1 redirect; rewrite ^/p/(.*)$ /n/$1 permanent;
                rewrite ^/h/(.*)$ http://h.example/$1;
                rewrite ^/s/(.*)$ https://h.example/$1 permanent;
                rewrite ^/v/(.*)$ $scheme://h.example/$1 last;
                """,
            .get("/r/a", expect: 302, .location("http://localhost:{port}/n/a")),
            .get("/p/a", expect: 301, .location("http://localhost:{port}/n/a")),
            .get("/p/a?x=1", expect: 301, .location("http://localhost:{port}/n/a?x=1")),
            .get("/h/a", expect: 302, .location("http://h.example/a")),
            .get("/h/a?q", expect: 302, .location("http://h.example/a?q")),
            .get("/s/a", expect: 301, .location("https://h.example/a")),
            .get("/v/a", expect: 302, .location("http://h.example/a")),
            .post("/p/a", "x", expect: 301), .head("/r/a", expect: 302))
        DirectiveCase(
            "rewrite: arguments",
            server: """
                rewrite ^/keep$ /show last; rewrite ^/add$ /show?new=1 last;
                rewrite ^/drop$ /show? last; rewrite ^/only$ /show?new=1? last;
                rewrite ^/cap/(.*)$ /show?p=$1 last;
                rewrite ^/radd$ /show?new=1 redirect; rewrite ^/rdrop$ /show? redirect;
                rewrite ^/args$ /show?$args last; rewrite ^/args2$ /show?a=$arg_a? redirect;
                location = /show { return 200 "[$uri][$args][$is_args][$request_uri]"; }
                """,
            .get("/keep?a=1", expect: 200, "[/show][a=1][?][/keep?a=1]"),
            .get("/keep", expect: 200, "[/show][][][/keep]"),
            .get("/add?a=1", expect: 200, "[/show][new=1&a=1][?][/add?a=1]"),
            .get("/add", expect: 200, "[/show][new=1][?][/add]"),
            .get("/drop?a=1", expect: 200, "[/show][][][/drop?a=1]"),
            .get("/only?a=1", expect: 200, "[/show][new=1][?][/only?a=1]"),
            .get("/cap/x", expect: 200, "[/show][p=x][?][/cap/x]"),
            .get("/cap/x?a", expect: 200, "[/show][p=x&a][?][/cap/x?a]"),
            .get("/radd?a=1", expect: 302, .location("http://localhost:{port}/show?new=1&a=1")),
            .get("/rdrop?a=1", expect: 302, .location("http://localhost:{port}/show")),
            .get("/args?a=1", expect: 200, "[/show][a=1&a=1][?][/args?a=1]"),
            .get("/args2?a=1&b", expect: 302, .location("http://localhost:{port}/show?a=1")))
        DirectiveCase(
            "rewrite: captures of encoded paths",
            server: """
                rewrite ^/in/(.*)$ /show/$1 last; rewrite ^/arg/(.*)$ /show?p=$1? last;
                rewrite ^/out/(.*)$ /o/$1 redirect; rewrite ^/outarg/(.*)$ /o?p=$1 redirect;
                rewrite ^/abs/(.*)$ http://h.example/$1 redirect;
                location /show { return 200 "[$uri][$args]"; }
                location ~ ^/ret/(.*)$ { return 301 /o/$1; }
                """,
            .get("/in/a%20b", expect: 200, "[/show/a b][]"),
            .get("/in/a%2Fb%3Fc", expect: 200, "[/show/a/b?c][]"),
            .get("/arg/a%20b%26c", expect: 200, "[/show][p=a%20b%26c]"),
            .get("/arg/%C3%A4+%25", expect: 200, "[/show][p=%C3%A4%2B%25]"),
            .get("/out/a%20b", expect: 302, .location("http://localhost:{port}/o/a%20b")),
            .get("/out/a%3Fb", expect: 302, .location("http://localhost:{port}/o/a?b")),
            .get("/out/a%C3%A4", expect: 302, .location("http://localhost:{port}/o/a%C3%A4")),
            .get("/outarg/a%20b", expect: 302, .location("http://localhost:{port}/o?p=a%20b")),
            .get("/abs/a%20b", expect: 302, .location("http://h.example/a%20b")),
            .get("/ret/a%20b", expect: 301, .location("http://localhost:{port}/o/a b")))
        DirectiveCase(
            "rewrite: an encoded line end in a redirect",
            server: """
                rewrite ^/out/(.*)$ /o/$1 redirect;
                location ~ ^/ret/(.*)$ { return 301 http://h.example/$1; }
                """,
            .get("/out/a%0d%0ab", expect: 404), .get("/ret/a%0d%0ab", expect: 404))
        DirectiveCase(
            "rewrite: variables in the replacement",
            server: """
                rewrite ^/u$ /show/$host/$request_method last;
                location /q/ { set $p part; rewrite ^/q/(.*)$ /show/$p/${p}x/$1 last; }
                location /show { return 200 "$uri"; }
                """,
            .get("/u", expect: 200, "/show/localhost/GET"),
            .get("/q/z", expect: 200, "/show/part/partx/z"))
        DirectiveCase(
            "rewrite: named captures",
            server: """
                rewrite ^/n/(?<first>\\w+)/(?<second>\\w+)$ /show/$second/$first last;
                location /show { return 200 "$uri $first"; }
                """,
            .get("/n/a/b", expect: 200, "/show/b/a a"))
        DirectiveCase(
            "rewrite: is case sensitive, and (?i) is not",
            server: """
                rewrite ^/A$ /1; rewrite (?i)^/B$ /2;
                location /1 { return 200 one; } location /2 { return 200 two; }
                location / { return 200 "$uri"; }
                """,
            .get("/a", expect: 200, "/a"), .get("/A", expect: 200, "one"),
            .get("/b", expect: 200, "two"))
        DirectiveCase(
            "rewrite: matches the decoded path without its arguments",
            server: """
                rewrite "^/a b$" /show last; rewrite q=1 /wrong last;
                location /show { return 200 yes; } location / { return 200 no; }
                """,
            .get("/a%20b", expect: 200, "yes"), .get("/x?q=1", expect: 200, "no"))
        DirectiveCase(
            "rewrite: a cycle ends after ten",
            server: "location / { rewrite ^/(.*)$ /x$1 last; }",
            .get(
                "/", expect: 500,
                .errorLog("rewrite or internal redirection cycle while processing")))
        DirectiveCase(
            "rewrite: ten are just not a cycle",
            server: """
                location /c { rewrite \"^/c(x{0,8})$\" /cx$1 last; return 200 "$uri"; }
                """,
            .get("/c", expect: 200, "/cxxxxxxxxx"))
        DirectiveCase(
            "rewrite, alias: break changes the path, so the alias does not apply",
            server: """
                location /a/ { alias {root}/al/; rewrite ^/a/old(.*)$ /a/new$1 break; }
                location /b/ { alias {root}/al/; rewrite ^/b/(.*)$ /x/$1 break; }
                """,
            files: ["al/new.txt": "new", "al/f": "f", "f": "root"],
            .get(
                "/a/old.txt", expect: 500,
                .errorLog("\"alias\" cannot be used in ")),
            .get("/b/f", expect: 500))
        DirectiveCase(
            "rewrite, root: the front end's shape",
            server: """
                location /app { rewrite ^/app/(.*)$ /$1 break; try_files $uri /index.html; }
                """,
            files: ["index.html": "index", "main.js": "js"],
            .get("/app/main.js", expect: 200, "js"), .get("/app/none", expect: 200, "index"))
        DirectiveCase(
            "rewrite: to a directory, an index page and a missing file",
            server: "rewrite ^/d$ /dir/ last; rewrite ^/e$ /dir last; rewrite ^/n$ /none last;",
            files: ["dir/index.html": "index"],
            .get("/d", expect: 200, "index"),
            .get("/e", expect: 301, .location("http://localhost:{port}/dir/")),
            .get("/n", expect: 404))
        DirectiveCase(
            "rewrite: to a replacement that is no path",
            server: "location /a { rewrite ^/a$ b last; } location / { return 200 \"$uri\"; }",
            .get("/a", expect: 404))
        DirectiveCase(
            "rewrite: to the empty path",
            server: "location /a { rewrite ^/a$ \"\" last; }",
            refuses: "empty replacement")
        DirectiveCase(
            "rewrite: dot segments of a replacement stay",
            server: "rewrite ^/x/(.*)$ /y/../$1 last; location / { return 200 \"$uri\"; }",
            .get("/x/f", expect: 200))
        DirectiveCase(
            "rewrite: an unknown flag", server: "rewrite ^ /x maybe;",
            refuses: "invalid parameter \"maybe\"")
        DirectiveCase(
            "rewrite: an expression that does not compile", server: "rewrite ( /x;",
            refuses: "missing closing parenthesis")
        DirectiveCase(
            "rewrite: a capture without any group", server: "location /a { rewrite ^/a /b$1; }",
            files: ["b": "b"], .get("/a", expect: 200, "b"))
        DirectiveCase(
            "rewrite: one argument", server: "rewrite ^/a;", refuses: "invalid number of arguments")
        DirectiveCase(
            "rewrite, return: the documentation's shape",
            server: """
                rewrite ^/docs/v1/(.*)$ /docs/1.0/$1 permanent;
                rewrite ^/docs/latest(/.*)?$ /docs/2.0$1 redirect;
                rewrite ^ http://www.example.org$request_uri? permanent;
                """,
            .get(
                "/docs/v1/a.html?x=1", expect: 301,
                .location("http://localhost:{port}/docs/1.0/a.html?x=1")),
            .get("/docs/latest", expect: 302, .location("http://localhost:{port}/docs/2.0")),
            .get("/docs/latest/z", expect: 302, .location("http://localhost:{port}/docs/2.0/z")),
            .get("/other?y=2", expect: 301, .location("http://www.example.org/other?y=2")))
        DirectiveCase(
            "rewrite: break ends everything, including a later return",
            server: """
                location ~ ^/l/(a)(b)$ { rewrite ^/l/a(b)$ /show/$1 break; return 200 "$1|$2"; }
                """,
            .get("/l/ab", expect: 404))
        // MARK: set

        DirectiveCase(
            "set: texts, variables, and again",
            server: """
                set $a 1; set $b "$a-2"; set $a 3;
                location /s { return 200 "$a $b"; }
                location /l { set $a local; return 200 "$a $b $c"; }
                location /c { set $c ""; return 200 "[$c]"; }
                """,
            .get("/s", expect: 200, "3 1-2"), .get("/l", expect: 200, "local 1-2 "),
            .get("/c", expect: 200, "[]"))
        DirectiveCase(
            "set, uninitialized_variable_warn: without a value it is empty, with a warning",
            server: """
                location /x { set $never 1; return 200 ok; }
                location /y { return 200 "[$never]"; }
                location /z { uninitialized_variable_warn off; return 200 "[$never]"; }
                """,
            .get(
                "/y", expect: 200, "[]",
                .errorLog("using uninitialized \"never\" variable")),
            .get("/z", expect: 200, "[]"))
        DirectiveCase(
            "set: runs in order",
            server: """
                location /o {
                    set $v first;
                    if ($arg_x) { set $v "$v-if"; }
                    set $v "$v-last";
                    return 200 $v;
                }
                """,
            .get("/o", expect: 200, "first-last"),
            .get("/o?x=1", expect: 200, "first-if-last"))
        DirectiveCase(
            "set, rewrite: the value stays after an internal redirect",
            server: """
                location /a { set $v kept; rewrite ^ /b last; }
                location /b { return 200 "$v"; }
                """,
            .get("/a", expect: 200, "kept"), .get("/b", expect: 200, ""))
        DirectiveCase(
            "set: args, limit_rate and other built-in ones",
            server: """
                location /a { set $args x=1; return 200 "$args|$arg_x|$is_args|$query_string"; }
                """,
            .get("/a?y=2", expect: 200, "x=1|1|?|x=1"))
        DirectiveCase(
            "set: a built-in variable that cannot be", server: "set $host x;",
            refuses: "the duplicate \"host\" variable")
        DirectiveCase(
            "set: no variable", server: "set host x;", refuses: "invalid variable name \"host\"")
        DirectiveCase(
            "set: one argument", server: "set $a;", refuses: "invalid number of arguments")
        DirectiveCase(
            "set: captures of the location before",
            server: """
                location ~ ^/c/(?<name>[a-z]+)/([0-9]+)$ {
                    set $n $2; return 200 "$name/$n/$1";
                }
                """,
            .get("/c/ab/12", expect: 200, "ab/12/ab"))
        DirectiveCase(
            "set, root: a variable root", server: "set $site one; root {root}/$site;", bare: true,
            files: ["one/f": "1", "one/d/index.html": "i"],
            .get("/f", expect: 200, "1"), .get("/d/", expect: 200, "i"),
            .get("/d", expect: 301, .location("http://localhost:{port}/d/")))

        // MARK: break

        DirectiveCase(
            "break: ends the rewrites of its level",
            server: """
                location /a {
                    set $v 1; if ($arg_b) { break; } set $v 2; rewrite ^ /show last;
                }
                location /show { return 200 "$v"; }
                """,
            files: ["a": "file"],
            .get("/a", expect: 200, "2"), .get("/a?b=1", expect: 200, "file"))
        DirectiveCase(
            "break: in a server ends the server's, not the location's",
            server: """
                set $v 1; break; set $v 2;
                location /x { set $w loc; return 200 "$v$w"; }
                """,
            .get("/x", expect: 200, "1loc"))
        DirectiveCase(
            "break: with an argument", server: "break 1;", refuses: "invalid number of arguments")
    }
}
