/// Persistence of connections, pipelining, Expect and Upgrade (RFC 9112, section 9).
enum ConnectionCases {
    static let all: [Case] = persistence + options + pipelines + expectations + upgrades

    private static let hello: [ExpectedResponse] = [.get(200, checks: [.text("hello")])]
    private static let kept: [ExpectedResponse] = [
        .get(200, checks: [.text("hello"), .doesNotList("Connection", "close")])
    ]
    private static let closing: [ExpectedResponse] = [
        .get(200, checks: [.text("hello"), .lists("Connection", "close")])
    ]
    private static let keeping: [ExpectedResponse] = [
        .get(200, checks: [.text("hello"), .lists("Connection", "keep-alive")])
    ]

    private static let persistence: [Case] = [
        Case("HTTP/1.1 stays open", "9112 9.3", .should, Request.get("/a.txt"), kept, then: .kept),
        Case(
            "HTTP/1.1 with keep-alive stays open", "9112 9.3", .should,
            Request.get("/a.txt", "Connection: keep-alive"), kept, then: .kept),
        Case(
            "HTTP/1.1 with close is closed", "9112 9.6", Request.get("/a.txt", "Connection: close"),
            hello, then: .closed),
        Case(
            "the response to close has close", "9112 9.6", .should,
            Request.get("/a.txt", "Connection: close"), closing, then: .closed),
        Case("HTTP/1.0 is closed", "9112 9.3", Request.get10("/a.txt"), hello, then: .closed),
        Case(
            "HTTP/1.0 with keep-alive stays open", "9112 9.3", .should,
            Request.get10("/a.txt", "Connection: keep-alive"), keeping, then: .kept),
        Case(
            "HTTP/1.0 with close is closed", "9112 9.3",
            Request.get10("/a.txt", "Connection: close"),
            hello, then: .closed),
        Case(
            "the response to a refused request has close", "9112 9.6", .should, Request.raw("X: y"),
            [.get(400, checks: [.lists("Connection", "close")])], then: .closed),
        Case(
            "HEAD with close is closed", "9112 9.6", Request.head("/a.txt", "Connection: close"),
            [.head(200)], then: .closed),
        Case(
            "404 with close is closed", "9112 9.6", Request.get("/none", "Connection: close"),
            [.get(404)], then: .closed),
        Case(
            "304 with close is closed", "9112 9.6",
            Request.get("/a.txt", "If-None-Match: *", "Connection: close"), [.get(304)],
            then: .closed),
        Case(
            "404 keeps the connection", "9112 9.3", .house, Request.get("/none"), [.get(404)],
            then: .kept),
        Case(
            "405 keeps the connection", "9112 9.3", .house,
            Request.request("DELETE", "/a.txt", []), [.get(405)], then: .kept),
        Case(
            "416 keeps the connection", "9112 9.3", .house,
            Request.get("/a.txt", "Range: bytes=99-"), [.get(416)], then: .kept),
        Case(
            "412 keeps the connection", "9112 9.3", .house,
            Request.get("/a.txt", "If-Match: \"no\""), [.get(412)], then: .kept),
        Case(
            "301 keeps the connection", "9112 9.3", .house, Request.get("/dir"), [.get(301)],
            then: .kept),
    ]

    private static let options: [Case] =
        [
            ("CLOSE", ["Connection: CLOSE"]), ("close beside another", ["Connection: foo, close"]),
            ("close before another", ["Connection: close, foo"]),
            ("close without spaces", ["Connection: foo,close,bar"]),
            ("close behind empty members", ["Connection: ,, close"]),
            ("close in a second line", ["Connection: foo", "Connection: close"]),
            ("close in a first line", ["Connection: close", "Connection: foo"]),
            ("close after a tab", ["Connection: foo,\tclose"]),
            ("close before keep-alive", ["Connection: close, keep-alive"]),
            ("close after keep-alive", ["Connection: keep-alive, close"]),
            ("close and keep-alive in two lines", ["Connection: keep-alive", "Connection: close"]),
            ("keep-alive and close in two lines", ["Connection: close", "Connection: keep-alive"]),
        ].map { (name: String, fields: [String]) in
            Case(
                "Connection: \(name)", "9110 7.6.1", Request.request("GET", "/a.txt", fields),
                hello,
                then: .closed, differs: .connectionTokens)
        }
        + [
            ("close-not", "close-not"), ("not-close", "not-close"), ("closed", "closed"),
            ("xclose", "xclose"), ("clos", "clos"), ("close in quotes", "\"close\""),
            ("close with a parameter", "x;close"), ("Host", "Host"), ("Range", "foo, bar"),
        ].map { (name: String, value: String) in
            Case(
                "Connection without close: \(name)", "9110 7.6.1",
                Request.get("/a.txt", "Connection: \(value)"), kept, then: .kept,
                differs: .connectionTokens)
        }
        + [
            ("TE,,Keep-Alive", "TE,,Keep-Alive"), ("KEEP-ALIVE", "KEEP-ALIVE"),
            ("a list", "foo, keep-alive, bar"), ("spaces", "  keep-alive  ,  TE"),
        ].map { (name: String, value: String) in
            Case(
                "HTTP/1.0 keep-alive: \(name)", "9110 7.6.1",
                Request.get10("/a.txt", "Connection: \(value)"), keeping, then: .kept,
                differs: .connectionTokens)
        }
        + [
            ("keep-alive-not", "keep-alive-not"), ("xkeep-alive", "xkeep-alive"), ("foo", "foo"),
            ("keep", "keep"), ("close beside keep-alive", "keep-alive, close"),
        ].map { (name: String, value: String) in
            Case(
                "HTTP/1.0 is closed: \(name)", "9110 7.6.1",
                Request.get10("/a.txt", "Connection: \(value)"), hello, then: .closed,
                differs: .connectionTokens)
        } + [
            Case(
                "Proxy-Connection has no effect", "9112 9.3", .should,
                Request.get10("/a.txt", "Proxy-Connection: keep-alive"), hello, then: .closed),
            Case(
                "Keep-Alive alone has no effect", "9112 9.3", .should,
                Request.get10("/a.txt", "Keep-Alive: timeout=5"), hello, then: .closed),
        ]

