import Testing

@testable import Server

@Suite struct ExplainTargetTests {
    private func reached(_ url: String, _ listens: String, from: String? = nil) throws
        -> ExplainTarget
    {
        let plan = try plan(ofHTTP: "server { \(listens) root /r; }")
        return try ExplainTarget(RequestURL(url), from: from, in: plan)
    }

    @Test(arguments: [
        ("http://a/", "listen 80;", 0, "127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:81/", "listen 80; listen 81;", 1, "127.0.0.1:81", "127.0.0.1"),
        ("http://192.0.2.1/", "listen 80;", 0, "192.0.2.1:80", "127.0.0.1"),
        // Nothing listens on this machine's own address, so the first address with that port is
        // used.
        ("http://a/", "listen 192.0.2.1:80;", 0, "192.0.2.1:80", "127.0.0.1"),
        ("http://a/", "listen 192.0.2.1:80; listen 127.0.0.1:80;", 1, "127.0.0.1:80", "127.0.0.1"),
        ("http://[::1]/", "listen 80; listen [::]:80;", 1, "[::1]:80", "::1"),
        ("http://a/", "listen [::]:80;", 0, "[::1]:80", "::1"),
        (
            "http://192.0.2.1/", "listen [::]:80 ipv6only=off;", 0, "[::ffff:192.0.2.1]:80",
            "::ffff:127.0.0.1"
        ),
    ])
    func connectionReachesListen(
        url: String, listens: String, index: Int, local: String, client: String
    ) throws {
        let found = try reached(url, listens)
        #expect(found.listen == index)
        #expect(found.local.textWithPort == local)
        #expect(found.client.text == client)
    }

    @Test func clientAddressIsApplied() throws {
        #expect(
            try reached("http://a/", "listen 80;", from: "192.0.2.7").client.text == "192.0.2.7")
        let both = try reached("http://1.2.3.4/", "listen [::]:80 ipv6only=off;", from: "192.0.2.7")
        #expect(both.client.text == "::ffff:192.0.2.7")
    }

    @Test(arguments: [
        ("http://a:81/", "listen 80; listen unix:/s;", nil, "it listens on 0.0.0.0:80, unix:/s"),
        ("http://192.0.2.2/", "listen 192.0.2.1:80;", nil, "nothing in the configuration"),
        ("http://[::1]/", "listen 80;", nil, "nothing in the configuration"),
        ("http://1.2.3.4/", "listen [::]:80;", nil, "nothing in the configuration"),
        ("http://a/", "listen unix:/s;", nil, "nothing in the configuration"),
        ("http://a/", "listen 80;", "here", "an address is required"),
        ("http://a/", "listen 80;", "::1", "it cannot reach 127.0.0.1"),
    ])
    func unreachableURLIsReported(
        url: String, listens: String, from: String?, message: String
    ) {
        #expect {
            _ = try reached(url, listens, from: from)
        } throws: {
            "\($0)".contains(message)
        }
    }
}

@Suite struct ResponseReaderTests {
    /// Returns a reader that was given a text in pieces of a size.
    private func read(_ text: String, pieces: Int) -> ResponseReader {
        var reader = ResponseReader()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = Array(bytes[start..<min(start + pieces, bytes.count)])
            reader.take(piece.span)
        }
        return reader
    }

    @Test(arguments: [
        ("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", ["HTTP/1.1 204 No Content"], "no body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", ["HTTP/1.1 200 OK"], "body: 1 byte"),
        ("HTTP/1.1 200 OK\r\n\r\nab\r\n\r\n", ["HTTP/1.1 200 OK"], "body: 6 bytes"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
            ["HTTP/1.1 200 OK"], "body: 5 bytes, in chunks"
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nA: b\r\n\r\nno",
            ["HTTP/1.1 100 Continue", "HTTP/1.1 403 Forbidden"], "body: 2 bytes"
        ),
        ("", [], "no body"),
    ])
    func headsAreStoredAndBodiesCounted(text: String, heads: [String], body: String) {
        for pieces in [1, 2, 3, 7, 1000] {
            let reader = read(text, pieces: pieces)
            #expect(reader.heads.compactMap(\.first) == heads)
            #expect(reader.body == body)
        }
    }
}
