extension DirectiveGroup {
    /// valid_referers.
    static let referers = DirectiveGroup("valid_referers") {
        DirectiveCase(
            "valid_referers: hosts, wildcards, paths and expressions",
            server: """
                server_name own.example *.own.example ~^re\\d;
                valid_referers none blocked server_names a.example *.b.example .c.example www.d.*
                    e.example/path ~\\.google\\.;
                location / { return 200 "[$invalid_referer]"; }
                """,
            .get("/", expect: 200, "[]"), .get("/", ["Referer: hidden"], expect: 200, "[]"),
            .get("/", ["Referer: http://"], expect: 200, "[]"),
            .get("/", ["Referer: "], expect: 200),
            .get("/", ["Referer: http://own.example/x"], expect: 200, "[]"),
            .get("/", ["Referer: http://x.own.example"], expect: 200, "[]"),
            .get("/", ["Referer: http://re1.example"], expect: 200, "[]"),
            .get("/", ["Referer: HTTPS://A.EXAMPLE:443/"], expect: 200, "[]"),
            .get("/", ["Referer: http://x.a.example/"], expect: 200, "[1]"),
            .get("/", ["Referer: http://x.b.example/"], expect: 200, "[]"),
            .get("/", ["Referer: http://b.example/"], expect: 200, "[1]"),
            .get("/", ["Referer: http://c.example/"], expect: 200, "[]"),
            .get("/", ["Referer: http://x.y.c.example/"], expect: 200, "[]"),
            .get("/", ["Referer: http://www.d.de/"], expect: 200, "[]"),
            .get("/", ["Referer: http://www.f.de/"], expect: 200, "[1]"),
            .get("/", ["Referer: http://e.example/path/x"], expect: 200, "[]"),
            .get("/", ["Referer: http://e.example/"], expect: 200, "[1]"),
            .get("/", ["Referer: http://x.google.com/"], expect: 200, "[]"),
            .get("/", ["Referer: http://x.example/.google."], expect: 200, "[]"),
            .get("/", ["Referer: ftp://x.google.com/"], expect: 200, "[]"))
        DirectiveCase(
            "valid_referers: without none and blocked, with if",
            server: """
                valid_referers a.example;
                if ($invalid_referer) { return 403; }
                location / { valid_referers none b.example; return 200 "[$invalid_referer]"; }
                """,
            .get("/", expect: 403), .get("/", ["Referer: hidden"], expect: 403),
            .get("/", ["Referer: http://a.example/"], expect: 200, "[]"),
            .get("/", ["Referer: http://b.example/"], expect: 403))
        DirectiveCase(
            "valid_referers: nothing but none", server: "valid_referers none;",
            refuses: "the \"none\" or \"blocked\" referers are specified in the "
                + "\"valid_referers\" directive without any valid referer")
        DirectiveCase(
            "valid_referers: one twice", server: "valid_referers a.de A.de/x;",
            refuses: "conflicting parameter \"A.de\"", nginxSays: "conflicting parameter \"a.de\"")
        DirectiveCase(
            "valid_referers: an empty expression", server: "valid_referers ~;",
            refuses: "empty regex in \"~\"")
        DirectiveCase(
            "valid_referers: a star in the middle", server: "valid_referers a.*.de;",
            refuses: "invalid hostname or wildcard \"a.*.de\"")
    }
}
