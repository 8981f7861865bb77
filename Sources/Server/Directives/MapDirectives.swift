import Configuration

/// A `map` block as written.
struct MapDraft {
    let source: Word
    let rows: [Directive]
}

/// Variables whose values are looked up by another text.
enum MapDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .rawBlock(
            "map", in: .http, takes: .exactly(2),
            "Defines a variable by the row that the value of the first argument matches.",
            apply: { (draft, use) throws(Diagnostic) in
                _ = try draft.variables.declare(argument: 1, .map(draft.maps.count), use)
                for row in use.rows where row.arguments.count == 1 {
                    guard case .regex(let pattern, _) = MapKey(row.name.bytes) else { continue }
                    draft.variables.declareCaptures(of: pattern)
                }
                draft.maps.append(MapDraft(source: try use.word(0), rows: use.rows))
            })
    ]
}

/// The meaning of a row's first word.
enum MapKey: Equatable {
    case fallback
    case regex([UInt8], ignoresCase: Bool)
    case string([UInt8])

    init(_ word: [UInt8]) {
        switch word.first {
        case UInt8(ascii: "~"):
            let ignoresCase = word.dropFirst().first == UInt8(ascii: "*")
            self = .regex(Array(word.dropFirst(ignoresCase ? 2 : 1)), ignoresCase: ignoresCase)
        // Escapes a `default`, `~` or `\` that follows.
        case UInt8(ascii: "\\"): self = .string(Array(word.dropFirst()))
        default: self = word == Array("default".utf8) ? .fallback : .string(word)
        }
    }
}
