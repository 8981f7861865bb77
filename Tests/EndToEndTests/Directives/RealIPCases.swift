extension DirectiveGroup {
    /// The client's address: realip, and listen's proxy_protocol.
    static let peers = DirectiveGroup("peers") {
        DirectiveCase(
            "set_real_ip_from, real_ip_header: X-Real-IP from trusted proxies",
            server: """
                set_real_ip_from 127.0.0.0/8;
                location / { return 200 "$remote_addr $realip_remote_addr"; }
                location /port { return 200 "$remote_port"; }
                location /none { set_real_ip_from 10.0.0.0/8; return 200 $remote_addr; }
                """,
            .get("/", expect: 200, "127.0.0.1 127.0.0.1"),
            .get("/", ["X-Real-IP: 192.0.2.1"], expect: 200, "192.0.2.1 127.0.0.1"),
            .get("/", ["x-real-ip: 2001:db8::1"], expect: 200, "2001:db8::1 127.0.0.1"),
            .get("/", ["X-Real-IP: nobody"], expect: 200, "127.0.0.1 127.0.0.1"),
            .get("/", ["X-Forwarded-For: 192.0.2.1"], expect: 200, "127.0.0.1 127.0.0.1"),
            .get("/port", ["X-Real-IP: 192.0.2.1:4711"], expect: 200, "4711"),
            .get("/port", ["X-Real-IP: [::1]:4712"], expect: 200, "4712"),
            // The server's setting applies before the location is selected.
            .get("/none", ["X-Real-IP: 192.0.2.1"], expect: 200, "192.0.2.1"),
            // For the next request, the client is the proxy again.
            .same(.get("/", expect: 200, "127.0.0.1 127.0.0.1")),
            .same(.get("/", ["X-Real-IP: 192.0.2.7"], expect: 200, "192.0.2.7 127.0.0.1")),
            .same(.get("/", expect: 200, "127.0.0.1 127.0.0.1")))
        DirectiveCase(
            "real_ip_header, real_ip_recursive: X-Forwarded-For",
            server: """
                set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
                real_ip_header X-Forwarded-For;
                return 200 $remote_addr;
                """,
            .get("/", ["X-Forwarded-For: 192.0.2.1, 10.0.0.1"], expect: 200, "10.0.0.1"),
            .get("/", ["X-Forwarded-For: 192.0.2.1"], expect: 200, "192.0.2.1"),
            .get("/", ["X-Forwarded-For: 192.0.2.1, unknown"], expect: 200, "127.0.0.1"))
        DirectiveCase(
            "real_ip_recursive: skips all trusted proxies",
            server: """
                set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;
                real_ip_header X-Forwarded-For; real_ip_recursive on;
                return 200 $remote_addr;
                """,
            .get("/", ["X-Forwarded-For: 192.0.2.1, 10.0.0.1"], expect: 200, "192.0.2.1"),
            .get(
                "/", ["X-Forwarded-For: 198.51.100.1, 192.0.2.1,10.0.0.2 , 10.0.0.1:99"],
                expect: 200, "192.0.2.1"),
            .get("/", ["X-Forwarded-For: 10.0.0.2, 10.0.0.1"], expect: 200, "10.0.0.2"),
            .get(
                "/", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 10.0.0.1"], expect: 200,
                "192.0.2.1", nginx: .since("1.23.0")))
        DirectiveCase(
            "real_ip_header, real_ip_recursive: another header, and inheritance",
            server: """
                real_ip_header X-Client; set_real_ip_from unix:; set_real_ip_from 127.0.0.1;
                location / { try_files /none @named; }
                location @named { return 200 "$remote_addr"; }
                """,
            .get("/", ["X-Client: 192.0.2.1", "X-Client: 192.0.2.2"], expect: 200, "192.0.2.1"),
            .get("/", ["X-Real-IP: 192.0.2.1"], expect: 200, "127.0.0.1"))
        DirectiveCase(
            "set_real_ip_from: in a location, before its content",
            declares: "map $remote_addr $peers_map { 192.0.2.1 far; default near; }",
            server: """
                location / { try_files /$peers_map =404; set_real_ip_from 127.0.0.1; }
                """,
            files: ["far": "far", "near": "near"],
            .get("/", expect: 200, "near"),
            .get("/", ["X-Real-IP: 192.0.2.1"], expect: 200, "far"))
        DirectiveCase(
            "set_real_ip_from: logs have the client's address",
            declares: "log_format peers_log \"$remote_addr $realip_remote_addr $uri\";",
            server: """
                set_real_ip_from 127.0.0.1; access_log {dir}/peers.log peers_log;
                """,
            .get(
                "/none", ["X-Real-IP: 192.0.2.1"], expect: 404,
                .logs("peers.log", "192.0.2.1 127.0.0.1 /none"),
                .errorLog("client: 192.0.2.1, server")),
            .same(.get("/next", expect: 404, .logs("peers.log", "127.0.0.1 127.0.0.1 /next"))))
        DirectiveCase(
            "listen: proxy_protocol is per address",
            servers: """
                server { listen {port} proxy_protocol; return 200 any; }
                server { listen 127.0.0.1:{port}; return 200 local; }
                server { listen {port2}; return 200 any; }
                server { listen 127.0.0.1:{port2} proxy_protocol; return 200 local; }
                """,
            .get("/", expect: 200, "local"),
            .raw(
                "PROXY UNKNOWN\r\nGET / HTTP/1.0\r\n\r\n", expect: 200, "local", port: 2),
            .get("/", expect: .noResponse, port: 2))
        DirectiveCase(
            "set_real_ip_from: no network", server: "set_real_ip_from 10.0.0.0/40;",
            refuses: "10.0.0.0/40")
        DirectiveCase(
            "set_real_ip_from: a name", server: "set_real_ip_from no.such.name.invalid;",
            refuses: "host not found in set_real_ip_from \"no.such.name.invalid\"")
        DirectiveCase(
            "listen, real_ip_header: proxy_protocol",
            servers: proxied(
                """
                set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
                return 200 "$remote_addr $remote_port $proxy_protocol_addr $realip_remote_addr";
                """),
            .raw(
                "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                expect: 200, "192.0.2.1 56324 192.0.2.1 127.0.0.1"),
            .same(.get("/", expect: 200, "192.0.2.1 56324 192.0.2.1 127.0.0.1")))
        DirectiveCase(
            "listen: proxy_protocol, and its variables",
            servers: proxied(
                """
                return 200 "$remote_addr $proxy_protocol_addr:$proxy_protocol_port \
                $proxy_protocol_server_addr:$proxy_protocol_server_port";
                """),
            .raw(
                "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET / HTTP/1.0\r\n\r\n",
                expect: 200, "127.0.0.1 192.0.2.1:56324 198.51.100.7:443"),
            .raw(
                "PROXY TCP6 2001:db8::1 ::1 1 2\r\nGET / HTTP/1.0\r\n\r\n", expect: 200,
                "127.0.0.1 2001:db8::1:1 ::1:2"),
            .raw(
                "PROXY UNKNOWN whatever\r\nGET / HTTP/1.0\r\n\r\n", expect: 200, "127.0.0.1 : :"),
            // LOCAL, and TCP over IPv4 with an extension.
            .raw(
                "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0GET / HTTP/1.0\r\n\r\n", expect: 200,
                "127.0.0.1 : :"),
            .raw(
                "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{11}ABCDEFGH\0\u{50}\0\u{51}\u{4}\0\u{2}xy"
                    + "GET / HTTP/1.0\r\n\r\n",
                expect: 200, "127.0.0.1 65.66.67.68:80 69.70.71.72:81"),
            .raw(
                "GET / HTTP/1.0\r\n\r\n", expect: .noResponse, .errorLog("broken header: \"GET /")),
            .raw(
                "PROXY TCP4 192.0.2.1\r\nGET / HTTP/1.0\r\n\r\n", expect: .noResponse,
                .errorLog("broken header: \"PROXY TCP4 192.0.2.1\"")),
            .raw(
                "\r\n\r\n\0\r\nQUIT\n\u{11}\0\0\0GET / HTTP/1.0\r\n\r\n", expect: .noResponse,
                .errorLog("unknown PROXY protocol version: 1")))
        DirectiveCase(
            "listen: without proxy_protocol its variables have no value",
            server: "return 200 \"<$proxy_protocol_addr$proxy_protocol_server_port>\";",
            .get("/", expect: 200, "<>"))
        DirectiveCase(
            "listen: variables of the kernel's connection",
            declares: "map $tcpinfo_rtt:$tcpinfo_rttvar:$tcpinfo_snd_cwnd:$tcpinfo_rcv_space "
                + "$peers_tcp { default other; ~^\\d+:\\d+:\\d+:\\d+$ numbers; }",
            server: "return 200 $peers_tcp;", .get("/", expect: 200, "numbers"))
    }

    private static func proxied(_ inside: String) -> String {
        """
        server {
        listen 127.0.0.1:{port} proxy_protocol;
        error_log {dir}/error.log info;
        \(inside)
        }
        """
    }
}
