extension DirectiveGroup {
    /// if: its conditions, and nginx's handling of directives in it.
    static let ifs = DirectiveGroup("if") {
        DirectiveCase(
            "if: a variable is false when it is empty or 0",
            server: """
                location / {
                    if ($arg_x) { return 200 yes; }
                    return 200 no;
                }
                """,
            .get("/?x=1", expect: 200, "yes"), .get("/?x=0", expect: 200, "no"),
            .get("/?x=", expect: 200, "no"), .get("/?x", expect: 200, "no"),
            .get("/", expect: 200, "no"), .get("/?x=00", expect: 200, "yes"),
            .get("/?x=false", expect: 200, "yes"), .get("/?x=0abc", expect: 200, "yes"))
        DirectiveCase(
            "if: = and !=",
            server: """
                location /eq { if ($arg_x = abc) { return 200 yes; } return 200 no; }
                location /ne { if ($arg_x != abc) { return 200 yes; } return 200 no; }
                location /em { if ($arg_x = "") { return 200 yes; } return 200 no; }
                location /nem { if ($arg_x != "") { return 200 yes; } return 200 no; }
                location /var { if ($arg_x = $arg_y) { return 200 yes; } return 200 no; }
                location /q { if ($http_x_a = "a b") { return 200 yes; } return 200 no; }
                """,
            .get("/eq?x=abc", expect: 200, "yes"), .get("/eq?x=ABC", expect: 200, "no"),
            .get("/ne?x=abd", expect: 200, "yes"), .get("/ne?x=abc", expect: 200, "no"),
            .get("/em", expect: 200, "yes"), .get("/em?x=1", expect: 200, "no"),
            .get("/nem?x=1", expect: 200, "yes"), .get("/nem", expect: 200, "no"),
            .get("/var?x=1&y=1", expect: 200, "yes"), .get("/var?x=1&y=2", expect: 200, "no"),
            .get("/q", ["X-A: a b"], expect: 200, "yes"))
        DirectiveCase(
            "if: ~, ~*, !~ and !~*",
            server: """
                location /m { if ($http_user_agent ~ Bot) { return 200 yes; } return 200 no; }
                location /i { if ($http_user_agent ~* (bot|spider)) { return 200 $1; }
                    return 200 no; }
                location /n { if ($request_method !~ ^(GET|HEAD)$) { return 405; } return 200 ok; }
                location /c { if ($host !~* ^LOCAL) { return 200 yes; } return 200 no; }
                location /b { if ($arg_x ~ "^\\d{2}$") { return 200 two; } return 200 no; }
                """,
            .get("/m", ["User-Agent: aBotb"], expect: 200, "yes"),
            .get("/m", ["User-Agent: abotb"], expect: 200, "no"), .get("/m", expect: 200, "no"),
            .get("/i", ["User-Agent: aSPIDERb"], expect: 200, "SPIDER"),
            .get("/i", ["User-Agent: x"], expect: 200, "no"),
            .get("/n", expect: 200, "ok"), .post("/n", "x", expect: 405),
            .head("/n", expect: 200), .method("DELETE", "/n", expect: 405),
            .get("/c", expect: 200, "no"), .get("/c", ["Host: x"], expect: 200, "yes"),
            .get("/b?x=12", expect: 200, "two"), .get("/b?x=123", expect: 200, "no"))
        DirectiveCase(
            "if: captures can be used after it",
            server: """
                location / {
                    if ($request_uri ~ "^/(?<lang>[a-z]{2})/([0-9]+)") { set $number $2; }
                    return 200 "$lang $number";
                }
                """,
            .get("/en/42", expect: 200, "en 42"), .get("/x", expect: 200, " "))
        DirectiveCase(
            "if: files, directories, anything, executables",
            server: """
                location /f { if (-f {root}$arg_p) { return 200 yes; } return 200 no; }
                location /nf { if (!-f {root}$arg_p) { return 200 yes; } return 200 no; }
                location /d { if (-d {root}$arg_p) { return 200 yes; } return 200 no; }
                location /nd { if (!-d {root}$arg_p) { return 200 yes; } return 200 no; }
                location /e { if (-e {root}$arg_p) { return 200 yes; } return 200 no; }
                location /ne { if (!-e {root}$arg_p) { return 200 yes; } return 200 no; }
                location /x { if (-x {root}$arg_p) { return 200 yes; } return 200 no; }
                location /nx { if (!-x {root}$arg_p) { return 200 yes; } return 200 no; }
                """,
            files: ["file": "f", "dir/x": "x", "run": "#!"],
            links: ["link": "file", "dlink": "dir", "dangling": "none"], modes: ["run": 0o755],
            .get("/f?p=/file", expect: 200, "yes"), .get("/f?p=/dir", expect: 200, "no"),
            .get("/f?p=/none", expect: 200, "no"), .get("/f?p=/link", expect: 200, "yes"),
            .get("/nf?p=/file", expect: 200, "no"), .get("/nf?p=/none", expect: 200, "yes"),
            .get("/d?p=/dir", expect: 200, "yes"), .get("/d?p=/file", expect: 200, "no"),
            .get("/d?p=/dlink", expect: 200, "yes"), .get("/nd?p=/file", expect: 200, "yes"),
            .get("/e?p=/dir", expect: 200, "yes"), .get("/e?p=/dangling", expect: 200, "no"),
            .get("/ne?p=/none", expect: 200, "yes"), .get("/x?p=/run", expect: 200, "yes"),
            .get("/x?p=/file", expect: 200, "no"), .get("/nx?p=/file", expect: 200, "yes"),
            .get("/x?p=/dir", expect: 200))
        DirectiveCase(
            "if, return: the maintenance page's shape",
            server: """
                error_page 503 @maintenance;
                if (-f {root}/maintenance.on) { return 503; }
                location @maintenance { root {root}; rewrite ^ /sorry.html break; }
                """,
            files: ["maintenance.on": "", "sorry.html": "sorry", "f": "f"],
            .get("/f", expect: 503))
        DirectiveCase(
            "if, return: the maintenance page's shape that works",
            server: """
                error_page 503 /sorry.html;
                location / { if (-f {root}/maintenance.on) { return 503; } }
                location = /sorry.html { }
                """,
            files: ["maintenance.on": "", "sorry.html": "sorry", "f": "f"],
            .get("/f", expect: 503, "sorry"), .get("/sorry.html", expect: 200, "sorry"))
        DirectiveCase(
            "if: in a server, by host",
            server: """
                if ($host = www.a.test) { return 301 http://a.test$request_uri; }
                if ($host ~* ^(.+)\\.b\\.test$) { set $sub $1; rewrite ^ /$sub$uri; }
                location / { return 200 "$uri"; }
                """,
            .get("/x?y", ["Host: www.a.test"], expect: 301, .location("http://a.test/x?y")),
            .get("/x", ["Host: q.b.test"], expect: 200, "/q/x"), .get("/x", expect: 200, "/x"))
        DirectiveCase(
            "if: file responses inside it have its settings",
            server: """
                location / {
                    default_type x/outer;
                    if ($arg_a) { root {root}/a; }
                    if ($arg_t) { sendfile off; }
                }
                """,
            files: ["f": "outer", "a/f": "inner"],
            .get("/f", expect: 200, "outer"), .get("/f?a=1", expect: 200, "inner"),
            .get("/f?t=1", expect: 200, "outer", .field("Content-Type", "x/outer")),
            .get("/f?a=1&t=1", expect: 200, "outer"))
        DirectiveCase(
            "if: the last matching one is the location",
            server: """
                location / {
                    if ($arg_a) { root {root}/a; }
                    if ($arg_b) { root {root}/b; }
                }
                """,
            files: ["f": "0", "a/f": "A", "b/f": "B"],
            .get("/f?a=1", expect: 200, "A"), .get("/f?b=1", expect: 200, "B"),
            .get("/f?a=1&b=1", expect: 200, "B"), .get("/f", expect: 200, "0"))
        DirectiveCase(
            "if, try_files: a matching condition disables try_files",
            server: """
                location / {
                    try_files $uri /fallback;
                    set $true 1;
                    if ($arg_x) { set $true 0; }
                }
                """,
            files: ["f": "f", "fallback": "fell"],
            .get("/none", expect: 200, "fell"), .get("/none?x=1", expect: 404),
            .get("/f?x=1", expect: 200, "f"))
        DirectiveCase(
            "if, alias: the alias stays in effect",
            server: """
                location /i/ { alias {root}/x/; if ($arg_x) { set $y 1; } }
                """,
            files: ["x/f": "f", "x/index.html": "i"],
            .get("/i/f", expect: 200, "f"), .get("/i/f?x=1", expect: 200, "f"),
            .get("/i/?x=1", expect: 200, "i"))
        DirectiveCase(
            "if, rewrite: flags inside of it",
            server: """
                location /a {
                    if ($arg_l) { rewrite ^ /last last; }
                    if ($arg_b) { rewrite ^ /break break; }
                    if ($arg_r) { rewrite ^ /r? redirect; }
                    if ($arg_n) { rewrite ^ /n; }
                    return 200 end;
                }
                location /last { return 200 last; }
                location /n { return 200 n; }
                """,
            files: ["break": "break", "last": "x"],
            .get("/a", expect: 200, "end"), .get("/a?l=1", expect: 200, "last"),
            .get("/a?b=1", expect: 200, "break"),
            .get("/a?r=1", expect: 302, .location("http://localhost:{port}/r")),
            .get("/a?n=1", expect: 200, "end"))
        DirectiveCase(
            "if, set: an and of two conditions",
            server: """
                location / {
                    set $t "";
                    if ($arg_a) { set $t "a"; }
                    if ($arg_b) { set $t "${t}b"; }
                    if ($t = ab) { return 200 both; }
                    return 200 "one or none";
                }
                """,
            .get("/?a=1&b=1", expect: 200, "both"), .get("/?a=1", expect: 200, "one or none"),
            .get("/?b=1", expect: 200, "one or none"))
        DirectiveCase(
            "if: nested ones are refused",
            server: "location / { if ($arg_a) { if ($arg_b) { return 200; } } }",
            refuses: "\"if\" directive is not allowed here")
        DirectiveCase(
            "if: directives that are not allowed in it",
            server: "location / { if ($arg_a) { try_files $uri =404; } }",
            refuses: "\"try_files\" directive is not allowed here")
        DirectiveCase(
            "if: not in a server", server: "if ($host = x) { root {root}; }",
            refuses: "\"root\" directive is not allowed here")
        DirectiveCase(
            "if: an unknown operator", server: "if ($host == x) { return 404; }",
            refuses: "unexpected \"==\" in condition")
        DirectiveCase(
            "if: no variable", server: "if (host = x) { return 404; }",
            refuses: "invalid condition \"(host = x)\"",
            nginxSays: "invalid condition \"host\"")
        DirectiveCase(
            "if: no parentheses", server: "if $host = x { return 404; }",
            refuses: "invalid condition \"$host = x\"",
            nginxSays: "invalid condition \"$host\"")
        DirectiveCase(
            "if: an unknown variable", server: "if ($nonesuch) { return 404; }",
            refuses: "unknown \"nonesuch\" variable")
        DirectiveCase(
            "if: an expression that does not compile", server: "if ($host ~ \"(\") { return 404; }",
            refuses: "missing closing parenthesis")
        DirectiveCase(
            "if: spaces that nginx accepts",
            server: """
                location /a { if ( $arg_x = 1 ) { return 200 yes; } return 200 no; }
                location /b { if ($arg_x) {return 200 yes;} return 200 no; }
                location /c { if ( -f {root}/f ) { return 200 yes; } return 200 no; }
                location /d { if ($arg_x = "1") { return 200 yes; } return 200 no; }
                """,
            files: ["f": "f"],
            .get("/a?x=1", expect: 200, "yes"), .get("/b?x=1", expect: 200, "yes"),
            .get("/c", expect: 200, "yes"), .get("/d?x=1", expect: 200, "yes"))
        DirectiveCase(
            "if, access_log: its own log",
            declares: "log_format iflog1 '$uri $status';",
            server: """
                location / {
                    access_log {dir}/outer.log iflog1;
                    if ($arg_x) { access_log {dir}/inner.log iflog1; }
                }
                """,
            files: ["f": "f", "g": "g"],
            .get("/f", expect: 200, .logs("outer.log", "/f 200")),
            .get("/g?x=1", expect: 200, .logs("inner.log", "/g 200")))
        DirectiveCase(
            "if, gzip: switched off for one agent",
            server: """
                gzip on;
                location / { if ($http_user_agent ~ Old) { gzip off; } }
                """,
            files: ["f.html": .text(wordyText(2000))],
            .get("/f.html", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding")),
            .get(
                "/f.html", ["Accept-Encoding: gzip", "User-Agent: Old"], expect: 200,
                .noField("Content-Encoding")))
        DirectiveCase(
            "if, error_page: one inside of it",
            server: """
                location / { if ($arg_x) { error_page 404 /x.html; } error_page 404 /o.html; }
                """,
            files: ["x.html": "x", "o.html": "o"],
            .get("/none", expect: 404, "o"), .get("/none?x=1", expect: 404, "x"))
        DirectiveCase(
            "if, location: nested locations are not found by it",
            server: """
                location /a/ {
                    if ($arg_x) { return 200 if; }
                    location /a/b/ { return 200 inner; }
                    return 200 outer;
                }
                """,
            .get("/a/", expect: 200, "outer"), .get("/a/?x=1", expect: 200, "if"),
            .get("/a/b/", expect: 200, "inner"), .get("/a/b/?x=1", expect: 200, "inner"))
    }
}
