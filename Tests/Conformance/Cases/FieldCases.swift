/// Field lines (RFC 9112, section 5; RFC 9110, section 5).
enum FieldCases {
    static let all: [Case] = legal + refused + strictOnes + lenientOnes + sizes

    private static let hello: [ExpectedResponse] = [.get(200, checks: [.text("hello")])]
    private static let first: [ExpectedResponse] = [.get(206, checks: [.text("h")])]

    private static let legal: [Case] = [
        Case(
            "a field name in any case", "9110 5.1", Request.raw("hOsT: x\r\nrAnGe: bytes=0-0"),
            first),
        Case("no space after the colon", "9112 5", Request.raw("Host:x\r\nRange:bytes=0-0"), first),
        Case(
            "spaces around a value", "9110 5.6.3",
            Request.raw("Host:   x   \r\nRange:   bytes=0-0   "), first),
        Case(
            "a tab before a value", "9110 5.6.3", Request.raw("Host: x\r\nRange:\tbytes=0-0"),
            first,
            differs: .tabsAreWhiteSpace),
        Case(
            "a tab after a value", "9110 5.6.3", Request.raw("Host: x\r\nRange: bytes=0-0\t"),
            first,
            differs: .tabsAreWhiteSpace),
        Case(
            "tabs around Host", "9110 5.6.3", Request.raw("Host:\tx\t"), hello,
            differs: .tabsAreWhiteSpace),
        Case(
            "tabs around Connection", "9110 5.6.3", Request.raw("Host: x\r\nConnection:\tclose\t"),
            hello, then: .closed, differs: .tabsAreWhiteSpace),
        Case(
            "tabs around If-None-Match", "9110 5.6.3",
            Request.raw("Host: x\r\nIf-None-Match:\t{etag}\t"), [.get(304)],
            differs: .tabsAreWhiteSpace),
        Case(
            "tabs around Content-Length", "9110 5.6.3",
            Request.content("Content-Length:\t5\t", "12345"), hello, differs: .tabsAreWhiteSpace),
        Case("an empty value", "9110 5.5", Request.raw("Host: x\r\nX-Empty:"), hello),
        Case("a value of white space", "9110 5.5", Request.raw("Host: x\r\nX-Empty: \t "), hello),
        Case(
            "bytes above 127 in a value", "9110 5.5", Request.raw("Host: x\r\nX: \u{e4}\u{ff}"),
            hello),
        Case("a tab inside a value", "9110 5.5", Request.raw("Host: x\r\nX: a\tb"), hello),
        Case("colons in a value", "9110 5.5", Request.raw("Host: x\r\nX: a:b:c"), hello),
        Case(
            "all bytes of tokens in a name", "9110 5.6.2",
            Request.raw("Host: x\r\n!#$%&'*+-.^_`|~0aZ: y"), hello),
        Case(
            "a name that begins with a digit", "9110 5.6.2", Request.raw("Host: x\r\n0: y"), hello),
        Case("an unknown field", "9110 5.1", Request.raw("Host: x\r\nX-Whatever: y"), hello),
        Case(
            "a hundred fields", "9110 5.4",
            Request.raw("Host: x\(String(repeating: "\r\nX-Field: value", count: 100))"), hello),
        Case(
            "Accept-Encoding in two lines", "9110 5.3",
            Request.get("/coded/page.html", "Accept-Encoding: br", "Accept-Encoding: gzip;q=0"),
            [.get(200, checks: [.file("coded/page.html")])]),
        Case(
            "the order of fields", "9110 5.3", Request.raw("Range: bytes=0-0\r\nX: y\r\nHost: x"),
            first),
    ]

    private static let refused: [Case] =
        [
            ("a space before the colon", "9112 5.1", "Host: x\r\nX : y"),
            ("a space between Host and the colon", "9112 5.1", "Host : x"),
            ("a tab before the colon", "9112 5.1", "Host: x\r\nX\t: y"),
            ("a space in a name", "9112 5.1", "Host: x\r\nX y: z"),
            ("a line that begins with a space", "9112 5.2", "Host: x\r\n X: y"),
            ("a line that begins with a tab", "9112 5.2", "Host: x\r\n\tX: y"),
            ("white space before the first field", "9112 2.2", " Host: x\r\nX: y"),
            ("a folded Host", "9112 5.2", "Host: x\r\n .test\r\nX: y"),
            ("a folded Content-Length", "9112 5.2", "Host: x\r\nContent-Length: 0\r\n 5"),
            ("an empty name", "9110 5.1", "Host: x\r\n: y"),
            ("NUL in a name", "9110 5.1", "Host: x\r\nX\u{0}: y"),
            ("a control byte in a name", "9110 5.1", "Host: x\r\nX\u{1}: y"),
            ("DEL in a name", "9110 5.1", "Host: x\r\nX\u{7f}: y"),
            ("a bare CR in a name", "9112 2.2", "Host: x\r\nX\rY: y"),
            ("NUL in a value", "9110 5.5", "Host: x\r\nX: a\u{0}b"),
            ("NUL in Host", "9110 5.5", "Host: x\u{0}y"),
            ("NUL at the end of a value", "9110 5.5", "Host: x\r\nX: a\u{0}"),
            ("a bare CR in a value", "9112 2.2", "Host: x\r\nX: a\rb"),
            ("a bare CR that begins a value", "9112 2.2", "Host: x\r\nX:\rY: b"),
            ("a bare CR before a field", "9112 2.2", "Host: x\r\n\rX: b"),
            ("a bare CR between two fields", "9112 2.2", "Host: x\r\nX: a\rContent-Length: 5"),
        ].map { name, section, lines in
            Case(name, section, Request.raw(lines), [.get(400)], then: .closed)
        } + [
            Case(
                "a folded value is joined or refused", "9112 5.2",
                Request.raw("Host: x\r\nX: a\r\n b"), [.get(200, 400)], then: .any),
            Case(
                "a folded value", "9112 5.2", .house, Request.raw("Host: x\r\nX: a\r\n b"),
                [.get(400)], then: .closed),
            Case(
                "a folded line of white space", "9112 5.2", .house,
                Request.raw("Host: x\r\nX: a\r\n \r\nY: b"), [.get(400)], then: .closed),
            Case(
                "CR CR LF after a field", "9112 2.2", Request.raw("Host: x\r\nX: y\r\r\nY: z"),
                [.get(400)], then: .closed, differs: .returnReturnLineFeed),
            Case(
                "CR CR LF after Host", "9112 2.2", Request.raw("Host: x\r\r\nY: z"),
                [.get(400)], then: .closed, differs: .returnReturnLineFeed),
            Case(
                "CR CR LF that ends the head", "9112 2.2",
                "GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\r\n", [.get(400)], then: .closed,
                differs: .returnReturnLineFeed),
        ]

