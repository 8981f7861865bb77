import Configuration

/// A `split_clients`, compiled.
struct SplitPlan: BitwiseCopyable {
    /// The text that is hashed.
    let source: Template
    let table: SplitTable
}

/// Compilation of `split_clients` blocks.
extension PlanCompiler {
    mutating func compileSplits() {
        for split in draft.splits {
            var shares = SplitShares()
            var rows: [SplitPart] = []
            for row in split.rows {
                guard let part = part(row, &shares) else { continue }
                rows.append(part)
            }
            let source = template(split.source)
            parts.splits.append(
                SplitPlan(
                    source: source, table: SplitTable(parts: parts.arena.store(elements: rows))))
        }
    }

    private mutating func part(_ row: Directive, _ shares: inout SplitShares) -> SplitPart? {
        guard row.arguments.count == 1, let value = row.arguments.first else {
            fail("invalid number of the split_clients parameters", at: row.name)
            return nil
        }
        let stored = parts.arena.store(value.bytes)
        if row.name.bytes == [UInt8(ascii: "*")] {
            shares.addRest()
            return SplitPart(end: 0, value: stored)
        }
        guard let share = SplitShares.parse(row.name.bytes) else {
            fail("invalid percent value \"\(row.name.text)\"", at: row.name)
            return nil
        }
        guard let end = shares.add(share) else {
            fail("percent total is greater than 100%", at: row.name)
            return nil
        }
        return SplitPart(end: end, value: stored)
    }
}
