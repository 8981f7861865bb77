import Testing

@testable import Server

@Suite struct AccessRulesTests {
    private let arena = Arena()

    /// Returns rules from text, with `+` before an allowed network and `-` before a denied one.
    private func rules(_ text: String) throws -> AccessRules {
        let rules = try text.split(separator: " ").map { word in
            let name = String(word.dropFirst())
            let subject: AccessSubject =
                switch name {
                case "all": .all
                case "unix:": .network(.unix)
                default: .network(try network(name))
                }
            return AccessRule(subject: subject, denies: word.first == "-")
        }
        return AccessRules(rules, in: arena)
    }

    private func network(_ text: String) throws -> Network {
        let bytes = Array(text.utf8)
        let parsed = Network.parse(bytes.span)
        return try #require(parsed).network
    }

    private static let loopback = Peer(ipv4: 0x7F00_0001)
    private static let documentation = Peer(ipv4: 0xC000_0201)
    private static let six = Peer(ipv6: 0x2001_0DB8 << 32, 1)
    private static let mapped = Peer(ipv6: 0, 0xFFFF_C000_0201)
    private static let unix = Peer()

    @Test(arguments: [
        ("-all", loopback, true), ("+all", six, false), ("-all", unix, true),
        ("-127.0.0.1", loopback, true), ("-127.0.0.1", documentation, nil),
        ("-127.0.0.1", six, nil), ("-127.0.0.1", unix, nil),
        ("+127.0.0.0/8 -all", loopback, false), ("+127.0.0.0/8 -all", documentation, true),
        ("-all +127.0.0.1", loopback, true), ("+2001:db8::/32 -all", six, false),
        ("+2001:db8:1::/48 -all", six, true), ("+2001:db8::1", six, false),
        ("+unix: -all", unix, false), ("-all +unix:", unix, true), ("+unix:", loopback, nil),
        // If there are rules for IPv4, they also apply to mapped addresses.
        ("-192.0.2.1", mapped, true), ("-::/0", mapped, true), ("-::/0 +192.0.2.1", mapped, false),
        ("-::/0 +10.0.0.0/8", mapped, nil), ("-::ffff:192.0.2.1", mapped, true),
    ])
    func firstMatchingRuleApplies(text: String, peer: Peer, denies: Bool?) throws {
        #expect(try rules(text).denies(peer) == denies)
    }
}

@Suite struct AccessTests {
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
