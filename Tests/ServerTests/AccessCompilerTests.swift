import Testing

@testable import Server

@Suite struct AccessCompilerTests {
    @Test(arguments: [
        ("allow x;", "invalid parameter \"x\""), ("deny unix;", "invalid parameter \"unix\""),
        ("allow 10/8;", "invalid parameter \"10/8\""),
        ("allow 1.2.3.4/33;", "invalid parameter \"1.2.3.4/33\""),
        ("satisfy none;", "invalid value \"none\""),
        ("auth_basic a; auth_basic b;", "\"auth_basic\" directive is duplicate"),
        ("auth_basic a; auth_basic_user_file $nope;", "unknown \"nope\" variable"),
        ("auth_basic $nope; auth_basic_user_file f;", "unknown \"nope\" variable"),
        ("auth_delay x;", "invalid time \"x\""),
        ("secure_link a; secure_link_secret b;", "cannot be mixed"),
        ("secure_link_secret b; secure_link_md5 b;", "cannot be mixed"),
        ("secure_link a; secure_link b;", "\"secure_link\" directive is duplicate"),
        ("location / { limit_except GET { satisfy any; } }", ""),
    ])
    func invalidArgumentsAreRefused(text: String, message: String) {
        let outcome = loaded("events { } http { server { \(text) } }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains(message), "\(outcome.report)")
    }

    @Test func lowAddressBitsCauseWarning() throws {
        let outcome = loaded("events { } http { server { listen 127.0.0.1:1; allow 10.0.0.1/8; } }")
        #expect(outcome.report.contains("low address bits of 10.0.0.1/8 are meaningless"))
        let rules = try #require(outcome.plan?.accesses[0].rules)
        #expect(rules.v4[0].network.low == 10 << 24)
    }

    @Test func rulesAreInherited() throws {
        let plan = try plan(
            ofHTTP: """
                deny 10.0.0.0/8; auth_basic realm; satisfy any;
                server {
                    listen 127.0.0.1:1; auth_basic_user_file f;
                    location /same { }
                    location /rules { allow all; }
                    location /open { auth_basic off; }
                }
                server { listen 127.0.0.1:2; }
                """)
        let server = plan.settings(of: "/")
        #expect(server.features.contains(.access))
        #expect(plan.settings(of: "/same").access == server.access)
        let rules = plan.accesses[Int(plan.settings(of: "/rules").access)]
        #expect(rules.rules?.denies(Peer(ipv4: 10 << 24)) == false)
        #expect(rules.satisfiesAny)
        #expect(rules.auth != nil)
        let open = plan.accesses[Int(plan.settings(of: "/open").access)]
        #expect(open.auth == nil)
        #expect(open.rules != nil)
        // auth_basic without a file requires nothing.
        let other = plan.locations[Int(plan.servers[1].settings)]
        #expect(plan.accesses[Int(other.access)].auth == nil)
        #expect(plan.requiresPasswords)
    }

    @Test func plainLocationHasNoAccessPlan() throws {
        let plan = try plan(ofServer: "auth_basic off; satisfy any; userid off;")
        #expect(plan.settings(of: "/").access == -1)
        #expect(!plan.settings(of: "/").features.contains(.access))
        #expect(!plan.requiresPasswords)
    }

    @Test func secretReplacesSecureLink() throws {
        let plan = try plan(
            ofServer: """
                secure_link_secret s; location /same { }
                location /link { secure_link $uri; secure_link_md5 x; }
                """)
        let same = plan.accesses[Int(plan.settings(of: "/same").access)].secureLink
        #expect(same?.secret.text == "s")
        let link = plan.accesses[Int(plan.settings(of: "/link").access)].secureLink
        #expect(link?.secret.isEmpty == true)
        #expect(link?.source != nil)
    }
}
