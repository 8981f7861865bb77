extension DirectiveGroup {
    /// Invalid limits and zones.
    static let limitRefusals = DirectiveGroup("refused limits") {
        DirectiveCase(
            "limit_req_zone: without a size", http: "limit_req_zone $host zone=a rate=1r/s;",
            refuses: "invalid zone size \"zone=a\"")
        DirectiveCase(
            "limit_req_zone: with no size", http: "limit_req_zone $host zone=a:x rate=1r/s;",
            refuses: "invalid zone size \"zone=a:x\"")
        DirectiveCase(
            "limit_req_zone: too small", http: "limit_req_zone $host zone=a:32767 rate=1r/s;",
            refuses: "zone \"zone=a:32767\" is too small")
        DirectiveCase(
            "limit_req_zone: without a name", http: "limit_req_zone $host zone=:1m rate=1r/s;",
            refuses: "\"limit_req_zone\" must have \"zone\" parameter",
            nginxSays: "must have \"zone\" parameter")
        DirectiveCase(
            "limit_req_zone: no rate", http: "limit_req_zone $host zone=a:1m rate=0r/s;",
            refuses: "invalid rate \"rate=0r/s\"")
        DirectiveCase(
            "limit_req_zone: a rate of an hour", http: "limit_req_zone $host zone=a:1m rate=1r/h;",
            refuses: "invalid rate \"rate=1r/h\"")
        DirectiveCase(
            "limit_req_zone: an unknown parameter",
            http: "limit_req_zone $host zone=a:1m speed=1r/s;",
            refuses: "invalid parameter \"speed=1r/s\"")
        DirectiveCase(
            "limit_req_zone: an unknown variable",
            http: "limit_req_zone $nobody zone=a:1m rate=1r/s;",
            refuses: "unknown \"nobody\" variable")
        DirectiveCase(
            "limit_req_zone: a duplicate name",
            http: """
                limit_req_zone $host zone=a:1m rate=1r/s;
                limit_req_zone $uri zone=a:1m rate=1r/s;
                """,
            refuses: "limit_req_zone \"a\" is already bound to key \"$host\"")
        DirectiveCase(
            "limit_conn_zone: a zone of the other kind",
            http: """
                limit_req_zone $host zone=a:1m rate=1r/s; limit_conn_zone $host zone=a:1m;
                """,
            refuses: "the shared memory zone \"a\" is already declared for a different use")
        DirectiveCase(
            "limit_conn_zone: no zone", http: "limit_conn_zone $host one:1m;",
            refuses: "invalid parameter \"one:1m\"")
        DirectiveCase(
            "limit_req: an unknown zone", server: "limit_req zone=a;",
            refuses: "zero size shared memory zone \"a\"")
        DirectiveCase(
            "limit_conn: an unknown zone", server: "limit_conn a 1;",
            refuses: "zero size shared memory zone \"a\"")
        DirectiveCase(
            "limit_conn: a zone of the other kind",
            http: "limit_req_zone $host zone=a:1m rate=1r/s;", server: "limit_conn a 1;",
            refuses: "the shared memory zone \"a\" is already declared for a different use")
        DirectiveCase(
            "limit_req: without a zone", server: "limit_req burst=5;",
            refuses: "\"limit_req\" must have \"zone\" parameter")
        DirectiveCase(
            "limit_req: no burst", http: "limit_req_zone $host zone=a:1m rate=1r/s;",
            server: "limit_req zone=a burst=0;", refuses: "invalid burst value \"burst=0\"",
            nginxSays: "invalid burst")
        DirectiveCase(
            "limit_req: no delay", http: "limit_req_zone $host zone=a:1m rate=1r/s;",
            server: "limit_req zone=a delay=x;", refuses: "invalid delay value \"delay=x\"")
        DirectiveCase(
            "limit_req: an unknown parameter", http: "limit_req_zone $host zone=a:1m rate=1r/s;",
            server: "limit_req zone=a now;", refuses: "invalid parameter \"now\"")
        DirectiveCase(
            "limit_req: a zone twice", http: "limit_req_zone $host zone=a:1m rate=1r/s;",
            server: "limit_req zone=a; limit_req zone=a burst=5;",
            refuses: "\"limit_req\" directive is duplicate")
        DirectiveCase(
            "limit_conn: a zone twice", http: "limit_conn_zone $host zone=a:1m;",
            server: "limit_conn a 1; limit_conn a 2;",
            refuses: "\"limit_conn\" directive is duplicate")
        DirectiveCase(
            "limit_conn: no number", http: "limit_conn_zone $host zone=a:1m;",
            server: "limit_conn a 0;", refuses: "invalid number of connections \"0\"")
        DirectiveCase(
            "limit_conn: too many", http: "limit_conn_zone $host zone=a:1m;",
            server: "limit_conn a 65536;", refuses: "connection limit must be less 65536")
        DirectiveCase(
            "limit_req_status: no error", server: "limit_req_status 399;",
            refuses: "value must be between 400 and 599", nginxSays: "value must be")
        DirectiveCase(
            "limit_conn_status: beyond the errors", server: "limit_conn_status 600;",
            refuses: "value must be between 400 and 599", nginxSays: "value must be")
        DirectiveCase(
            "limit_req_log_level: an invalid level", server: "limit_req_log_level crit;",
            refuses: "invalid value \"crit\"")
        DirectiveCase(
            "limit_rate: no size", server: "limit_rate fast;",
            refuses: "invalid size \"fast\" in \"limit_rate\" directive",
            nginxSays: "\"limit_rate\" directive invalid value")
        DirectiveCase(
            "stub_status: two arguments", server: "stub_status on off;",
            refuses: "invalid number of arguments in \"stub_status\" directive")
        DirectiveCase(
            "stub_status: in http", http: "stub_status;",
            refuses: "\"stub_status\" directive is not allowed here")
    }
}
