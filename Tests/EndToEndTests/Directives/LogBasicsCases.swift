extension DirectiveGroup {
    /// Basic properties of logs.
    static let logBasics = DirectiveGroup("log basics") {
        DirectiveCase(
            "access_log, log_format: variables of a request",
            declares: "log_format logs1 '$request|$status|$body_bytes_sent|' '$http_x_a|$args';",
            server: "access_log {dir}/a.log logs1;", files: ["f": "12345"],
            .get(
                "/f?q=1", ["X-A: a"], expect: 200,
                .logs("a.log", "GET /f?q=1 HTTP/1.1|200|5|a|q=1")),
            .head("/f", expect: 200, .logs("a.log", "HEAD /f HTTP/1.1|200|0|-|-")),
            .get(
                "/f", ["X-A: \"q\" \\ \u{e4}\u{1}"], expect: 200,
                .logs("a.log", "GET /f HTTP/1.1|200|5|\\x22q\\x22 \\x5C \\xE4\\x01|-")),
            .get(
                "/f", ["Range: bytes=1-2"], expect: 206,
                .logs("a.log", "GET /f HTTP/1.1|206|2|-|-")))
        DirectiveCase(
            "log_format: escape=json and escape=none",
            declares: """
                log_format logs2 escape=json '{"u":"$http_user_agent","x":"$http_x_a"}';
                log_format logs3 escape=none '[$http_user_agent][$http_x_a]';
                """,
            server: "access_log {dir}/j.log logs2; access_log {dir}/n.log logs3;",
            files: ["f": "f"],
            .get(
                "/f", ["User-Agent: a\"b\\c\td"], expect: 200,
                .logs("j.log", "{\"u\":\"a\\\"b\\\\c\\td\",\"x\":\"\"}"),
                .logs("n.log", "[a\"b\\c\td][]")))
        DirectiveCase(
            "access_log: off in a location, several elsewhere",
            declares: "log_format logs4 '$uri';",
            server: """
                access_log {dir}/1.log logs4; access_log {dir}/2.log logs4;
                location /off/ { access_log off; } location /own/ { access_log {dir}/3.log logs4; }
                """,
            files: ["f": "f", "off/f": "f", "own/f": "f"],
            .get("/off/f", expect: 200), .get("/own/f", expect: 200, .logs("3.log", "/own/f")),
            .get("/f", expect: 200, .logs("1.log", "/f"), .logs("2.log", "/f")))
        DirectiveCase(
            "access_log: off with more", server: "access_log off combined;",
            refuses: "invalid parameter \"combined\"")
        DirectiveCase(
            "access_log: an unknown format", server: "access_log {dir}/a.log nobody;",
            refuses: "unknown log format \"nobody\"")
        DirectiveCase(
            "log_format: an unknown variable", http: "log_format x '$nonesuch';",
            refuses: "unknown \"nonesuch\" variable")
        DirectiveCase(
            "log_format: the name combined", http: "log_format combined '$uri';",
            refuses: "duplicate \"log_format\" name \"combined\"")
        DirectiveCase(
            "log_format: an unknown escaping", http: "log_format x escape=xml '$uri';",
            refuses: "unknown log format escaping \"xml\"")
        DirectiveCase(
            "error_log: by level", server: "error_log {dir}/crit.log crit;",
            .get("/none", expect: 404, .errorLog("No such file or directory")))
        DirectiveCase(
            "error_log: an unknown level", server: "error_log {dir}/e.log loud;",
            refuses: "invalid log level \"loud\"")
        DirectiveCase(
            "log_not_found: off", server: "location /off/ { log_not_found off; }",
            .get("/off/none", expect: 404),
            .get(
                "/on/none", expect: 404,
                .errorLog("\"{root}/on/none\" failed (2: No such file or directory)")))
        DirectiveCase(
            "access_log: buffer and flush",
            server: "access_log {dir}/b.log combined buffer=32k flush=1s;", files: ["f": "f"],
            .get("/f", expect: 200))
    }
}
