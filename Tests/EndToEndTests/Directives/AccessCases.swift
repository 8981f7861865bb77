extension DirectiveGroup {
    /// Access by address; clients are 127.0.0.1.
    static let access = DirectiveGroup("access") {
        DirectiveCase(
            "allow, deny: the first match is used",
            server: """
                location /none { }
                location /deny { deny 127.0.0.1; }
                location /block { deny 127.0.0.0/8; allow all; }
                location /all { deny all; allow 127.0.0.1; }
                location /other { deny 10.0.0.0/8; deny ::/0; deny unix:; }
                location /in { allow 127.0.0.1; deny all; }
                """,
            files: [
                "none": "none", "deny": "x", "block": "x", "all": "x", "other": "other",
                "in": "in",
            ],
            .get("/none", expect: 200, "none"),
            .get("/deny", expect: 403, .errorLog("access forbidden by rule, client: 127.0.0.1")),
            .get("/block", expect: 403), .get("/all", expect: 403),
            .get("/other", expect: 200, "other"), .get("/in", expect: 200, "in"),
            .get("/missing", expect: 404))
        DirectiveCase(
            "allow, deny: a level with rules inherits none",
            server: """
                deny all;
                location /in { }
                location /own { allow 127.0.0.1; location /own/nested { } }
                """,
            files: ["in": "x", "own": "own", "own2": "own2", "a": "x", "own/nested": "n"].filter {
                $0.key != "own"
            },
            .get("/in", expect: 403), .get("/a", expect: 403), .get("/own2", expect: 200, "own2"),
            .get("/own/nested", expect: 200, "n"))
        DirectiveCase(
            "allow, deny: checked again after index and error pages",
            server: """
                error_page 403 /page;
                location / { allow all; }
                location = /d/index.html { deny all; }
                location /closed { deny all; error_page 403 /closed-too; }
                location /shown { deny all; }
                """,
            files: ["d/index.html": "index", "page": "page", "closed-too": "x", "shown": "x"],
            .get("/d/", expect: 403, "page"), .get("/closed", expect: 403),
            .get("/shown", expect: 403, "page"))
        DirectiveCase(
            "deny, allow: in an if and in limit_except",
            server: """
                location /if { if ($arg_x) { set $y 1; } deny all; }
                location /limit { limit_except GET { deny all; } }
                """,
            files: ["if": "x", "limit": "limit"],
            .get("/if", expect: 403), .get("/if?x=1", expect: 403),
            .get("/limit", expect: 200, "limit"), .head("/limit", expect: 200),
            .post("/limit", expect: 403))
        DirectiveCase(
            "allow, deny: the client named by a trusted proxy",
            server: """
                set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
                location /four { deny 192.0.2.0/24; }
                location /six { deny 2001:db8::/33; allow 2001:db8::/32; deny all; }
                location /mapped { deny ::ffff:192.0.2.1; }
                """,
            files: ["four": "4", "six": "6", "mapped": "m"],
            .get("/four", expect: 200), .get("/four", [from("192.0.2.255")], expect: 403),
            .get("/four", [from("192.0.3.0")], expect: 200),
            .get("/four", [from("::ffff:192.0.2.1")], expect: 403),
            .get("/four", [from("2001:db8::1")], expect: 200),
            .get("/six", [from("2001:db8::1")], expect: 403),
            .get("/six", [from("2001:db8:8000::1")], expect: 200),
            .get("/six", [from("2001:db9::1")], expect: 403), .get("/six", expect: 403),
            .get("/mapped", [from("192.0.2.1")], expect: 200),
            .get("/mapped", [from("::ffff:192.0.2.1")], expect: 403))
        DirectiveCase(
            "allow: an invalid address", server: "allow 10/8;",
            refuses: "invalid parameter \"10/8\"")
        DirectiveCase(
            "satisfy: an invalid value", server: "satisfy none;",
            refuses: "invalid value \"none\"")
        DirectiveCase(
            "satisfy: all and any",
            server: """
                auth_basic r; auth_basic_user_file {root}/users;
                location /all { allow 127.0.0.1; }
                location /all-denied { deny all; }
                location /any { satisfy any; allow 127.0.0.1; deny all; }
                location /any-denied { satisfy any; deny all; }
                location /any-open { satisfy any; deny all; auth_basic off; }
                location /any-other { satisfy any; allow 10.0.0.1; }
                """,
            files: [
                "users": "ann:{PLAIN}secret\n", "all": "1", "all-denied": "2", "any": "3",
                "any-denied": "4", "any-open": "5", "any-other": "6",
            ],
            .get("/all", expect: 401), .get("/all", [ann], expect: 200, "1"),
            .get("/all-denied", [ann], expect: 403, .noField("WWW-Authenticate")),
            .get("/any", expect: 200, "3", .noField("WWW-Authenticate")),
            .get("/any-denied", expect: 401, .field("WWW-Authenticate", "Basic realm=\"r\"")),
            .get("/any-denied", [ann], expect: 200, "4"),
            .get("/any-open", [ann], expect: 403, .errorLog("access forbidden by rule")),
            .get("/any-other", expect: 401), .get("/any-other", [ann], expect: 200, "6"))
    }

    private static func from(_ address: String) -> String { "X-Forwarded-For: \(address)" }

    /// `ann:secret`
    static let ann = "Authorization: Basic YW5uOnNlY3JldA=="
}
