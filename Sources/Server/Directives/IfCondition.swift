import Configuration

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
