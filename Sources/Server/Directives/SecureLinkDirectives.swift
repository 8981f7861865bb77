import Configuration

/// Links that are valid only with a secret.
struct SecureLinkSettings: Hashable {
    /// The hash in the request, optionally followed by a comma and its expiry time.
    var source: Word?
    /// The text that is hashed.
    var hashed: Word?
    var secret: Word?
}

/// secure_link, secure_link_md5, secure_link_secret.
enum SecureLinkDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "secure_link", in: .httpServerLocation, takes: .exactly(1),
            "Sets the text with the hash of a link and, after a comma, its expiry time, for "
                + "$secure_link.",
            inherit: inherit,
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.secureLink.source = try use.word(0)
                try checkMixing(draft, use)
            }
        ).evaluating(),
        .row(
            "secure_link_md5", in: .httpServerLocation, takes: .exactly(1),
            "Sets the text whose MD5 the hash must be."
        ) { (draft, use) throws(Diagnostic) in
            draft.scope.secureLink.hashed = try use.word(0)
            try checkMixing(draft, use)
        }.evaluating(),
        .row(
            "secure_link_secret", in: .httpServerLocation, takes: .exactly(1),
            "Sets the secret of links of the form /prefix/hash/link, for $secure_link."
        ) { (draft, use) throws(Diagnostic) in
            draft.scope.secureLink.secret = try use.word(0)
            try checkMixing(draft, use)
        },
    ]

    /// Inherits all settings or none: a level with a secret has nothing else.
    private static func inherit(_ child: inout Draft, from parent: inout Draft) {
        var settings = child.scope.secureLink
        let outer = parent.scope.secureLink
        guard settings.secret == nil else { return }
        settings.source = settings.source ?? outer.source
        settings.hashed = settings.hashed ?? outer.hashed
        if settings.source == nil, settings.hashed == nil { settings.secret = outer.secret }
        child.scope.secureLink = settings
    }

    private static func checkMixing(_ draft: Draft, _ use: DirectiveUse) throws(Diagnostic) {
        let settings = draft.scope.secureLink
        guard settings.secret != nil, settings.source != nil || settings.hashed != nil else {
            return
        }
        throw use.fail(
            "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\"")
    }
}

/// secure_link, compiled.
struct SecureLinkPlan: BitwiseCopyable {
    /// The value to check; nil if no link is valid, because `hashed` is missing.
    let source: Template?
    let hashed: Template?
    /// The secret; empty for none.
    let secret: PlanBytes
}

extension SecureLinkDirectives {
    static func compile(_ settings: SecureLinkSettings, _ compiler: inout PlanCompiler)
        -> SecureLinkPlan?
    {
        guard settings != SecureLinkSettings() else { return nil }
        return SecureLinkPlan(
            source: settings.source.map { compiler.template($0) },
            hashed: settings.hashed.map { compiler.template($0) },
            secret: compiler.parts.arena.store(settings.secret?.bytes ?? []))
    }
}
