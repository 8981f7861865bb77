/// The request line and the target (RFC 9112, sections 2 and 3).
enum RequestLineCases {
    static let all: [Case] =
        wellFormed + malformed + targets + strictOnes + lenientOnes + lengths

    private static let host = "Host: conformance.test\r\n\r\n"
    private static let hello: [ExpectedResponse] = [.get(200, checks: [.text("hello")])]

    private static let wellFormed: [Case] = [
        Case("a plain request", "9112 3", Request.get("/a.txt"), hello),
        Case(
            "an empty line before the request", "9112 2.2", .should,
            "\r\n\(Request.get("/a.txt"))", hello),
        Case(
            "several empty lines before the request", "9112 2.2", .house,
            "\r\n\r\n\r\n\(Request.get("/a.txt"))", hello),
        Case(
            "an empty line between pipelined requests", "9112 2.2", .should,
            "\(Request.get("/a.txt"))\r\n\(Request.get("/a.txt"))",
            [.get(200, checks: [.text("hello")]), .get(200, checks: [.text("hello")])]),
        Case(
            "a higher minor version", "9112 2.3", .should, "GET /a.txt HTTP/1.2\r\n\(host)",
            [.get(200, checks: [.text("hello")])], then: .any),
        Case(
            "HTTP/1.9", "9112 2.3", .should, "GET /a.txt HTTP/1.9\r\n\(host)",
            [.get(200, checks: [.text("hello")])], then: .any),
        Case("HTTP/1.0", "9112 2.3", "GET /a.txt HTTP/1.0\r\n\r\n", hello, then: .closed),
        Case("an empty query", "9112 3.2.1", Request.get("/a.txt?"), hello),
        Case("a query", "9112 3.2.1", Request.get("/a.txt?a=b&c=/../d?e"), hello),
        Case("a query with a broken escape", "9110 4.2", .house, Request.get("/a.txt?%zz%"), hello),
    ]

