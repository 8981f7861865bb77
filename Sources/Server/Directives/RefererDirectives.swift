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

/// valid_referers, compiled.
struct RefererPlan: BitwiseCopyable {
    /// Host names; the value of each is an index into `paths`, 0 for any path.
    let hosts: VirtualHosts
    let paths: PlanTable<PlanBytes>
    /// Regular expressions for the part after the scheme.
    let regexes: PlanTable<Int32>
    /// Regular expressions for hosts.
    let hostRegexes: PlanTable<Int32>
    let matchesNone: Bool
    let matchesBlocked: Bool
}

extension RefererDirectives {
    static func compile(_ group: AccessGroup, _ compiler: inout PlanCompiler) -> RefererPlan? {
        let settings = group.referers
        guard let names = settings.names else { return nil }
        var hosts = NameTable()
        var paths = [compiler.parts.arena.store("")]
        for name in names {
            add(name.name, of: name.word, index: paths.count, to: &hosts, &compiler)
            paths.append(compiler.parts.arena.store(name.path))
        }
        var hostRegexes: [Int32] = []
        for word in group.serverNames {
            if word.bytes.first == UInt8(ascii: "~") {
                if let regex = compiler.regex(
                    Array(word.bytes.dropFirst()), ignoresCase: true, of: word)
                {
                    hostRegexes.append(regex)
                }
            } else {
                add(word.bytes, of: word, index: 0, to: &hosts, &compiler)
            }
        }
        if names.isEmpty, !settings.matchesServerNames,
            settings.matchesNone || settings.matchesBlocked
        {
            compiler.report(
                Diagnostic(
                    .error,
                    "the \"none\" or \"blocked\" referers are specified in the "
                        + "\"valid_referers\" directive without any valid referer",
                    at: settings.word?.place, length: settings.word?.length ?? 1))
        }
        let regexes = settings.regexes.compactMap {
            compiler.regex(Array($0.bytes.dropFirst()), ignoresCase: true, of: $0)
        }
        return RefererPlan(
            hosts: hosts.plan(defaultServer: -1, readsProxyHeader: false, in: compiler.parts.arena),
            paths: compiler.parts.arena.store(elements: paths),
            regexes: compiler.parts.arena.store(elements: regexes),
            hostRegexes: compiler.parts.arena.store(elements: hostRegexes),
            matchesNone: settings.matchesNone, matchesBlocked: settings.matchesBlocked)
    }

    private static func add(
        _ name: [UInt8], of word: Word, index: Int, to hosts: inout NameTable,
        _ compiler: inout PlanCompiler
    ) {
        let text = String(decoding: name, as: UTF8.self)
        var message: String?
        do {
            if try !hosts.add(name, server: Int32(clamping: index), in: &compiler) {
                message = "conflicting parameter \"\(text)\""
            }
        } catch {
            message = "invalid hostname or wildcard \"\(text)\""
        }
        guard let message else { return }
        compiler.report(Diagnostic(.error, message, at: word.place, length: word.length))
    }
}
