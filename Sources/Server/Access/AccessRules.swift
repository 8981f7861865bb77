/// What one `allow` or `deny` names.
enum AccessSubject: Equatable, Hashable, Sendable {
    case all
    case network(Network)
}

/// One `allow` or `deny`.
struct AccessRule: Equatable, Hashable, Sendable {
    let subject: AccessSubject
    let denies: Bool
}

/// The rules of a location, compiled: those of each family in the order of the file.
struct AccessRules: BitwiseCopyable {
    struct Entry: BitwiseCopyable {
        let network: Network
        let denies: Bool
    }

    let v4: PlanTable<Entry>
    let v6: PlanTable<Entry>
    /// What is said of unix sockets: the first rule holds for each of them.
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

    /// Whether a client is denied; nil when no rule is about it. An IPv4 address that is mapped
    /// into IPv6 (RFC 4291, section 2.5.5.2) is judged by the rules for IPv4 where there are any.
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
