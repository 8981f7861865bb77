/// Every directive that is known, by name; a name may have several rows for different contexts.
public struct DirectiveTable<Draft>: Sendable {
    /// The rows in the order in which they were given.
    public let rows: [DirectiveRow<Draft>]
    /// The names whose blocks hold rows of values: what the parser must know.
    public let rawBlockNames: Set<String>
    private let rowsByName: [String: [DirectiveRow<Draft>]]
    /// The rules of inheritance alone: most rows have none, and each level goes through all.
    private let inheritances: [DirectiveRow<Draft>.Inheritance]

    /// A table of these rows.
    public init(_ rows: [DirectiveRow<Draft>]) {
        self.rows = rows
        rowsByName = Dictionary(grouping: rows, by: \.name)
        rawBlockNames = Set(rows.lazy.filter(\.isRawBlock).map(\.name))
        inheritances = rows.compactMap(\.inherit)
    }

    /// The rows of a name; empty when nobody knows it.
    public func rows(named name: String) -> [DirectiveRow<Draft>] { rowsByName[name] ?? [] }

    /// The names that may stand in any of these contexts, sorted.
    public func names(in contexts: Contexts) -> [String] {
        rowsByName.filter { $0.value.contains { !$0.contexts.isDisjoint(with: contexts) } }
            .map(\.key).sorted()
    }

    /// Lets a level inherit every setting that has a rule for it. The parent stays as it is.
    public func inherit(_ child: inout Draft, from parent: inout Draft) {
        for inherit in inheritances { inherit(&child, &parent) }
    }
}
