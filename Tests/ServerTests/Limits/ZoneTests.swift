import Glibc
import Linux
import Testing

@testable import Server

/// Counting in several processes; one test kills them at arbitrary instructions.
@Suite struct ZoneTests {
    private let registry: WorkerRegistry

    init() throws { registry = try WorkerRegistry() }

    private func zone(_ size: Int = 32768) throws -> Zone {
        let zone = try Zone(ZonePlan(kind: .connections, name: "z", size: size, keyText: "$key"))
        zone.join(registry, as: try worker())
        return zone
    }

    private func worker() throws -> UInt64 { try #require(registry.add()) }

    private let key = Array("192.0.2.1".utf8)

    private func entry(_ admission: Zone.Admission) throws -> Int {
        guard case .admitted(let entry) = admission else { throw Unexpected() }
        return entry
    }

    private struct Unexpected: Error {}

    @Test func countIncludesAllProcesses() throws {
        let zone = try zone()
        let workers = try (0..<3).map { _ in try worker() }
        func admit(_ bytes: [UInt8], _ index: Int) -> Zone.Admission {
            zone.join(registry, as: workers[index])
            return zone.admit(bytes.span, most: 3)
        }
        let first = try entry(admit(key, 0))
        #expect(try entry(admit(key, 0)) == first)
        let second = try entry(admit(key, 1))
        #expect(admit(key, 2) == .tooMany)
        #expect(admit([1], 2) != .tooMany)
        zone.join(registry, as: workers[0])
        zone.uncount(entry: first)
        let third = try entry(admit(key, 2))
        #expect(admit(key, 0) == .tooMany)
        for (entry, index) in [(first, 0), (second, 1), (third, 2)] {
            zone.join(registry, as: workers[index])
            zone.uncount(entry: entry)
        }
        #expect(zone.withTable { $0.count } == 1)
    }

    @Test func connectionsOfDeadWorkersAreRemoved() throws {
        let zone = try zone()
        let (first, second, third) = (try worker(), try worker(), try worker())
        for number in 0..<100 {
            let bytes = Array("\(number)".utf8)
            zone.join(registry, as: first)
            _ = zone.admit(bytes.span, most: 1000)
            zone.join(registry, as: second)
            _ = zone.admit(bytes.span, most: 1000)
        }
        zone.join(registry, as: third)
        #expect(zone.withTable { $0.count } == 200)
        registry.remove(first)
        #expect(zone.withTable { $0.count } == 100)
        #expect(zone.admit(Array("5".utf8).span, most: 1) == .tooMany)
        registry.remove(second)
        #expect(zone.withTable { $0.count } == 0)
        #expect(problems(of: try #require(zone.withTable { $0 })).isEmpty)
    }

    @Test func fullZoneAdmitsNoNewKey() throws {
        let zone = try zone()
        let capacity = try #require(zone.withTable { $0.capacity })
        for number in 0..<capacity {
            _ = try entry(zone.admit(Array("\(number)".utf8).span, most: 2))
        }
        #expect(zone.admit(Array("x".utf8).span, most: 2) == .noRoom)
        _ = try entry(zone.admit(Array("7".utf8).span, most: 2))
    }

    /// A child that admits and releases as fast as it can is killed. Afterwards the lock can be
    /// acquired, the table is sound, what the parent holds is still held, and nothing of the child
    /// is left.
    @Test func killAtAnyInstructionIsRepaired() throws {
        let zone = try zone()
        let parent = try worker()
        zone.join(registry, as: parent)
        let held = try entry(zone.admit(key.span, most: 5))
        let keys = (0..<40).map { Array(repeating: UInt8($0), count: 5 + $0) }
        var random = SeededGenerator(seed: 11)
        for round in 0..<60 {
            let number = try worker()
            let child = try forkProcess()
            if child == 0 {
                zone.join(registry, as: number)
                churn(zone, keys)
            }
            usleep(UInt32.random(in: 1...3000, using: &random))
            kill(child, SIGKILL)
            var status: Int32 = 0
            #expect(unsafe waitpid(child, &status, 0) == child)
            registry.remove(number)
            let found = try #require(zone.withTable { problems(of: $0) })
            #expect(found.isEmpty, "round \(round): \(found)")
            #expect(zone.withTable { $0.count } == 1, "round \(round)")
        }
        #expect(zone.admit(key.span, most: 1) == .tooMany)
        zone.uncount(entry: held)
        #expect(zone.withTable { $0.count } == 0)
    }

    /// Runs until it is killed. Allocates no memory, since the parent may have forked during an
    /// allocation.
    private func churn(_ zone: Zone, _ keys: [[UInt8]]) -> Never {
        var step = 0
        while true {
            step &+= 7
            let bytes = keys[step % keys.count]
            let admission = zone.admit(bytes.span, most: 9)
            if step % 3 == 0, case .admitted(let entry) = admission { zone.uncount(entry: entry) }
        }
    }

    /// A worker that is stopped while it holds the lock blocks no other: the lock is taken from it.
    @Test func stoppedLockHolderLosesLock() throws {
        let zone = try zone()
        var reports: [String] = []
        zone.report = { reports.append($0) }
        let stopped = try worker()
        let child = try forkProcess()
        if child == 0 {
            // Closes the descriptors of other tests, which wait for their ends.
            for descriptor in 3..<4096 as Range<Int32> { close(descriptor) }
            zone.join(registry, as: stopped)
            _ = zone.withTable { _ in raise(SIGSTOP) }
            endProcess(0)
        }
        var status: Int32 = 0
        #expect(unsafe waitpid(child, &status, WUNTRACED) == child)
        #expect(zone.admit(key.span, most: 1) != .uncounted)
        #expect(reports.count == 1 && reports[0].contains("took the lock"), "\(reports)")
        kill(child, SIGKILL)
        #expect(unsafe waitpid(child, &status, 0) == child)
        #expect(zone.admit(key.span, most: 1) == .tooMany)
    }

    /// A worker that takes the lock repeatedly costs one wait per second; meanwhile nothing is
    /// counted, and releases are done later.
    @Test func hostileLockHolderDelaysOnce() throws {
        let zone = try zone()
        let held = try entry(zone.admit(key.span, most: 2))
        let hostile = try worker()
        zone.lock.takeAway(for: hostile)
        _ = zone.admit(key.span, most: 2)
        zone.lock.takeAway(for: hostile)
        for _ in 0..<100 { #expect(zone.admit([1].span, most: 1) == .uncounted) }
        zone.uncount(entry: held)
        zone.uncount(entry: held)
        registry.remove(hostile)
        #expect(zone.withTable { $0.count } == 0)
    }

    @Test(arguments: [.max, 1, 1 << 48, 0xDEAD_BEEF] as [UInt64])
    func orphanedLockIsAcquired(holder: UInt64) throws {
        let zone = try zone()
        zone.lock.takeAway(for: holder)
        _ = try entry(zone.admit(key.span, most: 2))
    }

    /// The worker's own number in the lock word does not mean that it holds the lock.
    @Test func forgedOwnLockIsAcquired() throws {
        let zone = try zone()
        let own = try worker()
        zone.join(registry, as: own)
        zone.lock.takeAway(for: own)
        _ = try entry(zone.admit(key.span, most: 2))
    }
}

extension SharedLock {
    /// Stores the worker's number regardless of the holder, as a hostile worker can.
    fileprivate func takeAway(for holder: UInt64) { word.release(holder, at: 0) }
}

@Suite struct ZoneSetTests {
    private let first = ZonePlan(kind: .requests, name: "a", size: 32768, keyText: "$host")
    private let limit = RequestLimit(zone: 0, rate: 1, burst: 0, delay: 0)

    private func knows(_ zone: Zone, _ key: String) -> Bool {
        zone.excess(of: Array(key.utf8).span, limit, nowMs: 0, counts: false) > 0
    }

    @Test func unchangedZoneIsKept() throws {
        let old = try ZoneSet.open([first], keeping: [])
        #expect(!knows(old[0], "x"))
        _ = old[0].count(Array("x".utf8).span, limit, nowMs: 0)
        let other = ZonePlan(kind: .connections, name: "b", size: 32768, keyText: "$host")
        let new = try ZoneSet.open([other, first], keeping: old)
        #expect(new.map(\.plan.name) == ["b", "a"])
        #expect(knows(new[1], "x"))
    }

    private static let changed = [
        ZonePlan(kind: .requests, name: "a", size: 65536, keyText: "$uri"),
        ZonePlan(kind: .requests, name: "b", size: 32768, keyText: "$uri"),
        ZonePlan(kind: .connections, name: "a", size: 32768, keyText: "$uri"),
    ]

    @Test(arguments: changed)
    func changedZoneStartsEmpty(plan: ZonePlan) throws {
        let old = try ZoneSet.open([first], keeping: [])
        _ = old[0].count(Array("x".utf8).span, limit, nowMs: 0)
        let new = try ZoneSet.open([plan], keeping: old)
        #expect(new[0].withTable { $0.count } == 0)
    }

    @Test(arguments: [
        (ZonePlan.Kind.requests, "limit_req \"a\" uses the \"$uri\" key "),
        (.connections, "limit_conn_zone \"a\" uses the \"$uri\" key "),
    ])
    func changedKeyIsError(kind: ZonePlan.Kind, words: String) throws {
        let old = try ZoneSet.open(
            [ZonePlan(kind: kind, name: "a", size: 32768, keyText: "$host")], keeping: [])
        let error = #expect(throws: GenerationError.self) {
            _ = try ZoneSet.open(
                [ZonePlan(kind: kind, name: "a", size: 32768, keyText: "$uri")], keeping: old)
        }
        #expect(error?.lines == [words + "while previously it used the \"$host\" key"])
    }

    @Test func missingMemoryIsError() {
        let error = #expect(throws: GenerationError.self) {
            _ = try ZoneSet.open(
                [ZonePlan(kind: .requests, name: "a", size: 1 << 60, keyText: "$uri")],
                keeping: [])
        }
        #expect(error?.lines.first?.hasSuffix("for the shared memory zone \"a\"") == true)
    }
}
