import Configuration

/// Finds directives that are accepted and ignored.
enum IgnoredDirectiveLint {
    static func findings(_ path: BlockPath) -> [Finding] {
        let rows = DirectiveList.table.rows(named: path.name)
        guard !rows.isEmpty, rows.allSatisfy({ $0.kind == .ignored }) else { return [] }
        return [path.finding(.idle, "\"\(path.name)\" has no effect in a file server")]
    }
}
