import HTTP
import Testing

/// strict_requests: requests that nginx accepts against the RFCs are refused.
@Suite struct StrictRequestTests {
    /// Rows: a request, whether it is accepted, whether it is accepted with strict_requests, and
    /// the section.
    static let cases: [(request: String, isTaken: Bool, isTakenStrictly: Bool, section: String)] =
        [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, true, "RFC 9112, 3"),
            ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3.2"),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3"),
            ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3"),
            ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3"),
            ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 2.3"),
            ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", true, true, "RFC 9110, 2.5"),
            ("GET /\r\n", true, false, "RFC 9112, 2.3"),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", true, false, "RFC 9112, 2.2"),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", true, false, "RFC 9112, 2.2"),
            ("GET / HTTP/1.1\r\nHost: a\r\n\n", true, false, "RFC 9112, 2.2"),
            ("GET / HTTP/1.1\r\nHost: a\r\nNoColon\r\n\r\n", true, false, "RFC 9112, 5"),
            ("GET / HTTP/1.1\r\nHost: a\r\nx@y: 1\r\n\r\n", true, false, "RFC 9110, 5.1"),
            ("GET / HTTP/1.1\r\nHost: a\r\nx_y!: 1\r\n\r\n", true, true, "RFC 9110, 5.1"),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{1}b\r\n\r\n", true, false, "RFC 9110, 5.5"),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n", true, true, "RFC 9110, 5.5"),
            ("get / HTTP/1.1\r\nHost: a\r\n\r\n", false, true, "RFC 9110, 9.1"),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "RFC 9110, 9.1"),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", false, true, "RFC 9112, 3.2.4"),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "RFC 9112, 3.2.4"),
            ("OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "RFC 9112, 3.2.4"),
        ] + repeatedLines

    /// Several lines of a list header are one list; for other headers they are an error.
    private static let repeatedLines = [
        ("If-Match", true), ("If-None-Match", true), ("Expect", true), ("Host", false),
        ("Content-Length", false), ("Transfer-Encoding", false), ("If-Range", false),
        ("If-Modified-Since", false), ("If-Unmodified-Since", false), ("Authorization", false),
    ].map { (name: String, isTakenStrictly: Bool) in
        let value = name == "Content-Length" ? "1" : name == "Transfer-Encoding" ? "chunked" : "x"
        let host = name == "Host" ? "" : "Host: a\r\n"
        return (
            request: "GET / HTTP/1.1\r\n\(host)\(name): \(value)\r\n\(name): \(value)\r\n\r\n",
            isTaken: false, isTakenStrictly: isTakenStrictly, section: "RFC 9110, 5.3: \(name)"
        )
    }

    @Test(arguments: [
        (["If-None-Match: \"0\"", "If-None-Match: \"1\""], Preconditions.Outcome.notModified),
        (["If-None-Match: \"1\"", "X: y", "if-none-match: \"0\""], .notModified),
        (["If-None-Match: \"0\"", "If-None-Match: \"2\"", "If-None-Match: \"3\""], .proceed),
        (["If-None-Match: \"0\"", "If-None-Match:"], .proceed),
        (["If-Match: \"0\"", "If-Match: \"2\", \"1\""], .proceed),
        (["If-Match: \"0\"", "If-Match: W/\"1\""], .failed),
        (["If-Match: \"1\"", "If-Match: \"0\"", "If-None-Match: \"1\""], .notModified),
    ])
    func conditionsOnSeveralLinesAreCombined(fields: [String], outcome: Preconditions.Outcome) {
        let lines = fields.map { $0 + "\r\n" }.joined()
        guarded("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n") { received in
            var parser = RequestParser(limits: HeadLimits(isStrict: true))
            #expect(parser.resume(received) == .complete)
            guarded("\"1\"") { etag in
                let validators = Validators(modified: nil, etag: etag)
                let found = Preconditions.evaluate(parser.head, received, validators)
                #expect(found == outcome)
            }
        }
    }

    @Test(arguments: [
        (["100-continue"], true), (["x", "100-continue"], true), (["100-Continue", "x"], true),
        (["x, 100-continue"], true), (["x"], false), (["x", "100-continued"], false),
    ])
    func expectationsOnSeveralLinesAreCombined(values: [String], expectsContinue: Bool) {
        let lines = values.map { "Expect: \($0)\r\n" }.joined()
        guarded("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n") { received in
            var parser = RequestParser(limits: HeadLimits(isStrict: true))
            #expect(parser.resume(received) == .complete)
            #expect(parser.head.expectsContinue == expectsContinue)
        }
    }

    @Test func severalLinesAreCombined() {
        let lines = "Accept-Encoding: gzip\r\nX: y\r\naccept-encoding: br;q=0 \r\n"
        guarded("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n") { received in
            var parser = RequestParser(limits: HeadLimits())
            #expect(parser.resume(received) == .complete)
            #expect(parser.head.hasSeveral(.acceptEncoding))
            #expect(!parser.head.hasSeveral(.host))
            let all = parser.head.combined(.acceptEncoding, in: received)
            #expect(String(decoding: all, as: UTF8.self) == "gzip, br;q=0")
            #expect(parser.head.combined(.cookie, in: received).isEmpty)
        }
    }

    /// RFC 9110, section 5.5: a value consists of visible bytes, spaces and tabs.
    @Test(arguments: [0, 1, 6, 7, 8, 9, 15, 16, 17, 40])
    func controlCharactersInValuesAreRefused(place: Int) {
        let limits = HeadLimits(isStrict: true)
        for byte in UInt8.min...UInt8.max {
            let before = String(repeating: "v", count: place)
            let bytes =
                Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(before)".utf8) + [byte]
                + Array("v\r\n\r\n".utf8)
            let isTaken = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            let outcome = verdict(bytes, limits: limits).outcome
            #expect((outcome == .complete) == isTaken, "\(byte)")
        }
    }

    @Test(arguments: cases.indices)
    func invalidRequestIsRefused(index: Int) {
        let row = Self.cases[index]
        for isStrict in [false, true] {
            let limits = HeadLimits(isStrict: isStrict)
            let outcome = verdict(Array(row.request.utf8), limits: limits).outcome
            let isTaken = isStrict ? row.isTakenStrictly : row.isTaken
            #expect((outcome == .complete) == isTaken, "\(row.section), strict: \(isStrict)")
            #expect(outcome != .needsMore, "\(row.section), strict: \(isStrict)")
        }
    }
}
