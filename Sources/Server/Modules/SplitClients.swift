import Configuration
import HTTP

/// A `split_clients` block as written.
struct SplitDraft {
    let source: Word
    let rows: [Directive]
}

/// Variables whose values divide clients into shares.
enum SplitClients {
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

/// A `split_clients`, compiled.
struct SplitPlan: BitwiseCopyable {
    /// The text that is hashed.
    let source: Template
    let table: SplitTable
}

/// Compilation of `split_clients` blocks.
extension SplitClients {
    static func compile(_ compiler: inout PlanCompiler) {
        for split in compiler.draft.splits {
            var shares = SplitShares()
            var rows: [SplitPart] = []
            for row in split.rows {
                guard let part = part(row, &shares, &compiler) else { continue }
                rows.append(part)
            }
            let source = compiler.template(split.source)
            compiler.parts.splits.append(
                SplitPlan(
                    source: source,
                    table: SplitTable(parts: compiler.parts.arena.store(elements: rows))))
        }
    }

    private static func part(
        _ row: Directive, _ shares: inout SplitShares, _ compiler: inout PlanCompiler
    ) -> SplitPart? {
        guard row.arguments.count == 1, let value = row.arguments.first else {
            compiler.fail("invalid number of the split_clients parameters", at: row.name)
            return nil
        }
        let stored = compiler.parts.arena.store(value.bytes)
        if row.name.bytes == [UInt8(ascii: "*")] {
            shares.addRest()
            return SplitPart(end: 0, value: stored)
        }
        guard let share = SplitShares.parse(row.name.bytes) else {
            compiler.fail("invalid percent value \"\(row.name.text)\"", at: row.name)
            return nil
        }
        guard let end = shares.add(share) else {
            compiler.fail("percent total is greater than 100%", at: row.name)
            return nil
        }
        return SplitPart(end: end, value: stored)
    }
}

/// `split_clients`, compiled: values for shares of all hashes.
struct SplitTable: BitwiseCopyable {
    let parts: PlanTable<SplitPart>

    /// Returns the value for a text; nil if the shares do not reach its hash.
    func value(of text: Span<UInt8>) -> PlanBytes? {
        let hash = murmurHash2(text)
        var index = 0
        while index < parts.count {
            let part = parts[index]
            if part.end == 0 || hash < part.end { return part.value }
            index &+= 1
        }
        return nil
    }
}

/// One share.
struct SplitPart: BitwiseCopyable {
    /// The first hash after the share; 0 for all the rest.
    let end: UInt32
    let value: PlanBytes
}

/// Adds up the shares of a `split_clients` block.
struct SplitShares {
    /// The sum of all shares, in hundredths of a percent.
    static let hundredPercent: UInt32 = 10_000

    private var sum: UInt32 = 0
    private var end: UInt32 = 0

    init() {}

    /// Adds a share in hundredths of a percent. Returns the hash where it ends; nil if the sum
    /// exceeds 100 %.
    mutating func add(_ share: UInt32) -> UInt32? {
        guard share <= SplitShares.hundredPercent &- sum else { return nil }
        sum &+= share
        let width = UInt64(share) &* UInt64(UInt32.max) / UInt64(SplitShares.hundredPercent)
        end = end &+ UInt32(truncatingIfNeeded: width)
        return end
    }

    /// Adds `*`: only another one may follow.
    mutating func addRest() { sum = SplitShares.hundredPercent }

    /// Parses `0.5%` into hundredths of a percent; nil if it is not a percentage above zero with at
    /// most two decimals.
    static func parse(_ text: [UInt8]) -> UInt32? {
        guard text.last == UInt8(ascii: "%"), text.count > 1 else { return nil }
        var value: UInt32 = 0
        var decimals: Int?
        for byte in text.dropLast() {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
                continue
            }
            guard let digit = byte.decimalDigit, decimals ?? 0 < 2, value <= 1_000_000 else {
                return nil
            }
            value = value &* 10 &+ UInt32(digit)
            decimals = decimals.map { $0 &+ 1 }
        }
        for _ in (decimals ?? 0)..<2 { value = value &* 10 }
        return value == 0 ? nil : value
    }
}

/// Austin Appleby's MurmurHash2 of 32 bits with seed 0, as nginx has it.
func murmurHash2(_ text: Span<UInt8>) -> UInt32 {
    let factor: UInt32 = 0x5bd1_e995
    var hash = UInt32(truncatingIfNeeded: text.count)
    var index = 0
    while text.count &- index >= 4 {
        var word =
            UInt32(text[index]) | UInt32(text[index &+ 1]) << 8
            | UInt32(text[index &+ 2]) << 16 | UInt32(text[index &+ 3]) << 24
        word = word &* factor
        word ^= word >> 24
        word = word &* factor
        hash = hash &* factor ^ word
        index &+= 4
    }
    let rest = text.count &- index
    if rest >= 3 { hash ^= UInt32(text[index &+ 2]) << 16 }
    if rest >= 2 { hash ^= UInt32(text[index &+ 1]) << 8 }
    if rest >= 1 {
        hash ^= UInt32(text[index])
        hash = hash &* factor
    }
    hash ^= hash >> 13
    hash = hash &* factor
    return hash ^ hash >> 15
}