    /// Refused with any setting.
    private static let malformed: [Case] =
        [
            ("only a method", "GET\r\n\(host)"),
            ("no target", "GET HTTP/1.1\r\n\(host)"),
            ("a space before the method", " GET /a.txt HTTP/1.1\r\n\(host)"),
            ("a tab before the method", "\tGET /a.txt HTTP/1.1\r\n\(host)"),
            ("a tab after the method", "GET\t/a.txt HTTP/1.1\r\n\(host)"),
            ("a tab before the version", "GET /a.txt\tHTTP/1.1\r\n\(host)"),
            ("a word too many", "GET /a.txt x HTTP/1.1\r\n\(host)"),
            ("a word after the version", "GET /a.txt HTTP/1.1 x\r\n\(host)"),
            ("a version in small letters", "GET /a.txt http/1.1\r\n\(host)"),
            ("another protocol", "GET /a.txt HTTX/1.1\r\n\(host)"),
            ("a version without minor", "GET /a.txt HTTP/1\r\n\(host)"),
            ("a version without digits", "GET /a.txt HTTP/1.\r\n\(host)"),
            ("a version without major", "GET /a.txt HTTP/.1\r\n\(host)"),
            ("a version of letters", "GET /a.txt HTTP/1.x\r\n\(host)"),
            ("a version with a sign", "GET /a.txt HTTP/+1.1\r\n\(host)"),
            ("a version with a comma", "GET /a.txt HTTP/1,1\r\n\(host)"),
            ("a version without a slash", "GET /a.txt HTTP 1.1\r\n\(host)"),
            ("NUL in the method", "G\u{0}ET /a.txt HTTP/1.1\r\n\(host)"),
            ("a byte above 127 in the method", "G\u{c4}T /a.txt HTTP/1.1\r\n\(host)"),
            ("a slash in the method", "GE/T /a.txt HTTP/1.1\r\n\(host)"),
            ("a bare CR in the request line", "GET /a.txt\rHTTP/1.1\r\n\(host)"),
            ("a bare CR at the end of the request line", "GET /a.txt HTTP/1.1\rX\r\n\(host)"),
            ("a bare CR for a line end", "GET /a.txt HTTP/1.1\r\(host)"),
            ("a TLS greeting", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\r\n\r\n"),
            ("NUL bytes", "\u{0}\u{0}\u{0}\u{0}\r\n\r\n"),
            ("a status line", "HTTP/1.1 200 OK\r\n\(host)"),
        ].map { name, bytes in
            Case(name, "9112 3", .should, bytes, [.get(400, 405, 501, 505)], then: .closed)
        } + [
            Case(
                "HTTP/2.0", "9110 15.6.6", .should, "GET /a.txt HTTP/2.0\r\n\(host)",
                [.get(505)], then: .closed),
            Case(
                "HTTP/3.1", "9110 15.6.6", .should, "GET /a.txt HTTP/3.1\r\n\(host)",
                [.get(505)], then: .closed),
            Case(
                "the preface of HTTP/2", "9112 2.3", .house,
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [.get(400, 405, 501, 505)], then: .closed),
            Case(
                "CR CR LF after the request line", "9112 2.2",
                "GET /a.txt HTTP/1.1\r\r\n\(host)", [.get(400)], then: .closed),
        ]

    private static let targets: [Case] =
        [
            ("a target without a slash", "a.txt"), ("an authority as the target", "second.test:80"),
            ("a target that begins with ?", "?a"),
            ("a target that begins with a backslash", "\\a.txt"),
            ("a control byte in the target", "/a\u{1}.txt"), ("DEL in the target", "/a\u{7f}.txt"),
            ("NUL in the target", "/a\u{0}.txt"), ("a vertical tab in the target", "/a\u{b}.txt"),
            ("a control byte in the query", "/a.txt?\u{1}"), ("NUL in the query", "/a.txt?\u{0}"),
            ("DEL in the query", "/a.txt?\u{7f}"),
            ("a form feed in the query", "/a.txt?\u{c}"),
            ("an escape without digits", "/%"), ("an escape with one digit", "/a%4"),
            ("an escape of no digits", "/%zz.txt"), ("an escape with a sign", "/%+1"),
            ("two percent signs", "/%%41"),
            ("an absolute form without a host", "http:///a.txt"),
            ("an absolute form without a host or path", "http://"),
            ("an absolute form with one slash", "http:/a.txt"),
            ("an absolute form without slashes", "http:a.txt"),
            ("an absolute form with user information", "http://user@second.test/a.txt"),
            ("an absolute form with a name and password", "http://a:b@second.test/a.txt"),
            ("an absolute form with a port of letters", "http://second.test:x/a.txt"),
            ("an absolute form with an open bracket", "http://[::1/a.txt"),
        ].map { (name: String, target: String) in
            Case(name, "9112 3.2", .should, Request.get(target), [.get(400)], then: .closed)
        }
        + ["/a.txt%00", "/a%00.txt", "/%00", "/dir/%00/../a.txt"].map { target in
            Case(
                "%00 in \(target)", "9110 4.2", .house, Request.get(target), [.get(400)],
                then: .closed)
        }

    /// Accepted by nginx, refused with `strict_requests on`.
    private static let strictOnes: [Case] = [
        Case(
            "# in the target", "9112 3.2", Request.get("/a.txt#part"), [.get(400)], then: .closed,
            .on, differs: .fragment),
        Case(
            "# in the query", "9112 3.2", Request.get("/a.txt?a#part"), [.get(400)], then: .closed,
            .on, differs: .fragment),
        Case(
            "two spaces after the method", "9112 3", .should, "GET  /a.txt HTTP/1.1\r\n\(host)",
            [.get(400)], then: .closed, .on, differs: .spaces),
        Case(
            "two spaces before the version", "9112 3", .should, "GET /a.txt  HTTP/1.1\r\n\(host)",
            [.get(400)], then: .closed, .on, differs: .spaces),
        Case(
            "a space after the version", "9112 3", .should, "GET /a.txt HTTP/1.1 \r\n\(host)",
            [.get(400)], then: .closed, .on, differs: .spaces),
        Case(
            "HTTP/1.10", "9112 2.3", "GET /a.txt HTTP/1.10\r\n\(host)", [.get(400, 505)],
            then: .closed, .on, differs: .version),
        Case(
            "HTTP/1.01", "9112 2.3", "GET /a.txt HTTP/1.01\r\n\(host)", [.get(400, 505)],
            then: .closed, .on, differs: .version),
        Case(
            "HTTP/01.1", "9112 2.3", "GET /a.txt HTTP/01.1\r\n\(host)", [.get(400, 505)],
            then: .closed),
        Case(
            "a request without a version", "9112 2.3", "GET /a.txt\r\n\r\n", [.get(400, 505)],
            then: .closed, .on, differs: .simpleRequest),
        Case(
            "a request without a version but a space", "9112 2.3", "GET /a.txt \r\n\r\n",
            [.get(400, 505)], then: .closed, .on, differs: .simpleRequest),
        Case(
            "LF alone after the request line", "9112 2.2", .house,
            "GET /a.txt HTTP/1.1\n\(host)", [.get(400)], then: .closed, .on,
            differs: .bareLineFeed),
    ]

    /// The same with `strict_requests off`: nginx's responses.
    private static let lenientOnes: [Case] = [
        Case(
            "# in the target, as nginx", "9112 3.2", .house, Request.get("/a.txt#part"), hello, .off
        ),
        Case(
            "two spaces after the method, as nginx", "9112 3", .house,
            "GET  /a.txt HTTP/1.1\r\n\(host)", hello, .off),
        Case(
            "two spaces before the version, as nginx", "9112 3", .house,
            "GET /a.txt  HTTP/1.1\r\n\(host)", hello, .off),
        Case(
            "HTTP/1.10, as nginx", "9112 2.3", .house, "GET /a.txt HTTP/1.10\r\n\(host)", hello,
            then: .any, .off),
        Case(
            "a request without a version, as nginx", "9112 2.3", .house, "GET /a.txt\r\n",
            [.bare("hello")], then: .closed, .off),
        Case(
            "LF alone, as nginx", "9112 2.2", .house,
            "GET /a.txt HTTP/1.1\nHost: conformance.test\n\n", hello, .off),
        Case(
            "raw bytes above 127 in the target, as nginx", "9112 3.2", .house,
            Request.get("/\u{c3}\u{a4}\u{c3}\u{b6}.txt"), [.get(200, checks: [.text("umlauts")])],
            .off),
    ]

    private static let q8000 = String(repeating: "q", count: 7_950)
    private static let q60000 = String(repeating: "q", count: 60_000)

    private static let lengths: [Case] = [
        Case(
            "a request line of 8,000 bytes", "9112 3", .should, Request.get("/a.txt?\(q8000)"),
            hello),
        Case(
            "a target of 60,000 bytes", "9110 15.5.15", Request.get("/a.txt?\(q60000)"),
            [.get(414)],
            then: .closed),
        Case(
            "a path of 60,000 bytes", "9110 15.5.15", Request.get("/\(q60000)"), [.get(414)],
            then: .closed),
        Case(
            "a method of 60,000 bytes", "9112 3", .should,
            "\(q60000.uppercased()) /a.txt HTTP/1.1\r\n\(host)", [.get(400, 414, 431, 501)],
            then: .closed),
    ]
}
