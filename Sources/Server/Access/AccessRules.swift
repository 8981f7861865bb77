/// The subject of one `allow` or `deny`.
enum AccessSubject: Equatable, Hashable, Sendable {
    case all
    case network(Network)
}

/// One `allow` or `deny`.
struct AccessRule: Equatable, Hashable, Sendable {
    let subject: AccessSubject
    let denies: Bool
}

/// The compiled rules of a location: those of each address family in the order of the file.
struct AccessRules: BitwiseCopyable {
    struct Entry: BitwiseCopyable {
        let network: Network
        let denies: Bool
    }

    let v4: PlanTable<Entry>
    let v6: PlanTable<Entry>
    /// The verdict for unix sockets: the first rule applies to all of them.
    let unix: Bool?

    init(_ rules: [AccessRule], in arena: Arena) {
        func entries(_ family: Peer.Family) -> [Entry] {
            rules.compactMap { rule in
                switch rule.subject {
                case .network(let network):
                    network.family == family ? Entry(network: network, denies: rule.denies) : nil
                case .all:
                    Entry(
                        network: Network(family: family, high: 0, low: 0, length: 0),
                        denies: rule.denies)
                }
            }
        }
        v4 = arena.store(elements: entries(.ipv4))
        v6 = arena.store(elements: entries(.ipv6))
        unix = entries(.unix).first?.denies
    }

    /// Returns true if a client is denied; nil if no rule matches. An IPv4-mapped IPv6 address (RFC
    /// 4291, section 2.5.5.2) is matched against the rules for IPv4 if there are any.
    func denies(_ peer: Peer) -> Bool? {
        let known = v4.isEmpty ? peer : peer.unmapped
        switch known.family {
        case .unix: return unix
        case .ipv4: return AccessRules.first(in: v4, about: known)
        case .ipv6: return AccessRules.first(in: v6, about: known)
        }
    }

    private static func first(in rules: PlanTable<Entry>, about peer: Peer) -> Bool? {
        for index in 0..<rules.count where rules[index].network.containsAsIs(peer) {
            return rules[index].denies
        }
        return nil
    }
}
