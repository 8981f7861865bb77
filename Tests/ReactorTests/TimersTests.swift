import Linux
import Reactor
import Testing

@Suite struct TimersTests {
    @Test func nothingIsArmedAtFirst() {
        let timers = SharedTimers(slots: 4)
        #expect(timers.earliestMs() == nil)
        #expect(timers.takeExpired(nowMs: .max) == nil)
        for slot in 0..<4 { #expect(!timers.isArmed(slot)) }
    }

    @Test func timersExpireByTime() {
        let timers = SharedTimers(slots: 8)
        for (slot, atMs) in [(5, 300), (0, 100), (7, 200), (2, 50)] {
            timers.arm(slot, atMs: Int64(atMs))
        }
        #expect(timers.earliestMs() == 50)
        #expect(timers.takeExpired(nowMs: 49) == nil)
        #expect(taken(timers, nowMs: 200) == [2, 0, 7])
        #expect(timers.earliestMs() == 300)
        #expect(taken(timers, nowMs: 299) == [])
        #expect(taken(timers, nowMs: 300) == [5])
        #expect(timers.count == 0)
    }

    private static let moves: [(atMs: Int64, order: [Int])] = [
        (10, [0, 1, 2]), (250, [1, 0, 2]), (1000, [1, 2, 0]),
    ]

    @Test(arguments: moves)
    func rearmingMovesTimer(atMs: Int64, order: [Int]) {
        let timers = SharedTimers(slots: 3)
        for (slot, deadline) in [(0, 100), (1, 200), (2, 300)] {
            timers.arm(slot, atMs: Int64(deadline))
        }
        timers.arm(0, atMs: atMs)
        #expect(timers.count == 3)
        #expect(taken(timers, nowMs: 1000) == order)
    }

    @Test(arguments: [Int64.min, -1, 0, Int64.max])
    func extremeTimesAreValid(atMs: Int64) {
        let timers = SharedTimers(slots: 1)
        timers.arm(0, atMs: atMs)
        #expect(timers.earliestMs() == atMs)
        #expect(timers.takeExpired(nowMs: atMs) == 0)
        #expect(!timers.isArmed(0))
    }

    @Test func cancellingUnarmedTimerDoesNothing() {
        let timers = SharedTimers(slots: 2)
        timers.arm(1, atMs: 5)
        timers.cancel(0)
        #expect(timers.count == 1)
        timers.cancel(1)
        timers.cancel(1)
        #expect(timers.count == 0)
        #expect(timers.earliestMs() == nil)
    }

    /// Compares with a table that is searched completely each time.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func matchesNaiveImplementation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let slots = Int.random(in: 1...40, using: &random)
        let timers = SharedTimers(slots: slots)
        var model: [Int: Int64] = [:]
        var nowMs: Int64 = 0
        for step in 0..<800 {
            let slot = Int.random(in: 0..<slots, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0, 1, 2, 3:
                model[slot] = nowMs + Int64.random(in: 0...200, using: &random)
                timers.arm(slot, atMs: model[slot] ?? 0)
            case 4:
                timers.cancel(slot)
                model[slot] = nil
            default:
                nowMs += Int64.random(in: 0...60, using: &random)
                let expired = taken(timers, nowMs: nowMs)
                let times = expired.map { model[$0] ?? .max }
                #expect(times == times.sorted() && times.allSatisfy { $0 <= nowMs })
                #expect(Set(expired) == Set(model.filter { $0.value <= nowMs }.keys))
                #expect(Set(expired).count == expired.count)
                model = model.filter { $0.value > nowMs }
            }
            #expect(timers.earliestMs() == model.values.min(), "seed \(seed), step \(step)")
            #expect(timers.isArmed(slot) == (model[slot] != nil), "seed \(seed), step \(step)")
            #expect(timers.count == model.count, "seed \(seed), step \(step)")
        }
    }

    private func taken(_ timers: SharedTimers, nowMs: Int64) -> [Int] {
        var slots: [Int] = []
        while let slot = timers.takeExpired(nowMs: nowMs) { slots.append(slot) }
        return slots
    }
}

/// A class, since timers cannot be copied, and expectations copy their operands.
private final class SharedTimers {
    private var timers: Timers

    init(slots: Int) { timers = Timers(slots: slots) }

    var count: Int { timers.count }

    func arm(_ slot: Int, atMs: Int64) { timers.arm(Slot(slot), atMs: atMs) }
    func cancel(_ slot: Int) { timers.cancel(Slot(slot)) }
    func isArmed(_ slot: Int) -> Bool { timers.isArmed(Slot(slot)) }
    func earliestMs() -> Int64? { timers.earliestMs() }
    func takeExpired(nowMs: Int64) -> Int? { timers.popExpired(nowMs: nowMs)?.index }
}

