import Testing

@testable import Server

@Suite struct VirtualHostsTests {
    private static let servers = """
        server { listen 80; server_name default.test; }
        server { listen 80; server_name example.com www.Example.org; }
        server { listen 80; server_name one.test *.example.com; }
        server { listen 80; server_name two.test *.sub.example.com; }
        server { listen 80; server_name three.test .dotted.net; }
        server { listen 80; server_name four.test mail.*; }
        server { listen 80; server_name five.test mail.example.*; }
        server { listen 80; server_name six.test ~^img\\d+\\.example\\.net$; }
        server { listen 80; server_name seven.test ~img; }
        server { listen 80; server_name eight.test 192.168.1.1 _ localhost; }
        """

    /// Names in lower case, as the worker looks them up.
    @Test(arguments: [
        ("default.test", "default.test"),
        ("unknown.host", "default.test"),
        ("", "default.test"),
        ("example.com", "example.com"),
        ("www.example.org", "example.com"),
        ("a.example.com", "one.test"),
        ("a.b.example.com", "one.test"),
        // The longest wildcard is used.
        ("a.sub.example.com", "two.test"),
        ("sub.example.com", "one.test"),
        // `.name` matches the name and all subdomains.
        ("dotted.net", "three.test"),
        ("a.dotted.net", "three.test"),
        ("a.b.dotted.net", "three.test"),
        ("xdotted.net", "default.test"),
        ("mail.org", "four.test"),
        ("mail.co.uk", "four.test"),
        ("mail.example.org", "five.test"),
        // A leading wildcard is preferred to a trailing one.
        ("mail.example.com", "one.test"),
        ("mail", "default.test"),
        ("img7.example.net", "six.test"),
        ("img.example.net", "seven.test"),
        // A wildcard is preferred to an expression.
        ("img1.example.com", "one.test"),
        ("192.168.1.1", "eight.test"),
        ("_", "eight.test"),
        (".", "default.test"),
        ("..", "default.test"),
        // nginx accepts a host that begins with a dot.
        (".example.com", "one.test"),
    ])
    func hostSelectsServer(host: String, name: String) throws {
        let plan = try plan(ofHTTP: Self.servers)
        #expect(plan.serverName(of: host, at: plan.listens[0].servers) == name)
    }

    @Test(arguments: [
        (
            "server { listen 80; server_name a; } server { listen 80 default; server_name b; }",
            "b"
        ),
        ("server { listen 80; server_name a; } server { listen 80; server_name b; }", "a"),
        ("server { listen 80 default; server_name a; } server { listen 80; server_name b; }", "a"),
    ])
    func firstServerIsDefault(servers: String, name: String) throws {
        let plan = try plan(ofHTTP: servers)
        #expect(plan.serverName(of: "other", at: plan.listens[0].servers) == name)
    }

    @Test(arguments: [
        ("server_name first second;", "first"), ("server_name .first;", "first"),
        ("server_name *.first;", "*.first"), ("", ""), ("server_name a; server_name b;", "a"),
    ])
    func primaryNameIsFirstName(names: String, primary: String) throws {
        let plan = try plan(ofServer: names)
        #expect(plan.servers[0].name.text == primary)
        withExtendedLifetime(plan) {}
    }

    @Test(arguments: ["a.*.b", "www.*.", "a*", "www.example*", "a..b", "*.a..b", "*.a.*"])
    func invalidWildcardsAreRefused(name: String) {
        let servers = "server { server_name \(name); } server { server_name b; }"
        let report = loaded("events{} http { \(servers) }").report
        #expect(report.contains("invalid server name or wildcard \"\(name)\" on "))
        #expect(loaded("events{} http { server { server_name \(name); } }").plan != nil)
    }

    @Test(arguments: ["*", "*a.com", "*.", ".", "~"])
    func emptyNamesAreRefused(name: String) {
        let report = loaded("events{} http { server { server_name \(name); } }").report
        #expect(
            report.contains("server name \"\(name)\" is invalid")
                || report.contains("empty regex in server name \"~\""))
    }

    @Test func invalidRegexIsRefused() {
        let outcome = loaded("events{} http { server { server_name \"~a(\"; } }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains("in the regular expression \"a(\""))
    }
}
