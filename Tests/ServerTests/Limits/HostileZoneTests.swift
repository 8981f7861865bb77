import Glibc
import Linux
import Testing

@testable import Server

/// A zone that a hostile worker overwrites: other workers neither trap nor hang, and the zone can
/// be used afterwards.
@Suite struct HostileZoneTests {
    private let registry: WorkerRegistry
    private let limit = RequestLimit(zone: 0, rate: 1000, burst: 5000, delay: 0)

    init() throws { registry = try WorkerRegistry() }

    private func zone(_ kind: ZonePlan.Kind, _ size: Int = 65536) throws -> Zone {
        let zone = try Zone(ZonePlan(kind: kind, name: "z", size: size, keyText: "$key"))
        zone.join(registry, as: try #require(registry.add()))
        return zone
    }

    private func use(_ zone: Zone, _ random: inout SeededGenerator) {
        let key = Array("\(UInt8.random(in: 0..<200, using: &random))".utf8)
        if zone.plan.kind == .requests {
            let nowMs = Int64.random(in: 0...(1 << 41), using: &random)
            let counts = Bool.random(using: &random)
            _ = zone.excess(of: key.span, limit, nowMs: nowMs, counts: counts)
            _ = zone.count(key.span, limit, nowMs: nowMs)
            _ = RequestVerdict.evaluate([limit, limit], [key, key], in: [zone], nowMs: nowMs)
            return
        }
        let admission = zone.admit(key.span, most: 4)
        if case .admitted(let entry) = admission, Bool.random(using: &random) {
            zone.uncount(entry: entry)
        }
        let entry = Int.random(in: 0..<zone.table.capacity, using: &random)
        zone.uncount(entry: entry)
    }

    /// Checks that the zone works: a counted key is found again.
    private func checkThatItWorks(_ zone: Zone, _ what: String) throws {
        // The first use finds and repairs any damage.
        var random = SeededGenerator(seed: 1)
        for _ in 0..<400 { use(zone, &random) }
        zone.table.reset()
        let key = Array("new".utf8)
        if zone.plan.kind == .requests {
            _ = zone.count(key.span, limit, nowMs: 1000)
            #expect(zone.count(key.span, limit, nowMs: 1000) == 1000, "\(what)")
        } else {
            guard case .admitted(let entry) = zone.admit(key.span, most: 1) else {
                Issue.record("not admitted: \(what)")
                return
            }
            #expect(zone.admit(key.span, most: 1) == .tooMany, "\(what)")
            zone.uncount(entry: entry)
        }
        #expect(problems(of: try #require(zone.withTable { $0 })).isEmpty, "\(what)")
    }

    /// Random and structured garbage between operations.
    @Test(arguments: [ZonePlan.Kind.requests, .connections], 1...12 as ClosedRange<UInt64>)
    func garbageDoesNotStopOtherWorkers(kind: ZonePlan.Kind, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let zone = try zone(kind)
        let words = zone.table.memory.table(
            of: UInt64.self, at: 0, count: zone.table.memory.size / 8)
        for _ in 0..<3000 {
            use(zone, &random)
            spoil(zone, words, &random)
        }
        try checkThatItWorks(zone, "seed \(seed)")
    }

    private static let odd: [UInt32] = [0, 1, 2, 3, 0x7FFF_FFFF, 0x8000_0000, .max, .max - 1]

    private func spoil(
        _ zone: Zone, _ words: SharedTable<UInt64>, _ random: inout SeededGenerator
    ) {
        let table = zone.table
        let index = Int.random(in: 0..<table.capacity, using: &random)
        // A link to an existing entry, or to none.
        let link =
            Bool.random(using: &random)
            ? UInt32.random(in: 0...300, using: &random)
            : HostileZoneTests.odd.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<40, using: &random) {
        case 0: table.header[0].firstFree = link
        case 1: table.header[0].newest = link
        case 2: table.header[0].oldest = link
        case 3: table.header[0].neverUsed = link
        case 4: table.header[0].count = link
        case 5: table.buckets[Int.random(in: 0..<table.buckets.count, using: &random)] = link
        case 6: table.entries[index].next = link
        case 7: table.entries[index].newer = link
        case 8: table.entries[index].older = link
        case 9: table.entries[index].isUsed = UInt16(truncatingIfNeeded: link)
        case 10: table.entries[index].keyLength = UInt16(truncatingIfNeeded: link)
        case 11:
            table.entries[index].value = ZoneValue(
                first: [.min, .max, -1, 0].randomElement(using: &random) ?? 0,
                second: [.min, .max, -1, 0].randomElement(using: &random) ?? 0)
        case 12: words[0] = random.next()
        case 13, 14: words[Int.random(in: 0..<words.count, using: &random)] = random.next()
        default: break
        }
    }

