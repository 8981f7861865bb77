import Configuration

extension DirectiveRow where Draft == Server.Draft {
    /// Inherits a setting that the level leaves unset from the level around it.
    @inline(__always)
    static func inheriting<Value>(
        _ field: WritableKeyPath<Draft, Value?> & Sendable
    ) -> Inheritance {
        { (child, parent) in fill(&child[keyPath: field], from: &parent[keyPath: field]) }
    }

    /// Adds media types to a list and warns about duplicates (ngx_http_types_slot). As in nginx,
    /// text/html is always in the list, and nothing is added after `*`.
    static func addingTypes(
        to field: WritableKeyPath<Draft, [String]?> & Sendable
    ) -> Action {
        { (draft, use) throws(Diagnostic) in
            var types = draft[keyPath: field] ?? ["text/html"]
            for word in use.arguments where !types.contains("*") {
                let type = word.text.lowercased()
                if types.contains(type) {
                    draft.warnings.append(
                        Diagnostic(
                            .warning, "duplicate MIME type \"\(type)\"", at: word.place,
                            length: word.length))
                } else {
                    types.append(type)
                }
            }
            draft[keyPath: field] = types
        }
    }

    /// Returns the row with its arguments that may contain variables. The variables must be known
    /// even if the directive has no effect, since nginx looks them up while it reads the file.
    func evaluating(_ part: EvaluatedArguments = .all) -> DirectiveRow {
        applyingAlso { (draft, use) throws(Diagnostic) in
            draft.texts += part.words(of: use.arguments)
        }
    }
}

/// The arguments of a directive that may contain variables.
enum EvaluatedArguments: Sendable {
    case all, second, last
    /// Arguments that begin with `$`; elsewhere a `$` has no meaning.
    case variable
    /// The path and the condition of access_log.
    case accessLog

    fileprivate func words(of arguments: [Word]) -> [Word] {
        switch self {
        case .all: arguments
        case .second: Array(arguments.dropFirst().prefix(1))
        case .last: arguments.suffix(1)
        case .variable: arguments.filter { $0.bytes.first == UInt8(ascii: "$") }
        case .accessLog:
            arguments.prefix(1).filter { !$0.bytes.starts(with: "syslog:".utf8) }
                + arguments.dropFirst().filter { $0.bytes.starts(with: "if=".utf8) }
        }
    }
}
