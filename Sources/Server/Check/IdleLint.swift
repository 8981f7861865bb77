import Configuration

/// Directives that are accepted because a configuration has them, and that do nothing here.
enum IdleLint {
    static func findings(_ path: BlockPath) -> [Finding] {
        let rows = DirectiveList.table.rows(named: path.name)
        guard !rows.isEmpty, rows.allSatisfy({ $0.kind == .idle }) else { return [] }
        return [path.finding(.idle, "\"\(path.name)\" has no effect in a file server")]
    }
}
