import Testing

@testable import Server

@Suite struct FairQueueTests {
    private var queue = FairQueue<String>()

    private mutating func rest() -> [Int] {
        var items: [Int] = []
        while let item = queue.popFirst() { items.append(item) }
        return items
    }

    @Test mutating func clientsTakeTurns() {
        for item in 0..<5 { queue.append(item, of: "many") }
        queue.append(10, of: "few")
        queue.append(20, of: "one")
        queue.append(11, of: "few")
        #expect(queue.count == 8)
        #expect(queue.first == 0)
        #expect(rest() == [0, 10, 20, 1, 11, 2, 3, 4])
        #expect(queue.isEmpty && queue.first == nil)
    }

    @Test mutating func newClientWaitsForOneItem() {
        for item in 0..<100 { queue.append(item, of: "many") }
        #expect(queue.popFirst() == 0)
        queue.append(200, of: "late")
        #expect(queue.popFirst() == 1)
        #expect(queue.popFirst() == 200)
    }

    @Test mutating func removedItemsLeaveNoState() {
        for item in 0..<6 { queue.append(item, of: item % 2 == 0 ? "even" : "odd") }
        for item in [0, 4, 2, 2, 77] { queue.remove(item) }
        #expect(queue.count == 3)
        queue.append(0, of: "odd")
        #expect(rest() == [1, 3, 5, 0])
    }

    @Test mutating func prependedItemIsFirst() {
        queue.append(1, of: "a")
        queue.append(2, of: "b")
        queue.append(3, of: "b")
        #expect(queue.popFirst() == 1)
        #expect(queue.popFirst() == 2)
        queue.prepend(2, of: "b")
        queue.prepend(1, of: "a")
        #expect(rest() == [1, 2, 3])
    }
}