@Suite struct DeadlinesTests {
    @Test func nothingIsArmedAtFirst() {
        let deadlines = SharedDeadlines(durationsMs: [10, 20], slots: 4)
        #expect(deadlines.earliestMs() == nil)
        #expect(deadlines.takeExpired(nowMs: .max) == nil)
        for slot in 0..<4 { #expect(!deadlines.isArmed(slot)) }
    }

    @Test func deadlinesExpireInArmingOrder() {
        let deadlines = SharedDeadlines(durationsMs: [100], slots: 8)
        for (position, slot) in [5, 0, 7, 2].enumerated() {
            deadlines.arm(slot, list: 0, nowMs: Int64(position))
        }
        #expect(deadlines.earliestMs() == 100)
        #expect(deadlines.takeExpired(nowMs: 99) == nil)
        #expect(taken(deadlines, nowMs: 102) == [5, 0, 7])
        #expect(deadlines.earliestMs() == 103)
        #expect(taken(deadlines, nowMs: 103) == [2])
        #expect(deadlines.earliestMs() == nil)
    }

    @Test func deadlineIsNeverEarly() {
        let deadlines = SharedDeadlines(durationsMs: [50], slots: 1)
        deadlines.arm(0, list: 0, nowMs: 1000)
        #expect(deadlines.takeExpired(nowMs: 1049) == nil)
        #expect(deadlines.isArmed(0))
        #expect(deadlines.takeExpired(nowMs: 1050) == 0)
        #expect(!deadlines.isArmed(0))
    }

    @Test func rearmingMovesToEnd() {
        let deadlines = SharedDeadlines(durationsMs: [10], slots: 3)
        for slot in 0..<3 { deadlines.arm(slot, list: 0, nowMs: 0) }
        deadlines.arm(0, list: 0, nowMs: 5)
        #expect(taken(deadlines, nowMs: 10) == [1, 2])
        #expect(deadlines.earliestMs() == 15)
        #expect(taken(deadlines, nowMs: 15) == [0])
    }

    @Test func rearmingInOtherListLeavesFirst() {
        let deadlines = SharedDeadlines(durationsMs: [10, 1000], slots: 2)
        deadlines.arm(0, list: 0, nowMs: 0)
        deadlines.arm(0, list: 1, nowMs: 0)
        #expect(deadlines.earliestMs() == 1000)
        #expect(deadlines.takeExpired(nowMs: 999) == nil)
        #expect(deadlines.takeExpired(nowMs: 1000) == 0)
    }

    @Test(arguments: [0, 1, 2])
    func cancelUnlinksAtAnyPosition(cancelled: Int) {
        let deadlines = SharedDeadlines(durationsMs: [10], slots: 3)
        for slot in 0..<3 { deadlines.arm(slot, list: 0, nowMs: 0) }
        deadlines.cancel(cancelled)
        #expect(!deadlines.isArmed(cancelled))
        #expect(taken(deadlines, nowMs: 10) == [0, 1, 2].filter { $0 != cancelled })
        deadlines.cancel(cancelled)
        #expect(deadlines.earliestMs() == nil)
    }

    @Test func earliestIsOverAllLists() {
        let deadlines = SharedDeadlines(durationsMs: [300, 20, 100], slots: 3)
        deadlines.arm(0, list: 0, nowMs: 0)
        deadlines.arm(1, list: 1, nowMs: 200)
        deadlines.arm(2, list: 2, nowMs: 50)
        #expect(deadlines.earliestMs() == 150)
        deadlines.cancel(2)
        #expect(deadlines.earliestMs() == 220)
        deadlines.cancel(1)
        #expect(deadlines.earliestMs() == 300)
    }

    /// Compares with a list that is searched completely each time.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func matchesNaiveImplementation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let durations: [Int64] = [0, 7, 7, 60, 1000]
        let slots = Int.random(in: 1...12, using: &random)
        let deadlines = SharedDeadlines(durationsMs: durations, slots: slots)
        var model: [Int: Int64] = [:]
        var nowMs: Int64 = 0
        for step in 0..<600 {
            let slot = Int.random(in: 0..<slots, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1, 2:
                let list = Int.random(in: 0..<durations.count, using: &random)
                deadlines.arm(slot, list: list, nowMs: nowMs)
                model[slot] = nowMs + durations[list]
            case 3:
                deadlines.cancel(slot)
                model[slot] = nil
            default:
                nowMs += Int64.random(in: 0...50, using: &random)
                let expired = taken(deadlines, nowMs: nowMs)
                #expect(Set(expired) == Set(model.filter { $0.value <= nowMs }.keys))
                #expect(Set(expired).count == expired.count)
                model = model.filter { $0.value > nowMs }
            }
            #expect(deadlines.earliestMs() == model.values.min(), "seed \(seed), step \(step)")
            #expect(deadlines.isArmed(slot) == (model[slot] != nil), "seed \(seed), step \(step)")
        }
    }

    private func taken(_ deadlines: SharedDeadlines, nowMs: Int64) -> [Int] {
        var slots: [Int] = []
        while let slot = deadlines.takeExpired(nowMs: nowMs) { slots.append(slot) }
        return slots
    }
}

/// A class, since deadlines cannot be copied, and expectations copy their operands.
private final class SharedDeadlines {
    private var deadlines: Deadlines

    init(durationsMs: [Int64], slots: Int) {
        deadlines = Deadlines(durationsMs: durationsMs, slots: slots)
    }

    func arm(_ slot: Int, list: Int, nowMs: Int64) {
        deadlines.arm(Slot(slot), list: list, nowMs: nowMs)
    }

    func cancel(_ slot: Int) { deadlines.cancel(Slot(slot)) }
    func isArmed(_ slot: Int) -> Bool { deadlines.isArmed(Slot(slot)) }
    func earliestMs() -> Int64? { deadlines.earliestMs() }
    func takeExpired(nowMs: Int64) -> Int? { deadlines.popExpired(nowMs: nowMs)?.index }
}
