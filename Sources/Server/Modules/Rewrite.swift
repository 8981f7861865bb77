import Configuration

/// The rewrite module: scripts that run before a file is looked up.
struct RewriteSettings {
    /// The level's script, in the order of the file; never inherited.
    private(set) var script: [ScriptLine] = []
    var warnsOfUnset: Bool?

    /// Adds a step to the script.
    mutating func add(_ step: ScriptDraft, _ use: DirectiveUse) {
        script.append(ScriptLine(draft: step, written: use.written))
    }
}

/// rewrite, return, set, if and break.
enum Rewrite: Step {
    static var cacheability: Cacheability { .perRequest }

    private static let anywhere: Contexts = [.server, .ifInServer, .location, .ifInLocation]

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "rewrite", in: anywhere, takes: .oneOf([2, 3]), repeats: .yes,
            "Changes a path that matches a regular expression, or redirects the client."
        ) { (draft, use) throws(Diagnostic) in
            let rewrite = try rewrite(use)
            draft.variables.declareCaptures(of: rewrite.pattern.bytes)
            draft.scope.rewrite.add(.rewrite(rewrite), use)
        },
        .row(
            "return", in: anywhere, takes: .oneOf([1, 2]), repeats: .yes,
            "Responds with a status, and a text or a redirect."
        ) { (draft, use) throws(Diagnostic) in
            draft.scope.rewrite.add(try response(use), use)
        },
        .row(
            "break", in: anywhere, takes: .exactly(0), repeats: .yes,
            "Stops rewriting; the request stays in its location."
        ) { (draft, use) throws(Diagnostic) in draft.scope.rewrite.add(.stop, use) },
        .row(
            "set", in: anywhere, takes: .exactly(2), repeats: .yes, "Sets a variable."
        ) { (draft, use) throws(Diagnostic) in
            let value = try use.word(1)
            if try use.variableName(0) == "args" {
                draft.scope.rewrite.add(.setArguments(value), use)
                return
            }
            if try use.variableName(0) == "limit_rate" {
                draft.setsRate = true
                draft.scope.rewrite.add(.setRate(value), use)
                return
            }
            let slot = try draft.variables.declare(argument: 0, .assigned, use)
            draft.scope.rewrite.add(.set(slot: slot, value: value), use)
        },
        condition(in: .server, opens: .ifInServer),
        condition(in: .location, opens: .ifInLocation),
        .flag(
            "uninitialized_variable_warn", in: anywhere.union(.http),
            sets: \.scope.rewrite.warnsOfUnset, default: "on",
            "Logs the use of uninitialized variables."),
    ]

    private static func condition(
        in context: Contexts, opens inner: Contexts
    ) -> DirectiveRow<Draft> {
        .block(
            "if", in: context, takes: .atLeast(1), opens: inner,
            "Sets the configuration for requests that meet a condition.",
            apply: { (draft, use) throws(Diagnostic) in
                let condition = try IfCondition.parse(use)
                if let pattern = condition.right,
                    condition.kind == .matches || condition.kind == .matchesNot
                {
                    draft.variables.declareCaptures(of: pattern.bytes)
                }
                draft.openLevel()
            },
            close: { (draft, use) throws(Diagnostic) in
                let condition = try IfCondition.parse(use)
                let level = draft.closeLevel()
                draft.scope.rewrite.add(
                    .condition(
                        condition, body: level.scope.rewrite.script,
                        scope: use.context == .location ? level.scope : nil), use)
            })
    }

    private static func rewrite(_ use: DirectiveUse) throws(Diagnostic) -> RewriteDraft {
        var draft = RewriteDraft(
            pattern: try use.word(0), replacement: try use.word(1), flags: [])
        guard !draft.replacement.bytes.isEmpty else { throw use.fail("empty replacement", at: 1) }
        if isAbsoluteURL(draft.replacement.bytes) {
            draft.flags = [.redirects, .last]
            draft.status = 302
        }
        guard use.arguments.count == 3 else { return draft }
        switch try use.text(2) {
        case "last": draft.flags.insert(.last)
        case "break": draft.flags.formUnion([.last, .staysInLocation])
        case "redirect":
            draft.flags.formUnion([.last, .redirects])
            draft.status = 302
        case "permanent":
            draft.flags.formUnion([.last, .redirects])
            draft.status = 301
        case let other:
            throw use.fail(
                "invalid parameter \"\(other)\"", at: 2,
                help: ["the flag must be last, break, redirect or permanent"])
        }
        return draft
    }

    private static func isAbsoluteURL(_ text: [UInt8]) -> Bool {
        ["http://", "https://", "$scheme"].contains { text.starts(with: $0.utf8) }
    }

    private static func response(_ use: DirectiveUse) throws(Diagnostic) -> ScriptDraft {
        let first = try use.word(0)
        guard let status = NginxSize.integer(first.bytes[...]) else {
            guard use.arguments.count == 1, isAbsoluteURL(first.bytes) else {
                throw use.fail(
                    "invalid return code \"\(first.text)\"", at: 0,
                    help: [
                        "a code is a number from 0 to 999; a redirect needs an absolute URL or path"
                    ])
            }
            return .respond(status: 302, text: first)
        }
        guard status <= 999 else {
            throw use.fail(
                "invalid return code \"\(first.text)\"", at: 0,
                help: ["a code is a number from 0 to 999; a redirect needs an absolute URL or path"]
            )
        }
        return .respond(status: status, text: use.arguments.count == 2 ? try use.word(1) : nil)
    }
}

