import Configuration
import Linux

/// The mapping of paths to files.
struct FileSettings {
    var root: Word?
    var alias: Alias?
    var indexes: [Word]?
    var links: LinkRule?
    var symlinks: SymlinkDraft?
    var deniesHidden: Bool?
    var isInternal: Bool?
}

/// An alias, which replaces a location's name in a path. A nested location inherits it with that
/// name.
struct Alias: Sendable {
    let directory: Word
    /// The length of the replaced prefix; nil for all of the path, in a location with a regular
    /// expression.
    let replacedCount: Int?
}

/// disable_symlinks.
struct SymlinkDraft: Sendable {
    enum Kind: Sendable {
        case off, on, ifNotOwner
    }

    var kind = Kind.off
    /// The argument `from=part`.
    var from: Word?

    /// The part.
    var fromBytes: [UInt8] { Array((from?.bytes ?? []).dropFirst("from=".utf8.count)) }
}

/// root, alias, index and related directives.
enum FileDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "root", in: [.http, .server, .location, .ifInLocation], takes: .exactly(1),
            default: "html",
            "Sets the root directory for requests.",
            inherit: { (child, parent) in
                guard child.scope.location.root == nil, child.scope.location.alias == nil else {
                    return
                }
                child.scope.location.root = parent.scope.location.root
                child.scope.location.alias = parent.scope.location.alias
            },
            apply: { (draft, use) throws(Diagnostic) in
                let hasAlias = draft.scope.location.alias != nil
                draft.scope.location.root = try directory(use, besideOther: hasAlias)
            }
        ).evaluating(),
        .row(
            "alias", in: .location, takes: .exactly(1),
            "Replaces the location's name in the path by another path."
        ) { (draft, use) throws(Diagnostic) in
            if case .named = draft.location.kind {
                throw use.fail(
                    "the \"alias\" directive cannot be used inside the named location")
            }
            let hasRoot = draft.scope.location.root != nil
            draft.scope.location.alias = Alias(
                directory: try directory(use, besideOther: hasRoot),
                replacedCount: draft.location.kind.isRegex ? nil : draft.location.name.count)
        }.evaluating(),
        .row(
            "index", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "index.html",
            "Sets the index files that are tried for a path that ends in a slash.",
            inherit: DirectiveRow.inheriting(\.scope.location.indexes),
            apply: { (draft, use) throws(Diagnostic) in
                for index in use.arguments.indices {
                    let name = try use.word(index)
                    guard !name.bytes.isEmpty else {
                        throw use.fail("index \"\" in \"index\" directive is invalid", at: index)
                    }
                    draft.scope.location.indexes = (draft.scope.location.indexes ?? []) + [name]
                }
            }
        ).evaluating(),
        .setting(
            "disable_symlinks", in: .httpServerLocation, takes: .oneOf([1, 2]), default: "off",
            "Refuses paths with symbolic links: all (on), or those whose target has another owner "
                + "(if_not_owner).",
            sets: \.scope.location.symlinks,
            read: { (use) throws(Diagnostic) in try symlinks(use) }
        ).evaluating(),
        .choice(
            "symlinks", in: .httpServerLocation, sets: \.scope.location.links,
            [("follow", .follow), ("beneath", .beneath)], default: "follow",
            "Allows symbolic links to lead out of the root (follow) or not (beneath); specific to "
                + "apus."),
        .choice(
            "hidden_files", in: .httpServerLocation, sets: \.scope.location.deniesHidden,
            [("allow", false), ("deny", true)], default: "allow",
            "Serves names that begin with a dot (allow) or not (deny), except .well-known; "
                + "specific to apus."),
    ]

    private static func symlinks(_ use: DirectiveUse) throws(Diagnostic) -> SymlinkDraft {
        let kinds: [String: SymlinkDraft.Kind] = [
            "off": .off, "on": .on, "if_not_owner": .ifNotOwner,
        ]
        var kind: SymlinkDraft.Kind?
        var from: Word?
        for index in use.arguments.indices {
            let word = try use.word(index)
            if word.bytes.starts(with: "from=".utf8) {
                from = word
            } else if let known = kinds[word.text] {
                guard kind == nil else {
                    throw use.fail(
                        "duplicate parameters \"\(try use.text(0)) \(word.text)\"", at: index)
                }
                kind = known
            } else {
                throw use.fail("invalid parameter \"\(word.text)\"", at: index)
            }
        }
        guard let kind else {
            throw use.fail(
                "\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter")
        }
        if kind == .off, from != nil {
            throw use.fail("\"from=\" cannot be used with \"off\" parameter")
        }
        return SymlinkDraft(kind: kind, from: from)
    }

    private static func directory(
        _ use: DirectiveUse, besideOther hasOther: Bool
    ) throws(Diagnostic) -> Word {
        guard !hasOther else {
            let conflict = use.name == "root" ? "alias" : "root"
            throw use.fail(
                "\"\(use.name)\" directive is duplicate, "
                    + "\"\(conflict)\" directive was specified earlier"
            )
        }
        let word = try use.word(0)
        let tokens = try? TemplateSyntax.tokens(word.bytes, plain: word.literals(in: word.bytes))
        for name in ["document_root", "realpath_root"] where tokens?.contains(.name(name)) ?? false
        {
            throw use.fail(
                "the $\(name) variable cannot be used in the \"\(use.name)\" directive", at: 0,
                help: ["the value of the variable depends on this directive"])
        }
        return word
    }
}

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
            inherit: DirectiveRow.inheriting(\.scope.types.types),
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
