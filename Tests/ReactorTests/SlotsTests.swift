import Foundation
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

@Suite struct ZeroedStorageTests {
    private struct Pair: BitwiseCopyable {
        var number: Int64
        var byte: UInt8
    }

    @Test(arguments: [1, 2, 513, 100_000])
    func storageIsZeroed(count: Int) {
        let storage = ZeroedStorage<Pair>(count: count)
        #expect(storage.count == count)
        for index in [0, count / 2, count - 1] {
            #expect(storage[index].number == 0)
            #expect(storage[index].byte == 0)
        }
    }

    @Test func elementsAreChangedInPlace() {
        var storage = ZeroedStorage<Pair>(count: 100)
        for index in 0..<100 {
            storage[index].number = Int64(index) * 3
            storage[index].byte = UInt8(index)
        }
        for index in 0..<100 {
            #expect(storage[index].number == Int64(index) * 3)
            #expect(storage[index].byte == UInt8(index))
        }
    }

    @Test func emptyStorageIsAllowed() {
        #expect(ZeroedStorage<Int>(count: 0).count == 0)
    }

    /// A table for many slots costs only the used ones.
    @Test func unusedPagesUseNoMemory() throws {
        let before = try residentBytes()
        var storage = ZeroedStorage<Pair>(count: 16 << 20)
        storage[0].number = 1
        storage[(16 << 20) - 1].number = 2
        #expect(storage[0].number + storage[(16 << 20) - 1].number == 3)
        // 256 MiB are used by the table; the slack is for tests that run at the same time.
        #expect(try residentBytes() - before < 128 << 20)
    }

    @Test func indexOutsideBoundsTraps() async {
        await #expect(processExitsWith: .failure) {
            let storage = ZeroedStorage<Int>(count: 4)
            _ = storage[4]
        }
        await #expect(processExitsWith: .failure) {
            let storage = ZeroedStorage<Int>(count: 4)
            _ = storage[-1]
        }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            .split(separator: " ")
        return try #require(Int(fields[1])) * Int(getpagesize())
    }
}
