extension DirectiveGroup {
    /// Keep-alive, timeouts, and how bytes are sent.
    static let connections = DirectiveGroup("connections") {
        DirectiveCase(
            "keepalive_timeout: open by default", files: ["f": "f"],
            .get("/f", expect: 200, .field("Connection", "keep-alive"), .noField("Keep-Alive")),
            .same(.get("/f", expect: 200, "f", .keeps)),
            .same(
                .get(
                    "/f", ["Connection: close"], expect: 200, .field("Connection", "close"),
                    .closes)),
            .raw("GET /f HTTP/1.0\r\n\r\n", expect: 200, .field("Connection", "close"), .closes),
            .raw(
                "GET /f HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", expect: 200,
                .field("Connection", "keep-alive"), .keeps),
            .get("/none", expect: 404, .keeps), .same(.get("/f", expect: 200)))
        DirectiveCase(
            "keepalive_timeout: 0", server: "keepalive_timeout 0;", files: ["f": "f"],
            .get("/f", expect: 200, .field("Connection", "close"), .closes))
        DirectiveCase(
            "keepalive_timeout: with the field", server: "keepalive_timeout 65 20;",
            files: ["f": "f"],
            .get("/f", expect: 200, .field("Keep-Alive", "timeout=20")),
            .get("/f", ["Connection: close"], expect: 200, .noField("Keep-Alive")),
            .get("/none", expect: 404, .field("Keep-Alive", "timeout=20")))
        DirectiveCase(
            "keepalive_timeout: passes", server: "keepalive_timeout 100ms;", files: ["f": "f"],
            .get("/f", expect: 200, .field("Connection", "keep-alive"), .closes))
        DirectiveCase(
            "keepalive_requests: two", server: "keepalive_requests 2;", files: ["f": "f"],
            .get("/f", expect: 200, .field("Connection", "keep-alive")),
            .same(.get("/f", expect: 200, .field("Connection", "close"), .closes)))
        DirectiveCase(
            "keepalive_time: young and old", server: "keepalive_time 2s;", files: ["f": "f"],
            .get("/f", expect: 200, .field("Connection", "keep-alive"), .keeps),
            .same(
                .get("/f", expect: 200, .field("Connection", "close"), .closes), after: 2.1))
        DirectiveCase(
            "keepalive_timeout: pipelined requests", files: ["a": "A", "b": "B"],
            .raw(
                "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", expect: 200, "A"),
            .next(expect: 200, "B"))
        DirectiveCase(
            "client_header_timeout: passes without a word", server: "client_header_timeout 2s;",
            files: ["f": "f"],
            .raw("GET /f HT", expect: .noResponse), .get("/f", expect: 200))
        DirectiveCase(
            "client_body_timeout, lingering_timeout: a body that does not arrive",
            server: "client_body_timeout 200ms; lingering_timeout 200ms;", files: ["f": "f"],
            .get("/f", ["Content-Length: 10"], expect: 200))
        DirectiveCase(
            "lingering_close, lingering_time, lingering_timeout: accepted",
            server: """
                lingering_close always; lingering_time 1s; lingering_timeout 100ms;
                location /off { lingering_close off; }
                """,
            files: ["f": "f", "off": "off"],
            .get("/f", ["Connection: close"], expect: 200, .closes),
            .get("/off", ["Connection: close"], expect: 200, .closes))
        DirectiveCase(
            "send_timeout, reset_timedout_connection: accepted",
            server: "send_timeout 10s; reset_timedout_connection on;", files: ["f": "f"],
            .get("/f", expect: 200))
        DirectiveCase(
            "send_timeout: no time", server: "send_timeout soon;",
            refuses: "invalid time \"soon\"",
            nginxSays: "\"send_timeout\" directive invalid value")
        DirectiveCase(
            "lingering_close: an invalid argument", server: "lingering_close maybe;",
            refuses: "invalid value \"maybe\"")
        DirectiveCase(
            "sendfile, sendfile_max_chunk, tcp_nopush, tcp_nodelay: a larger file",
            server: """
                sendfile on; tcp_nopush on; tcp_nodelay on; sendfile_max_chunk 16k;
                location /plain/ { sendfile off; tcp_nopush off; tcp_nodelay off; }
                """,
            files: ["f": .text(wordyText(200_000)), "plain/f": .text(wordyText(200_000))],
            .get("/f", expect: 200, .body(wordyText(200_000))),
            .get("/plain/f", expect: 200, .body(wordyText(200_000))),
            .get("/f", ["Range: bytes=0-0,199999-199999"], expect: 206),
            .get("/plain/f", ["Range: bytes=100000-100009"], expect: 206))
        DirectiveCase(
            "read_ahead: accepted", server: "read_ahead 64k;", files: ["f": "f"],
            .get("/f", expect: 200))
    }
}
