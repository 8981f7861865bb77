extension DirectiveGroup {
    /// Selection of a server.
    static let servers = DirectiveGroup("servers") {
        DirectiveCase(
            "server_name: exact, wildcards, and their order",
            servers: """
                server { listen 127.0.0.1:{port}; root {root}/default; }
                server { listen 127.0.0.1:{port}; server_name a.example b.example; root {root}/ab; }
                server { listen 127.0.0.1:{port}; server_name *.example; root {root}/star; }
                server { listen 127.0.0.1:{port}; server_name *.x.example; root {root}/xstar; }
                server { listen 127.0.0.1:{port}; server_name www.*; root {root}/www; }
                server { listen 127.0.0.1:{port}; server_name .dot.test; root {root}/dot; }
                """,
            files: [
                "default/f": "default", "ab/f": "ab", "star/f": "star", "xstar/f": "xstar",
                "www/f": "www", "dot/f": "dot",
            ],
            .get("/f", ["Host: a.example"], expect: 200, "ab"),
            .get("/f", ["Host: B.Example"], expect: 200, "ab"),
            .get("/f", ["Host: c.example"], expect: 200, "star"),
            .get("/f", ["Host: q.x.example"], expect: 200, "xstar"),
            .get("/f", ["Host: x.example"], expect: 200, "star"),
            .get("/f", ["Host: www.example"], expect: 200, "star"),
            .get("/f", ["Host: www.org"], expect: 200, "www"),
            .get("/f", ["Host: dot.test"], expect: 200, "dot"),
            .get("/f", ["Host: a.b.dot.test"], expect: 200, "dot"),
            .get("/f", ["Host: example"], expect: 200, "default"),
            .get("/f", ["Host: a.example:8080"], expect: 200, "ab"),
            .get("/f", ["Host: a.example."], expect: 200, "ab"),
            .get("/f", ["Host: A.EXAMPLE.:80"], expect: 200, "ab"),
            .get("/f", ["Host: [::1]:80"], expect: 200, "default"),
            .get("/f", ["Host: 127.0.0.1"], expect: 200, "default"),
            .get("/f", ["Host: "], expect: 400),
            .raw("GET /f HTTP/1.0\r\n\r\n", expect: 200, "default"),
            .raw("GET /f HTTP/1.1\r\n\r\n", expect: 400),
            .raw("GET http://a.example/f HTTP/1.1\r\nHost: b.dot.test\r\n\r\n", expect: 200, "ab"),
            .raw("GET http://a.example/f HTTP/1.0\r\n\r\n", expect: 200, "ab"))
        DirectiveCase(
            "server_name: regular expressions are tried last, in order",
            servers: """
                server { listen 127.0.0.1:{port}; server_name _; root {root}/default; }
                server { listen 127.0.0.1:{port}; server_name ~^a; root {root}/first; }
                server { listen 127.0.0.1:{port}; server_name ~^(www\\.)?(.+)\\.test$;
                    root {root}/2; }
                server { listen 127.0.0.1:{port}; server_name exact.test; root {root}/exact; }
                """,
            files: ["default/f": "default", "first/f": "first", "2/f": "second", "exact/f": "e"],
            .get("/f", ["Host: a.test"], expect: 200, "first"),
            .get("/f", ["Host: b.test"], expect: 200, "second"),
            .get("/f", ["Host: WWW.b.TEST"], expect: 200, "second"),
            .get("/f", ["Host: exact.test"], expect: 200, "e"),
            .get("/f", ["Host: b.org"], expect: 200, "default"),
            .get("/f", ["Host: _"], expect: 200, "default"))
        DirectiveCase(
            "server_name: free text", server: "server_name Some Name Links;",
            files: ["f": "f"], .get("/f", ["Host: some"], expect: 200, "f"),
            .get("/f", ["Host: name"], expect: 200, "f"))
        DirectiveCase(
            "server_name: the empty one is for requests without Host",
            servers: """
                server { listen 127.0.0.1:{port} default_server; server_name d; root {root}/d; }
                server { listen 127.0.0.1:{port}; server_name ""; root {root}/empty; }
                """,
            files: ["d/f": "d", "empty/f": "empty"],
            .raw("GET /f HTTP/1.0\r\n\r\n", expect: 200, "empty"),
            .get("/f", ["Host: q"], expect: 200, "d"))
        DirectiveCase(
            "server_name: twice the same is a warning",
            servers: """
                server { listen 127.0.0.1:{port}; server_name x.test; root {root}/1; }
                server { listen 127.0.0.1:{port}; server_name x.test; root {root}/2; }
                """,
            files: ["1/f": "1", "2/f": "2"], .get("/f", ["Host: x.test"], expect: 200, "1"))
        DirectiveCase(
            "server_name: odd wildcards",
            servers: """
                server { listen 127.0.0.1:{port}; server_name a.*.test; }
                server { listen 127.0.0.1:{port}; server_name b.test; }
                """,
            refuses: "invalid server name or wildcard \"a.*.test\"")
        DirectiveCase(
            "server_name: a wildcard that is no label", server: "server_name *a.test;",
            refuses: "server name \"*a.test\" is invalid")
        DirectiveCase(
            "server_name: an expression that does not compile", server: "server_name ~^(a;",
            refuses: "missing closing parenthesis")
        DirectiveCase(
            "listen: default_server, and default in the old form",
            servers: """
                server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port2} default;
                    server_name one; root {root}/1; }
                server { listen 127.0.0.1:{port} default_server; listen 127.0.0.1:{port2};
                    server_name two; root {root}/2; }
                """,
            files: ["1/f": "1", "2/f": "2"],
            .get("/f", ["Host: x"], expect: 200, "2"),
            .get("/f", ["Host: x"], expect: 200, "1", port: 2),
            .get("/f", ["Host: one"], expect: 200, "1"),
            .get("/f", ["Host: two"], expect: 200, "2", port: 2))
        DirectiveCase(
            "listen: two defaults",
            servers: """
                server { listen 127.0.0.1:{port} default_server; }
                server { listen 127.0.0.1:{port} default_server; }
                """,
            refuses: "a duplicate default server for 127.0.0.1:")
        DirectiveCase(
            "listen: an address takes precedence over the wildcard",
            servers: """
                server { listen {port}; root {root}/any; }
                server { listen 127.0.0.1:{port}; root {root}/one; }
                server { listen *:{port2} backlog=100 rcvbuf=64k sndbuf=64k; root {root}/any; }
                """,
            files: ["any/f": "any", "one/f": "one"],
            .get("/f", expect: 200, "one"), .get("/f", expect: 200, "any", port: 2))
        DirectiveCase(
            "listen: by name", servers: "server { listen localhost:{port}; root {root}; }",
            files: ["f": "f"], .get("/f", expect: 200, "f"))
        DirectiveCase(
            "listen: IPv6 beside IPv4",
            servers: """
                server { listen 127.0.0.1:{port}; listen [::1]:{port} ipv6only=on; root {root}; }
                """,
            files: ["f": "f"], .get("/f", expect: 200, "f"))
        DirectiveCase(
            "listen: parameters of the socket",
            server: """
                listen 127.0.0.1:{port2} deferred reuseport bind backlog=64 so_keepalive=on;
                listen 127.0.0.1:{port3} fastopen=16 so_keepalive=30m::10;
                """,
            files: ["f": "f"], .get("/f", expect: 200, port: 2), .get("/f", expect: 200, port: 3))
        DirectiveCase(
            "listen: an invalid port", servers: "server { listen 127.0.0.1:99999; }",
            refuses: "invalid port in \"127.0.0.1:99999\"")
        DirectiveCase(
            "listen: an unknown parameter",
            servers: "server { listen 127.0.0.1:{port} fast; }",
            refuses: "invalid parameter \"fast\"")
        DirectiveCase(
            "listen: the same twice",
            servers: "server { listen 127.0.0.1:{port}; listen 127.0.0.1:{port}; }",
            refuses: "a duplicate listen 127.0.0.1:")
        DirectiveCase(
            "server_names_hash_max_size, server_names_hash_bucket_size: accepted",
            http: "server_names_hash_max_size 1024; server_names_hash_bucket_size 128;",
            files: ["f": "f"], .get("/f", expect: 200))
        DirectiveCase(
            "server: not in a location", server: "location / { server { } }",
            refuses: "\"server\" directive is not allowed here")
    }
}
