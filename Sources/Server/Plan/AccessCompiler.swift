import Configuration
import HTTP

/// Compilation of access control settings.
extension PlanCompiler {
    /// Returns the index of a level's access plan; -1 if it needs none.
    mutating func access(_ scope: LevelSettings) -> Int32 {
        let group = AccessGroup(scope, serverNames: serverNames)
        guard !group.isUnrestricted else { return -1 }
        if let known = compiledAccesses[group] { return known }
        parts.accesses.append(
            AccessPlan(
                rules: group.access.rules.map { AccessRules($0, in: parts.arena) },
                satisfiesAny: group.access.satisfiesAny ?? false,
                auth: authBasic(group), secureLink: secureLink(group.secureLink),
                referers: referers(group), userID: userID(group.userID)))
        let index = Int32(parts.accesses.count &- 1)
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
