import Configuration

extension DirectiveRow where Draft == Server.Draft {
    /// A level that does not set the field has that of the level around it.
    @inline(__always)
    static func inheriting<Value>(
        _ field: WritableKeyPath<Draft, Value?> & Sendable
    ) -> Inheritance {
        { (child, parent) in fill(&child[keyPath: field], from: &parent[keyPath: field]) }
    }

    /// Adds media types to a list. As in nginx text/html is always in it.
    static func addingTypes(
        to field: WritableKeyPath<Draft, [String]?> & Sendable
    ) -> Action {
        { (draft, use) throws(Diagnostic) in
            let types = use.arguments.map { $0.text.lowercased() }
            draft[keyPath: field] = (draft[keyPath: field] ?? ["text/html"]) + types
        }
    }
}
