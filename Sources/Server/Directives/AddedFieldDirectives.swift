import Configuration

/// The fields that a level adds to its responses.
struct AddedFieldSettings {
    var fields: [AddedFieldDraft]?
    var fieldsInherit: FieldInheritance?
    var trailers: [AddedFieldDraft]?
    var trailersInherit: FieldInheritance?
    var expires: ExpiresDraft?

    /// True if there is anything to add.
    var addsAny: Bool {
        var expiresSometime = false
        switch expires {
        case .rule(let rule): expiresSometime = rule.kind != .off
        case .text: expiresSometime = true
        case nil: break
        }
        return expiresSometime || !(fields ?? []).isEmpty || !(trailers ?? []).isEmpty
    }
}

/// One add_header or add_trailer.
struct AddedFieldDraft {
    let name: Word
    let value: Word
    /// `always`.
    let isForAll: Bool
}

/// The argument of `expires`: a rule, or a text with variables.
enum ExpiresDraft {
    case rule(ExpiresRule)
    case text(Word, fromModified: Bool)
}

/// The inheritance of add_header and add_trailer (add_header_inherit and add_trailer_inherit).
enum FieldInheritance: UInt8, BitwiseCopyable {
    /// Nothing is inherited.
    case off
    /// All fields are inherited, unless the level has its own.
    case on
    /// All fields are inherited and follow the level's own.
    case merge
}

/// add_header, add_trailer and expires.
enum AddedFieldDirectives {
    private static let contexts: Contexts = [.http, .server, .location, .ifInLocation]

    static let rows: [DirectiveRow<Draft>] = [
        list(
            "add_header", \.scope.added.fields, \.scope.added.fieldsInherit,
            "Adds a header to responses; with always, also to errors."),
        list(
            "add_trailer", \.scope.added.trailers, \.scope.added.trailersInherit,
            "Adds a trailer to responses, which are sent in chunks for it."),
        .choice(
            "add_header_inherit", in: contexts, sets: \.scope.added.fieldsInherit, inheritances,
            default: "on",
            "Sets which headers are inherited from the enclosing level: off, on or "
                + "merge."),
        .choice(
            "add_trailer_inherit", in: contexts, sets: \.scope.added.trailersInherit,
            inheritances, default: "on",
            "Sets which trailers are inherited from the enclosing level: off, on or merge."),
        .row(
            "expires", in: contexts, takes: .oneOf([1, 2]), default: "off",
            "Sends Expires and Cache-Control headers.",
            inherit: { (child, parent) in
                child.scope.added.expires = child.scope.added.expires ?? parent.scope.added.expires
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.added.expires = try expires(use)
            }
        ).evaluating(.last),
    ]

    private static let inheritances: [(String, FieldInheritance)] = [
        ("off", .off), ("on", .on), ("merge", .merge),
    ]

    private static func list(
        _ name: String, _ list: WritableKeyPath<Draft, [AddedFieldDraft]?> & Sendable,
        _ inheritance: WritableKeyPath<Draft, FieldInheritance?> & Sendable, _ summary: String
    ) -> DirectiveRow<Draft> {
        .row(
            name, in: contexts, takes: .oneOf([2, 3]), repeats: .yes, summary,
            inherit: { (child, parent) in
                let rule = child[keyPath: inheritance] ?? parent[keyPath: inheritance] ?? .on
                guard rule != .off, let outer = parent[keyPath: list] else { return }
                guard let own = child[keyPath: list] else {
                    child[keyPath: list] = outer
                    return
                }
                if rule == .merge { child[keyPath: list] = own + outer }
            },
            apply: { (draft, use) throws(Diagnostic) in
                if use.arguments.count > 2, try use.text(2) != "always" {
                    throw use.fail(
                        "invalid parameter \"\(try use.text(2))\"", at: 2,
                        help: ["only always is allowed here"])
                }
                let field = AddedFieldDraft(
                    name: try use.word(0), value: try use.word(1),
                    isForAll: use.arguments.count > 2)
                draft[keyPath: list] = (draft[keyPath: list] ?? []) + [field]
            }
        ).evaluating(.second)
    }

    private static func expires(_ use: DirectiveUse) throws(Diagnostic) -> ExpiresDraft {
        let fromModified = use.arguments.count > 1
        if fromModified, try use.text(0) != "modified" {
            throw use.fail(
                "\"expires\" directive invalid value", at: 0,
                help: ["with two arguments, the first must be modified"])
        }
        let value = try use.word(fromModified ? 1 : 0)
        if value.bytes.contains(UInt8(ascii: "$")) {
            return .text(value, fromModified: fromModified)
        }
        do {
            return .rule(try ExpiresRule.parse(value.bytes, fromModified: fromModified))
        } catch {
            throw use.fail(
                "\"expires\" directive \(error.message)", at: fromModified ? 1 : 0,
                help: ["it must be a time as in 30d, -1, @15h30m, or epoch, max or off"])
        }
    }
}
