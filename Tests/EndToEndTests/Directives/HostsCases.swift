extension DirectiveGroup {
    /// Selection of a server for requests without a usable Host, and invalid server names.
    static let hosts = DirectiveGroup("hosts") {
        DirectiveCase(
            "server_name: without Host, the server without a name and no regular expression",
            servers: """
                server { listen 127.0.0.1:{port}; server_name a; return 200 a; }
                server { listen 127.0.0.1:{port}; server_name ~^.*$ ~^$; return 200 regex; }
                server { listen 127.0.0.1:{port2}; server_name a; return 200 a; }
                server { listen 127.0.0.1:{port2}; return 200 unnamed; }
                server { listen 127.0.0.1:{port2}; server_name b ""; return 200 second; }
                """,
            .raw("GET / HTTP/1.0\r\n\r\n", expect: 200, "a"),
            .get("/", ["Host: c"], expect: 200, "regex"),
            .raw("GET / HTTP/1.0\r\n\r\n", expect: 200, "unnamed", port: 2),
            .get("/", ["Host: c"], expect: 200, "a", port: 2))
        DirectiveCase(
            "server_name: a host that begins with a dot",
            servers: """
                server { listen 127.0.0.1:{port}; server_name no; return 200 none; }
                server { listen 127.0.0.1:{port}; server_name .dot.example; return 200 dot; }
                server { listen 127.0.0.1:{port}; server_name *.star.example; return 200 star; }
                """,
            .get("/", ["Host: .dot.example"], expect: 200, "dot"),
            .get("/", ["Host: dot.example"], expect: 200, "dot"),
            .get("/", ["Host: .star.example"], expect: 200, "star"),
            .get("/", ["Host: star.example"], expect: 200, "none"),
            .get("/", ["Host: ..dot.example"], expect: 400))
        DirectiveCase(
            "server_name, error_page: the server that refuses a request before its host is known",
            servers: """
                server {
                    listen 127.0.0.1:{port}; server_name a; error_page 400 /page;
                    location / { return 200 "default"; }
                }
                server {
                    listen 127.0.0.1:{port}; error_page 400 /page;
                    location / { return 200 "unnamed"; }
                }
                server {
                    listen 127.0.0.1:{port}; server_name b; error_page 400 /page;
                    location / { return 200 "b"; }
                }
                """,
            .raw("GE\u{1}T / HTTP/1.1\r\nHost: b\r\n\r\n", expect: 400, "default"),
            .raw("GET /%zz HTTP/1.1\r\nHost: b\r\n\r\n", expect: 400, "default"),
            .raw("GET /../ HTTP/1.1\r\nHost: b\r\n\r\n", expect: 400, "default"),
            .raw("GET / HTTP/1.1\r\nX\u{0}: 1\r\nHost: b\r\n\r\n", expect: 400, "default"),
            .raw("GET / HTTP/1.1\r\nHost: b\r\nX\u{0}: 1\r\n\r\n", expect: 400, "b"),
            .raw("GET / HTTP/1.1\r\nHost: b\r\nHost: b\r\n\r\n", expect: 400, "b"),
            .raw("GET / HTTP/1.1\r\n\r\n", expect: 400, "unnamed"),
            .raw("GET / HTTP/1.0\r\nContent-Length: x\r\n\r\n", expect: 400, "unnamed"),
            .raw("GET / HTTP/1.1\r\nHost: b\r\nContent-Length: x\r\n\r\n", expect: 400, "b"))
        DirectiveCase(
            "error_page: a named location without a path, if none was read",
            server: """
                error_page 400 @page; location @page { return 200 "page $uri"; }
                """,
            .raw("GE\u{1}T / HTTP/1.1\r\nHost: a\r\n\r\n", expect: 500),
            .raw("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", expect: 500),
            .raw("GET /x HTTP/1.1\r\n\r\n", expect: 400, "page /x"))
        DirectiveCase(
            "server_name: an empty pattern", server: "server_name ~;",
            refuses: "empty regex in server name \"~\"")
        DirectiveCase(
            "server_name: a dot alone", server: "server_name .;",
            refuses: "server name \".\" is invalid")
        DirectiveCase(
            "server_name: a star without a name", server: "server_name *.;",
            refuses: "server name \"*.\" is invalid")
        DirectiveCase(
            "server_name: a star without a dot", server: "server_name *a;",
            refuses: "server name \"*a\" is invalid")
        DirectiveCase(
            "server_name: an empty label, with several servers",
            servers: """
                server { listen 127.0.0.1:{port}; server_name a..b; }
                server { listen 127.0.0.1:{port}; server_name c; }
                """,
            refuses: "invalid server name or wildcard \"a..b\" on 127.0.0.1:")
        DirectiveCase(
            "server_name: odd names of the only server are not looked at",
            server: "server_name a..b c*d *.*.e f f .f; return 200 only;",
            .get("/", ["Host: a"], expect: 200, "only"))
        DirectiveCase(
            "valid_referers: a host of 256 bytes is looked up, a longer one is not",
            server: """
                valid_referers *.example;
                if ($invalid_referer) { return 403; }
                return 200 ok;
                """,
            .get("/", ["Referer: http://\(host(256))/"], expect: 200, "ok"),
            .get("/", ["Referer: http://\(host(257))/"], expect: 403))
    }

    private static func host(_ length: Int) -> String {
        String(repeating: "a", count: length - 8) + ".example"
    }
}
