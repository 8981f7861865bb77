import Configuration
import Linux

/// The configuration to load, as nginx's command line names it.
public struct LoadRequest {
    /// The main file: absolute, or relative to the prefix.
    public var path: String
    /// True if `-c` gave a relative path, for a remedy if the file cannot be read.
    public var isPathRelative = false
    /// The main file's text, if it is not in a file.
    public var text: [UInt8]?
    /// `-p`: the directory that relative paths start from.
    public var prefix: String
    /// `-g`: directives of the main level.
    public var globals: String?
    /// `-e`: the error log unless the configuration sets one.
    public var errorLogPath: String?

    /// Creates a request to load `path`.
    public init(
        path: String, text: [UInt8]? = nil, prefix: String, globals: String? = nil,
        errorLogPath: String? = nil
    ) {
        self.path = path
        self.text = text
        self.prefix = prefix
        self.globals = globals
        self.errorLogPath = errorLogPath
    }
}

/// The result of loading.
public struct LoadOutcome {
    /// The plan; nil if the configuration has errors.
    public let plan: Plan?
    /// Errors and warnings as text; empty if there are none.
    public let report: String
    /// The files that were read, for -T.
    public let dump: [(name: String, bytes: [UInt8])]
}

/// Loads configurations: from files to a plan.
public enum ConfigurationLoader {
    /// Reads, interprets and compiles a configuration. Opens the files that it includes, and
    /// nothing else.
    public static func load(_ request: LoadRequest) -> LoadOutcome {
        let reading = read(request)
        return LoadOutcome(
            plan: reading.plan, report: reading.globalsReport + reading.report,
            dump: reading.sources.files.map { ($0.name, $0.bytes) })
    }

    /// A configuration that was read, with or without errors.
    struct Reading {
        let paths: Paths
        let tree: [Directive]
        let sources: Sources
        let diagnostics: [Diagnostic]
        let globalsReport: String
        let main: MainSettings
        let plan: Plan?

        var report: String { diagnostics.map { $0.render(in: sources) + "\n" }.joined() }

        /// The user of workers if root starts them; nil otherwise.
        var workerIdentity: Identity? {
            guard isSuperuser() else { return nil }
            let name = main.userName ?? BuildPaths().user
            return try? Identity.find(user: name, group: main.groupName)
        }
    }

    static func read(_ request: LoadRequest) -> Reading {
        var paths = Paths()
        paths.prefix = request.prefix
        if let log = request.errorLogPath {
            paths.errorLog = log == "stderr" ? log : paths.absolute(log)
        }
        let main = paths.absolute(request.path)
        paths.configurationDirectory = directory(of: main)
        var draft = Draft(paths: paths)
        let globals = request.globals.map { text in
            Part(commandLine, text: Array(text.utf8), paths, into: &draft)
        }
        var file = Part(main, text: request.text, paths, into: &draft)
        if let globals { file.reportDuplicates(of: globals) }
        if request.isPathRelative { file.explainRelativePath() }
        var plan: Plan?
        if !(file.hasErrors || globals?.hasErrors ?? false) {
            let compiled = PlanCompiler.compile(draft, from: file.parsed.sources)
            file.diagnostics += compiled.diagnostics
            plan = compiled.plan
        }
        return Reading(
            paths: paths, tree: file.parsed.tree, sources: file.parsed.sources,
            diagnostics: file.diagnostics, globalsReport: globals?.report ?? "",
            main: draft.main.settings(paths: paths, errorLogs: []), plan: plan)
    }

    /// Returns the reason that workers cannot run as the configured user; nil if there is none.
    public static func identityFault(_ plan: Plan) -> String? {
        guard isSuperuser(), let name = plan.main.userName else { return nil }
        do throws(IdentityError) {
            _ = try Identity.find(user: name, group: plan.main.groupName)
            return nil
        } catch {
            return error.description
        }
    }

    /// The name of `-g` in messages.
    private static let commandLine = "command line"

    /// One of the two texts of a configuration: the command line's, and the file's.
    private struct Part {
        let parsed: ParsedConfiguration
        var diagnostics: [Diagnostic]

        init(_ name: String, text: [UInt8]?, _ paths: Paths, into draft: inout Draft) {
            parsed = parse(
                main: name, rawBlocks: DirectiveList.table.rawBlockNames,
                environment: environmentValue,
                load: { read($0, main: name, text: text, paths: paths) },
                glob: { pattern in Linux.paths(matching: inConfiguration(pattern, paths)) })
            diagnostics =
                parsed.diagnostics
                + Interpreter(DirectiveList.table).interpret(parsed.tree, into: &draft)
        }

        var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

        var report: String {
            diagnostics.map { $0.render(in: parsed.sources) + "\n" }.joined()
        }

        /// Adds a remedy if the file could not be read, perhaps because its path was meant to be
        /// relative to the working directory.
        mutating func explainRelativePath() {
            guard parsed.sources.files.isEmpty, !diagnostics.isEmpty else { return }
            diagnostics[0].help.append(
                "a relative -c is relative to the prefix (-p): write the absolute path")
        }

        /// Reports directives of the main level that occur in both texts.
        mutating func reportDuplicates(of other: Part) {
            let given = Set(other.parsed.tree.map(\.name.text))
            for directive in parsed.tree where given.contains(directive.name.text) {
                let name = directive.name
                let rows = DirectiveList.table.rows(named: name.text)
                guard rows.contains(where: { $0.repeats == .no }) else { continue }
                diagnostics.append(
                    Diagnostic(
                        .error, "\"\(name.text)\" directive is duplicate", at: name.place,
                        length: name.length, help: ["-g gives it as well"]))
            }
        }
    }

    private static func read(
        _ path: String, main: String, text: [UInt8]?, paths: Paths
    ) -> Result<LoadedFile, LoadFailure> {
        if path == main, let text { return .success(LoadedFile(name: main, bytes: text)) }
        let name = inConfiguration(path, paths)
        do {
            return .success(LoadedFile(name: name, bytes: try readWholeFile(name)))
        } catch {
            return .failure(LoadFailure("\(error)"))
        }
    }

    private static func inConfiguration(_ path: String, _ paths: Paths) -> String {
        path.hasPrefix("/") ? path : paths.configurationDirectory + "/" + path
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "/" }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }
}