    @Test func cyclesAndLargeCountsAreBounded() throws {
        for kind in [ZonePlan.Kind.requests, .connections] {
            let zone = try zone(kind)
            var reports: [String] = []
            zone.report = { reports.append($0) }
            let bytes = Array("x".utf8)
            let key = zone.table.key(of: bytes.span)
            var random = SeededGenerator(seed: 3)
            for _ in 0..<50 { use(zone, &random) }
            // A chain that links to itself and lacks the key.
            zone.table.entries[7].next = 8
            zone.table.buckets[key.bucket] = 8
            zone.table.entries[7].keyLength = 999
            _ = zone.admit(bytes.span, most: 1)
            #expect(reports.count == 1 && reports[0].contains("has been emptied"), "\(reports)")
            zone.table.header[0].neverUsed = .max
            zone.table.header[0].firstFree = .max
            registry.remove(try #require(registry.add()))
            _ = zone.admit(bytes.span, most: 1)
            try checkThatItWorks(zone, "\(kind)")
        }
    }

    /// A child process writes garbage continuously, also in the middle of the parent's operations.
    @Test func concurrentWritesAreTolerated() throws {
        for kind in [ZonePlan.Kind.requests, .connections] {
            let zone = try zone(kind, 32768)
            let words = zone.table.memory.table(
                of: UInt64.self, at: 0, count: zone.table.memory.size / 8)
            let child = try forkProcess()
            if child == 0 { scribble(words) }
            var random = SeededGenerator(seed: 5)
            for _ in 0..<3000 { use(zone, &random) }
            kill(child, SIGKILL)
            var status: Int32 = 0
            #expect(unsafe waitpid(child, &status, 0) == child)
            zone.lock.word.release(0, at: 0)
            try checkThatItWorks(zone, "\(kind)")
        }
    }

    /// Writes until it is killed, without allocating memory. Small numbers are links to existing
    /// entries.
    private func scribble(_ words: SharedTable<UInt64>) -> Never {
        // Closes the descriptors of other tests, which wait for their ends.
        for descriptor in 3..<4096 as Range<Int32> { close(descriptor) }
        var state: UInt64 = 1
        while true {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let place = Int(state >> 33) % words.count
            // Leaves the lock alone most of the time: waiting for it is bounded, but the test has
            // to finish.
            if place == 0, state & 0xFF00 != 0 { continue }
            words[place] = state & 1 == 0 ? state : state & 0x1FF_0000_01FF
            if state & 0xFF0 == 0 { sched_yield() }
        }
    }

    @Test(arguments: [.min, .max, -1, 0, 1 << 60, -(1 << 60)] as [Int64])
    func extremeTimesAndExcessesAreAccepted(number: Int64) {
        for nowMs in [0, 1, Int64.max, 1 << 40] {
            for excess in [0, Int64.max, RequestRate.maxExcess] {
                let rate = RequestRate(excess: excess, lastMs: number)
                _ = rate.isExpired(rate: 1000, nowMs: nowMs)
                _ = rate.afterRequest(rate: .max, nowMs: nowMs)
            }
        }
    }
}
