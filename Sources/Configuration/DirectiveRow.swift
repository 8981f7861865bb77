/// What one directive is: where it may stand, what it takes, what it says in the documentation, and
/// what it does to the draft of the settings.
public struct DirectiveRow<Draft>: Sendable {
    /// Takes a use of the directive into the draft.
    public typealias Action = @Sendable (inout Draft, DirectiveUse) throws(Diagnostic) -> Void
    /// Fills what the child (the first) does not set from its parent (the second), which is not
    /// changed: it is `inout` because what reads by a key path would copy the whole of it.
    public typealias Inheritance = @Sendable (inout Draft, inout Draft) -> Void

    /// Whether a block may hold the directive more than once.
    public enum Repeats: Sendable {
        /// A second one in the same block is the error `directive is duplicate`.
        case no
        case yes
    }

    /// What becomes of a directive.
    public enum Kind: Sendable {
        /// It does what nginx's documentation says of it.
        case implemented
        /// It is taken and its arguments are counted; it could not change what is answered.
        case idle
        /// It would change what is answered, and cannot: it is an error.
        case refused
    }

    /// The directive's name.
    public let name: String
    /// What becomes of it.
    public let kind: Kind
    /// Where it may stand.
    public let contexts: Contexts
    /// How many arguments it takes.
    public let arguments: ArgumentCount
    /// One line of documentation.
    public let summary: String
    /// The default as nginx's documentation writes it (`off`, `75s`); nil when there is none.
    public let defaultText: String?
    /// For a block of directives, the context inside; nil when it has no block or a raw one.
    public let opens: Contexts?
    /// Whether its block holds rows of values, not directives (`types`, `map`, `geo`).
    public let isRawBlock: Bool
    /// Whether it may be given more than once in a block.
    public let repeats: Repeats
    /// How it differs from nginx's directive of that name, in a sentence; nil when it does not.
    public private(set) var difference: String?
    /// What it belongs to, for a row that is one of a family (a module of nginx's).
    public private(set) var family: String?
    /// Called for each use; for a block, before its contents.
    public private(set) var apply: Action
    /// For a block: called after its contents, whenever `apply` did not throw.
    public let close: Action?
    /// How a level gets the setting from the level around it.
    public let inherit: Inheritance?

    /// Whether braces follow the arguments.
    public var hasBlock: Bool { opens != nil || isRawBlock }

    /// A directive that ends in `;`.
    public static func row(
        _ name: String, in contexts: Contexts, takes arguments: ArgumentCount,
        repeats: Repeats = .no, default defaultText: String? = nil, _ summary: String,
        inherit: Inheritance? = nil, apply: @escaping Action
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .implemented, contexts: contexts, arguments: arguments,
            summary: summary,
            defaultText: defaultText, opens: nil, isRawBlock: false, repeats: repeats,
            apply: apply, close: nil, inherit: inherit)
    }

    /// A directive with a block of directives.
    public static func block(
        _ name: String, in contexts: Contexts, takes arguments: ArgumentCount,
        opens: Contexts, repeats: Repeats = .yes, _ summary: String,
        apply: @escaping Action, close: Action? = nil
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .implemented, contexts: contexts, arguments: arguments,
            summary: summary,
            defaultText: nil, opens: opens, isRawBlock: false, repeats: repeats, apply: apply,
            close: close, inherit: nil)
    }

    /// A directive whose block holds rows of values, which `apply` finds in `use.rows`.
    public static func rawBlock(
        _ name: String, in contexts: Contexts, takes arguments: ArgumentCount,
        repeats: Repeats = .yes, default defaultText: String? = nil, _ summary: String,
        inherit: Inheritance? = nil, apply: @escaping Action
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .implemented, contexts: contexts, arguments: arguments,
            summary: summary,
            defaultText: defaultText, opens: nil, isRawBlock: true, repeats: repeats,
            apply: apply, close: nil, inherit: inherit)
    }

    /// A directive that is accepted and does nothing: `reason` says why nothing is missing. `opens`
    /// is the context inside of its block, when it has one.
    public static func idle(
        _ name: String, in contexts: Contexts, takes arguments: ArgumentCount,
        opens: Contexts? = nil, of family: String? = nil, _ reason: String
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .idle, contexts: contexts, arguments: arguments, summary: reason,
            defaultText: nil, opens: opens, isRawBlock: false, repeats: .yes, family: family,
            apply: { (_, _) throws(Diagnostic) in }, close: nil, inherit: nil)
    }

    /// A directive that is an error wherever it stands, with a block or without, unless its first
    /// argument is `harmless`.
    ///
    /// - Parameters:
    ///   - summary: what it does in nginx.
    ///   - advice: what to do instead.
    public static func refused(
        _ name: String, in contexts: Contexts, unless harmless: String? = nil,
        of family: String? = nil, _ summary: String, advice: String
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .refused, contexts: contexts, arguments: .atLeast(0),
            summary: summary, defaultText: harmless, opens: nil, isRawBlock: false, repeats: .yes,
            difference: advice, family: family,
            apply: { (_, use) throws(Diagnostic) in
                if let harmless, let first = use.arguments.first,
                    ASCII.equalsIgnoringCase(first.bytes, harmless)
                {
                    return
                }
                throw use.fail(
                    "\"\(name)\" directive is refused: apus serves files only", help: [advice])
            }, close: nil, inherit: nil)
    }

    /// Returns the row with a further action, run on each use after `apply` has succeeded.
    public func applyingAlso(_ more: @escaping Action) -> DirectiveRow {
        var row = self
        let first = apply
        row.apply = { (draft, use) throws(Diagnostic) in
            try first(&draft, use)
            try more(&draft, use)
        }
        return row
    }

    /// The row with a sentence on how it differs from nginx's.
    public func differing(_ difference: String) -> DirectiveRow {
        var row = self
        row.difference = difference
        return row
    }
}
