import Configuration

/// A step of a level's `rewrite`, `return`, `set`, `if` and `break`, compiled. Steps run in the
/// order of the file; the body of an `if` follows its test.
struct ScriptStep: BitwiseCopyable {
    enum Operation: UInt8, BitwiseCopyable {
        /// Sets the variable in slot `index` to `left`.
        case set
        /// Sets the query to `left`.
        case setArguments
        /// Sets the rate of limit_rate to `left`.
        case setRate
        /// Continues at step `index` unless `condition` is true.
        case test
        /// Enters the pseudo location `index`.
        case enter
        /// Replaces the path by `left` and the query by `right` if the path matches `regex`.
        case rewrite
        /// Responds with status `index`, and with `left` if `hasText`.
        case respond
        case stop
    }

    var operation: Operation
    var condition = Condition.holds
    var rewrite = RewriteFlags()
    var regex: Int32 = -1
    var index: Int32 = 0
    var left: Template
    var right: Template

    /// The condition of an `if`.
    enum Condition: UInt8, BitwiseCopyable {
        /// True if the value is neither empty nor `0`.
        case holds
        case equals, differs
        case matches, matchesNot
        case isFile, isDirectory, exists, isExecutable
        case isNoFile, isNoDirectory, existsNot, isNotExecutable
    }
}

/// The effects of a `rewrite` that matches.
struct RewriteFlags: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    /// `last`: later steps do not run.
    static let last = RewriteFlags(rawValue: 1)
    /// `break`: no location is searched either.
    static let staysInLocation = RewriteFlags(rawValue: 2)
    /// The client is redirected, with the step's index as the status.
    static let redirects = RewriteFlags(rawValue: 4)
    /// The replacement has a query of its own.
    static let hasArguments = RewriteFlags(rawValue: 8)
    /// The request's query is appended.
    static let keepsArguments = RewriteFlags(rawValue: 16)
    /// `return` has a text.
    static let hasText = RewriteFlags(rawValue: 32)
}

/// Compilation of a level's script.
enum ScriptCompiler {
    /// Compiles a script. Returns its index; -1 if it is empty. `scope` has the settings that
    /// pseudo locations of its conditions inherit.
    static func compile(
        _ lines: [ScriptLine], in scope: LevelSettings, _ compiler: inout PlanCompiler
    ) -> Int32 {
        guard !lines.isEmpty else { return -1 }
        var steps: [ScriptStep] = []
        var origins: [SourceLocation] = []
        append(lines, in: scope, to: &steps, &origins, &compiler)
        compiler.parts.scriptPlaces.append(compiler.parts.arena.store(elements: origins))
        return compiler.parts.scripts.add(compiler.parts.arena.store(elements: steps))
    }

    private static func append(
        _ lines: [ScriptLine], in scope: LevelSettings, to steps: inout [ScriptStep],
        _ origins: inout [SourceLocation], _ compiler: inout PlanCompiler
    ) {
        let nothing = compiler.template(constant: [])
        for line in lines {
            let origin = compiler.origin(line.written)
            defer { while origins.count < steps.count { origins.append(origin) } }
            switch line.draft {
            case .set(let slot, let value):
                steps.append(
                    ScriptStep(
                        operation: .set, index: Int32(slot), left: compiler.template(value),
                        right: nothing))
            case .setArguments(let value):
                steps.append(
                    ScriptStep(
                        operation: .setArguments, left: compiler.template(value), right: nothing))
            case .setRate(let value):
                steps.append(
                    ScriptStep(operation: .setRate, left: compiler.template(value), right: nothing))
            case .rewrite(let draft): append(draft, to: &steps, &compiler)
            case .respond(let status, let written):
                // nginx treats an empty text as none.
                let text = written.flatMap { $0.bytes.isEmpty ? nil : $0 }
                steps.append(
                    ScriptStep(
                        operation: .respond, rewrite: text == nil ? [] : .hasText,
                        index: Int32(status), left: text.map { compiler.template($0) } ?? nothing,
                        right: nothing))
            case .stop:
                steps.append(ScriptStep(operation: .stop, left: nothing, right: nothing))
            case .condition(let condition, let body, let inner):
                let test = steps.count
                guard let step = compiled(condition, &compiler) else { continue }
                steps.append(step)
                if let inner {
                    steps.append(
                        ScriptStep(
                            operation: .enter,
                            index: compiler.add(
                                compiler.inherited(inner, from: scope), line.written),
                            left: nothing, right: nothing))
                }
                while origins.count < steps.count { origins.append(origin) }
                append(body, in: scope, to: &steps, &origins, &compiler)
                steps[test].index = Int32(steps.count)
            }
        }
    }

    private static func compiled(_ draft: ConditionDraft, _ compiler: inout PlanCompiler)
        -> ScriptStep?
    {
        var step = ScriptStep(
            operation: .test, condition: draft.kind, left: compiler.template(draft.left),
            right: compiler.template(constant: []))
        switch draft.kind {
        case .matches, .matchesNot:
            guard let word = draft.right,
                let regex = compiler.regex(word.bytes, ignoresCase: draft.ignoresCase, of: word)
            else { return nil }
            step.regex = regex
        default:
            if let right = draft.right { step.right = compiler.template(right) }
        }
        return step
    }

    /// Compiles a rewrite. For a redirect the replacement is one text; otherwise the part after its
    /// first `?` is the new query. A `?` at its end drops the request's own query.
    private static func append(
        _ draft: RewriteDraft, to steps: inout [ScriptStep], _ compiler: inout PlanCompiler
    ) {
        let pattern = draft.pattern
        guard let regex = compiler.regex(pattern.bytes, ignoresCase: false, of: pattern) else {
            return
        }
        let word = draft.replacement
        var path = word.bytes
        var query: [UInt8] = []
        var flags = draft.flags
        if path.last == UInt8(ascii: "?") {
            path.removeLast()
        } else {
            flags.insert(.keepsArguments)
        }
        if let mark = path.firstIndex(of: UInt8(ascii: "?")) {
            flags.insert(.hasArguments)
            if !flags.contains(.redirects) {
                query = Array(path[(mark + 1)...])
                path.removeSubrange(mark...)
            }
        }
        steps.append(
            ScriptStep(
                operation: .rewrite, rewrite: flags, regex: regex, index: Int32(draft.status),
                left: compiler.template(path, of: word), right: compiler.template(query, of: word)))
    }
}
