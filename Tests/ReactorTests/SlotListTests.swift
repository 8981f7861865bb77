import Linux
import Testing

@Suite struct SlotListTests {
    private var links = SlotLinks()
    private var list = SlotList()

    private func slots() -> [Int] {
        var slots: [Int] = []
        var slot = list.first
        while let current = slot {
            slots.append(current)
            slot = links.next(after: current)
        }
        return slots
    }

    @Test mutating func slotsAreRemovedInOrder() {
        for slot in [3, 0, 7] { links.append(slot, to: &list) }
        links.prepend(5, to: &list)
        #expect(slots() == [5, 3, 0, 7])
        links.remove(0, from: &list)
        links.remove(0, from: &list)
        #expect(slots() == [5, 3, 7])
        #expect(list.count == 3)
        #expect(!links.contains(0) && links.contains(7) && !links.contains(99))
        let taken = (0..<4).map { _ in links.popFirst(of: &list) }
        #expect(taken == [5, 3, 7, nil])
        #expect(list.isEmpty && list == SlotList())
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    mutating func matchesArrayImplementation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var other = SlotList()
        var expected: [Int] = []
        for _ in 0..<500 {
            let slot = Int.random(in: 0..<20, using: &random)
            if let index = expected.firstIndex(of: slot) {
                expected.remove(at: index)
                links.remove(slot, from: &list)
            } else if Bool.random(using: &random) {
                expected.append(slot)
                links.append(slot, to: &list)
            } else {
                expected.insert(slot, at: 0)
                links.prepend(slot, to: &list)
            }
            // Another list over the same links does not disturb it.
            links.append(50, to: &other)
            #expect(slots() == expected)
            links.remove(50, from: &other)
        }
    }
}
