import Configuration
import Files
import HTTP

/// Compiles a draft into a plan: every level inherits from the one around it, and the resulting
/// settings become plain values.
struct PlanCompiler {
    var parts = PlanParts()
    /// Errors in the configuration as a whole, and warnings.
    private(set) var diagnostics: [Diagnostic] = []
    let draft: Draft
    /// The texts that the draft was read from.
    let sources: Sources
    /// Settings that were compiled already and can be shared.
    var compiledTypes = SharedIndexes<[TypePair]>()
    var compiledGzips = SharedIndexes<GzipSettings>()
    var compiledFilters = SharedIndexes<BodyFilterGroup>()
    var formatIndexes: [String: Int32] = [:]
    /// The `@` locations of the current server.
    private var namedLocations: [NamedIndex] = []
    var compiledAccesses: [AccessGroup: Int32] = [:]
    /// The names of the current server.
    var serverNames: [Word] = []

    private init(_ draft: Draft, _ sources: Sources) {
        self.draft = draft
        self.sources = sources
    }

    /// Compiles a draft that was read from `sources`. Returns nil if it has errors, which the
    /// diagnostics report.
    static func compile(
        _ draft: Draft, from sources: Sources = Sources()
    ) -> (plan: Plan?, diagnostics: [Diagnostic]) {
        var compiler = PlanCompiler(draft, sources)
        compiler.compileAll()
        let failed = compiler.diagnostics.contains { $0.severity == .error }
        return (failed ? nil : Plan(compiler.parts), compiler.diagnostics)
    }

    /// Reports a diagnostic once: several levels may share a setting.
    mutating func report(_ diagnostic: Diagnostic) {
        if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
    }

    /// Reports an error about a word.
    mutating func fail(_ message: String, at word: Word) {
        report(Diagnostic(.error, message, at: word.place, length: word.length))
    }

    /// Reports a warning about a word.
    mutating func warn(_ message: String, at word: Word) {
        report(Diagnostic(.warning, message, at: word.place, length: word.length))
    }

    /// Returns the text and place of a directive; empty for nil.
    mutating func origin(_ written: SourceRange?) -> SourceLocation {
        guard let written, let position = sources.position(of: written.place) else {
            return SourceLocation(text: parts.arena.store(""), file: -1, line: 0)
        }
        let bytes = sources.files[written.place.source].bytes
        let start = min(written.place.offset, bytes.count)
        let text = bytes[start..<max(start, min(written.end, bytes.count))]
        return SourceLocation(
            text: parts.arena.store(Array(text)), file: parts.files.index(adding: position.name),
            line: Int32(clamping: position.line))
    }

    private mutating func compileAll() {
        var mainLogs = draft.scope.logs.errorLogs ?? []
        if mainLogs.isEmpty {
            mainLogs = [ErrorLogTarget(path: draft.paths.errorLog, level: .error)]
            parts.defaultLogs.insert(draft.paths.errorLog)
        }
        parts.errorLogs = [mainLogs]
        parts.main = draft.main.settings(paths: draft.paths, errorLogs: mainLogs)
        parts.main.contentCache = draft.cache.settings
        if !draft.main.hasEvents {
            report(
                Diagnostic(
                    .error, "no \"events\" section in configuration", at: nil,
                    help: ["an empty one is enough: events { }"]))
        }
        if let fault = draft.main.fault { report(fault) }
        if let fault = draft.aio.fault { report(fault) }
        for warning in draft.warnings { report(warning) }
        guard var http = draft.http else { return }
        for word in draft.texts { checkVariables(of: word) }
        Charsets.compileMaps(&self)
        if http.logs.errorLogs == nil { http.logs.errorLogs = mainLogs }
        parts.variables = zip(draft.variables.names, draft.variables.sources).map {
            VariablePlan(name: parts.arena.store($0), $1)
        }
        parts.prefix = draft.paths.absolute([UInt8]())
        Map.compile(&self)
        Geo.compile(&self)
        SplitClients.compile(&self)
        LimitCompiler.compileZones(&self)
        LogCompiler.compileLogs(of: http, &self)
        for server in draft.servers { compile(server, in: http) }
        AddressCompiler.compile(draft.servers, &self)
    }

    private mutating func compile(_ server: ServerDraft, in http: LevelSettings) {
        let scope = inherited(server.scope, from: http)
        serverNames = server.names
        let settings = add(scope, server.written)
        namedLocations = []
        let tree = compileTree(server.locations, in: scope)
        namedLocations.sort { compare($0.name.span, $1.name.span) < 0 }
        let large = scope.request.largeBuffers ?? LargeBuffers(count: 4, size: 8192)
        let buffer = max(scope.request.headerBufferSize ?? 1024, 1)
        let line = max(buffer, large.size)
        parts.servers.append(
            ServerPlan(
                name: parts.arena.store(primaryName(of: server)), settings: settings,
                locations: tree, named: parts.arena.store(elements: namedLocations),
                script: ScriptCompiler.compile(scope.rewrite.script, in: scope, &self),
                limits: HeadLimits(
                    requestLine: line, fieldLine: line, head: buffer &+ large.count &* large.size,
                    fields: scope.request.maxHeaders ?? 1000,
                    allowsUnderscores: scope.request.allowsUnderscores ?? false,
                    dropsInvalidNames: scope.request.ignoresInvalidNames ?? true,
                    isStrict: scope.request.isStrict ?? false),
                headerBufferSize: buffer, mergesSlashes: scope.request.mergesSlashes ?? true))
    }