/// Parses the condition of an `if` as nginx does: `($variable)`, `($variable = text)`, `($variable
/// ~* pattern)`, `(-f file)`, with optional space inside the parentheses.
enum IfCondition {
    static func parse(_ use: DirectiveUse) throws(Diagnostic) -> ConditionDraft {
        let words = try unwrapped(use)
        guard let first = words.first else { throw invalid(use) }
        if first.bytes.first == UInt8(ascii: "$"), first.bytes.count > 1 {
            return try comparison(words, use)
        }
        if words.count == 2, let kind = fileTests[first.text] {
            return ConditionDraft(kind: kind, left: words[1])
        }
        throw invalid(use)
    }

    private static let fileTests: [String: ScriptStep.Condition] = [
        "-f": .isFile, "-d": .isDirectory, "-e": .exists, "-x": .isExecutable,
        "!-f": .isNoFile, "!-d": .isNoDirectory, "!-e": .existsNot, "!-x": .isNotExecutable,
    ]

    private static func invalid(_ use: DirectiveUse) -> Diagnostic {
        let text = use.arguments.map(\.text).joined(separator: " ")
        return use.fail(
            "invalid condition \"\(text)\"", at: 0,
            help: [
                "a condition is ($variable), ($variable = text), ($variable ~ pattern) or (-f file)"
            ])
    }

    /// Returns the words between the parentheses.
    private static func unwrapped(_ use: DirectiveUse) throws(Diagnostic) -> [Word] {
        var words = use.arguments
        guard let first = words.first, first.bytes.first == UInt8(ascii: "(") else {
            throw invalid(use)
        }
        words[0] = first.cut(from: 1, to: first.bytes.count)
        if words[0].bytes.isEmpty { words.removeFirst() }
        guard let last = words.last, last.bytes.last == UInt8(ascii: ")") else {
            throw invalid(use)
        }
        words[words.count - 1] = last.cut(from: 0, to: last.bytes.count - 1)
        if words[words.count - 1].bytes.isEmpty { words.removeLast() }
        return words
    }

    private static func comparison(
        _ words: [Word], _ use: DirectiveUse
    ) throws(Diagnostic) -> ConditionDraft {
        var rest = words[0].bytes.dropFirst()
        guard TemplateSyntax.variableName(at: &rest) != nil, rest.isEmpty else {
            throw invalid(use)
        }
        if words.count == 1 { return ConditionDraft(kind: .holds, left: words[0]) }
        guard words.count == 3 else { throw invalid(use) }
        var draft = ConditionDraft(kind: .equals, left: words[0], right: words[2])
        switch words[1].text {
        case "=": break
        case "!=": draft.kind = .differs
        case "~": draft.kind = .matches
        case "!~": draft.kind = .matchesNot
        case "~*":
            draft.kind = .matches
            draft.ignoresCase = true
        case "!~*":
            draft.kind = .matchesNot
            draft.ignoresCase = true
        case let other:
            throw use.fail(
                "unexpected \"\(other)\" in condition", at: use.arguments.firstIndex(of: words[1]),
                help: ["a comparison is one of =, !=, ~, ~*, !~ and !~*"])
        }
        return draft
    }
}

extension Word {
    /// Returns a part of the word, with its place.
    func cut(from start: Int, to end: Int) -> Word {
        let lower = max(0, min(start, bytes.count))
        let upper = max(lower, min(end, bytes.count))
        return Word(
            bytes: Array(bytes[lower..<upper]), place: place, length: length, isQuoted: isQuoted,
            startsLine: startsLine)
    }
}

/// A step of a level's script, and its place.
struct ScriptLine {
    let draft: ScriptDraft
    let written: SourceRange
}

/// A step of a level's script as written.
indirect enum ScriptDraft {
    case set(slot: Int, value: Word)
    case setArguments(Word)
    case setRate(Word)
    case rewrite(RewriteDraft)
    case respond(status: Int, text: Word?)
    case stop
    /// An `if`; in a location, the body's settings are those of a pseudo location.
    case condition(ConditionDraft, body: [ScriptLine], scope: LevelSettings?)
}

/// A `rewrite`.
struct RewriteDraft {
    let pattern: Word
    let replacement: Word
    var flags: RewriteFlags
    var status = 0
}

/// The condition of an `if`, as written in the parentheses.
struct ConditionDraft {
    var kind: ScriptStep.Condition
    /// The value to test, or the name of a file.
    var left: Word
    /// The text or pattern to compare with.
    var right: Word?
    var ignoresCase = false
}

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
