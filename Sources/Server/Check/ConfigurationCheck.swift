import Configuration
import Linux

/// The result of `apus check`: errors, and probable mistakes.
public struct CheckOutcome {
    /// Errors and warnings of the configuration itself, and findings of the lints, in the order of
    /// the files.
    public let diagnostics: [Diagnostic]
    /// The files of the configuration.
    public let sources: Sources
    /// For each diagnostic, the lint that found it, if one did.
    public let lints: [Lint?]

    /// True if the configuration cannot be used.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
    /// True if there is any diagnostic.
    public var hasWarnings: Bool { !diagnostics.isEmpty }

    /// The report for a terminal.
    public var report: String {
        diagnostics.map { $0.render(in: sources) + "\n" }.joined()
    }
}

extension ConfigurationLoader {
    /// Reads a configuration as ``load(_:)`` does and runs the lints that are not silenced. Opens
    /// nothing for writing, binds nothing, and needs no rights beyond reading.
    public static func check(_ request: LoadRequest, silenced: Set<Lint>) -> CheckOutcome {
        let reading = read(request)
        var found = lint(reading, silenced: silenced)
        found.sort { left, right in
            let (a, b) = (left.diagnostic.place, right.diagnostic.place)
            return (a?.source ?? 0, a?.offset ?? 0) < (b?.source ?? 0, b?.offset ?? 0)
        }
        return CheckOutcome(
            diagnostics: reading.diagnostics + found.map(\.diagnostic),
            sources: reading.sources,
            lints: reading.diagnostics.map { _ in nil } + found.map(\.lint))
    }

    private static func lint(_ reading: Reading, silenced: Set<Lint>) -> [Finding] {
        let roots = RootLint(paths: reading.paths, identity: reading.workerIdentity)
        var findings: [Finding] = []
        BlockPath.walk(reading.tree) { path in
            findings += LocationLints.findings(path)
            findings += RegexLint.findings(path)
            findings += TypeLints.findings(path)
            findings += IgnoredDirectiveLint.findings(path)
            findings += roots.findings(path)
        }
        return findings.filter { finding in
            !silenced.contains(finding.lint)
                && !isSilenced(finding, in: reading.sources)
        }
    }

    /// Returns true if a comment `# apus: allow NAME` is on the line of the finding, or alone on
    /// the line before it.
    private static func isSilenced(_ finding: Finding, in sources: Sources) -> Bool {
        guard let place = finding.diagnostic.place, sources.files.indices.contains(place.source)
        else { return false }
        let file = sources.files[place.source]
        let line = file.line(at: place.offset)
        let wanted = "apus: allow \(finding.lint.rawValue)"
        return [line, line - 1].contains { number in
            guard number >= 0 else { return false }
            let text = String(decoding: file.bytes(ofLine: number), as: UTF8.self)
            guard let hash = text.firstIndex(of: "#") else { return false }
            let isAlone = text[..<hash].allSatisfy { $0 == " " || $0 == "\t" }
            guard number == line || isAlone else { return false }
            let comment = text[text.index(after: hash)...].split(separator: " ").joined(
                separator: " ")
            return comment == wanted || comment.hasPrefix(wanted + " ")
        }
    }
}

/// The options of `apus check`.
public struct CheckOptions: Equatable, Sendable {
    /// The options that name the configuration, as nginx's.
    public var server = CommandLineOptions()
    /// `--allow`.
    public var silenced: Set<Lint> = []
    /// `--json`.
    public var isJSON = false
    /// `--strict`: warnings count as failures.
    public var isStrict = false
    /// `--help`.
    public var showsUsage = false

    /// Parses a command line; `arguments` begin with `check`.
    public static func parse(_ arguments: [String]) throws(CommandLineError) -> CheckOptions {
        var options = CheckOptions()
        for word in OptionReader.words(arguments, .check) {
            switch word {
            case .unknown("?"), .option("h", _): options.showsUsage = true
            case .option("j", _): options.isJSON = true
            case .option("S", _): options.isStrict = true
            case .option("a", let name): options.silenced.insert(try lint(name ?? ""))
            case .missingArgument("a"): throw .unusable("option \"--allow\" requires a lint's name")
            default: try options.server.take(word)
            }
        }
        return options
    }

    private static func lint(_ name: String) throws(CommandLineError) -> Lint {
        guard let lint = Lint(rawValue: name) else {
            let names = Lint.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unusable("--allow \(name): unknown lint; the lints are \(names)")
        }
        return lint
    }
}

/// A check for something that is allowed but probably a mistake. It can be silenced by its name.
public enum Lint: String, CaseIterable, Sendable {
    case aliasSlash = "alias-slash"
    case missingRoot = "missing-root"
    case unreadableRoot = "unreadable-root"
    case unreachableLocation = "unreachable-location"
    case unreachableStep = "unreachable-step"
    case lostHeader = "lost-header"
    case slowRegex = "slow-regex"
    case ifFile = "if-file"
    case gzipType = "gzip-type"
    case defaultType = "default-type"
    case ignoredDirective = "ignored-directive"

    /// A description in one line.
    public var summary: String {
        switch self {
        case .aliasSlash:
            "an alias with a trailing slash in a location without one: /name../ leaves the alias"
        case .missingRoot: "a root or an alias that does not exist"
        case .unreadableRoot: "a root or an alias that the workers' user cannot read"
        case .unreachableLocation: "a location that no request reaches"
        case .unreachableStep: "a directive after a return, which never runs"
        case .lostHeader: "an add_header that drops those of the enclosing level"
        case .slowRegex: "a regular expression that can take exponential time"
        case .ifFile: "an if that tests for a file; try_files is the safe way"
        case .gzipType: "a media type in gzip_types that is already compressed"
        case .defaultType: "a common suffix without a media type"
        case .ignoredDirective: "a directive that is accepted and has no effect here"
        }
    }
}

/// A finding of a lint.
public struct Finding: Sendable {
    /// The lint that found it.
    public let lint: Lint
    /// The message, with its place in the configuration.
    public let diagnostic: Diagnostic
}

/// The findings as JSON, for editors and pipelines: one object with an array of findings.
extension CheckOutcome {
    /// The JSON text, with a line feed at its end.
    public var json: String {
        let findings = zip(diagnostics, lints).map { diagnostic, lint -> String in
            var members = [
                ("severity", CheckOutcome.quoted(diagnostic.severity.rawValue)),
                ("message", CheckOutcome.quoted(diagnostic.message)),
            ]
            if let lint { members.append(("lint", CheckOutcome.quoted(lint.rawValue))) }
            if let position = diagnostic.place.flatMap({ sources.position(of: $0) }) {
                members += [
                    ("file", CheckOutcome.quoted(position.name)), ("line", "\(position.line)"),
                    ("column", "\(position.column)"), ("length", "\(diagnostic.length)"),
                ]
            }
            if !diagnostic.help.isEmpty {
                let help = diagnostic.help.map(CheckOutcome.quoted).joined(separator: ",")
                members.append(("help", "[\(help)]"))
            }
            return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        }
        return "{\"findings\":[" + findings.joined(separator: ",") + "]}\n"
    }

    /// Returns a JSON string (RFC 8259, section 7).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case let other where VisibleText.isInvisible(other):
                for unit in String(other).utf16 {
                    let digits = VisibleText.hexadecimal(UInt32(unit), digits: 4)
                    quoted += "\\u" + digits.lowercased()
                }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
