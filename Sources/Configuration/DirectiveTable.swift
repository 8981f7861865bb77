/// All known directives by name. A name may have several rows for different contexts.
public struct DirectiveTable<Draft>: Sendable {
    /// The rows in the order in which they were given.
    public let rows: [DirectiveRow<Draft>]
    /// The names whose blocks hold rows of values, which the parser must know.
    public let rawBlockNames: Set<String>
    private let rowsByName: [String: [DirectiveRow<Draft>]]
    /// The inheritance rules alone: most rows have none, and each level runs all of them.
    private let inheritances: [DirectiveRow<Draft>.Inheritance]

    /// Creates a table of these rows.
    public init(_ rows: [DirectiveRow<Draft>]) {
        self.rows = rows
        rowsByName = Dictionary(grouping: rows, by: \.name)
        rawBlockNames = Set(rows.lazy.filter(\.isRawBlock).map(\.name))
        inheritances = rows.compactMap(\.inherit)
    }

    /// Returns the rows of a name; empty if it is unknown.
    public func rows(named name: String) -> [DirectiveRow<Draft>] { rowsByName[name] ?? [] }

    /// Returns the names that are allowed in any of these contexts, sorted.
    public func names(in contexts: Contexts) -> [String] {
        rowsByName.filter { $0.value.contains { !$0.contexts.isDisjoint(with: contexts) } }
            .map(\.key).sorted()
    }

    /// Lets a level inherit every setting that has a rule. The parent is not changed.
    public func inherit(_ child: inout Draft, from parent: inout Draft) {
        for inherit in inheritances { inherit(&child, &parent) }
    }
}
