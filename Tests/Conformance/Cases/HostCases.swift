/// Host and the absolute form (RFC 9112, sections 3.2 and 3.3).
enum HostCases {
    static let all: [Case] = presence + selection + valid + invalid + absolute

    private static let hello: [ExpectedResponse] = [.get(200, checks: [.text("hello")])]
    private static let second: [ExpectedResponse] = [.get(200, checks: [.text("second")])]

    private static let presence: [Case] = [
        Case(
            "HTTP/1.1 without Host", "9112 3.2", "GET /a.txt HTTP/1.1\r\n\r\n", [.get(400)],
            then: .closed),
        Case(
            "HTTP/1.1 with other fields but no Host", "9112 3.2", Request.raw("X: y"), [.get(400)],
            then: .closed),
        Case(
            "HTTP/1.2 without Host", "9112 3.2", "GET /a.txt HTTP/1.2\r\n\r\n", [.get(400)],
            then: .closed),
        Case(
            "HTTP/1.0 without Host", "9112 3.2", "GET /a.txt HTTP/1.0\r\n\r\n", hello,
            then: .closed),
        Case(
            "HEAD without Host", "9112 3.2", "HEAD /a.txt HTTP/1.1\r\n\r\n",
            [.head(400)], then: .any),
        Case(
            "two different Hosts", "9112 3.2", Request.raw("Host: second.test\r\nHost: x"),
            [.get(400)], then: .closed),
        Case(
            "two equal Hosts", "9112 3.2", Request.raw("Host: x\r\nHost: x"), [.get(400)],
            then: .closed),
        Case(
            "two Hosts apart", "9112 3.2", Request.raw("Host: x\r\nX: y\r\nhost: second.test"),
            [.get(400)], then: .closed),
        Case(
            "two Hosts in HTTP/1.0", "9112 3.2",
            "GET /a.txt HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", [.get(400)], then: .closed),
        Case(
            "a list of Hosts", "9112 3.2", Request.raw("Host: x, second.test"), [.get(400)],
            then: .closed),
        Case(
            "Host without a value", "9112 3.2", .house, Request.raw("Host:"), [.get(400)],
            then: .closed),
    ]

    private static let selection: [Case] = [
        Case("a host of its own", "9110 7.2", Request.raw("Host: second.test"), second),
        Case("a host in capitals", "9110 4.2.3", Request.raw("Host: SECOND.Test"), second),
        Case("a host with its port", "9110 7.2", Request.raw("Host: second.test:8080"), second),
        Case("a host with an empty port", "9110 4.2.3", Request.raw("Host: second.test:"), second),
        Case(
            "a host with a dot at the end", "9110 4.2.3", .house, Request.raw("Host: second.test."),
            second),
        Case(
            "hosts change on one connection", "9110 7.2",
            "\(Request.get("/a.txt"))\(Request.raw("Host: second.test"))\(Request.get("/a.txt"))",
            [hello[0], second[0], hello[0]]),
        Case(
            "a host that is not known", "9110 7.2", .house,
            Request.raw("Host: nobody.test"), hello),
    ]

    private static let valid: [Case] = [
        "localhost", "localhost:80", "localhost:65535", "127.0.0.1", "127.0.0.1:8080", "[::1]",
        "[::1]:8080", "[::ffff:127.0.0.1]", "xn--bcher-kva.test", "under_score.test", "a-b.test",
        "1.test", "%41.test", "a~b", "a!b$c&d'e(f)*+;=.test",
    ].map { host in
        let isPlain = !host.contains { "_%~!".contains($0) }
        return Case(
            "Host \(host)", "9110 7.2", isPlain ? .must : .house,
            Request.raw("Host: \(host)"), hello)
    }

    private static let invalid: [Case] = [
        "a b", "a/b", "a\\b", "user@x", "a?b", "a#b", "<a>", "\"a\"", "a{b}", "a|b", "a^b",
        "a`b", "[::1", "::1", "[::1]x", "[]", "x:y", "x:80:80", "x:-1", "x:+80", "x:8 0",
        "x:0x50", "x:65536", "x:99999999999999999999", ":80", "a..b", "..", "a\tb", "[", "]",
        "[::1]:x", "http://x", "x/", "a\u{e4}b", "a\u{1}b", "%", "%zz.test",
    ].map { host in
        Case(
            "Host \(host.debugDescription)", "9112 3.2", Request.raw("Host: \(host)"), [.get(400)],
            then: .closed, differs: .hostSyntax)
    }

    private static let absolute: [Case] = [
        Case(
            "the absolute form", "9112 3.2.2",
            absolute("http://conformance.test/a.txt", "conformance.test"),
            hello),
        Case(
            "the host of the absolute form wins", "9112 3.2.2",
            absolute("http://second.test/a.txt", "x"), second),
        Case(
            "the host of the absolute form wins in either order", "9112 3.2.2",
            absolute("http://nobody.test/a.txt", "second.test"), hello),
        Case(
            "the absolute form in capitals", "9110 4.2.3",
            absolute("HTTP://SECOND.TEST/a.txt", "second.test"), second),
        Case(
            "the absolute form with a port", "9112 3.2.2",
            absolute("http://second.test:8080/a.txt", "second.test:8080"), second),
        Case(
            "the absolute form with an empty port", "9110 4.2.3",
            absolute("http://second.test:/a.txt", "second.test"), second),
        Case(
            "the absolute form without a path", "9110 4.2.3",
            absolute("http://second.test", "second.test"),
            [.get(200, checks: [.text("<p>second\n")])]),
        Case(
            "the absolute form with a query and no path", "9110 4.2.3",
            absolute("http://second.test?q", "second.test"),
            [.get(200, checks: [.text("<p>second\n")])]),
        Case(
            "the absolute form with dot segments", "9112 3.2.2",
            absolute("http://second.test/x/../a.txt?q", "second.test"), second),
        Case(
            "the absolute form with an address", "9112 3.2.2",
            absolute("http://127.0.0.1/a.txt", "127.0.0.1"), hello),
        Case(
            "the absolute form with an address in brackets", "9112 3.2.2",
            absolute("http://[::1]:80/a.txt", "[::1]:80"), hello),
        Case(
            "the absolute form without Host", "9112 3.2",
            "GET http://second.test/a.txt HTTP/1.1\r\n\r\n", [.get(400)], then: .closed),
        Case(
            "the absolute form with an invalid Host", "9112 3.2",
            absolute("http://second.test/a.txt", "a/b"), [.get(400)], then: .closed),
        Case(
            "the absolute form with two Hosts", "9112 3.2",
            absolute("http://second.test/a.txt", "x\r\nHost: x"), [.get(400)], then: .closed),
        Case(
            "the absolute form in HTTP/1.0", "9112 3.2.2", .should,
            "GET http://second.test/a.txt HTTP/1.0\r\n\r\n", second, then: .closed),
        Case(
            "the absolute form of HEAD", "9112 3.2.2",
            "HEAD http://second.test/a.txt HTTP/1.1\r\nHost: second.test\r\n\r\n",
            [.head(200, checks: [.field("Content-Length", "6")])]),
    ]

    private static func absolute(_ target: String, _ host: String) -> String {
        "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
    }
}
