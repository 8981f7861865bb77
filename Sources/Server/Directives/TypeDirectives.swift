import Configuration

/// The media types of files.
struct TypeSettings {
    /// (suffix, type) pairs in the order of the file.
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
            "Media types and the suffixes of the files that have them.",
            inherit: { (child, parent) in
                child.scope.types.types = child.scope.types.types ?? parent.scope.types.types
            },
            apply: { (draft, use) throws(Diagnostic) in
                var types = draft.scope.types.types ?? []
                for row in use.rows {
                    for suffix in row.arguments {
                        types.append(TypePair(suffix: suffix.text, type: row.name.text))
                    }
                }
                draft.scope.types.types = types
            }),
        .text(
            "default_type", in: .httpServerLocation, sets: \.scope.types.defaultType,
            default: "text/plain", "The type of a file whose suffix is not known."),
    ]

    /// nginx's types where no `types` block is.
    static let builtIn = [
        TypePair(suffix: "html", type: "text/html"), TypePair(suffix: "gif", type: "image/gif"),
        TypePair(suffix: "jpg", type: "image/jpeg"),
    ]
}
