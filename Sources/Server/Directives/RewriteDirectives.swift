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
enum RewriteDirectives {
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
                throw use.fail("invalid return code \"\(first.text)\"", at: 0)
            }
            return .respond(status: 302, text: first)
        }
        guard status <= 999 else { throw use.fail("invalid return code \"\(first.text)\"", at: 0) }
        return .respond(status: status, text: use.arguments.count == 2 ? try use.word(1) : nil)
    }
}