    private static let ten = String(repeating: Request.get("/a.txt"), count: 10)

    private static let pipelines: [Case] = [
        Case(
            "ten pipelined requests", "9112 9.3.2", ten,
            Array(repeating: .get(200, checks: [.text("hello")]), count: 10)),
        Case(
            "pipelined responses in order", "9112 9.3.2",
            Request.get("/a.txt") + Request.get("/none") + Request.get("/dir/in.txt")
                + Request.get("/empty.txt"),
            [
                hello[0], .get(404), .get(200, checks: [.text("in dir")]),
                .get(200, checks: [.empty]),
            ]),
        Case(
            "HEAD among pipelined requests", "9112 9.3.2",
            Request.head("/a.txt") + Request.get("/a.txt") + Request.head("/none")
                + Request.get("/a.txt"),
            [.head(200), hello[0], .head(404), hello[0]]),
        Case(
            "304 among pipelined requests", "9112 9.3.2",
            Request.get("/a.txt", "If-None-Match: *") + Request.get("/a.txt"),
            [.get(304), hello[0]]),
        Case(
            "ranges among pipelined requests", "9112 9.3.2",
            Request.get("/bytes.bin", "Range: bytes=1-3")
                + Request.get("/bytes.bin", "Range: bytes=-2"),
            [.get(206, checks: [.bytes(1...3)]), .get(206, checks: [.bytes(9_998...9_999)])]),
        Case(
            "large responses among pipelined requests", "9112 9.3.2",
            Request.get("/bytes.bin") + Request.get("/a.txt") + Request.get("/bytes.bin"),
            [.get(200, checks: [.allBytes]), hello[0], .get(200, checks: [.allBytes])]),
        Case(
            "content among pipelined requests", "9112 9.3.2",
            Request.content("Content-Length: 5", "12345") + Request.chunked("1\r\na\r\n0\r\n\r\n")
                + Request.get("/a.txt"), [hello[0], hello[0], hello[0]]),
        Case(
            "no response after close", "9112 9.6",
            Request.get("/a.txt") + Request.get("/a.txt", "Connection: close")
                + Request.get("/a.txt"),
            [hello[0], hello[0]], then: .closed),
        Case(
            "no response after a refused request", "9112 9.6",
            Request.get("/a.txt") + Request.raw("X: y") + Request.get("/a.txt"),
            [hello[0], .get(400)],
            then: .closed),
        Case(
            "no response after HTTP/1.0", "9112 9.3",
            Request.get10("/a.txt") + Request.get("/a.txt"), hello, then: .closed),
    ]

    private static let expectations: [Case] = [
        Case(
            "Expect: 100-continue gets a response", "9110 10.1.1",
            parts: [
                Request.content("Content-Length: 5\r\nExpect: 100-continue", ""), "12345",
            ], [.get(100, 200)], then: .any),
        Case(
            "Expect with content sent at once", "9110 10.1.1",
            Request.content("Content-Length: 5\r\nExpect: 100-continue", "12345")
                + Request.get("/a.txt"),
            [hello[0], hello[0]]),
        Case(
            "Expect with chunks sent at once", "9110 10.1.1",
            Request.content(
                "Transfer-Encoding: chunked\r\nExpect: 100-continue", "1\r\na\r\n0\r\n\r\n"),
            hello),
        Case(
            "Expect in capitals", "9110 10.1.1",
            parts: [
                Request.content("Content-Length: 5\r\nExpect: 100-CONTINUE", ""), "12345",
            ], [.get(100, 200)], then: .any),
        Case(
            "Expect without content", "9110 10.1.1",
            Request.get("/a.txt", "Expect: 100-continue"), hello),
        Case(
            "Expect in HTTP/1.0 is ignored", "9110 10.1.1",
            "GET /a.txt HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n12345",
            [.get(200, checks: [.text("hello")])], then: .closed),
        Case(
            "Expect beside too large content", "9110 10.1.1", .house,
            Request.content("Content-Length: 99999999999\r\nExpect: 100-continue", ""), [.get(413)],
            then: .closed),
        Case(
            "Expect for a method that is refused", "9110 10.1.1",
            parts: [
                Request.content("Content-Length: 5\r\nExpect: 100-continue", "", method: "PUT")
            ], [.get(100, 405, 501)], then: .any),
        Case(
            "an unknown expectation", "9110 10.1.1", .house,
            Request.get("/a.txt", "Expect: x"), [.get(200, 417)], then: .any),
    ]

    private static let upgrades: [Case] = [
        Case(
            "Upgrade to an unsupported protocol is ignored", "9110 7.8",
            Request.get("/a.txt", "Connection: Upgrade", "Upgrade: foo/2"), hello),
        Case(
            "Upgrade to h2c is ignored or accepted", "9110 7.8", .house,
            Request.get(
                "/a.txt", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), hello),
        Case(
            "Upgrade to a web socket is ignored", "9110 7.8",
            Request.get(
                "/a.txt", "Connection: Upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            hello),
        Case(
            "Upgrade in HTTP/1.0 is ignored", "9110 7.8",
            Request.get10("/a.txt", "Connection: Upgrade", "Upgrade: foo/2"), hello, then: .closed),
    ]
}
