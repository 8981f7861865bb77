import Configuration
import Files
import HTTP
import Linux

/// Links that are valid only with a secret.
struct SecureLinkSettings: Hashable {
    /// The hash in the request, optionally followed by a comma and its expiry time.
    var source: Word?
    /// The text that is hashed.
    var hashed: Word?
    var secret: Word?
}

/// secure_link, secure_link_md5, secure_link_secret.
enum SecureLinks {
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

extension SecureLinks {
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

/// $secure_link and $secure_link_expires (ngx_http_secure_link_module).
extension SecureLinks {
    static let variables: [VariableRow] = [
        .ifAny("secure_link", .perRequest, [.computedOnce, .ofEvaluation]) {
            writeResult(isTime: false, &$0, &$1, into: &$3)
        },
        .ifAny("secure_link_expires", .perRequest, [.computedOnce, .ofEvaluation]) {
            writeResult(isTime: true, &$0, &$1, into: &$3)
        },
    ]

    private static func writeResult(
        isTime: Bool, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let index = services.plan.locations[Int(request.location)].access
        guard index >= 0, let link = services.plan.accesses[Int(index)].secureLink else {
            return false
        }
        if !link.secret.isEmpty {
            return !isTime && writeSecretLink(link.secret, request, into: &writer)
        }
        guard let source = link.source, let hashed = link.hashed else { return false }
        guard Variables.beginEvaluation("variable \"secure_link\"", &request, &services) else {
            return false
        }
        defer { Variables.endEvaluation(&request) }
        let text = Variables.value(of: source, &request, &services)
        guard let parts = SecureLink(text) else { return false }
        if isTime {
            guard parts.expires > 0 else { return false }
            writer.append(text.span.slice(from: parts.hashEnd &+ 1, to: text.count))
            return true
        }
        let digest = MD5.digest(of: Variables.value(of: hashed, &request, &services).span)
        guard let hash = parts.hash, hash == digest else { return false }
        let isOver = parts.expires > 0 && parts.expires < services.clock.seconds
        writer.append(byte: isOver ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        return true
    }

    /// Handles `/prefix/hash/link`: writes the link if the hash is the MD5 of it and the secret.
    private static func writeSecretLink(
        _ secret: PlanBytes, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        let head = request.parser.head
        let received = request.received
        let end = head.hasQuery ? head.query.end : head.path.end
        let target = received.slice(from: Int(head.path.offset), to: end)
        guard let link = SecureLink.link(of: target, secret: secret.span) else { return false }
        writer.append(target.slice(from: link, to: target.count))
        return true
    }
}

/// The parsed value of secure_link.
struct SecureLink: Equatable {
    /// The hash; nil if it does not have 16 bytes or is invalid base 64.
    let hash: [UInt8]?
    /// The index where the hash ends.
    let hashEnd: Int
    /// The expiry time in seconds since 1970; 0 for none.
    let expires: Int64

    /// Parses a hash, optionally followed by a comma and a time; nil if the time is invalid.
    init?(_ text: [UInt8]) {
        hashEnd = text.firstIndex(of: UInt8(ascii: ",")) ?? text.count
        var expires: Int64 = 0
        if hashEnd < text.count {
            guard
                let time = text.span.slice(from: hashEnd &+ 1, to: text.count).decimalValue(),
                time > 0
            else { return nil }
            expires = time
        }
        self.expires = expires
        let hash = Base64.decode(text.span.slice(from: 0, to: hashEnd), .url)
        self.hash = hashEnd <= 24 && hash?.count == 16 ? hash : nil
    }

    /// Returns the index where the link begins in `/prefix/hash/link`; nil if the hash, in
    /// hexadecimal digits, does not match the link and the secret.
    static func link(of target: Span<UInt8>, secret: Span<UInt8>) -> Int? {
        let slash = UInt8(ascii: "/")
        guard let first = target.firstIndex(of: slash, from: 1),
            let second = target.firstIndex(of: slash, from: first &+ 1),
            second &- first == 33, second &+ 1 < target.count
        else { return nil }
        var md5 = MD5()
        md5.update(target.slice(from: second &+ 1, to: target.count))
        md5.update(secret)
        let digest = md5.finish()
        for index in digest.indices {
            guard let high = target[first &+ 1 &+ 2 &* index].hexadecimalDigit,
                let low = target[first &+ 2 &+ 2 &* index].hexadecimalDigit,
                high << 4 | low == digest[index]
            else { return nil }
        }
        return second &+ 1
    }
}