    private static let badNames = ["(", ")", "/", "@", "<", "\"", "{", "[", "?", "=", ";", ","]

    private static let strictOnes: [Case] =
        badNames.map { mark in
            Case(
                "\(mark) in a name", "9110 5.1", .should, Request.raw("Host: x\r\nX\(mark)Y: z"),
                [.get(400)], then: .closed, .on, differs: .invalidNames)
        } + [
            Case(
                "a byte above 127 in a name", "9110 5.1", .should,
                Request.raw("Host: x\r\nX\u{e4}: z"),
                [.get(400)], then: .closed, .on, differs: .invalidNames),
            Case(
                "a line without a colon", "9112 5", .should, Request.raw("Host: x\r\nnocolon"),
                [.get(400)], then: .closed, .on, differs: .lineWithoutColon),
            Case(
                "a first line without a colon", "9112 5", .should,
                Request.raw("nocolon\r\nHost: x"),
                [.get(400)], then: .closed, .on, differs: .lineWithoutColon),
            Case(
                "a control byte in a value", "9110 5.5", .should,
                Request.raw("Host: x\r\nX: a\u{1}b"),
                [.get(400)], then: .closed, .on, differs: .controlBytes),
            Case(
                "DEL in a value", "9110 5.5", .should, Request.raw("Host: x\r\nX: a\u{7f}b"),
                [.get(400)], then: .closed, .on, differs: .controlBytes),
            Case(
                "an escape byte in a value", "9110 5.5", .should,
                Request.raw("Host: x\r\nX: \u{1b}[1m"),
                [.get(400)], then: .closed, .on, differs: .controlBytes),
            Case(
                "LF alone after a field", "9112 2.2", .house, Request.raw("Host: x\nX: y"),
                [.get(400)],
                then: .closed, .on, differs: .bareLineFeed),
            Case(
                "LF alone that ends the head", "9112 2.2", .house,
                "GET /a.txt HTTP/1.1\r\nHost: x\r\n\n", [.get(400)], then: .closed, .on,
                differs: .bareLineFeed),
            Case(
                "a field of 60,000 bytes is 431", "9110 15.5", .should,
                Request.raw("Host: x\r\nX: \(v60000)"), [.get(431)], then: .closed, .on,
                differs: .tooLargeFields),
            Case(
                "fields of 80,000 bytes are 431", "9110 15.5", .should,
                Request.raw("Host: x\(many)"),
                [.get(431)], then: .closed, .on, differs: .tooLargeFields),
        ]

    private static let lenientOnes: [Case] = [
        Case(
            "a name that is not a token, as nginx", "9110 5.1", .house,
            Request.raw("Host: x\r\nX(Y: z"), hello, .off),
        Case(
            "a line without a colon, as nginx", "9112 5", .house,
            Request.raw("Host: x\r\nnocolon"), hello, .off),
        Case(
            "a control byte in a value, as nginx", "9110 5.5", .house,
            Request.raw("Host: x\r\nX: a\u{1}b"), hello, .off),
        Case(
            "LF alone after a field, as nginx", "9112 2.2", .house, Request.raw("Host: x\nX: y"),
            hello, .off),
        Case(
            "a field of 60,000 bytes, as nginx", "9110 5.4", .house,
            Request.raw("Host: x\r\nX: \(v60000)"), [.get(400)], then: .closed, .off),
    ]

    private static let v60000 = String(repeating: "v", count: 60_000)
    private static let many = String(repeating: "\r\nX-Field: \(v60)", count: 1_100)
    private static let v60 = String(repeating: "v", count: 60)

    private static let sizes: [Case] = [
        Case(
            "a field of 7,000 bytes", "9110 5.4", .should,
            Request.raw("Host: x\r\nX: \(v60000.prefix(7_000))"), hello),
        Case(
            "a field of 60,000 bytes is an error of the client", "9110 5.4",
            Request.raw("Host: x\r\nX: \(v60000)"), [.get(400, 413, 431)], then: .closed),
        Case(
            "fields of 80,000 bytes are an error of the client", "9110 5.4",
            Request.raw("Host: x\(many)"), [.get(400, 413, 431)], then: .closed),
        Case(
            "a name of 60,000 bytes is an error of the client", "9110 5.4",
            Request.raw("Host: x\r\n\(v60000): y"), [.get(400, 413, 431)], then: .closed),
    ]
}
