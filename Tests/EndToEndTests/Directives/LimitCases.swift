extension DirectiveGroup {
    /// limit_req, limit_conn, limit_rate and stub_status; LimitTests have what takes time or
    /// several workers.
    static let limits = DirectiveGroup("limits") {
        DirectiveCase(
            "limit_req_zone, limit_req: one request passes, the next is beyond the rate",
            declares: "limit_req_zone $binary_remote_addr zone=plain:1m rate=1r/m;",
            server: "limit_req zone=plain;", files: ["a": "hello"],
            .get("/a", expect: 200, "hello"),
            .get("/a", expect: 503, .errorLog("limiting requests, excess: ")),
            .get("/none", expect: 503, .errorLog("by zone \"plain\", client: 127.0.0.1")))
        DirectiveCase(
            "limit_req: each key has its own rate; empty keys have none",
            declares: "limit_req_zone $arg_k zone=keys:1m rate=1r/m;",
            server: "limit_req zone=keys;", files: ["a": "hello"],
            .get("/a?k=one", expect: 200), .get("/a?k=two", expect: 200),
            .get("/a?k=one", expect: 503), .get("/a?k=two", expect: 503),
            .get("/a", expect: 200), .get("/a?k=", expect: 200), .get("/a", expect: 200))
        DirectiveCase(
            "limit_req_zone: a long key of several variables",
            declares: "limit_req_zone $host$uri$arg_k zone=long:1m rate=1r/m;",
            server: "limit_req zone=long;", files: ["a": "hello", "b": "hello"],
            .get("/a", expect: 200), .get("/a", expect: 503), .get("/b", expect: 200),
            .get("/a?k=" + String(repeating: "x", count: 400), expect: 200),
            .get("/a?k=" + String(repeating: "x", count: 400), expect: 503),
            .get("/a?k=" + String(repeating: "x", count: 399) + "y", expect: 200))
        DirectiveCase(
            "limit_req: burst and nodelay",
            declares: "limit_req_zone $binary_remote_addr zone=burst:1m rate=1r/m;",
            server: "limit_req zone=burst burst=2 nodelay;", files: ["a": "hello"],
            .get("/a", expect: 200), .get("/a", expect: 200), .get("/a", expect: 200),
            .get("/a", expect: 503), .head("/a", expect: 503))
        DirectiveCase(
            "limit_req: requests within delay= are not delayed",
            declares: "limit_req_zone $binary_remote_addr zone=delay:1m rate=1r/m;",
            server: "limit_req zone=delay burst=2 delay=2;", files: ["a": "hello"],
            .get("/a", expect: 200), .get("/a", expect: 200), .get("/a", expect: 200),
            .get("/a", expect: 503))
        DirectiveCase(
            "limit_req_status, limit_req_log_level: another status and level",
            declares: "limit_req_zone $binary_remote_addr zone=status:1m rate=1r/m;",
            server: """
                limit_req zone=status; limit_req_status 429; limit_req_log_level notice;
                """, files: ["a": "hello"],
            .get("/a", expect: 200),
            .get("/a", expect: 429, .errorLog("[notice]"), .errorLog("by zone \"status\"")))
        DirectiveCase(
            "limit_req_dry_run: rejections are only logged",
            declares: """
                limit_req_zone $binary_remote_addr zone=dry:1m rate=1r/m;
                log_format dry '$limit_req_status $limit_conn_status';
                """,
            server: """
                limit_req zone=dry burst=1; limit_req_dry_run on; access_log {dir}/dry.log dry;
                """, files: ["a": "hello"],
            .get("/a", expect: 200, .logs("dry.log", "PASSED -")),
            .get(
                "/a", expect: 200, .logs("dry.log", "DELAYED_DRY_RUN -"),
                .errorLog("[warn]"), .errorLog("delaying request, dry run, excess: ")),
            .get(
                "/a", expect: 200, .logs("dry.log", "REJECTED_DRY_RUN -"),
                .errorLog("limiting requests, dry run, excess: ")))
        DirectiveCase(
            "limit_req: several limits all apply",
            declares: """
                limit_req_zone $server_port zone=wide:1m rate=1r/m;
                limit_req_zone $arg_k zone=narrow:1m rate=1r/m;
                log_format several $limit_req_status;
                """,
            server: """
                limit_req zone=narrow; limit_req zone=wide burst=3 nodelay;
                access_log {dir}/several.log several;
                """, files: ["a": "hello"],
            .get("/a?k=1", expect: 200, .logs("several.log", "PASSED")),
            .get("/a?k=1", expect: 503, .errorLog("by zone \"narrow\"")),
            // Rejected requests do not count, so three are left.
            .get("/a?k=2", expect: 200), .get("/a?k=3", expect: 200), .get("/a?k=4", expect: 200),
            .get(
                "/a?k=5", expect: 503, .errorLog("by zone \"wide\""),
                .logs("several.log", "REJECTED")))
        DirectiveCase(
            "limit_req: once for a request, whatever it is redirected to",
            declares: "limit_req_zone $binary_remote_addr zone=once:1m rate=1r/m;",
            server: """
                limit_req zone=once burst=1 nodelay;
                error_page 503 /sorry.html;
                """, files: ["index.html": "index", "sorry.html": "sorry"],
            .get("/", expect: 200, "index"), .get("/", expect: 200, "index"),
            .get("/", expect: 503, "sorry"))
        DirectiveCase(
            "limit_req: a location's limits replace the server's",
            declares: """
                limit_req_zone $binary_remote_addr zone=outer:1m rate=1r/m;
                limit_req_zone $binary_remote_addr zone=inner:1m rate=1r/m;
                """,
            server: """
                limit_req zone=outer;
                location /in { limit_req zone=inner burst=1 nodelay; }
                """, files: ["a": "hello", "in/a": "hello"],
            .get("/a", expect: 200), .get("/in/a", expect: 200), .get("/in/a", expect: 200),
            .get("/in/a", expect: 503), .get("/a", expect: 503))
        DirectiveCase(
            "limit_req: return is processed before it",
            declares: "limit_req_zone $binary_remote_addr zone=late:1m rate=1r/m;",
            server: "limit_req zone=late; return 200 now;",
            .get("/", expect: 200, "now"), .get("/", expect: 200, "now"))
    }

    /// limit_conn, limit_rate, stub_status.
    static let connectionLimits = DirectiveGroup("limits of connections and rates") {
        DirectiveCase(
            "limit_conn_zone, limit_conn: a connection counts while its request is processed",
            declares: """
                limit_conn_zone $binary_remote_addr zone=conn:1m;
                log_format conn $limit_conn_status;
                """,
            server: "limit_conn conn 1; access_log {dir}/conn.log conn;", files: ["a": "hello"],
            .get("/a", expect: 200, .logs("conn.log", "PASSED")), .get("/a", expect: 200),
            .same(.get("/a", expect: 200)), .get("/none", expect: 404), .get("/a", expect: 200))
        DirectiveCase(
            "limit_conn: a key of more than 255 bytes is ignored",
            declares: "limit_conn_zone $arg_k zone=connlong:1m;",
            server: "limit_conn connlong 1;", files: ["a": "hello"],
            .get(
                "/a?k=" + String(repeating: "x", count: 256), expect: 200,
                .errorLog("the value of the \"$arg_k\" key is more than 255 bytes: \"xxx")))
        DirectiveCase(
            "limit_conn_status, limit_conn_log_level, limit_conn_dry_run: beside a limit",
            declares: "limit_conn_zone $binary_remote_addr zone=connset:1m;",
            server: """
                limit_conn connset 5; limit_conn_status 429; limit_conn_log_level info;
                limit_conn_dry_run on;
                """, files: ["a": "hello"], .get("/a", expect: 200))
        DirectiveCase(
            "limit_rate, limit_rate_after: numbers, variables, and $limit_rate",
            declares: "log_format rate $limit_rate;",
            server: """
                access_log {dir}/rate.log rate;
                location /number { limit_rate 100k; limit_rate_after 1m; }
                location /text { limit_rate $arg_rate; limit_rate_after $arg_after; }
                location /set { limit_rate 1k; set $limit_rate 64k; }
                location /wrong { set $limit_rate much; }
                """,
            files: ["a": "hello", "number": "hello", "text": "hello", "set": "a", "wrong": "b"],
            .get("/a", expect: 200, .logs("rate.log", "0")),
            .get("/number", expect: 200, "hello", .logs("rate.log", "102400")),
            .get("/text?rate=2k&after=5", expect: 200, .logs("rate.log", "2048")),
            .get("/text?rate=no", expect: 200, .errorLog("invalid size \"no\"")),
            .get("/set", expect: 200, .logs("rate.log", "65536")),
            .get("/wrong", expect: 200, .errorLog("invalid $limit_rate \"much\"")))
        DirectiveCase(
            "limit_rate, return, add_header: $limit_rate before the header is written",
            declares: "log_format ratelater '$uri $limit_rate';",
            server: """
                access_log {dir}/later.log ratelater; limit_rate 100k;
                location /r { return 200 "[$limit_rate]"; }
                location /h { add_header X-Rate $limit_rate; }
                location /s { set $limit_rate 64k; add_header X-Rate $limit_rate; }
                """,
            files: ["h": "hello", "s": "hello"],
            .get("/r", expect: 200, "[0]", .logs("later.log", "/r 102400")),
            .get("/h", expect: 200, .field("X-Rate", "0"), .logs("later.log", "/h 102400")),
            .get("/s", expect: 200, .field("X-Rate", "65536"), .logs("later.log", "/s 65536")))
        DirectiveCase(
            "stub_status: nginx's text, with different numbers",
            server: "location = /status { stub_status; } location = /on { stub_status on; }",
            .get(
                "/status", expect: 200, .field("Content-Type", "text/plain"),
                .noField("Last-Modified"), .noField("ETag"),
                .bodyContains("\nserver accepts handled requests\n"),
                nginx: .ownAddition),
            .post("/status", expect: 405, nginx: .differs(.allowOn405, [405])),
            .head("/status", expect: 200, .empty))
    }
}
