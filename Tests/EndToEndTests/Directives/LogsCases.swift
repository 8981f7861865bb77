extension DirectiveGroup {
    /// Log lines of requests.
    static let logs = DirectiveGroup("logs") {
        DirectiveCase(
            "access_log, log_format: several logs, each with its format",
            declares: """
                log_format logs_a '$request_method $uri' ' $status' "$args";
                log_format logs_b "${status}$body_bytes_sent|$http_none|$sent_http_etag";
                """,
            server: "access_log {dir}/a.log logs_a; access_log {dir}/b.log logs_b;",
            files: ["a": "text"],
            .get(
                "/a?q=1", expect: 200, .logs("a.log", "GET /a 200q=1"),
                .logs("b.log", "2004|-|\\x225e469d27-4\\x22")),
            .get("/none", expect: 404, .logs("a.log", "GET /none 404-")))
        DirectiveCase(
            "log_format: escapes",
            declares: """
                log_format logs_default "[$http_x|$http_none]";
                log_format logs_json escape=json "[$http_x|$http_none]";
                log_format logs_none escape=none "[$http_x|$http_none]";
                """,
            server: """
                access_log {dir}/default.log logs_default; access_log {dir}/json.log logs_json;
                access_log {dir}/none.log logs_none;
                """, files: ["a": "text"],
            .get(
                "/a", ["X: \"q\" \\ \t !"], expect: 200,
                .logs("default.log", "[\\x22q\\x22 \\x5C \\x09 !|-]"),
                .logs("json.log", "[\\\"q\\\" \\\\ \\t !|]"),
                .logs("none.log", "[\"q\" \\ \t !|]")))
        DirectiveCase(
            "access_log: off, alone and beside others",
            declares: "log_format logs_uri '$uri';",
            server: """
                access_log {dir}/a.log logs_uri;
                location /off {
                    access_log off;
                    location /off/on { access_log {dir}/a.log logs_uri; }
                }
                location /both { access_log {dir}/a.log logs_uri; access_log off; }
                """,
            .get("/off/a", expect: 404), .get("/both/a", expect: 404),
            .get("/off/on", expect: 404, .logs("a.log", "/off/on")))
        DirectiveCase(
            "access_log: if=",
            declares: "log_format logs_if '$request_uri';",
            server: """
                access_log {dir}/if.log logs_if if=$arg_log;
                access_log {dir}/always.log logs_if if=1;
                access_log {dir}/never.log logs_if if=0;
                """,
            .get("/a", expect: 404), .get("/b?log=", expect: 404), .get("/c?log=0", expect: 404),
            .get("/d?log=00", expect: 404, .logs("if.log", "/d?log=00")),
            .get("/e?log=x", expect: 404, .logs("if.log", "/e?log=x"), .logs("always.log", "/a")))
        DirectiveCase(
            "access_log, open_log_file_cache: variables in the name",
            declares: "log_format logs_named '$request_uri';",
            server: """
                access_log {root}/logs/$host.log logs_named;
                location /kept/ {
                    open_log_file_cache max=2 inactive=20s valid=1m min_uses=1;
                    access_log {root}/logs/kept-$arg_x.log logs_named;
                }
                """, files: ["logs/keep": "x"], modes: ["logs": 0o777],
            .get("/a", ["Host: one.test"], expect: 404, .logs("root/logs/one.test.log", "/a")),
            .get("/b", ["Host: TWO.test"], expect: 404, .logs("root/logs/two.test.log", "/b")),
            .get("/kept/1?x=1", expect: 404, .logs("root/logs/kept-1.log", "/kept/1?x=1")),
            .get("/kept/2?x=1", expect: 404, .logs("root/logs/kept-1.log", "/kept/2?x=1")),
            .get("/kept/1?x=2", expect: 404, .logs("root/logs/kept-2.log", "/kept/1?x=2")),
            .get("/kept/1?x=3", expect: 404, .logs("root/logs/kept-3.log", "/kept/1?x=3")))
        DirectiveCase(
            "access_log: variables in the name need an existing root",
            declares: "log_format logs_rootless '$request_uri';",
            server: "root {dir}/none; access_log {dir}/root/$host.log logs_rootless;", bare: true,
            .get("/a", expect: 404, .errorLog("testing \"{dir}/none\" existence failed")))
        DirectiveCase(
            "log_format: variables of TLS and upstreams have no value",
            declares: """
                log_format logs_foreign '$upstream_addr|$upstream_status|$upstream_response_time|'
                    '$upstream_connect_time|$upstream_header_time|$upstream_cache_status|'
                    '$upstream_http_x|$ssl_protocol|$ssl_cipher|$ssl_server_name|$http2|$https|'
                    '$proxy_host|$request_body|$gzip_ratio|$proxy_add_x_forwarded_for';
                """,
            server: "access_log {dir}/a.log logs_foreign;", files: ["a": "text"],
            .get(
                "/a", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"], expect: 200,
                .logs(
                    "a.log",
                    "-|-|-|-|-|-|-|-|-|-|||-|-|-|192.0.2.1, 192.0.2.2, 127.0.0.1",
                ), nginx: .since("1.23.0")))
        DirectiveCase(
            "log_format: the ratio of gzip",
            declares: "log_format logs_ratio '$gzip_ratio';",
            server: "access_log {dir}/a.log logs_ratio; gzip on; gzip_types *; gzip_min_length 1;",
            files: ["a": .text(String(repeating: "the swift sleeps on the wing ", count: 1000))],
            .get(
                "/a", ["Accept-Encoding: gzip"], expect: 200, .has("Content-Encoding"),
                .logs("a.log", "111.11")))
        DirectiveCase(
            "access_log, log_format: apus's json",
            server: "access_log {dir}/a.log json;", nginx: .ownAddition,
            .get("/a", expect: 404))
        DirectiveCase(
            "access_log, log_format: a custom format named json",
            http: "log_format json '{$status}';",
            server: "access_log {dir}/a.log json;", files: ["a": "text"],
            .get("/a", expect: 200, .logs("a.log", "{200}")))
        DirectiveCase(
            "error_log: level",
            server: "location /crit { error_log {dir}/error.log crit; }",
            .get("/crit/a", expect: 404),
            .get("/b", expect: 404, .errorLog("open() \"{root}/b\" failed (2:")))
        DirectiveCase(
            "rewrite_log: results of rewrites",
            server: """
                rewrite_log on;
                rewrite ^/a/(.*)$ /b/$1?new=1;
                rewrite ^/go/(.*)$ http://other.test/$1 redirect;
                location /b/ { rewrite ^/none /none; }
                location /silent/ { rewrite_log off; rewrite ^/silent/(.*)$ /loud/$1 last; }
                """,
            .get(
                "/a/x?q", expect: 404, .errorLog("\"^/a/(.*)$\" matches \"/a/x\", client:"),
                .errorLog("rewritten data: \"/b/x\", args: \"new=1&q\", client:"),
                .errorLog("\"^/go/(.*)$\" does not match \"/b/x\", client:"),
                .errorLog("\"^/none\" does not match \"/b/x\", client:")),
            .get(
                "/go/y", expect: 302, .location("http://other.test/y"),
                .errorLog("rewritten redirect: \"http://other.test/y\", client:"),
                ignoring: ["Location", "Connection"]),
            .get("/silent/z", expect: 404))
        DirectiveCase(
            "access_log: in if and limit_except",
            declares: "log_format logs_in_if '$request_method $request_uri';",
            server: """
                location /if {
                    if ($arg_x) { access_log {dir}/if.log logs_in_if; }
                    access_log {dir}/else.log logs_in_if;
                }
                location /limited {
                    access_log {dir}/get.log logs_in_if;
                    limit_except GET { access_log {dir}/other.log logs_in_if; }
                }
                """,
            .get("/if/a", expect: 404, .logs("else.log", "GET /if/a")),
            .get("/if/a?x=1", expect: 404, .logs("if.log", "GET /if/a?x=1")),
            .get("/limited", expect: 404, .logs("get.log", "GET /limited")),
            .method(
                "PURGE", "/limited", expect: 405, .logs("other.log", "PURGE /limited"),
                nginx: .differs(.allowOn405, [405, .noField("Allow")])))
        DirectiveCase(
            "access_log: where a request ends counts",
            declares: "log_format logs_end '$uri $status';",
            server: """
                access_log {dir}/server.log logs_end;
                location /first { try_files $uri /second; }
                location /second { access_log {dir}/second.log logs_end; }
                location /named { error_page 404 @last; }
                location @last { access_log {dir}/named.log logs_end; return 410; }
                """,
            .get("/first", expect: 404, .logs("second.log", "/second 404")),
            .get("/named", expect: 410, .logs("named.log", "/named 410")))
        DirectiveCase(
            "access_log: different buffer sizes for one file",
            server: """
                access_log {dir}/a combined buffer=4k; access_log {dir}/a combined buffer=8k;
                """, refuses: "already defined with conflicting parameters")
        DirectiveCase(
            "access_log: no buffer for syslog",
            server: "access_log syslog:server=127.0.0.1 combined gzip;",
            refuses: "logs to syslog cannot be buffered")
        DirectiveCase(
            "access_log: a buffer with variables in the name",
            server: "access_log {dir}/$host combined gzip;",
            refuses: "buffered logs cannot have variables in name")
        DirectiveCase(
            "access_log: a format must be defined before it",
            http: "access_log {dir}/a late; log_format late x;",
            refuses: "unknown log format \"late\"")
        DirectiveCase(
            "log_format: a dollar needs a name", http: "log_format bad 'a $';",
            refuses: "invalid parameter \"a $\"", nginxSays: "invalid parameter \"$\"")
        DirectiveCase(
            "open_log_file_cache: max is required", server: "open_log_file_cache inactive=1s;",
            refuses: "\"open_log_file_cache\" must have \"max\" parameter")
        DirectiveCase(
            "error_log: an unknown level", server: "error_log {dir}/a loud;",
            refuses: "invalid log level \"loud\"")
    }
}
