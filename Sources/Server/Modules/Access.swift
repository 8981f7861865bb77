import Configuration
import HTTP
import Linux
import Reactor

/// Access control by the client's address.
struct AccessSettings: Hashable {
    /// The rules in the order of the file.
    var rules: [AccessRule]?
    var satisfiesAny: Bool?
}

/// allow, deny, satisfy.
enum Access: Step {
    static var cacheability: Cacheability { .perRequest }

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "allow", in: [.http, .server, .location, .limitExcept], takes: .exactly(1),
            repeats: .yes,
            "Allows access for an address, a network (192.0.2.0/24), unix: or all.",
            inherit: DirectiveRow.inheriting(\.scope.access.rules),
            apply: { (draft, use) throws(Diagnostic) in
                try addRule(use, denies: false, to: &draft)
            }),
        .row(
            "deny", in: [.http, .server, .location, .limitExcept], takes: .exactly(1),
            repeats: .yes,
            "Denies access with 403. Of allow and deny, the first rule that matches the client "
                + "applies."
        ) { (draft, use) throws(Diagnostic) in
            try addRule(use, denies: true, to: &draft)
        },
        .choice(
            "satisfy", in: .httpServerLocation, sets: \.scope.access.satisfiesAny,
            [("all", false), ("any", true)], default: "all",
            "Requires both the address and the password to be accepted (all), or one of them (any)."
        ),
    ]

    private static func addRule(
        _ use: DirectiveUse, denies: Bool, to draft: inout Draft
    ) throws(Diagnostic) {
        let text = try use.text(0)
        let bytes = try use.bytes(0)
        var hasLowBits = false
        let subject: AccessSubject
        switch text {
        case "all": subject = .all
        case "unix:": subject = .network(.unix)
        default:
            guard let parsed = Network.parse(bytes.span) else {
                throw use.fail(
                    "invalid parameter \"\(text)\"", at: 0,
                    help: [
                        "it must be an address, a network like 192.0.2.0/24, \"unix:\" or "
                            + "\"all\""
                    ])
            }
            subject = .network(parsed.network)
            hasLowBits = parsed.hasLowBits
        }
        let rules = draft.scope.access.rules ?? []
        draft.scope.access.rules = rules + [AccessRule(subject: subject, denies: denies)]
        guard hasLowBits else { return }
        var warning = use.fail("low address bits of \(text) are meaningless", at: 0)
        warning.severity = .warning
        throw warning
    }
}

/// Access control of a location: settings that few locations have, in one place.
struct AccessPlan: BitwiseCopyable {
    /// The rules; nil without allow and deny.
    var rules: AccessRules?
    var satisfiesAny: Bool
    var auth: AuthBasicPlan?
    var secureLink: SecureLinkPlan?
    var referers: RefererPlan?
    var userID: UserIDPlan?
}

/// The settings that an access plan is compiled from; levels with the same settings share one.
struct AccessGroup: Hashable {
    var access: AccessSettings
    var authBasic: AuthBasicSettings
    var secureLink: SecureLinkSettings
    var referers: RefererSettings
    var userID: UserIDSettings
    /// The server names that `server_names` stands for.
    var serverNames: [Word] = []

    init(_ scope: LevelSettings, serverNames: [Word]) {
        access = scope.access
        authBasic = scope.authBasic
        secureLink = scope.secureLink
        referers = scope.referers
        userID = scope.userID
        if referers.matchesServerNames { self.serverNames = serverNames }
    }

    /// True if a password is required.
    var requiresPassword: Bool {
        authBasic.realm.map { $0.text != "off" } ?? false && authBasic.userFile != nil
    }

    var setsUserID: Bool { userID.mode == .on || userID.mode == .v1 }

    /// True if nothing is restricted.
    var isUnrestricted: Bool {
        access.rules == nil && !requiresPassword && secureLink == SecureLinkSettings()
            && referers.names == nil && (userID.mode ?? .off) == .off
    }
}