    /// Returns a level with the settings that it inherits.
    func inherited(_ child: LevelSettings, from parent: LevelSettings) -> LevelSettings {
        var outer = Draft(level: parent)
        return inherited(child, from: &outer)
    }

    /// Returns a level with the settings that it inherits from a draft, which is large and shared
    /// by many levels.
    private func inherited(_ child: LevelSettings, from outer: inout Draft) -> LevelSettings {
        var level = Draft(level: child)
        DirectiveList.table.inherit(&level, from: &outer)
        return level.scope
    }

    /// Returns nginx's primary name: the first one, without a leading dot.
    private func primaryName(of server: ServerDraft) -> [UInt8] {
        guard let first = server.names.first else { return [] }
        return first.bytes.first == UInt8(ascii: ".") ? Array(first.bytes.dropFirst()) : first.bytes
    }

    // MARK: locations

    /// Compiles the locations of one level, and those nested in them.
    ///
    /// `around` is the nearest enclosing location with a regular expression.
    private mutating func compileTree(
        _ locations: [LocationDraft], in outer: LevelSettings, around: Int32 = -1
    ) -> LocationTree {
        var exact: [NamedIndex] = []
        var prefixes: [PrefixLocation] = []
        var regexes: [RegexLocation] = []
        var outerLevel = Draft(level: outer)
        for location in locations {
            let scope = inherited(location.scope, from: &outerLevel)
            let index = add(location, scope)
            parts.locations[Int(index)].outerRegex = around
            let children = compileChildren(
                location.locations, in: scope, around: location.kind.isRegex ? index : around)
            let name = parts.arena.store(location.name)
            switch location.kind {
            case .named:
                // nginx accepts two with one name, and uses the first.
                if !namedLocations.contains(where: { compare($0.name.span, name.span) == 0 }) {
                    namedLocations.append(NamedIndex(name: name, index: index))
                }
            case .exact: exact.append(NamedIndex(name: name, index: index))
            case .prefix, .prefixBeforeRegex:
                var wins = false
                if case .prefixBeforeRegex = location.kind { wins = true }
                prefixes.append(
                    PrefixLocation(
                        name: name, location: index, parent: -1, precedesRegexes: wins,
                        children: children))
            case .regex(let ignoresCase):
                guard let word = location.word,
                    let regex = regex(location.name, ignoresCase: ignoresCase, of: word)
                else { continue }
                parts.locations[Int(index)].regex = regex
                regexes.append(RegexLocation(regex: regex, location: index, children: children))
            }
        }
        reportDuplicates(among: locations)
        exact.sort { compare($0.name.span, $1.name.span) < 0 }
        return LocationTree(
            exact: parts.arena.store(elements: exact),
            prefixes: parts.arena.store(elements: PrefixLocation.linked(prefixes)),
            regexes: parts.arena.store(elements: regexes))
    }

    /// Adds a location's own plan, with its script and limit_except.
    private mutating func add(_ location: LocationDraft, _ scope: LevelSettings) -> Int32 {
        let index = add(scope, location.written)
        parts.locations[Int(index)].script = ScriptCompiler.compile(
            scope.rewrite.script, in: scope, &self)
        guard let limit = location.methodLimit else { return index }
        let inner = add(inherited(limit.scope, from: scope), limit.written)
        parts.locations[Int(index)].methodLimit = parts.methodLimits.add(
            MethodLimitPlan(allowed: limit.allowed, location: inner))
        parts.locations[Int(index)].features.insert(.limitsMethods)
        return index
    }

    private mutating func compileChildren(
        _ children: [LocationDraft], in scope: LevelSettings, around: Int32
    ) -> Int32 {
        guard !children.isEmpty else { return -1 }
        let tree = compileTree(children, in: scope, around: around)
        return parts.trees.add(tree)
    }

    private mutating func reportDuplicates(among locations: [LocationDraft]) {
        var seen: Set<String> = []
        for location in locations where !location.kind.isRegex {
            let name = String(decoding: location.name, as: UTF8.self)
            var modifier = ""
            if case .named = location.kind { continue }
            if case .exact = location.kind { modifier = "= " }
            if !seen.insert(modifier + name).inserted {
                report(
                    Diagnostic(
                        .error, "duplicate location \"\(name)\"", at: location.word?.place,
                        length: location.word?.length ?? 1))
            }
        }
    }
}

extension PrefixLocation {
    /// Sorts prefix locations by name and links each to its parent, the longest other prefix of its
    /// name.
    static func linked(_ unsorted: [PrefixLocation]) -> [PrefixLocation] {
        var sorted = unsorted.sorted { compare($0.name.span, $1.name.span) < 0 }
        var open: [Int] = []
        for index in sorted.indices {
            while let last = open.last,
                !sorted[index].name.span.starts(with: sorted[last].name.span)
            {
                open.removeLast()
            }
            sorted[index].parent = Int32(open.last ?? -1)
            open.append(index)
        }
        return sorted
    }
}
