import Configuration
import Linux

/// The result of `apus check`: errors, and probable mistakes.
public struct CheckOutcome {
    /// Errors and warnings of the configuration itself, and findings of the lints, in the order of
    /// the files.
    public let diagnostics: [Diagnostic]
    /// The files.
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
