import Testing

@testable import Server

@Suite struct RefererTests {
    private func verdict(_ referer: String, _ list: String) throws -> RefererVerdict {
        let plan = try plan(
            ofServer: "server_name own.example *.own.example ~^re\\d; valid_referers \(list);")
        let referers = try #require(plan.accesses[0].referers)
        let bytes = Array(referer.utf8)
        return Referer.match(bytes.span, referers, plan)
    }

    @Test(arguments: [
        ("http://a.example/", "a.example", RefererVerdict.valid),
        ("HTTPS://A.EXAMPLE:8080/x", "a.example", .valid),
        ("http://a.example", "a.example", .valid), ("http://b.a.example/", "a.example", .invalid),
        ("http://b.a.example/", "*.a.example", .valid),
        ("http://a.example/", "*.a.example", .invalid),
        ("http://a.example/", ".a.example", .valid), ("http://b.a.example/", ".a.example", .valid),
        ("http://www.a.de/", "www.a.*", .valid), ("http://www.b.de/", "www.a.*", .invalid),
        ("http://a.example/path/x", "a.example/path", .valid),
        ("http://a.example:80/path", "a.example/path", .valid),
        ("http://a.example/pat", "a.example/path", .invalid),
        ("http://a.example", "a.example/path", .invalid),
        ("http://x.a.de/g/1", "*.a.de/g/ *.b.de/h/", .valid),
        ("http://x.b.de/g/1", "*.a.de/g/ *.b.de/h/", .invalid),
        ("http://own.example/", "server_names", .valid),
        ("http://x.own.example/", "server_names", .valid),
        ("http://re1.example/", "server_names", .valid),
        ("http://re.example/re1", "server_names", .invalid),
        ("http://x.google.com/", "x.example ~\\.google\\.", .valid),
        ("http://x.example.de/a.google.b", "x.example ~\\.google\\.", .valid),
        ("https://X.GOOGLE.com/", "~^x\\.google", .valid), ("http://b.example/", "~x", .valid),
        ("http://b.example.de/", "~y", .invalid),
        ("garbage", "none blocked a.example", .valid), ("garbage", "none a.example", .invalid),
        ("http://", "blocked a.example", .valid), ("ftp://a.example/", "a.example", .invalid),
        ("", "none a.example", .invalid), ("", "blocked a.example", .valid),
    ])
    func referersAreMatched(referer: String, list: String, expected: RefererVerdict) throws {
        #expect(try verdict(referer, list) == expected)
    }

    @Test func hostEndsAtDelimiter() throws {
        let long = String(repeating: "a", count: 300)
        #expect(try verdict("http://\(long)/", "~a") == .invalid)
        #expect(try verdict("http://\(long.prefix(255))/", "~a") == .valid)
    }

    @Test(arguments: [
        ("valid_referers none;", "without any valid referer"),
        ("valid_referers blocked ~x;", "without any valid referer"),
        ("valid_referers \"\";", "invalid referer \"\""),
        ("valid_referers ~;", "empty regex in \"~\""), ("valid_referers ~(;", "parenthesis"),
        ("valid_referers a.de a.de;", "conflicting parameter \"a.de\""),
        ("valid_referers A.de; valid_referers a.de/x;", "conflicting parameter \"a.de\""),
        ("valid_referers *.a.de .a.de;", "conflicting parameter \".a.de\""),
        ("server_name a.de; valid_referers server_names a.de;", "conflicting parameter \"a.de\""),
        ("valid_referers a.*.de;", "invalid hostname or wildcard \"a.*.de\""),
        ("valid_referers *;", "invalid hostname or wildcard \"*\""),
    ])
    func invalidArgumentsAreRefused(text: String, message: String) {
        let outcome = loaded("events { } http { server { \(text) } }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }

    @Test func referersAreInherited() throws {
        let plan = try plan(
            ofServer: """
                valid_referers none outer.example ~outer; location /a { } location /b {
                valid_referers inner.example; }
                """)
        #expect(plan.settings(of: "/a").access == plan.locations[0].access)
        let inner = try #require(plan.accesses[Int(plan.settings(of: "/b").access)].referers)
        #expect(!inner.matchesNone)
        for (referer, expected) in [
            ("http://inner.example/", RefererVerdict.valid), ("http://outer.example/", .valid),
            ("http://other.example/", .invalid),
        ] {
            let bytes = Array(referer.utf8)
            #expect(Referer.match(bytes.span, inner, plan) == expected)
        }
    }
}
