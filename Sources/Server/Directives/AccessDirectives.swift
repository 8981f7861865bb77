import Configuration
import HTTP

/// Access control by the client's address.
struct AccessSettings: Hashable {
    /// The rules in the order of the file.
    var rules: [AccessRule]?
    var satisfiesAny: Bool?
}

/// allow, deny, satisfy.
enum AccessDirectives {
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

/// auth_basic, compiled.
struct AuthBasicPlan: BitwiseCopyable {
    let realm: Template
    let userFile: Template
    /// The directory that a relative path of the file starts from, with a trailing slash.
    let directory: PlanBytes
    /// The delay of a 401 response in milliseconds; 0 for none.
    let delayMs: Int64
}

/// secure_link, compiled.
struct SecureLinkPlan: BitwiseCopyable {
    /// The value to check; nil if no link is valid, because `hashed` is missing.
    let source: Template?
    let hashed: Template?
    /// The secret; empty for none.
    let secret: PlanBytes
}

/// valid_referers, compiled.
struct RefererPlan: BitwiseCopyable {
    /// Host names; the value of each is an index into `paths`, 0 for any path.
    let hosts: VirtualHosts
    let paths: PlanTable<PlanBytes>
    /// Regular expressions for the part after the scheme.
    let regexes: PlanTable<Int32>
    /// Regular expressions for hosts.
    let hostRegexes: PlanTable<Int32>
    let matchesNone: Bool
    let matchesBlocked: Bool
}

/// userid, compiled.
struct UserIDPlan: BitwiseCopyable {
    let mode: UserIDMode
    /// The service number; nil for the server's address.
    let service: UInt32?
    let name: PlanBytes
    /// `; domain=…`, or empty.
    let domain: PlanBytes
    /// `; path=…`
    let path: PlanBytes
    let lifetime: UserIDLifetime
    let flags: UserIDFlags
    /// The P3P field; empty for none.
    let p3p: PlanBytes
    /// The mark; 0 for none.
    let mark: UInt8
    /// $uid_reset
    let reset: Template
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

/// Compilation of access control settings.
extension PlanCompiler {
    /// Returns the index of a level's access plan; -1 if it needs none.
    mutating func access(_ scope: LevelSettings) -> Int32 {
        let group = AccessGroup(scope, serverNames: serverNames)
        guard !group.isUnrestricted else { return -1 }
        if let known = compiledAccesses[group] { return known }
        let index = parts.accesses.add(
            AccessPlan(
                rules: group.access.rules.map { AccessRules($0, in: parts.arena) },
                satisfiesAny: group.access.satisfiesAny ?? false,
                auth: authBasic(group), secureLink: secureLink(group.secureLink),
                referers: referers(group), userID: userID(group.userID)))
        compiledAccesses[group] = index
        return index
    }

    private mutating func authBasic(_ group: AccessGroup) -> AuthBasicPlan? {
        guard group.requiresPassword, let realm = group.authBasic.realm,
            let file = group.authBasic.userFile
        else { return nil }
        parts.requiresPasswords = true
        let delayMs = group.authBasic.delayMs ?? 0
        let directory = draft.paths.configurationDirectory
        return AuthBasicPlan(
            realm: template(realm), userFile: template(file),
            directory: parts.arena.store(
                directory.utf8.last == UInt8(ascii: "/") ? directory : directory + "/"),
            delayMs: min(Int64(delayMs), 1 << 52))
    }

    private mutating func secureLink(_ settings: SecureLinkSettings) -> SecureLinkPlan? {
        guard settings != SecureLinkSettings() else { return nil }
        return SecureLinkPlan(
            source: settings.source.map { template($0) },
            hashed: settings.hashed.map { template($0) },
            secret: parts.arena.store(settings.secret?.bytes ?? []))
    }

    private mutating func userID(_ settings: UserIDSettings) -> UserIDPlan? {
        guard let mode = settings.mode, mode != .off, let word = resetWord else { return nil }
        let domain = settings.domain ?? "none"
        let p3p = settings.p3p ?? "none"
        return UserIDPlan(
            mode: mode, service: settings.service.map { UInt32(truncatingIfNeeded: $0) },
            name: parts.arena.store(settings.name ?? "uid"),
            domain: parts.arena.store(domain == "none" ? "" : "; domain=" + domain),
            path: parts.arena.store("; path=" + (settings.path ?? "/")),
            lifetime: settings.lifetime ?? .session, flags: settings.flags ?? [],
            p3p: parts.arena.store(p3p == "none" ? "" : p3p), mark: settings.mark ?? 0,
            reset: word)
    }

    /// The variable $uid_reset, if the configuration sets it.
    private var resetWord: Template? {
        mutating get {
            variable("uid_reset").map { Template(pieces: parts.arena.store(elements: [$0])) }
        }
    }

    // MARK: referers

    private mutating func referers(_ group: AccessGroup) -> RefererPlan? {
        let settings = group.referers
        guard let names = settings.names else { return nil }
        var hosts = NameTable()
        var paths = [parts.arena.store("")]
        for name in names {
            add(name.name, of: name.word, index: paths.count, to: &hosts)
            paths.append(parts.arena.store(name.path))
        }
        var hostRegexes: [Int32] = []
        for word in group.serverNames {
            if word.bytes.first == UInt8(ascii: "~") {
                if let regex = regex(Array(word.bytes.dropFirst()), ignoresCase: true, of: word) {
                    hostRegexes.append(regex)
                }
            } else {
                add(word.bytes, of: word, index: 0, to: &hosts)
            }
        }
        if names.isEmpty, !settings.matchesServerNames,
            settings.matchesNone || settings.matchesBlocked
        {
            report(
                Diagnostic(
                    .error,
                    "the \"none\" or \"blocked\" referers are specified in the "
                        + "\"valid_referers\" directive without any valid referer",
                    at: settings.word?.place, length: settings.word?.length ?? 1))
        }
        let regexes = settings.regexes.compactMap {
            regex(Array($0.bytes.dropFirst()), ignoresCase: true, of: $0)
        }
        return RefererPlan(
            hosts: hosts.plan(defaultServer: -1, readsProxyHeader: false, in: parts.arena),
            paths: parts.arena.store(elements: paths),
            regexes: parts.arena.store(elements: regexes),
            hostRegexes: parts.arena.store(elements: hostRegexes),
            matchesNone: settings.matchesNone, matchesBlocked: settings.matchesBlocked)
    }

    private mutating func add(
        _ name: [UInt8], of word: Word, index: Int, to hosts: inout NameTable
    ) {
        let text = String(decoding: name, as: UTF8.self)
        var message: String?
        do {
            if try !hosts.add(name, server: Int32(clamping: index), in: &self) {
                message = "conflicting parameter \"\(text)\""
            }
        } catch {
            message = "invalid hostname or wildcard \"\(text)\""
        }
        guard let message else { return }
        report(Diagnostic(.error, message, at: word.place, length: word.length))
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
