/// Walks a tree of directives with a table of their definitions and fills a draft of the settings.
///
/// All errors are reported: after an error the walk continues. If a block's own action fails, the
/// contents are checked but not applied.
public struct Interpreter<Draft> {
    private let table: DirectiveTable<Draft>

    /// Creates an interpreter for these directives.
    public init(_ table: DirectiveTable<Draft>) { self.table = table }

    /// Applies a tree to the draft and reports its errors.
    public func interpret(
        _ tree: [Directive], in context: Contexts = .main, into draft: inout Draft
    ) -> [Diagnostic] {
        var walk = Walk(table: table)
        walk.walk(tree, in: context, into: &draft, isApplied: true)
        return withoutRepeats(walk.diagnostics)
    }
}

private struct Walk<Draft> {
    typealias Row = DirectiveRow<Draft>

    let table: DirectiveTable<Draft>
    var diagnostics: [Diagnostic] = []
    private var namesByContext: [Contexts: [String]] = [:]

    init(table: DirectiveTable<Draft>) { self.table = table }

    mutating func walk(
        _ directives: [Directive], in context: Contexts, into draft: inout Draft, isApplied: Bool
    ) {
        var given: [String: Word] = [:]
        for directive in directives {
            for part in splitAtMissingSemicolons(directive, in: context) {
                visit(part, in: context, into: &draft, isApplied: isApplied, given: &given)
            }
        }
    }

    private mutating func visit(
        _ directive: Directive, in context: Contexts, into draft: inout Draft, isApplied: Bool,
        given: inout [String: Word]
    ) {
        let name = directive.name.text
        guard let row = row(named: name, in: context) else {
            let rows = table.rows(named: name)
            if let refused = rows.first, rows.allSatisfy({ $0.kind == .refused }) {
                return refuse(DirectiveUse(directive, in: context), refused, &draft)
            }
            let row = reportUnusable(directive, in: context)
            walkContents(of: directive, row, into: &draft, isApplied: false)
            return
        }
        let use = DirectiveUse(directive, in: context)
        if row.kind == .refused { return refuse(use, row, &draft) }
        var isSound = hasRightShape(use, row)
        if row.repeats == .no {
            if let first = given[name] {
                diagnostics.append(
                    use.fail("\"\(name)\" directive is duplicate")
                        .relating("it was first given here", to: first.place, length: first.length))
                isSound = false
            } else {
                given[name] = directive.name
            }
        }
        if isApplied, isSound {
            isSound = collect { () throws(Diagnostic) in try row.apply(&draft, use) }
        }
        let isEntered = isApplied && isSound
        walkContents(of: directive, row, into: &draft, isApplied: isEntered)
        if isEntered, let close = row.close {
            _ = collect { () throws(Diagnostic) in try close(&draft, use) }
        }
    }

    private mutating func walkContents(
        of directive: Directive, _ row: Row?, into draft: inout Draft, isApplied: Bool
    ) {
        guard let block = directive.block, let context = row?.opens else { return }
        walk(block, in: context, into: &draft, isApplied: isApplied)
    }

    /// Reports a directive that is refused, whatever its arguments and the errors around it. The
    /// content of its block is skipped.
    private mutating func refuse(_ use: DirectiveUse, _ row: Row, _ draft: inout Draft) {
        _ = collect { () throws(Diagnostic) in try row.apply(&draft, use) }
    }

    /// Runs an action and records the diagnostic that it throws. Returns true on success.
    private mutating func collect(_ action: () throws(Diagnostic) -> Void) -> Bool {
        do throws(Diagnostic) {
            try action()
            return true
        } catch {
            diagnostics.append(error)
            return false
        }
    }

    private func row(named name: String, in context: Contexts) -> Row? {
        table.rows(named: name).first { $0.contexts.contains(context) }
    }

    // MARK: Shape

    /// Returns true if the block and the arguments match the row; reports mismatches.
    private mutating func hasRightShape(_ use: DirectiveUse, _ row: Row) -> Bool {
        let name = row.name
        if !row.hasBlock, let brace = use.directive.openBrace {
            diagnostics.append(
                Diagnostic("directive \"\(name)\" is not terminated by \";\"", at: brace))
            return false
        }
        if row.hasBlock, use.directive.block == nil {
            diagnostics.append(use.fail("directive \"\(name)\" has no opening \"{\""))
            return false
        }
        guard row.arguments.allows(use.arguments.count) else {
            diagnostics.append(
                use.fail(
                    "invalid number of arguments in \"\(name)\" directive",
                    help: ["it takes \(row.arguments.description)"]))
            return false
        }
        guard row.arguments == .flag else { return true }
        return collect { () throws(Diagnostic) in _ = try use.flag(0) }
    }

