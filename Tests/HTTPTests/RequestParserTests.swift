import HTTP
import Testing

/// Returns a parsed header as text, for comparison.
func describe(_ head: RequestHead, _ received: Span<UInt8>) -> String {
    func part(_ extent: ByteExtent) -> String { text(received.slice(extent)) }
    var parts = [
        "\(head.method)", part(head.methodName), part(head.requestLine), part(head.target),
        part(head.path), head.hasQuery ? "?" + part(head.query) : "", "\(head.version)",
        part(head.host), "\(head.port)", "\(head.contentLength)", "\(head.isChunked)",
        "\(head.connectionClose)", "\(head.connectionKeepAlive)", "\(head.keepsAlive)",
        "\(head.expectsContinue)", part(head.fields), "\(head.byteCount)",
    ]
    for name in FieldName.allCases {
        if let value = head.field(name) { parts.append("\(name)=" + part(value)) }
    }
    return parts.joined(separator: "|")
}

/// Parses the bytes up to each of `ends`, one after the other, each time at another address.
/// Returns the result, and the header if it is complete.
func parse(
    _ bytes: [UInt8], ends: some Sequence<Int>, limits: HeadLimits, memory: GuardedBytes
) -> (outcome: ParseOutcome, head: String) {
    var parser = RequestParser(limits: limits)
    var outcome = ParseOutcome.needsMore
    for end in ends {
        var description = ""
        outcome = memory.place(bytes[0..<end]) { received in
            let outcome = parser.resume(received)
            if outcome == .complete { description = describe(parser.head, received) }
            return outcome
        }
        if outcome != .needsMore { return (outcome, description) }
    }
    return (outcome, "")
}

/// Parses bytes, after checking that the result does not depend on how they are split.
func verdict(
    _ bytes: [UInt8], limits: HeadLimits = HeadLimits(),
    location: SourceLocation = #_sourceLocation
) -> (outcome: ParseOutcome, head: String) {
    let memory = GuardedBytes(capacity: bytes.count)
    let whole = parse(bytes, ends: [bytes.count], limits: limits, memory: memory)
    let single = parse(bytes, ends: 0...bytes.count, limits: limits, memory: memory)
    #expect(single == whole, "byte by byte", sourceLocation: location)
    for split in 0...bytes.count {
        let halves = parse(bytes, ends: [split, bytes.count], limits: limits, memory: memory)
        #expect(halves == whole, "split at \(split)", sourceLocation: location)
    }
    return whole
}

/// Parses a header, and passes it to `body` with the bytes that it refers to.
func withHead(_ bytes: String, _ body: (RequestHead, Span<UInt8>) -> Void) {
    guarded(bytes) { received in
        var parser = RequestParser(limits: HeadLimits())
        #expect(parser.resume(received) == .complete)
        body(parser.head, received)
    }
}

struct RequestRow: CustomTestStringConvertible {
    let about: String
    let request: String
    let outcome: ParseOutcome

    init(_ about: String, _ request: String, _ outcome: ParseOutcome) {
        self.about = about
        self.request = request
        self.outcome = outcome
    }

    var testDescription: String { about }
}

