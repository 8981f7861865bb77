import Configuration

/// The pages that links may come from.
struct RefererSettings: Hashable {
    struct Name: Hashable {
        let word: Word
        let name: [UInt8]
        /// The path from the slash on; empty for all.
        let path: [UInt8]
    }

    var names: [Name]?
    var matchesNone = false
    var matchesBlocked = false
    var matchesServerNames = false
    /// Names that are regular expressions, which a level inherits in addition to its own.
    var regexes: [Word] = []
    /// The first directive of the level.
    var word: Word?
}

/// valid_referers.
enum RefererDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "valid_referers", in: [.server, .location], takes: .atLeast(1), repeats: .yes,
            "Sets the values of Referer for which $invalid_referer is empty; for all others it is "
                + "1.",
            inherit: { (child, parent) in
                let outer = parent.scope.referers
                if child.scope.referers.names == nil {
                    child.scope.referers = outer
                } else if child.scope.referers.regexes.isEmpty {
                    child.scope.referers.regexes = outer.regexes
                }
            },
            apply: { (draft, use) throws(Diagnostic) in
                var settings = draft.scope.referers
                settings.names = settings.names ?? []
                settings.word = settings.word ?? use.directive.name
                for index in use.arguments.indices {
                    try add(use, index, to: &settings)
                }
                draft.scope.referers = settings
            })
    ]

    private static func add(
        _ use: DirectiveUse, _ index: Int, to settings: inout RefererSettings
    ) throws(Diagnostic) {
        let word = try use.word(index)
        switch word.text {
        case "": throw use.fail("invalid referer \"\"", at: index)
        case "none": settings.matchesNone = true
        case "blocked": settings.matchesBlocked = true
        case "server_names": settings.matchesServerNames = true
        case "~": throw use.fail("empty regex in \"~\"", at: index)
        default:
            if word.bytes.first == UInt8(ascii: "~") {
                settings.regexes.append(word)
                return
            }
            let slash = word.bytes.firstIndex(of: UInt8(ascii: "/")) ?? word.bytes.count
            settings.names?.append(
                RefererSettings.Name(
                    word: word, name: Array(word.bytes[..<slash]),
                    path: Array(word.bytes[slash...])))
        }
    }
}
