import Files
import Testing

@Suite struct SlotIndexTests {
    private func find(_ index: borrowing SlotIndex, _ slot: Int, _ hash: UInt64) -> Bool {
        var cursor = index.start(hash)
        while let found = index.next(hash, at: &cursor) {
            if found == slot { return true }
        }
        return false
    }

    /// Compared with a dictionary, with hashes that collide often.
    @Test(arguments: [UInt64(1), 2, 3, 4, 5]) func onlyInsertedSlotsAreFound(seed: UInt64) {
        var index = SlotIndex(slots: 64)
        var random = seed
        func next() -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return random &>> 33
        }
        var inside: [Int: UInt64] = [:]
        for _ in 0..<4000 {
            let slot = Int(next() % 64)
            if let hash = inside.removeValue(forKey: slot) {
                index.remove(slot, hash)
            } else {
                let hash = (next() % 24) &<< 32 | next()
                inside[slot] = hash
                index.insert(slot, hash)
            }
            for (slot, hash) in inside where !find(index, slot, hash) {
                Issue.record("slot \(slot) is lost, seed \(seed)")
            }
        }
        for (slot, hash) in inside { index.remove(slot, hash) }
        for home in 0..<24 {
            var cursor = index.start(UInt64(home) &<< 32)
            #expect(index.next(UInt64(home) &<< 32, at: &cursor) == nil)
        }
    }
}
