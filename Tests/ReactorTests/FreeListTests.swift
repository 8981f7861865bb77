import Testing

import Linux

@Suite struct FreeListTests {
    @Test func lastReleasedSlotIsAcquiredFirst() {
        var list = FreeList(count: 3)
        var taken = [list.acquire(), list.acquire(), list.acquire(), list.acquire()]
        #expect(taken == [0, 1, 2, nil])
        list.release(0)
        list.release(2)
        taken = [list.acquire(), list.acquire(), list.acquire()]
        #expect(taken == [2, 0, nil])
    }

    @Test func emptyListHasNoSlot() {
        var list = FreeList(count: 0)
        let taken = list.acquire()
        #expect(taken == nil)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func noSlotIsAcquiredTwice(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...20, using: &random)
        var list = FreeList(count: count)
        var used: Set<Int> = []
        for _ in 0..<500 {
            if Bool.random(using: &random) {
                let slot = list.acquire()
                #expect((slot == nil) == (used.count == count), "seed \(seed)")
                if let slot {
                    #expect((0..<count).contains(slot))
                    #expect(used.insert(slot).inserted, "seed \(seed)")
                }
            } else if let slot = used.randomElement(using: &random) {
                used.remove(slot)
                list.release(slot)
            }
        }
    }
}
