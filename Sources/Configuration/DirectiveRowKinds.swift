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
        plain(name, contexts, .flag, field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.flag(0)
        }
    }

    /// Creates a directive with a size in bytes, optionally with `k` or `m`.
    @inlinable
    public static func size(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.size(0)
        }
    }

    /// Creates a directive with a file size in bytes, optionally with `k`, `m` or `g`.
    @inlinable
    public static func offset(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.offset(0)
        }
    }

    /// Creates a directive with a time, stored in milliseconds.
    @inlinable
    public static func milliseconds(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.milliseconds(0)
        }
    }

    /// Creates a directive with a time, stored in seconds.
    @inlinable
    public static func seconds(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.seconds(0)
        }
    }

    /// Creates a directive with a number.
    @inlinable
    public static func integer(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Int?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.integer(0)
        }
    }

    /// Creates a directive with a text.
    @inlinable
    public static func text(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, String?> & Sendable,
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.text(0)
        }
    }

    /// Creates a directive with one of a few names.
    @inlinable
    public static func choice<Value: Sendable>(
        _ name: String, in contexts: Contexts,
        sets field: WritableKeyPath<Draft, Value?> & Sendable, _ choices: [(String, Value)],
        default defaultText: String? = nil, _ summary: String
    ) -> DirectiveRow {
        plain(name, contexts, .exactly(1), field, defaultText, summary) {
            (use) throws(Diagnostic) in try use.oneOf(0, choices)
        }
    }

    @inlinable
    static func plain<Value>(
        _ name: String, _ contexts: Contexts, _ arguments: ArgumentCount,
        _ field: WritableKeyPath<Draft, Value?> & Sendable, _ defaultText: String?,
        _ summary: String,
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
