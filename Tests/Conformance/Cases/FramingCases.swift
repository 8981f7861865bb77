/// The end of a message (RFC 9112, sections 6 and 7): ambiguous framing is refused, and none of its
/// bytes are read as the next request.
enum FramingCases {
    static let all: [Case] = lengths + chunks + badLengths + both + codings + badChunks

    private static let hello: [ExpectedResponse] = [.get(200, checks: [.text("hello")])]
    private static let inner = Request.get(Request.probe)
    private static let innerCount = inner.utf8.count
    private static let innerSize = String(innerCount, radix: 16)

    private static let lengths: [Case] = [
        Case(
            "content of 5 bytes", "9112 6.3", Request.content("Content-Length: 5", "12345"), hello),
        Case("content of no bytes", "9112 6.3", Request.content("Content-Length: 0", ""), hello),
        Case(
            "a length with zeros before it", "9112 6.3",
            Request.content("Content-Length: 005", "12345"), hello),
        Case(
            "a length with thirty zeros before it", "9112 6.3", .house,
            Request.content("Content-Length: 0000000000000000000000000000005", "12345"), hello),
        Case(
            "content that looks like a request", "9112 6.3",
            Request.content("Content-Length: \(innerCount)", inner), hello),
        Case(
            "content of 100,000 bytes", "9112 6.3",
            Request.content("Content-Length: 100000", String(repeating: "x", count: 100_000)), hello
        ),
        Case(
            "HEAD with content", "9112 6.3",
            Request.content("Content-Length: \(innerCount)", inner, method: "HEAD"), [.head(200)]),
        Case(
            "a refused method with content", "9112 6.3",
            Request.content("Content-Length: 5", "12345", method: "DELETE"), [.get(405, 501)],
            then: .any),
        Case(
            "no length is no content", "9112 6.3",
            Request.content("X: y", "") + Request.get("/a.txt"),
            [hello[0], hello[0]]),
        Case(
            "content of HTTP/1.0", "9112 6.3",
            "GET /a.txt HTTP/1.0\r\nContent-Length: 5\r\n\r\n12345", hello, then: .closed),
        Case(
            "content of several requests", "9112 6.3",
            Request.content("Content-Length: 3", "abc") + Request.content("Content-Length: 1", "d"),
            [hello[0], hello[0]]),
    ]

