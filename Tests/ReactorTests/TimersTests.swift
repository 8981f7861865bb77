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

    func arm(_ slot: Int, atMs: Int64) { timers.arm(slot, atMs: atMs) }
    func cancel(_ slot: Int) { timers.cancel(slot) }
    func isArmed(_ slot: Int) -> Bool { timers.isArmed(slot) }
    func earliestMs() -> Int64? { timers.earliestMs() }
    func takeExpired(nowMs: Int64) -> Int? { timers.popExpired(nowMs: nowMs) }
}