@Suite struct RequestParserTests {
    static let requestLines: [RequestRow] = [
        .init("plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", .complete),
        .init("LF alone ends lines (RFC 9112, 2.2)", "GET / HTTP/1.1\nHost: a\n\n", .complete),
        .init("empty lines before (RFC 9112, 2.2)", "\r\n\nGET / HTTP/1.0\r\n\r\n", .complete),
        .init("bare CR before, as nginx", "\rGET / HTTP/1.0\r\n\r\n", .complete),
        .init("nothing", "", .needsMore),
        .init("only empty lines", "\r\n\r\n", .needsMore),
        .init("no end", "GET / HTTP/1.1\r\nHost: a\r\n", .needsMore),
        .init("no end after CR", "GET / HTTP/1.1\r\nHost: a\r\n\r", .needsMore),
        .init("pipelined", "GET / HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", .complete),
        .init("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", .complete),
        .init("later minor (RFC 9112, 2.3)", "GET / HTTP/1.7\r\nHost: a\r\n\r\n", .complete),
        .init("minor of two digits", "GET / HTTP/1.99\r\nHost: a\r\n\r\n", .complete),
        .init("minor of four", "GET / HTTP/1.1000\r\n", .invalid(.invalidRequestLine)),
        .init("no minor", "GET / HTTP/1.\r\n", .invalid(.invalidRequestLine)),
        .init("no dot", "GET / HTTP/1\r\n", .invalid(.invalidRequestLine)),
        .init("HTTP/2", "GET / HTTP/2.0\r\n", .invalid(.unsupportedVersion)),
        .init("HTTP/10", "GET / HTTP/10.0\r\n", .invalid(.unsupportedVersion)),
        .init("HTTP/0.9 named", "GET / HTTP/0.9\r\n", .invalid(.invalidRequestLine)),
        .init(
            "version in lower case (RFC 9112, 2.3)", "GET / http/1.1\r\n",
            .invalid(.invalidRequestLine)),
        .init("a part of a version", "GET / HTTP\r\n", .invalid(.invalidRequestLine)),
        .init("text after the version", "GET / HTTP/1.1 x\r\n", .invalid(.invalidRequestLine)),
        .init("spaces all over", "GET   /   HTTP/1.1  \r\nHost: a\r\n\r\n", .complete),
        .init("tab between", "GET\t/ HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("HTTP/0.9", "GET /\r\n", .complete),
        .init("HTTP/0.9 with spaces", "GET /  \n", .complete),
        .init("HTTP/0.9 head", "HEAD /\r\n", .invalid(.invalidHTTP09Method)),
        .init("lower case method", "get / HTTP/1.1\r\n", .invalid(.invalidMethod)),
        .init("odd method", "M-SEARCH_X / HTTP/1.0\r\n\r\n", .complete),
        .init("digit in method", "GET2 / HTTP/1.1\r\n", .invalid(.invalidMethod)),
        .init("no method", " / HTTP/1.1\r\n", .invalid(.invalidMethod)),
        .init("a TLS greeting", "\u{16}\u{3}\u{1}", .invalid(.invalidMethod)),
        .init("method alone", "GET\r\n", .invalid(.invalidMethod)),
        .init("no target", "GET \r\n", .invalid(.invalidRequestLine)),
        .init("relative target", "GET index HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init(
            "asterisk (RFC 9112, 3.2.4), 400 as nginx", "OPTIONS * HTTP/1.1\r\n",
            .invalid(.invalidRequestLine)),
        .init("space in the target", "GET /a b HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init(
            "control byte in the target", "GET /\u{1} HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("high control byte", "GET /\u{1f} HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("DEL in the target", "GET /\u{7f} HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("NUL in the target", "GET /\0 HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("UTF-8 in the target", "GET /ü HTTP/1.0\r\n\r\n", .complete),
        .init("bare CR (RFC 9112, 2.2)", "GET /\rx HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .invalid(.invalidRequestLine)),
        .init(
            "absolute (RFC 9112, 3.2.2)", "GET http://a/b HTTP/1.1\r\nHost: c\r\n\r\n", .complete),
        .init("absolute without Host", "GET http://a/b HTTP/1.1\r\n\r\n", .invalid(.missingHost)),
        .init("absolute without path", "GET http://a HTTP/1.0\r\n\r\n", .complete),
        .init("absolute with query only", "GET http://a?b HTTP/1.0\r\n\r\n", .complete),
        .init("absolute, HTTP/0.9", "GET http://a\r\n", .invalid(.invalidRequestLine)),
        .init("absolute, HTTP/0.9, space", "GET http://a \r\n", .complete),
        .init("absolute, address", "GET x+y://[::1]:80/ HTTP/1.0\r\n\r\n", .complete),
        .init(
            "absolute, no host", "GET http:/// HTTP/1.1\r\n", .invalid(.invalidHostInRequestLine)),
        .init("absolute, one slash", "GET http:/a HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("absolute, user", "GET http://u@a/ HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("absolute, bad port", "GET http://a:8x/ HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init(
            "absolute, high port", "GET http://a:65536/ HTTP/1.1\r\n",
            .invalid(.invalidHostInRequestLine)),
        .init(
            "absolute, open bracket", "GET http://[::1/ HTTP/1.1\r\n", .invalid(.invalidRequestLine)
        ),
        .init(
            "absolute, empty label", "GET http://a..b/ HTTP/1.1\r\n",
            .invalid(.invalidHostInRequestLine)),
        .init("scheme alone", "GET http:\r\n", .invalid(.invalidRequestLine)),
        .init(
            "authority (RFC 9112, 3.2.3)", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
            .invalid(.connectMethod)),
        .init("authority without port", "CONNECT a HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init(
            "authority, address without port", "CONNECT [::1] HTTP/1.1\r\n",
            .invalid(.invalidRequestLine)),
        .init("CONNECT with a path", "CONNECT /a HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("authority for GET", "GET a:443 HTTP/1.1\r\n", .invalid(.invalidRequestLine)),
        .init("TRACE", "TRACE / HTTP/1.0\r\n\r\n", .invalid(.traceMethod)),
        .init("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .invalid(.invalidRequestLine)),
    ]

    @Test(arguments: requestLines)
    func requestLinesAreParsed(row: RequestRow) {
        #expect(verdict(Array(row.request.utf8)).outcome == row.outcome)
    }

    /// The lines of each row follow `POST / HTTP/1.1` and precede the empty line.
    static let fieldLines: [RequestRow] = [
        .init("no Host (RFC 9112, 3.2)", "", .invalid(.missingHost)),
        .init("two Hosts (RFC 9112, 3.2)", "Host: a\r\nHost: a\r\n", .invalid(.duplicateHost)),
        .init("empty Host, as nginx", "Host:\r\n", .invalid(.invalidHost)),
        .init("invalid Host", "Host: a/b\r\n", .invalid(.invalidHost)),
        .init("broken escape in Host", "Host: a%zz\r\n", .invalid(.invalidHost)),
        .init("percent sign in Host", "Host: %\r\n", .invalid(.invalidHost)),
        .init("cut escape in Host", "Host: a%4\r\n", .invalid(.invalidHost)),
        .init("escape in Host (RFC 3986, 3.2.2)", "Host: %41:80\r\n", .complete),
        .init("empty address in Host", "Host: []\r\n", .invalid(.invalidHost)),
        .init("address in Host", "Host: [::1]\r\n", .complete),
        .init("space before the colon (RFC 9112, 5.1)", "Host : a\r\n", .invalid(.invalidField)),
        .init("tab before the colon", "Host\t: a\r\n", .invalid(.invalidField)),
        .init("folded (RFC 9112, 5.2)", "Host: a\r\nX: b\r\n c\r\n", .invalid(.invalidField)),
        .init("folded with a tab", "Host: a\r\nX: b\r\n\tc\r\n", .invalid(.invalidField)),
        .init("space before the first (RFC 9112, 2.2)", " Host: a\r\n", .invalid(.invalidField)),
        .init("no name (RFC 9110, 5.1)", "Host: a\r\n: b\r\n", .invalid(.invalidField)),
        .init("no colon, as nginx", "Host: a\r\nX\r\n", .complete),
        .init(
            "no colon, Content-Length", "Host: a\r\nContent-Length\r\n",
            .invalid(.invalidContentLength)),
        .init("control byte in a name", "Host: a\r\nX\u{1}: b\r\n", .invalid(.invalidField)),
        .init("DEL in a name", "Host: a\r\nX\u{7f}: b\r\n", .invalid(.invalidField)),
        .init("NUL in a value (RFC 9110, 5.5)", "Host: a\r\nX: \0\r\n", .invalid(.invalidField)),
        .init(
            "bare CR in a value (9112, 2.2)", "Host: a\r\nX: b\rc\r\n", .invalid(.invalidField)),
        .init("CR CR LF", "Host: a\r\nX: b\r\r\n", .invalid(.invalidField)),
        .init("CR CR LF at the end", "Host: a\r\n\r\r\n", .invalid(.invalidField)),
        .init("other controls in a value", "Host: a\r\nX: \u{1}\u{b}\u{7f}\r\n", .complete),
        .init("tabs and spaces around", "Host:\t a \t\r\nX: \t \r\n", .complete),
        .init("odd name, dropped", "Host: a\r\nX(y): b\r\n", .complete),
        .init("underscore, dropped", "Host: a\r\nContent_Length: x\r\n", .complete),
        .init("length (RFC 9110, 8.6)", "Host: a\r\nContent-Length: 17\r\n", .complete),
        .init("length 0", "Host: a\r\nContent-Length: 0\r\n", .complete),
        .init("largest length", "Host: a\r\nContent-Length: 9223372036854775807\r\n", .complete),
        .init(
            "too large", "Host: a\r\nContent-Length: 9223372036854775808\r\n",
            .invalid(.invalidContentLength)),
        .init("sign", "Host: a\r\nContent-Length: +1\r\n", .invalid(.invalidContentLength)),
        .init("negative", "Host: a\r\nContent-Length: -1\r\n", .invalid(.invalidContentLength)),
        .init(
            "list (RFC 9110, 8.6)", "Host: a\r\nContent-Length: 1, 1\r\n",
            .invalid(.invalidContentLength)),
        .init("hexadecimal", "Host: a\r\nContent-Length: 0x1\r\n", .invalid(.invalidContentLength)),
        .init("empty length", "Host: a\r\nContent-Length: \r\n", .invalid(.invalidContentLength)),
        .init(
            "two lengths (RFC 9112, 6.3)", "Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            .invalid(.duplicateField)),
        .init("chunked (RFC 9112, 6.1)", "Host: a\r\nTransfer-Encoding: Chunked\r\n", .complete),
        .init(
            "gzip (RFC 9112, 6.1)", "Host: a\r\nTransfer-Encoding: gzip\r\n",
            .invalid(.unknownTransferEncoding)),
        .init(
            "gzip, chunked", "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n",
            .invalid(.unknownTransferEncoding)),
        .init(
            "identity", "Host: a\r\nTransfer-Encoding: identity\r\n",
            .invalid(.unknownTransferEncoding)),
        .init(
            "vertical tab", "Host: a\r\nTransfer-Encoding: \u{b}chunked\r\n",
            .invalid(.unknownTransferEncoding)),
        .init(
            "two codings",
            "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            .invalid(.duplicateField)),
        .init(
            "length and chunked (RFC 9112, 6.3)",
            "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            .invalid(.lengthAndChunked)),
        .init(
            "chunked and length", "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            .invalid(.lengthAndChunked)),
        .init(
            "two If-Match", "Host: a\r\nIf-Match: *\r\nIf-Match: *\r\n", .invalid(.duplicateField)),
        .init("two Ranges", "Host: a\r\nRange: bytes=0-\r\nRange: bytes=1-\r\n", .complete),
        .init("two cookies", "Host: a\r\nCookie: a\r\nCookie: b\r\n", .complete),
    ]

    @Test(arguments: fieldLines)
    func fieldLinesAreParsed(row: RequestRow) {
        let request = "POST / HTTP/1.1\r\n" + row.request + "\r\n"
        #expect(verdict(Array(request.utf8)).outcome == row.outcome)
    }

    @Test func transferEncodingNeedsHTTP11() {
        let request = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(verdict(Array(request.utf8)).outcome == .invalid(.transferEncodingHTTP10))
    }

    @Test func allPartsOfHeadAreParsed() {
        let line = "PUT /a%20b/c?d=e&f HTTP/1.1"
        let fields =
            "Host: Example.com.:8080\r\nx-other:  1 \r\nUSER-AGENT: me\r\nuser-agent: you\r\n"
            + "Content-Length: 5\r\nConnection: Upgrade , close\r\nExpect: 100-Continue\r\n"
        withHead("\r\n" + line + "\r\n" + fields + "\r\nhello") { head, received in
            func part(_ extent: ByteExtent) -> String { text(received.slice(extent)) }
            #expect(head.method == .put)
            #expect(part(head.methodName) == "PUT")
            #expect(part(head.requestLine) == line)
            #expect(part(head.target) == "/a%20b/c?d=e&f")
            #expect(part(head.path) == "/a%20b/c")
            #expect(part(head.query) == "d=e&f")
            #expect(head.hasQuery)
            #expect(head.version == .http11)
            #expect(part(head.host) == "Example.com")
            #expect(head.port == 8080)
            #expect(head.field(.host).map(part) == "Example.com.:8080")
            #expect(head.field(.userAgent).map(part) == "me")
            #expect(head.field(.referer) == nil)
            #expect(head.contentLength == 5)
            #expect(!head.isChunked)
            #expect(head.connectionClose)
            #expect(!head.connectionKeepAlive)
            #expect(!head.keepsAlive)
            #expect(head.expectsContinue)
            #expect(part(head.fields) == fields)
            #expect(head.byteCount == received.count - 5)
        }
    }

    @Test(
        arguments: [
            ("/", "/", "/", nil), ("/?", "/?", "/", ""), ("/a?b?c", "/a?b?c", "/a", "b?c"),
            ("/a#b?c", "/a#b?c", "/a", nil), ("/a?b#c", "/a?b#c", "/a", "b"),
            ("http://h/p?q", "/p?q", "/p", "q"), ("http://h", "/", "/", nil),
            ("HTTP://h:1?q", "?q", "", "q"), ("//a/b", "//a/b", "//a/b", nil),
        ] as [(String, String, String, String?)])
    func targets(sent: String, target: String, path: String, query: String?) {
        withHead("GET \(sent) HTTP/1.0\r\n\r\n") { head, received in
            #expect(text(received.slice(head.target)) == target)
            #expect(text(received.slice(head.path)) == path)
            #expect(head.hasQuery == (query != nil))
            #expect(text(received.slice(head.query)) == query ?? "")
        }
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "close", false), ("HTTP/1.1", "keep-alive", true),
        ("HTTP/1.0", "", false), ("HTTP/1.0", "Keep-Alive", true), ("HTTP/1.0", "close", false),
        ("HTTP/1.1", "x, Close", false), ("HTTP/1.1", "x-close", true),
        ("HTTP/1.0", "keep-alive, close", false), ("HTTP/1.0", ",,\tkeep-alive ,", true),
        ("HTTP/1.0", "upgrade\r\nConnection: keep-alive", true),
    ])
    func persistence(version: String, connection: String, keepsAlive: Bool) {
        // RFC 9112, section 9.3.
        withHead("GET / \(version)\r\nHost: a\r\nConnection: \(connection)\r\n\r\n") { head, _ in
            #expect(head.keepsAlive == keepsAlive)
        }
    }

    @Test func expectationNeedsHTTP11() {
        // RFC 9110, section 10.1.1.
        withHead("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n") { head, _ in
            #expect(!head.expectsContinue)
        }
    }

    @Test func absoluteFormWinsOverHost() {
        // RFC 9112, section 3.2.2.
        withHead("GET http://A.b:81/ HTTP/1.1\r\nHost: c:82\r\n\r\n") { head, received in
            #expect(text(received.slice(head.host)) == "A.b")
            #expect(head.port == 81)
            #expect(head.field(.host).map { text(received.slice($0)) } == "c:82")
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.0\r\n\r\n", 16, ParseOutcome.complete),
        ("GET / HTTP/1.0\r\n\r\n", 15, .invalid(.requestLineTooLong)),
        ("GET / HTTP/1.0\n\n", 15, .complete),
        ("GET / HTTP/1.0\n\n", 14, .invalid(.requestLineTooLong)),
        ("\r\nGET / HTTP/1.0\r\n\r\n", 16, .complete),
        ("GET /aaaaaaaaaaaaaaaaaaa", 20, .invalid(.requestLineTooLong)),
        ("GET /aaaaaaaaaaaaaaa", 20, .invalid(.requestLineTooLong)),
        ("GET /aaaaaaaaaaaaaa", 20, .needsMore),
    ])
    func longRequestLines(request: String, limit: Int, outcome: ParseOutcome) {
        #expect(
            verdict(Array(request.utf8), limits: HeadLimits(requestLine: limit)).outcome == outcome)
    }

    @Test(arguments: [
        ("Abc: d\r\n\r\n", 8, 99, ParseOutcome.complete),
        ("Abc: d\r\n\r\n", 7, 99, .invalid(.fieldLineTooLong)),
        ("A: b\r\nC: d\r\n\r\n", 99, 30, .complete),
        ("A: b\r\nC: d\r\n\r\n", 99, 29, .invalid(.headTooLarge)),
        ("A: b\r\nC: d\r\n\r\n", 99, 27, .invalid(.headTooLarge)),
        ("A: b\r\nC: d", 99, 26, .invalid(.headTooLarge)),
        ("A: b\r\nC: d", 99, 27, .needsMore),
        ("A: b\r\nC: d\r\n\r\n", 5, 18, .invalid(.headTooLarge)),
        ("A: b\r\nC: d\r\n\r\n", 5, 99, .invalid(.fieldLineTooLong)),
    ])
    func longHeads(fields: String, line: Int, head: Int, outcome: ParseOutcome) {
        let bytes = Array(("GET / HTTP/1.0\r\n" + fields).utf8)
        #expect(verdict(bytes, limits: HeadLimits(fieldLine: line, head: head)).outcome == outcome)
    }

    @Test func emptyLinesHaveALimit() {
        let bytes = [UInt8](repeating: 0x0A, count: 10)
        #expect(verdict(bytes, limits: HeadLimits(head: 10)).outcome == .invalid(.headTooLarge))
        #expect(verdict(bytes, limits: HeadLimits(head: 11)).outcome == .needsMore)
    }

    @Test func manyFields() {
        let request = "GET / HTTP/1.0\r\nA: 1\r\nB_: 2\r\nC: 3\r\n\r\n"
        let bytes = Array(request.utf8)
        // A dropped header does not count.
        #expect(verdict(bytes, limits: HeadLimits(fields: 2)).outcome == .complete)
        #expect(verdict(bytes, limits: HeadLimits(fields: 1)).outcome == .invalid(.tooManyFields))
    }

    @Test func faultKeepsRequestLine() {
        let request = "GET /a HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n"
        guarded(request) { received in
            var parser = RequestParser(limits: HeadLimits())
            #expect(parser.resume(received) == .invalid(.invalidField))
            #expect(parser.resume(received) == .invalid(.invalidField))
            #expect(text(received.slice(parser.head.requestLine)) == "GET /a HTTP/1.1")
            #expect(text(received.slice(parser.faultLine)) == "bad line")
        }
        guarded("get /a HTTP/1.1\r\n") { received in
            var parser = RequestParser(limits: HeadLimits())
            #expect(parser.resume(received) == .invalid(.invalidMethod))
            #expect(text(received.slice(parser.head.requestLine)) == "get /a HTTP/1.1")
        }
    }

    /// The number of bytes that were read of a request, with the result, as nginx counts them.
    @Test(arguments: [
        ("GET /a HTTP/1.1\r\nHost: b\r\n\r\n", 28), ("\r\nGET /a HTTP/1.0\r\n\r\n", 19),
        ("GET /a HT", 0), ("GET /a HTTP/1.1\r\n", 17), ("GET /a HTTP/1.1\r\nHost: b\r\nA: ", 26),
        ("get /a HTTP/1.1\r\n", 0), ("GET /a HTTP/3.0\r\n", 0),
        ("GET /a HTTP/1.1\r\nHost: b/c\r\n", 28), ("GET /a HTTP/1.1\r\nA\u{0}: b\r\n", 17),
        ("GET /a HTTP/1.1\r\nA: b\r\n\r\n", 25), ("TRACE / HTTP/1.1\r\nHost: b\r\n\r\n", 29),
    ])
    func readCount(request: String, count: Int) {
        guarded(request) { received in
            var parser = RequestParser(limits: HeadLimits())
            _ = parser.resume(received)
            #expect(parser.readCount == count)
        }
    }

    @Test func invalidRequestLineLeavesNothing() {
        for request in ["GET /a?b HTTP/3.0\r\n", "GET /a?b XTTP/1.1\r\n", "get /a?b HTTP/1.1\r\n"] {
            guarded(request) { received in
                var parser = RequestParser(limits: HeadLimits())
                _ = parser.resume(received)
                #expect(!parser.head.isLineRead)
                #expect(parser.head.target.isEmpty && parser.head.path.isEmpty)
                #expect(parser.head.query.isEmpty && parser.head.method == .unknown)
                #expect(!parser.head.requestLine.isEmpty)
            }
        }
    }

    @Test func completeRequestIgnoresFurtherBytes() {
        guarded("GET / HTTP/1.0\r\n\r\nGARBAGE") { received in
            var parser = RequestParser(limits: HeadLimits())
            #expect(parser.resume(received) == .complete)
            #expect(parser.resume(received) == .complete)
            #expect(parser.head.byteCount == 18)
        }
    }

    @Test(arguments: RequestFault.allCases)
    func faultsHaveReasons(fault: RequestFault) {
        #expect([400, 405, 414, 494, 501, 505].contains(fault.status))
        #expect(fault.reason.description.hasPrefix("client sent "))
    }
}
