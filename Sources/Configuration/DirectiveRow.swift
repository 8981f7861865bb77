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
    /// first argument is `ignoredValue`.
    ///
    /// - Parameters:
    /// - summary: its effect in nginx.
    /// - advice: the alternative to suggest.
    public static func refused(
        _ name: String, in contexts: Contexts, unless ignoredValue: String? = nil,
        of family: String? = nil, _ summary: String, advice: String
    ) -> DirectiveRow {
        DirectiveRow(
            name: name, kind: .refused, contexts: contexts, arguments: .atLeast(0),
            summary: summary, defaultText: ignoredValue, opens: nil, isRawBlock: false,
            repeats: .yes,
            difference: advice, family: family,
            apply: { (_, use) throws(Diagnostic) in
                if let ignoredValue, let first = use.arguments.first,
                    ASCII.equalsIgnoringCase(first.bytes, ignoredValue)
                {
                    return
                }
                throw use.fail(
                    "\"\(name)\" directive is refused: apus compresses with gzip only",
                    help: [advice])
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

/// Rows of one line: a directive that sets one optional value and inherits it if unset. They are
/// inlinable because each level of a configuration inherits every one of them: code that is generic
/// over the draft looks up types at run time.
extension DirectiveRow {
    /// Creates a directive with an argument `on` or `off`.
    @inlinable
    public static func flag(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Bool?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .flag, default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.flag(0)
        }
    }

    /// Creates a directive with a size in bytes, optionally with `k` or `m`.
    @inlinable
    public static func size(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.size(0)
        }
    }

    /// Creates a directive with a file size in bytes, optionally with `k`, `m` or `g`.
    @inlinable
    public static func offset(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.offset(0)
        }
    }

    /// Creates a directive with a time, stored in milliseconds.
    @inlinable
    public static func milliseconds(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.milliseconds(0)
        }
    }

    /// Creates a directive with a time, stored in seconds.
    @inlinable
    public static func seconds(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.seconds(0)
        }
    }

    /// Creates a directive with a number.
    @inlinable
    public static func integer(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.integer(0)
        }
    }

    /// Creates a directive with a text.
    @inlinable
    public static func text(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, String?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.text(0)
        }
    }

    /// Creates a directive with one of a few names.
    @inlinable
    public static func choice<Value: Sendable>(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Value?> & Sendable, _ choices: [(String, Value)],
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        setting(
            name, in: contexts, takes: .exactly(1), default: defaultText, summary, sets: field
        ) { (use) throws(Diagnostic) in try use.oneOf(0, choices)
        }
    }

    /// Creates a directive that sets one value, as `read` reads it from the arguments. A level that
    /// leaves it unset inherits it.
    @inlinable
    public static func setting<Value>(
        _ name: String, in contexts: Contexts, takes arguments: ArgumentCount,
        default defaultText: String? = nil, _ summary: String,
        sets field: WritableKeyPath<Draft, Value?> & Sendable,
        read: @escaping @Sendable (DirectiveUse) throws(Diagnostic) -> Value
    ) -> DirectiveRow {
        .row(
            name, in: contexts, takes: arguments, default: defaultText, summary,
            inherit: { (child, parent) in
                fill(&child[keyPath: field], from: &parent[keyPath: field])
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft[keyPath: field] = try read(use)
            })
    }

    /// Fills an unset value from the parent. Both are passed in place: reading by a key path would
    /// copy the whole draft.
    @inlinable
    public static func fill<Value>(_ value: inout Value?, from parent: inout Value?) {
        if value == nil { value = parent }
    }
}

/// The number of arguments that a directive accepts.
public enum ArgumentCount: Hashable, Sendable {
    /// Exactly this number.
    case exactly(Int)
    /// One of these numbers.
    case oneOf([Int])
    /// At least this number.
    case atLeast(Int)
    /// From the first to the second, both included.
    case between(Int, Int)
    /// One, which is `on` or `off`.
    case flag

