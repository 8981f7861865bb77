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
