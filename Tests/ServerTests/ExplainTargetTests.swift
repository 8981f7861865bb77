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