    /// Returns true if a directive may have `count` arguments.
    public func allows(_ count: Int) -> Bool {
        switch self {
        case .exactly(let wanted): count == wanted
        case .oneOf(let counts): counts.contains(count)
        case .atLeast(let least): count >= least
        case .between(let least, let most): count >= least && count <= most
        case .flag: count == 1
        }
    }

    /// The count in words, to follow "takes": "no arguments", "1 or 2 arguments".
    public var description: String {
        switch self {
        case .exactly(0): "no arguments"
        case .exactly(1): "1 argument"
        case .exactly(let wanted): "\(wanted) arguments"
        case .oneOf(let counts): "\(joined(counts.map(String.init), by: "or")) arguments"
        case .atLeast(1): "1 argument or more"
        case .atLeast(let least): "\(least) arguments or more"
        case .between(let least, let most): "\(least) to \(most) arguments"
        case .flag: "1 argument, \"on\" or \"off\""
        }
    }
}

/// Joins words as in a sentence: `a, b or c`.
func joined(_ words: [String], by conjunction: String) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}

/// A set of contexts in which a directive is allowed.
public struct Contexts: OptionSet, Hashable, Sendable {
    /// One bit for each context.
    public let rawValue: UInt16

    /// The contexts whose bits are set.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Outside of every block.
    public static let main = Contexts(rawValue: 1)
    /// In `events { }`.
    public static let events = Contexts(rawValue: 2)
    /// In `http { }`.
    public static let http = Contexts(rawValue: 4)
    /// In `server { }`.
    public static let server = Contexts(rawValue: 8)
    /// In `location { }`.
    public static let location = Contexts(rawValue: 16)
    /// In `if { }` directly in a server.
    public static let ifInServer = Contexts(rawValue: 32)
    /// In `if { }` in a location.
    public static let ifInLocation = Contexts(rawValue: 64)
    /// In `limit_except { }`.
    public static let limitExcept = Contexts(rawValue: 128)

    /// In `upstream { }`.
    public static let upstream = Contexts(rawValue: 256)

    /// Everywhere.
    public static let any: Contexts = [
        .main, .events, .http, .server, .location, .ifInServer, .ifInLocation, .limitExcept,
        .upstream,
    ]
    /// The three levels that most settings are inherited along.
    public static let httpServerLocation: Contexts = [.http, .server, .location]

    /// The names of the contexts in the set, as the documentation writes them.
    public var names: [String] {
        let all: [(Contexts, String)] = [
            (.main, "main"), (.events, "events"), (.http, "http"), (.server, "server"),
            (.location, "location"), (.ifInServer, "if in server"),
            (.ifInLocation, "if in location"), (.limitExcept, "limit_except"),
            (.upstream, "upstream"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}

/// All known directives by name. A name may have several rows for different contexts.
public struct DirectiveTable<Draft>: Sendable {
    /// The rows in the order in which they were given.
    public let rows: [DirectiveRow<Draft>]
    /// The names whose blocks hold rows of values, which the parser must know.
    public let rawBlockNames: Set<String>
    private let rowsByName: [String: [DirectiveRow<Draft>]]
    /// The inheritance rules alone: most rows have none, and each level runs all of them.
    private let inheritances: [DirectiveRow<Draft>.Inheritance]

    /// Creates a table of these rows.
    public init(_ rows: [DirectiveRow<Draft>]) {
        self.rows = rows
        rowsByName = Dictionary(grouping: rows, by: \.name)
        rawBlockNames = Set(rows.lazy.filter(\.isRawBlock).map(\.name))
        inheritances = rows.compactMap(\.inherit)
    }

    /// Returns the rows of a name; empty if it is unknown.
    public func rows(named name: String) -> [DirectiveRow<Draft>] { rowsByName[name] ?? [] }

    /// Returns the names that are allowed in any of these contexts, sorted.
    public func names(in contexts: Contexts) -> [String] {
        rowsByName.filter { $0.value.contains { !$0.contexts.isDisjoint(with: contexts) } }
            .map(\.key).sorted()
    }

    /// Lets a level inherit every setting that has a rule. The parent is not changed.
    public func inherit(_ child: inout Draft, from parent: inout Draft) {
        for inherit in inheritances { inherit(&child, &parent) }
    }
}
