extension DirectiveGroup {
    /// userid: cookies that identify clients.
    static let userID = DirectiveGroup("userid") {
        DirectiveCase(
            "userid, userid_service, userid_name, userid_path: a client without a cookie",
            server: """
                location /on { userid on; }
                location /v1 { userid v1; userid_service 7; userid_name n; userid_path /p; }
                location /log { userid log; }
                location /off { userid off; }
                """,
            files: ["on": "on", "v1": "v1", "log": "log", "off": "off"],
            .get("/on", expect: 200, .has("Set-Cookie"), ignoring: ["Set-Cookie"]),
            .get("/v1", expect: 200, .has("Set-Cookie"), ignoring: ["Set-Cookie"]),
            .get("/none", expect: 404, .noField("Set-Cookie")),
            .get("/log", expect: 200, .noField("Set-Cookie")),
            .get("/off", expect: 200, .noField("Set-Cookie")))
        DirectiveCase(
            "userid, userid_mark, userid_domain, userid_expires, userid_flags, userid_p3p: a mark",
            server: """
                userid on; userid_mark a; userid_domain a.example; userid_expires max;
                userid_flags secure httponly samesite=lax; userid_p3p "policy";
                location /r { return 200 "[$uid_got][$uid_set]"; }
                """,
            files: ["a": "A"],
            .get(
                "/a", ["Cookie: x=y; uid=\(cookie)=="], expect: 200, "A",
                .field(
                    "Set-Cookie",
                    "uid=\(cookie)a=; expires=Thu, 31-Dec-37 23:55:55 GMT; domain=a.example; "
                        + "path=/; secure; httponly; samesite=lax"), .field("P3P", "policy")),
            .get("/a", ["Cookie: uid=\(cookie)a="], expect: 200, .noField("Set-Cookie")),
            .get("/none", ["Cookie: uid=\(cookie)b="], expect: 404, .has("Set-Cookie")),
            .get("/r", ["Cookie: uid=\(cookie)=="], expect: 200, .body("[\(number)][\(number)]")),
            .get("/r", ["Cookie: uid=\(cookie)a="], expect: 200, .body("[\(number)][]")))
        DirectiveCase(
            "userid: a cookie that a client has sent",
            server: """
                location /on { userid on; return 200 "[$uid_got]"; }
                location /log { userid log; return 200 "[$uid_got][$uid_set]"; }
                location /off { return 200 "[$uid_got][$uid_set][$uid_reset]"; }
                """,
            .get(
                "/on", ["Cookie: uid=\(cookie)=="], expect: 200, .body("[\(number)]"),
                .noField("Set-Cookie")),
            .get(
                "/on", ["Cookie: a=b", "Cookie: c=d;UID=\(cookie)=="], expect: 200,
                ignoring: ["Set-Cookie"]),
            .get(
                "/on", ["Cookie: uid=short"], expect: 200, "[]", .has("Set-Cookie"),
                .errorLog("client sent too short userid cookie \"uid=short\""),
                ignoring: ["Set-Cookie"]),
            .get(
                "/on", ["Cookie: uid=!wAAAWVjVrA0EgAAAgMDAw=="], expect: 200, "[]",
                .has("Set-Cookie"), .errorLog("client sent invalid userid cookie"),
                ignoring: ["Set-Cookie"]),
            .get("/log", ["Cookie: uid=\(cookie)=="], expect: 200, .body("[\(number)][]")),
            .get("/log", expect: 200, "[][]"),
            .get("/off", ["Cookie: uid=\(cookie)=="], expect: 200, "[][][]"))
        DirectiveCase(
            "userid: $uid_reset",
            server: """
                userid on;
                location /set { set $uid_reset 1; return 200 "[$uid_got]"; }
                location /zero { set $uid_reset 0; return 200 "[$uid_got]"; }
                location /log { set $uid_reset log; return 200 "[$uid_got]"; }
                """,
            .get(
                "/set", ["Cookie: uid=\(cookie)=="], expect: 200, .body("[\(number)]"),
                .has("Set-Cookie"), ignoring: ["Set-Cookie"]),
            .get(
                "/zero", ["Cookie: uid=\(cookie)=="], expect: 200, .body("[\(number)]"),
                .noField("Set-Cookie")),
            .get(
                "/log", ["Cookie: uid=\(cookie)=="], expect: 200, .has("Set-Cookie"),
                .errorLog("userid cookie \"\(number)\" was reset"), ignoring: ["Set-Cookie"]))
        DirectiveCase(
            "userid_mark: more than a character", server: "userid_mark ab;",
            refuses: "value must be \"off\" or a single letter, digit or \"=\"")
        DirectiveCase(
            "userid_flags: an unknown flag", server: "userid_flags samesite=x;",
            refuses: "invalid value \"samesite=x\"")
        DirectiveCase(
            "userid_service: no number", server: "userid_service x;",
            refuses: "invalid number \"x\"", nginxSays: "invalid number")
    }

    private static let cookie = "fwAAAWVjVrA0EgAAAgMDAw"
    private static let number = "uid=0100007FB05663650000123403030302"
}