extension Access {
    /// Returns the index of a level's access plan; -1 if it needs none.
    static func compile(_ scope: LevelSettings, _ compiler: inout PlanCompiler) -> Int32 {
        let group = AccessGroup(scope, serverNames: compiler.serverNames)
        guard !group.isUnrestricted else { return -1 }
        if let known = compiler.compiledAccesses[group] { return known }
        let index = compiler.parts.accesses.add(
            AccessPlan(
                rules: group.access.rules.map { AccessRules($0, in: compiler.parts.arena) },
                satisfiesAny: group.access.satisfiesAny ?? false,
                auth: AuthBasic.compile(group, &compiler),
                secureLink: SecureLinks.compile(group.secureLink, &compiler),
                referers: Referer.compile(group, &compiler),
                userID: UserIDCookies.compile(group.userID, &compiler)))
        compiler.compiledAccesses[group] = index
        return index
    }
}

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

/// The access phase: allow and deny, then auth_basic; `satisfy` requires both or either.
extension Access {
    /// Checks access. Returns nil if the request continues.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        if let status = popDelayedStatus(request) { return .status(status) }
        let access = services.plan.accesses[Int(location.access)]
        var refusal = 0
        if let denies = access.rules?.denies(services.peers[request.slot]) {
            services.explanation?.note(
                "allow, deny: \(services.peers[request.slot].text) is "
                    + (denies ? "denied" : "allowed")
            )
            if denies {
                guard access.satisfiesAny else {
                    services.logError(.error, "access forbidden by rule", request)
                    return .status(403)
                }
                refusal = 403
            } else if access.satisfiesAny {
                return nil
            }
        }
        if let auth = access.auth {
            let passwordCheck = AuthBasic.passwordCheck(auth, &request, &services)
            services.explanation?.note("auth_basic: \(passwordCheck.text)")
            switch passwordCheck {
            case .declined: break
            case .waits: return .suspended
            case .allowed:
                if access.satisfiesAny {
                    request.context?.passwordCheck.realms = []
                    return nil
                }
            case .refused(let status):
                // A password that could not be verified is an error, not a refusal that satisfy
                // combines.
                guard access.satisfiesAny, status == 401 || status == 403 else {
                    return status == 401
                        ? refuseUnauthorized(auth, &request, &services) : .status(status)
                }
                refusal = status == 401 || refusal == 0 ? status : refusal
            }
        }
        switch refusal {
        case 0: return nil
        case 403:
            services.logError(.error, "access forbidden by rule", request)
            return .status(403)
        default:
            return access.auth.map { refuseUnauthorized($0, &request, &services) }
                ?? .status(refusal)
        }
    }

    /// Responds with 401, at once or after auth_delay.
    private static func refuseUnauthorized(
        _ auth: AuthBasicPlan, _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome {
        guard auth.delayMs > 0 else { return .status(401) }
        services.logError(.info, "delaying unauthorized request", request)
        services.context(of: &request).passwordCheck.delayedStatus = 401
        services.timers.arm(request.slot, atMs: services.clock.monotonicMs &+ auth.delayMs)
        return .suspended
    }

    /// Returns the WWW-Authenticate fields of the response, each after a line end (RFC 7617). A
    /// request that was refused and redirected keeps them. Control characters, with which a
    /// variable could end the field, become spaces.
    static func challenges(_ request: borrowing Request) -> [UInt8] {
        guard let realms = request.context?.passwordCheck.realms, !realms.isEmpty else {
            return []
        }
        var fields: [UInt8] = []
        for realm in realms {
            fields += Array("\r\nWWW-Authenticate: Basic realm=\"".utf8)
            fields += realm.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }
            fields.append(UInt8(ascii: "\""))
        }
        return fields
    }

    private static func popDelayedStatus(_ request: borrowing Request) -> Int? {
        guard let context = request.context, context.passwordCheck.delayedStatus != 0 else {
            return nil
        }
        defer { context.passwordCheck.delayedStatus = 0 }
        return context.passwordCheck.delayedStatus
    }
}
