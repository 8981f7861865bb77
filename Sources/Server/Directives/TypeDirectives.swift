import Configuration

/// The media types of files.
struct TypeSettings {
    /// Pairs of suffix and type in the order of the file.
    var types: [TypePair]?
    var defaultType: String?
}

/// A suffix without its dot, and the type of files that end in it.
struct TypePair: Hashable, Sendable {
    let suffix: String
    let type: String
}

/// Media types by suffix.
enum TypeDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .rawBlock(
            "types", in: .httpServerLocation, takes: .exactly(0),
            "Maps file extensions to media types.",
            inherit: { (child, parent) in
                child.scope.types.types = child.scope.types.types ?? parent.scope.types.types
            },
            apply: { (draft, use) throws(Diagnostic) in
                var types = draft.scope.types.types ?? []
                var known: [String: String] = [:]
                for pair in types { known[pair.suffix.lowercased()] = pair.type }
                for row in use.rows {
                    for word in row.arguments {
                        let suffix = word.text.lowercased()
                        if let other = known.updateValue(row.name.text, forKey: suffix) {
                            draft.warnings.append(duplicate(suffix, row.name.text, other, word))
                        }
                        types.append(TypePair(suffix: word.text, type: row.name.text))
                    }
                }
                draft.scope.types.types = types
            }),
        .text(
            "default_type", in: .httpServerLocation, sets: \.scope.types.defaultType,
            default: "text/plain", "Sets the media type of files with unknown extensions."),
    ]

    private static func duplicate(
        _ suffix: String, _ type: String, _ other: String, _ word: Word
    ) -> Diagnostic {
        Diagnostic(
            .warning,
            "duplicate extension \"\(suffix)\", content type: \"\(type)\", "
                + "previous content type: \"\(other)\"", at: word.place, length: word.length)
    }

    /// nginx's types if there is no `types` block.
    static let builtIn = [
        TypePair(suffix: "html", type: "text/html"), TypePair(suffix: "gif", type: "image/gif"),
        TypePair(suffix: "jpg", type: "image/jpeg"),
    ]
}
