import HTTP
import Linux
import Testing

@testable import Server

@Suite struct RequestVariablesTests {
    private static let head =
        "GET /a%20b/?q=1&Name=x%22&empty= HTTP/1.1\r\nHost: Example.COM:81\r\n"
        + "User-Agent: A \"q\" \\ b\u{E9}\u{7F}\r\nCookie: one=1; two=a=b\r\n"
        + "Content-Type: a/b\r\nContent-Length: 3\r\nX-Tab: a\tb\r\n\r\nabc"

    /// Returns the log line of a format for a request, without its end.
    private func line(
        _ format: String, escaping: LogEscaping = .standard, head: String = head,
        _ adjust: (inout Request) -> Void = { _ in }
    ) throws -> String {
        let bytes = Array(head.utf8)
        var pool = BufferPool(size: bytes.count + 1, keeps: 0)
        var request = Request(limits: HeadLimits())
        request.input = pool.acquire()
        defer { pool.release(request.input) }
        unsafe request.input.bytes(from: 0, to: bytes.count).copyBytes(from: bytes)
        request.inputEnd = bytes.count
        let input = request.input
        _ = request.parser.resume(input.span(from: 0, to: bytes.count))
        request.discardBodyWithHead()
        request.status = 200
        request.headBytes = 150
        request.bodyBytes = 1000
        adjust(&request)
        let plan = try plan(
            ofHTTP: "log_format tested escape=\(escaping.rawValue) '\(format)'; "
                + "access_log /l tested; server { listen 80; server_name first; root /r; }")
        var services = try services(of: plan)
        services.connections[request.slot] = Connection(
            fd: -1, generation: 1, state: .responding, interest: 0, isQueued: false,
            listener: 0, request: 1, settings: 0, requests: 2, acceptedMs: 0, number: 77,
            lingerUntilMs: 0, idleSinceMs: 0, hasHeadDeadline: false)
        services.peers[request.slot] = Peer()
        let text = text { writer in
            plan.formats[0].write(into: &writer) {
                Variables.writeValue(of: $0, &request, &services, into: &$1)
            }
        }
        #expect(text.hasSuffix("\n"))
        return String(text.dropLast())
    }

    @Test(arguments: [
        ("$request", "GET /a%20b/?q=1&Name=x%22&empty= HTTP/1.1"),
        ("$request_method $request_uri", "GET /a%20b/?q=1&Name=x%22&empty="),
        ("$uri|$document_uri", "/a b/|/a b/"),
        ("$args|$query_string|$is_args", "q=1&Name=x%22&empty=|q=1&Name=x%22&empty=|?"),
        ("$server_protocol $scheme", "HTTP/1.1 http"),
        ("$http_user_agent", "A \\x22q\\x22 \\x5C b\\xC3\\xA9\\x7F"),
        ("$http_x_tab", "a\\x09b"),
        ("$http_missing|$http_referer", "-|-"),
        ("$arg_q $arg_name $arg_NAME $arg_empty $arg_none", "1 x%22 x%22  -"),
        ("$cookie_one $cookie_two $cookie_three", "1 a=b -"),
        ("$content_type $content_length $http_content_length", "a/b 3 3"),
        ("$remote_addr $remote_user", "unix: -"),
        ("$remote_port", ""),
        ("$status $bytes_sent $body_bytes_sent", "200 1150 1000"),
        ("$connection $connection_requests", "77 2"),
        ("$server_name", "first"),
        ("$nginx_version", "1.31.5"),
        ("$request_completion", ""),
    ])
    func variablesHaveNginxValues(format: String, expected: String) throws {
        #expect(try line(format) == expected)
    }

    @Test func hostIsRequestHost() throws {
        #expect(try line("$host").lowercased() == "example.com")
        #expect(try line("$http_host") == "Example.COM:81")
    }

    @Test func lengthCountsReceivedBytes() throws {
        #expect(try line("$request_length") == "\(Self.head.utf8.count)")
    }

    @Test(arguments: [
        (LogEscaping.standard, "a\\x09b - A \\x22q\\x22 \\x5C b\\xC3\\xA9\\x7F"),
        (.json, "a\\tb  A \\\"q\\\" \\\\ b\u{E9}\u{7F}"),
        (.none, "a\tb  A \"q\" \\ b\u{E9}\u{7F}"),
    ])
    func valuesAreEscapedAndEmptyOnesAreDashes(escaping: LogEscaping, expected: String) throws {
        #expect(
            try line("$http_x_tab $http_none $http_user_agent", escaping: escaping) == expected)
    }

    @Test func newLineIsEscapedInLog() {
        let bytes: [UInt8] = [0, 10, 13, 31, 32, 34, 92, 126, 127, 128, 255]
        #expect(
            text { LogEscape.standard(bytes.span, into: &$0) }
                == "\\x00\\x0A\\x0D\\x1F \\x22\\x5C~\\x7F\\x80\\xFF")
        let json = written {
            $0.append(json: [0, 8, 9, 10, 12, 13, 27, 34, 92, 127].span)
        }
        #expect(
            String(decoding: json, as: UTF8.self)
                == "\\u0000\\b\\t\\n\\f\\r\\u001B\\\"\\\\\u{7F}")
    }

    @Test(arguments: [
        (Int64(0), "0.000"), (-1, "0.001"), (-12, "0.012"), (-123, "0.123"), (-1000, "1.000"),
        (-61_005, "61.005"), (5, "0.000"),
    ])
    func requestTimeHasMilliseconds(startedMs: Int64, expected: String) throws {
        // A clock that was never read is at 0; a clock that goes back does not make times negative.
        #expect(try line("$request_time") { $0.startedMs = startedMs } == expected)
    }

    @Test func requestWithoutHeadIsDashes() throws {
        let format = "\"$request\" $status $body_bytes_sent \"$http_referer\" $request_length"
        let found = try line(format, head: "\u{16}\u{3}") {
            $0.status = 400
            $0.headBytes = 0
            $0.bodyBytes = 0
        }
        #expect(found.hasSuffix("400 0 \"-\" 0"), "\(found)")
        #expect(try line("$status", head: "GET") { $0.status = 9 } == "009")
    }

    @Test func unsentBytesAreNotCountedUntilComplete() throws {
        let format = "$bytes_sent $body_bytes_sent $request_completion"
        #expect(
            try line(format) {
                $0.outputEnd = 1100
                $0.outputStart = 100
            } == "150 0 ")
        #expect(
            try line(format) {
                $0.outputEnd = 1100
                $0.outputStart = 100
                $0.isComplete = true
            } == "1150 1000 OK")
        #expect(try line(format) { $0.outputEnd = 5000 } == "0 0 ")
    }
}
