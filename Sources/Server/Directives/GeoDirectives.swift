import Configuration

/// A `geo` block as written.
struct GeoDraft {
    /// The source of the address; nil for the client's.
    let address: Word?
    let rows: [Directive]
}

/// Variables whose values depend on an address.
enum GeoDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .rawBlock(
            "geo", in: .http, takes: .oneOf([1, 2]),
            "Defines a variable by the network of the client's address.",
            apply: { (draft, use) throws(Diagnostic) in
                let last = use.arguments.count &- 1
                if last > 0 { _ = try use.variableName(0) }
                _ = try draft.variables.declare(argument: last, .geo(draft.geos.count), use)
                draft.geos.append(
                    GeoDraft(address: last > 0 ? try use.word(0) : nil, rows: use.rows))
            })
    ]
}
