import Linux
import Testing

@testable import Server

@Suite struct ZoneTableTests {
    private func table(bytes: Int) throws -> ZoneTable {
        ZoneTable(in: try SharedMemory(size: bytes), secret: (3, 4))
    }

    @Test(arguments: [32768, 65536, 1 << 20, 10 << 20])
    func megabyteHoldsFifteenThousandEntries(bytes: Int) throws {
        let table = try table(bytes: bytes)
        #expect(table.capacity >= bytes / 80)
        #expect(table.capacity <= bytes / 64)
        #expect(MemoryLayout<ZoneTable.Entry>.stride == 64)
    }

    @Test(arguments: [0, 1, 4, 16, 31, 32, 33, 64, 1000, 65535])
    func keysOfAnyLengthAreFound(length: Int) throws {
        let table = try table(bytes: 65536)
        let bytes = [UInt8](repeating: 7, count: length)
        let key = table.key(of: bytes.span)
        #expect(table.find(key) == nil)
        let index = try #require(table.insert(key, ZoneValue(first: 5, second: 6)))
        #expect(table.find(key) == index)
        #expect(table[index] == ZoneValue(first: 5, second: 6))
        for other in [bytes + [7], Array(bytes.dropLast()), bytes.map { $0 &+ 1 }]
        where other != bytes && other.count <= ZoneTable.maxKeyLength {
            #expect(table.find(table.key(of: other.span)) == nil)
        }
        table.remove(index)
        #expect(table.find(key) == nil)
        #expect(problems(of: table).isEmpty)
    }

    @Test func fullTableEvictsInOrderOfUse() throws {
        let table = try table(bytes: 32768)
        for number in 0..<table.capacity {
            #expect(table.insert(key(number, table), ZoneValue(first: 0, second: 0)) != nil)
        }
        #expect(table.insert(key(-1, table), ZoneValue(first: 0, second: 0)) == nil)
        #expect(problems(of: table).isEmpty)
        let first = try #require(table.find(key(0, table)))
        #expect(table.oldest == first)
        table.touch(first)
        #expect(table.oldest == table.find(key(1, table)))
        table.remove(try #require(table.oldest))
        #expect(table.insert(key(-1, table), ZoneValue(first: 0, second: 0)) != nil)
        #expect(table.find(key(1, table)) == nil)
        #expect(problems(of: table).isEmpty)
    }

    @Test func oneKeyMayHaveSeveralEntries() throws {
        let table = try table(bytes: 32768)
        let key = key(1, table)
        let inserted = (0..<5).compactMap {
            table.insert(key, ZoneValue(first: Int64($0), second: 0))
        }
        var found: [Int] = []
        table.forEach(key) { index in
            found.append(index)
            return true
        }
        #expect(found == inserted.reversed())
        table.removeAll { $0.first % 2 == 0 }
        #expect(table.count == 2)
        #expect(problems(of: table).isEmpty)
    }

    /// Compares the table with a dictionary and a list; some steps damage the links as a killed
    /// process would.
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func matchesNaiveImplementation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = try table(bytes: 4096 + 64 * 40)
        var model: [Int: Int64] = [:]
        var order: [Int] = []
        for step in 0..<500 {
            let number = Int.random(in: 0..<60, using: &random)
            let found = table.find(key(number, table))
            #expect((found != nil) == (model[number] != nil), "seed \(seed), step \(step)")
            if let found { #expect(table[found].first == model[number]) }
            switch (Int.random(in: 0..<20, using: &random), found) {
            case (0, _):
                damage(table, &random)
                table.repair()
                order = []
            case (1..<12, nil):
                let value = ZoneValue(first: Int64(step), second: 1)
                let index = table.insert(key(number, table), value)
                #expect((index != nil) == (model.count < table.capacity))
                if index != nil {
                    model[number] = Int64(step)
                    order.append(number)
                }
            case (1..<9, let index?):
                table.touch(index)
                order = order.filter { $0 != number } + (order.contains(number) ? [number] : [])
            case (_, let index?):
                table.remove(index)
                model[number] = nil
                order.removeAll { $0 == number }
            default: break
            }
            #expect(table.count == model.count, "seed \(seed), step \(step)")
            // After a repair, only entries used since then have an order.
            if order.count == model.count, let first = order.first {
                #expect(table.oldest == table.find(key(first, table)), "seed \(seed), step \(step)")
            }
        }
        #expect(problems(of: table).isEmpty)
    }

    /// Leaves the links as a process that is killed while it changes them.
    private func damage(_ table: ZoneTable, _ random: inout SeededGenerator) {
        for _ in 0..<5 {
            let index = Int.random(in: 0..<table.capacity, using: &random)
            table.entries[index].next = UInt32.random(in: 0...20, using: &random)
            table.entries[index].newer = UInt32.random(in: 0...20, using: &random)
            table.entries[index].older = UInt32.random(in: 0...20, using: &random)
        }
        table.header[0].count &+= 1
        table.header[0].newest = 0
        table.header[0].firstFree = 0
        table.buckets[Int.random(in: 0..<table.buckets.count, using: &random)] = 0
    }

    private func key(_ number: Int, _ table: ZoneTable) -> ZoneTable.Key {
        // Every third key is longer than the part that is stored.
        let bytes =
            Array("\(number)".utf8) + (number % 3 == 0 ? Array(repeating: 1, count: 50) : [])
        return table.key(of: bytes.span)
    }
}

/// Returns what is wrong with the links of a table: each used entry must be once in its chain and
/// once in the list.
func problems(of table: ZoneTable) -> [String] {
    var problems: [String] = []
    let header = table.header[0]
    let used = (0..<Int(header.neverUsed)).filter { table.entries[$0].isUsed != 0 }
    if used.count != Int(header.count) { problems.append("\(header.count) for \(used.count)") }
    var chained: [Int] = []
    for bucket in 0..<table.buckets.count {
        var link = table.buckets[bucket]
        while link != 0, chained.count <= used.count {
            if table.bucket(of: Int(link) - 1) != bucket { problems.append("in a wrong chain") }
            chained.append(Int(link) - 1)
            link = table.entries[Int(link) - 1].next
        }
    }
    if chained.sorted() != used { problems.append("chains") }
    var listed: [Int] = []
    var link = header.oldest
    while link != 0, listed.count <= used.count {
        let entry = table.entries[Int(link) - 1]
        if entry.older != UInt32((listed.last ?? -1) + 1) { problems.append("a link back") }
        listed.append(Int(link) - 1)
        link = entry.newer
    }
    if listed.sorted() != used { problems.append("the list") }
    if header.newest != UInt32((listed.last ?? -1) + 1) { problems.append("the newest") }
    var free = 0
    link = header.firstFree
    while link != 0, free <= table.capacity {
        if table.entries[Int(link) - 1].isUsed != 0 { problems.append("a used one is free") }
        free += 1
        link = table.entries[Int(link) - 1].next
    }
    if free + used.count != Int(header.neverUsed) { problems.append("lost entries") }
    return problems
}