    /// Splits a directive when one of its lines begins with the name of another directive and its
    /// arguments do not fit: a semicolon must be missing before that name. Where the arguments fit
    /// nevertheless (`index a` and `root b` on the next line) nginx accepts them, and so does apus,
    /// with a warning.
    private mutating func splitAtMissingSemicolons(
        _ directive: Directive, in context: Contexts
    ) -> [Directive] {
        guard directive.arguments.contains(where: \.startsLine) else { return [directive] }
        var parts: [Directive] = []
        var rest = directive
        while let row = row(named: rest.name.text, in: context),
            !row.hasBlock || rest.block != nil,
            let index = rest.arguments.firstIndex(where: {
                $0.startsLine && !$0.isQuoted && mayFollow($0, in: context)
            })
        {
            let next = rest.arguments[index]
            let previous = index > 0 ? rest.arguments[index - 1] : rest.name
            let fits =
                row.arguments.allows(rest.arguments.count) && row.hasBlock == (rest.block != nil)
            diagnostics.append(
                Diagnostic(
                    fits ? .warning : .error,
                    fits ? "is \";\" missing here?" : "\";\" is missing here", at: previous.end,
                    help: fits
                        ? ["\"\(next.text)\" is read as an argument of \"\(row.name)\""] : []))
            if fits { break }
            parts.append(
                Directive(name: rest.name, arguments: Array(rest.arguments[..<index])))
            rest = Directive(
                name: next, arguments: Array(rest.arguments[(index + 1)...]), block: rest.block,
                openBrace: rest.openBrace, closeBrace: rest.closeBrace)
        }
        return parts + [rest]
    }

    /// Returns true if a word may be the name of a directive that was meant to begin here. Refused
    /// directives do not count: some have names that hosts and files have as well (`api`,
    /// `status`).
    private func mayFollow(_ word: Word, in context: Contexts) -> Bool {
        guard let row = row(named: word.text, in: context) else { return false }
        return row.kind != .refused
    }

    // MARK: Names

    /// Reports a directive that is unknown or not allowed here, and returns the row that was
    /// probably meant, to check the contents with.
    private mutating func reportUnusable(_ directive: Directive, in context: Contexts) -> Row? {
        let name = directive.name.text
        let known = table.rows(named: name)
        // A server with braces is not one of an upstream.
        let alike = known.filter { $0.hasBlock == (directive.block != nil) }
        let rows = alike.isEmpty ? known : alike
        if !rows.isEmpty {
            let allowed = joined(
                rows.reduce(into: Contexts()) { $0.formUnion($1.contexts) }.names, by: "or")
            diagnostics.append(
                Diagnostic(
                    "\"\(name)\" directive is not allowed here", at: directive.name,
                    help: ["it is allowed in \(allowed)"]))
            return rows.first
        }
        var help: [String] = []
        var meant: Row?
        if let near = Suggestion.nearest(to: name, among: names(in: context)) {
            help = ["did you mean \"\(near)\"?"]
            meant = row(named: near, in: context)
        } else if let near = Suggestion.nearest(to: name, among: names(in: .any)),
            let other = table.rows(named: near).first
        {
            let allowed = joined(other.contexts.names, by: "or")
            help = ["did you mean \"\(near)\"? It is allowed in \(allowed)"]
            meant = other
        }
        diagnostics.append(
            Diagnostic("unknown directive \"\(name)\"", at: directive.name, help: help))
        return meant
    }

    /// Returns the names that are allowed in a context, implemented ones first: of equally similar
    /// names the first is suggested.
    private mutating func names(in context: Contexts) -> [String] {
        if let known = namesByContext[context] { return known }
        let all = table.names(in: context)
        func acts(_ name: String) -> Bool {
            table.rows(named: name).contains { $0.kind == .implemented }
        }
        let names = all.filter(acts) + all.filter { !acts($0) }
        namesByContext[context] = names
        return names
    }
}
