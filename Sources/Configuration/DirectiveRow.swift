/// The definition of one directive: its contexts, its arguments, its documentation, and its effect
/// on the draft of the settings.
public struct DirectiveRow<Draft>: Sendable {
    /// An action that applies a use of the directive to the draft.
    public typealias Action = @Sendable (inout Draft, DirectiveUse) throws(Diagnostic) -> Void
    /// An action that fills settings that the child (the first) leaves unset from its parent (the
    /// second). The parent is not changed: it is `inout` because reading by a key path would copy
    /// all of it.
    public typealias Inheritance = @Sendable (inout Draft, inout Draft) -> Void

    /// Whether a block may hold the directive more than once.
    public enum Repeats: Sendable {
        /// A second one in the same block is the error `directive is duplicate`.
        case no
        case yes
    }

    /// The kind of support for a directive.
    public enum Kind: Sendable {
        /// The directive does what nginx's documentation says.
        case implemented
        /// The directive is accepted and its arguments are counted; it cannot change a response.
        case ignored
        /// The directive would change responses and is not supported: it is an error.
        case refused
    }

    /// The directive's name.
    public let name: String
    /// The kind of support.
    public let kind: Kind
    /// The contexts in which the directive is allowed.
    public let contexts: Contexts
    /// The number of arguments.
    public let arguments: ArgumentCount
    /// One line of documentation.
    public let summary: String
    /// The default as nginx's documentation writes it (`off`, `75s`); nil if there is none.
    public let defaultText: String?
    /// For a block of directives, the context inside; nil if it has no block or a raw one.
    public let opens: Contexts?
    /// True if its block holds rows of values, not directives (`types`, `map`, `geo`).
    public let isRawBlock: Bool
    /// Whether the directive is allowed more than once in a block.
    public let repeats: Repeats
    /// A sentence about the difference from nginx's directive of that name; nil if there is none.
    public private(set) var difference: String?
    /// The family of the row, such as a module of nginx; nil for none.
    public private(set) var family: String?
    /// Called for each use; for a block, before its contents.
    public private(set) var apply: Action
    /// For a block: called after its contents, whenever `apply` did not throw.
    public let close: Action?
    /// The action with which a level inherits the setting from the level around it.
    public let inherit: Inheritance?

    /// True if braces follow the arguments.
    public var hasBlock: Bool { opens != nil || isRawBlock }

    /// Creates a directive that ends in `;`.
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

    /// Creates a directive with a block of directives.
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

    /// Creates a directive whose block holds rows of values; `apply` reads them from `use.rows`.
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

    /// Creates a directive that is accepted and ignored: `reason` says why nothing is lost. `opens`
    /// is the context inside of its block, if it has one.
    public static func ignored(
        _ name: String, in contexts: Contexts, takes arguments: ArgumentCount,
        opens: Contexts? = nil, of family: String? = nil, _ reason: String
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .ignored, contexts: contexts, arguments: arguments, summary: reason,
            defaultText: nil, opens: opens, isRawBlock: false, repeats: .yes, family: family,
            apply: { (_, _) throws(Diagnostic) in }, close: nil, inherit: nil)
    }

    /// Creates a directive that is an error in every context, with a block or without, unless its
    /// first argument is `harmless`.
    ///
    /// - Parameters:
    /// - summary: its effect in nginx.
    /// - advice: the alternative to suggest.
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

    /// Returns the row with a sentence about its difference from nginx's.
    public func differing(_ difference: String) -> DirectiveRow {
        var row = self
        row.difference = difference
        return row
    }
}