    private static let chunks: [Case] =
        [
            ("no chunks", "0\r\n\r\n"), ("one chunk", "5\r\nhello\r\n0\r\n\r\n"),
            ("a size in capitals", "A\r\n0123456789\r\n0\r\n\r\n"),
            ("a size in small letters", "a\r\n0123456789\r\n0\r\n\r\n"),
            ("a size with zeros before it", "00005\r\nhello\r\n0\r\n\r\n"),
            ("a last chunk of several zeros", "5\r\nhello\r\n000\r\n\r\n"),
            ("several chunks", "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n"),
            ("an extension", "5;a\r\nhello\r\n0\r\n\r\n"),
            ("an extension with a value", "5;a=b;c=d\r\nhello\r\n0;e\r\n\r\n"),
            ("an extension in quotes", "5;a=\"b;\\\" c\"\r\nhello\r\n0\r\n\r\n"),
            ("white space around an extension", "5 ; a = b\r\nhello\r\n0\r\n\r\n"),
            ("a trailer", "5\r\nhello\r\n0\r\nX: y\r\n\r\n"),
            ("several trailers", "0\r\nX: y\r\nY:\r\nZ: a:b\r\n\r\n"),
            ("a trailer that looks like framing", "0\r\nContent-Length: 5\r\n\r\n"),
            ("a chunk that looks like a request", "\(innerSize)\r\n\(inner)\r\n0\r\n\r\n"),
            ("a chunk that looks like the last one", "5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
            ("line ends in a chunk", "6\r\n\r\n\n\n\r\n\r\n0\r\n\r\n"),
        ].map { name, body in
            Case("chunked: \(name)", "9112 7.1", Request.chunked(body), hello)
        } + [
            Case(
                "Chunked in capitals", "9112 7",
                Request.content("Transfer-Encoding: ChUnKeD", "0\r\n\r\n"), hello),
            Case(
                "spaces around chunked", "9112 7",
                Request.content("Transfer-Encoding:   chunked  ", "0\r\n\r\n"), hello),
            Case(
                "chunked with TE", "9112 7.4",
                Request.content("TE: trailers\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), hello),
            Case(
                "HEAD with chunks", "9112 7.1",
                Request.content(
                    "Transfer-Encoding: chunked", "1\r\na\r\n0\r\n\r\n", method: "HEAD"),
                [.head(200)]),
            Case(
                "chunks on an open connection", "9112 7.1",
                Request.chunked("1\r\na\r\n0\r\n\r\n") + Request.chunked("0\r\nX: y\r\n\r\n"),
                [hello[0], hello[0]]),
        ]

    /// RFC 9112, section 6.3, rule 5.
    private static let badLengths: [Case] =
        [
            "-1", "-0", "+5", "0x5", "5 5", "5x", "x5", "5.0", "1e1", "5;", "", "\"5\"", "5\t5",
            "0-",
            "9223372036854775808", "18446744073709551616", "18446744073709551621",
            "99999999999999999999999999", "340282366920938463463374607431768211461", "\u{b2}",
            "5\u{b}",
            "5, 6", "5,x", "five", "NaN", "\u{a0}5", "5\u{a0}", "0 ,", "1_0",
        ].map { value in
            Case(
                "Content-Length \(value.debugDescription)", "9112 6.3",
                Request.content("Content-Length: \(value)", "12345"), [.get(400, 413)],
                then: .closed)
        } + [
            Case(
                "two different lengths", "9112 6.3",
                Request.content("Content-Length: 5\r\nContent-Length: 6", "12345"), [.get(400)],
                then: .closed),
            Case(
                "a length, and one of zero", "9112 6.3",
                Request.content("Content-Length: 5\r\nContent-Length: 0", "12345"), [.get(400)],
                then: .closed),
            Case(
                "a length of zero, and one that hides a request", "9112 6.3",
                Request.content("Content-Length: 0\r\nContent-Length: \(innerCount)", inner),
                [.get(400)],
                then: .closed),
            Case(
                "a length that hides a request, and one of zero", "9112 6.3",
                Request.content("Content-Length: \(innerCount)\r\nContent-Length: 0", inner),
                [.get(400)],
                then: .closed),
            Case(
                "two equal lengths", "9112 6.3", .house,
                Request.content("Content-Length: 5\r\nContent-Length: 5", "12345"), [.get(400)],
                then: .closed),
            Case(
                "a list of equal lengths", "9112 6.3", .house,
                Request.content("Content-Length: 5, 5", "12345"), [.get(400)], then: .closed),
            Case(
                "a length of too large content", "9110 15.5.14", .house,
                Request.content("Content-Length: 9223372036854775807", ""), [.get(400, 413)],
                then: .closed),
            Case(
                "a space between Content-Length and the colon", "9112 5.1",
                Request.content("Content-Length : \(innerCount)", inner), [.get(400)], then: .closed
            ),
        ]

    private static let both: [Case] = [
        Case(
            "a length before chunked", "9112 6.1",
            Request.content("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            [.get()], then: .closed),
        Case(
            "a length after chunked", "9112 6.1",
            Request.content("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"),
            [.get()], then: .closed),
        Case(
            "a length and chunked are refused", "9112 6.1", .house,
            Request.content("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            [.get(400)], then: .closed),
        Case(
            "a length that hides a request behind chunks", "9112 6.1",
            Request.content(
                "Content-Length: \(innerCount + 5)\r\nTransfer-Encoding: chunked",
                "0\r\n\r\n\(inner)"),
            [.get()], then: .closed),
        Case(
            "a length of zero and chunks", "9112 6.1",
            Request.content(
                "Content-Length: 0\r\nTransfer-Encoding: chunked",
                "\(innerSize)\r\n\(inner)\r\n0\r\n\r\n"),
            [.get()], then: .closed),
        Case(
            "chunked in HTTP/1.0", "9112 6.1",
            "GET /a.txt HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [.get()], then: .closed),
        Case(
            "chunked on an open connection of HTTP/1.0", "9112 6.1",
            "GET /a.txt HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [.get()], then: .closed),
        Case(
            "chunked in HTTP/1.0 is refused", "9112 6.1", .house,
            "GET /a.txt HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [.get(400)], then: .closed),
    ]

    private static let codings: [Case] =
        [
            "identity", "gzip", "gzip, chunked", "chunked, identity", "chunked, gzip",
            "chunked, chunked", "chunked,chunked", "xchunked", "chunkedx", "\"chunked\"",
            "'chunked'",
            "chunk ed", "chunked\u{b}", "\u{b}chunked", "\u{c}chunked", "chunked;q=1", "x",
            "identity, chunked", "chunked\r\nTransfer-Encoding: identity",
            "identity\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: chunked",
            "gzip\r\nTransfer-Encoding: chunked", "\u{a0}chunked", "chunked\u{85}", "cow",
            "chunked, cow", "cow, chunked", "chunked\u{0}", "[chunked]",
        ].map { value in
            Case(
                "Transfer-Encoding \(value.debugDescription)", "9112 6.1",
                Request.content("Transfer-Encoding: \(value)", "0\r\n\r\n"), [.get(400, 501)],
                then: .closed)
        } + [
            Case(
                "a space between Transfer-Encoding and the colon", "9112 5.1",
                Request.content("Transfer-Encoding : chunked", "0\r\n\r\n"), [.get(400)],
                then: .closed),
            Case(
                "an empty Transfer-Encoding", "9112 6.1", .house,
                Request.content("Transfer-Encoding:", "0\r\n\r\n"), [.get(400, 501)],
                then: .closed),
            Case(
                "a folded Transfer-Encoding", "9112 5.2", .house,
                Request.content("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), [.get(400)],
                then: .closed),
            Case(
                "a bare CR before Transfer-Encoding", "9112 2.2",
                Request.content("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n"), [.get(400)],
                then: .closed),
            Case(
                "an unknown coding is 501", "9112 6.1", .should,
                Request.content("Transfer-Encoding: cow, chunked", "0\r\n\r\n"), [.get(501)],
                then: .closed),
            Case(
                "a known coding that is not supported is 501", "9112 6.1", .should,
                Request.content("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), [.get(501)],
                then: .closed),
        ]

    private static let long = String(repeating: "e", count: 70_000)

    /// The server may have sent its response before it reads the invalid chunk; then it closes the
    /// connection.
    private static let badChunks: [Case] =
        [
            ("a size with a minus", "-5\r\nhello\r\n0\r\n\r\n"),
            ("a size with a plus", "+5\r\nhello\r\n0\r\n\r\n"),
            ("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
            ("two sizes", "5 5\r\nhello\r\n0\r\n\r\n"),
            ("a size of other letters", "g\r\nhello\r\n0\r\n\r\n"),
            ("no size", "\r\nhello\r\n0\r\n\r\n"),
            ("an extension without a size", ";a\r\nhello\r\n0\r\n\r\n"),
            ("a space before a size", " 5\r\nhello\r\n0\r\n\r\n"),
            ("a size of 17 digits", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
            ("a size of 2^64 and 5", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
            ("a size of 2^64 - 1", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
            ("a size of 2^63", "8000000000000000\r\nhello\r\n0\r\n\r\n"),
            ("a size in quotes", "\"5\"\r\nhello\r\n0\r\n\r\n"),
            ("a size with a point", "5.\r\nhello\r\n0\r\n\r\n"),
            ("a size with NUL", "5\u{0}\r\nhello\r\n0\r\n\r\n"),
            ("a chunk longer than its size", "5\r\nhelloworld\r\n0\r\n\r\n"),
            ("no line end after a chunk", "5\r\nhello0\r\n\r\n"),
            ("LF alone after a size", "5\nhello\r\n0\r\n\r\n"),
            ("LF alone after a chunk", "5\r\nhello\n0\r\n\r\n"),
            ("LF alone after the last chunk", "5\r\nhello\r\n0\n\n"),
            ("CR alone after a size", "5\rhello\r\n0\r\n\r\n"),
            ("CR alone after a chunk", "5\r\nhello\r0\r\n\r\n"),
            ("CR CR LF after a size", "5\r\r\nhello\r\n0\r\n\r\n"),
            ("LF alone in an extension", "5;a\nhello\r\n0\r\n\r\n"),
            ("CR alone in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
            ("an extension that hides a request", "5;\n\(inner)"),
            ("LF that hides a request", "0\n\n\(inner)"),
        ].map { name, body in
            Case(
                "broken chunks: \(name)", "9112 7.1", Request.chunked(body),
                [.get(200, 400, 413, 431)], then: .closed, differs: .chunkLines)
        }
        + [
            ("an extension of 70,000 bytes", "5;\(long)\r\nhello\r\n0\r\n\r\n"),
            ("a trailer of 70,000 bytes", "0\r\nX: \(long)\r\n\r\n"),
            ("NUL in an extension", "5;a\u{0}\r\nhello\r\n0\r\n\r\n"),
            ("NUL in a trailer", "0\r\nX: \u{0}\r\n\r\n"),
            ("LF alone after a trailer", "0\r\nX: y\n\r\n"),
            ("a size of 17 digits, zeros before it", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
        ].map { (name: String, body: String) in
            Case(
                "broken chunks: \(name)", "9112 7.1", .house, Request.chunked(body),
                [.get(200, 400, 413, 431)], then: .closed, differs: .chunkLines)
        }
        + [
            ("a trailer without a colon", "0\r\nnocolon\r\n\r\n"),
            ("a trailer without a name", "0\r\n: x\r\n\r\n"),
            ("a trailer with a space before its colon", "0\r\nX : x\r\n\r\n"),
            ("a trailer that is folded", "0\r\nX: y\r\n z\r\n\r\n"),
            ("a control in a trailer", "0\r\nX: \u{1B}\r\n\r\n"),
            ("an extension without a name", "5;\r\nhello\r\n0\r\n\r\n"),
            ("an extension that is no token", "5;a/b\r\nhello\r\n0\r\n\r\n"),
            ("an extension without its value", "5;a=\r\nhello\r\n0\r\n\r\n"),
            ("an extension with an open quote", "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
            ("a control in an extension", "5;a=\"\u{1B}\"\r\nhello\r\n0\r\n\r\n"),
        ].map { (name: String, body: String) in
            Case(
                "strict chunks: \(name)", "9112 7.1", .house, Request.chunked(body), [.get(400)],
                then: .closed, .on, differs: .chunkGrammar)
        }
}
