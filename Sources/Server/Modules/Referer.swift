import Configuration
import Files
import HTTP
import Linux

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
enum Referer {
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

extension Referer {
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

/// $invalid_referer (ngx_http_referer_module).
extension Referer {
    static let variables: [VariableRow] = [
        .always("invalid_referer", .perRequest, [.computedOnce, .ofEvaluation]) {
            if !isValid($0, $1) { $3.append("1") }
        }
    ]

    private static func isValid(
        _ request: borrowing Request, _ services: borrowing Services
    ) -> Bool {
        let index = services.plan.locations[Int(request.location)].access
        guard index >= 0, let referers = services.plan.accesses[Int(index)].referers else {
            return true
        }
        guard let field = request.parser.head.field(.referer) else { return referers.matchesNone }
        let received = request.received
        switch match(received.slice(field), referers, services.plan) {
        case .valid: return true
        case .invalid: return false
        case .limitReached:
            services.logError(.error, "a valid_referers regex took too many steps", request)
            return false
        }
    }
}

/// The verdict on a Referer header.
enum RefererVerdict {
    case valid, invalid
    /// A regular expression took too many steps.
    case limitReached
}

extension Referer {
    /// The size of nginx's buffer for a host.
    private static let maxHostLength = 256

    /// Checks whether a Referer is one of valid_referers: by its host and the prefix of its path,
    /// or by the part after the scheme. Without a scheme it counts as blocked.
    static func match(
        _ referer: Span<UInt8>, _ referers: RefererPlan, _ plan: Plan
    ) -> RefererVerdict {
        var start = 0
        // As in nginx: a shorter one cannot be `http://i.ru`.
        if referer.count >= 11 {
            if referer.startsIgnoringCase("http://") { start = 7 }
            if referer.startsIgnoringCase("https://") { start = 8 }
        }
        guard start > 0 else { return referers.matchesBlocked ? .valid : .invalid }
        let rest = referer.slice(from: start, to: referer.count)
        var end = 0
        while end < rest.count, rest[end] != UInt8(ascii: "/"), rest[end] != UInt8(ascii: ":") {
            end &+= 1
        }
        guard end <= maxHostLength else { return .invalid }
        let host = (0..<end).map { rest[$0].asciiLowercased }
        let path = plan.server(for: host.span, at: referers.hosts).server
        if path >= 0 {
            let wanted = referers.paths[Int(path)]
            let slash = rest.firstIndex(of: UInt8(ascii: "/"), from: end) ?? rest.count
            let found = rest.slice(from: slash, to: slash &+ wanted.count)
            return wanted.span.equals(found) ? .valid : .invalid
        }
        var verdict = RefererVerdict.invalid
        if matches(host.span, referers.hostRegexes, plan, &verdict) { return .valid }
        if matches(rest, referers.regexes, plan, &verdict) { return .valid }
        return verdict
    }

    private static func matches(
        _ subject: Span<UInt8>, _ table: PlanTable<Int32>, _ plan: Plan,
        _ verdict: inout RefererVerdict
    ) -> Bool {
        for index in 0..<table.count {
            switch plan.regexes[Int(table[index])].matches(subject) {
            case .match: return true
            case .limitReached: verdict = .limitReached
            case .noMatch, .failed: break
            }
        }
        return false
    }
}
