import Configuration

/// A `split_clients` block as written.
struct SplitDraft {
    let source: Word
    let rows: [Directive]
}

/// Variables whose values divide clients into shares.
enum SplitClientsDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .rawBlock(
            "split_clients", in: .http, takes: .exactly(2),
            "Defines a variable whose values divide the hashes of a text into shares.",
            apply: { (draft, use) throws(Diagnostic) in
                _ = try draft.variables.declare(argument: 1, .split(draft.splits.count), use)
                draft.splits.append(SplitDraft(source: try use.word(0), rows: use.rows))
            })
    ]
}
