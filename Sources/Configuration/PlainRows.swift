/// Rows of one line: a directive that sets one optional value and inherits it when it is unset.
extension DirectiveRow {
    /// `on` or `off`.
    public static func flag(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Bool?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .flag, field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.flag(0)
        }
    }

    /// A size in bytes, with `k` or `m`.
    public static func size(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.size(0)
        }
    }

    /// A size in bytes that may be a file's, with `k`, `m` or `g`.
    public static func offset(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.offset(0)
        }
    }

    /// A time, kept in milliseconds.
    public static func milliseconds(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.milliseconds(0)
        }
    }

    /// A time, kept in seconds.
    public static func seconds(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.seconds(0)
        }
    }

    /// A number.
    public static func integer(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.integer(0)
        }
    }

    /// A text, taken as it is.
    public static func text(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, String?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.text(0)
        }
    }

    /// One of a few names.
    public static func choice<Value: Sendable>(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Value?> & Sendable, _ choices: [(String, Value)],
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.oneOf(0, choices)
        }
    }

    private static func plain<Value>(
        _ name: String, _ contexts: Contexts, _ arguments: ArgumentCount,
        _ field: WritableKeyPath<Draft, Value?> & Sendable, _ defaultText: String?,
        _ summary: String,
        read: @escaping @Sendable (DirectiveUse) throws(Diagnostic) -> Value
    ) -> DirectiveRow {
        .row(
            name, in: contexts, takes: arguments, default: defaultText, summary,
            inherit: { (child, parent) in
                if child[keyPath: field] == nil { child[keyPath: field] = parent[keyPath: field] }
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft[keyPath: field] = try read(use)
            })
    }
}
