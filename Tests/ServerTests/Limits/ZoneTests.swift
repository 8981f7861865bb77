import Glibc
import Linux
import Testing

@testable import Server

/// Connections of several processes; one test kills them at whatever they are at.
@Suite struct ZoneTests {
    private func zone(_ size: Int = 32768) throws -> Zone {
        try Zone(ZonePlan(kind: .connections, name: "z", size: size, keyText: "$key"))
    }

    private let key = Array("192.0.2.1".utf8)

    private func entry(_ admission: Zone.Admission) throws -> Int {
        guard case .admitted(let entry) = admission else { throw Unexpected() }
        return entry
    }

    private struct Unexpected: Error {}

    @Test func theNumberIsThatOfAllProcesses() throws {
        let zone = try zone()
        let first = try entry(zone.admit(key.span, process: 1, most: 3))
        #expect(try entry(zone.admit(key.span, process: 1, most: 3)) == first)
        let second = try entry(zone.admit(key.span, process: 2, most: 3))
        #expect(zone.admit(key.span, process: 3, most: 3) == .tooMany)
        #expect(zone.admit([1].span, process: 3, most: 3) != .tooMany)
        zone.release(entry: first, process: 1)
        let third = try entry(zone.admit(key.span, process: 3, most: 3))
        #expect(zone.admit(key.span, process: 1, most: 3) == .tooMany)
        for (entry, process) in [(first, 1), (second, 2), (third, 3)] {
            zone.release(entry: entry, process: Int32(process))
        }
        #expect(zone.withTable { $0.count } == 1)
    }

    @Test func aDeadProcessHasNoConnections() throws {
        let zone = try zone()
        for number in 0..<100 {
            let bytes = Array("\(number)".utf8)
            _ = zone.admit(bytes.span, process: 1, most: 1000)
            _ = zone.admit(bytes.span, process: 2, most: 1000)
        }
        #expect(zone.withTable { $0.count } == 200)
        #expect(zone.releaseAll(of: 1))
        #expect(zone.withTable { $0.count } == 100)
        #expect(zone.admit(Array("5".utf8).span, process: 3, most: 1) == .tooMany)
        #expect(zone.releaseAll(of: 2))
        #expect(zone.withTable { $0.count } == 0)
    }

    @Test func aFullZoneAdmitsNobodyElse() throws {
        let zone = try zone()
        let capacity = try #require(zone.withTable { $0.capacity })
        for number in 0..<capacity {
            _ = try entry(zone.admit(Array("\(number)".utf8).span, process: 1, most: 2))
        }
        #expect(zone.admit(Array("x".utf8).span, process: 1, most: 2) == .noRoom)
        _ = try entry(zone.admit(Array("7".utf8).span, process: 1, most: 2))
    }

    /// A child admits and releases as fast as it can and is killed: the lock is to be had, the
    /// table is sound, what the parent holds is still held, and nothing of the child's is left.
    @Test func aProcessMayBeKilledAtAnyInstruction() throws {
        let zone = try zone()
        let parent = getpid()
        let held = try entry(zone.admit(key.span, process: parent, most: 5))
        let keys = (0..<40).map { Array(repeating: UInt8($0), count: 5 + $0) }
        var random = SeededGenerator(seed: 11)
        for round in 0..<60 {
            let child = try forkProcess()
            if child == 0 { churn(zone, keys) }
            usleep(UInt32.random(in: 1...3000, using: &random))
            kill(child, SIGKILL)
            var status: Int32 = 0
            #expect(unsafe waitpid(child, &status, 0) == child)
            #expect(zone.releaseAll(of: child))
            let found = try #require(zone.withTable { problems(of: $0) })
            #expect(found.isEmpty, "round \(round): \(found)")
            #expect(zone.withTable { $0.count } == 1, "round \(round)")
        }
        #expect(zone.admit(key.span, process: parent, most: 1) == .tooMany)
        zone.release(entry: held, process: parent)
        #expect(zone.withTable { $0.count } == 0)
    }

    /// Until it is killed. No memory is asked for: the parent may have been asking when it forked.
    private func churn(_ zone: Zone, _ keys: [[UInt8]]) -> Never {
        let process = getpid()
        var step = 0
        while true {
            step &+= 7
            let bytes = keys[step % keys.count]
            let admission = zone.admit(bytes.span, process: process, most: 9)
            if step % 3 == 0, case .admitted(let entry) = admission {
                zone.release(entry: entry, process: process)
            }
        }
    }

    @Test func aHolderThatStopsIsNotWaitedForWithoutEnd() throws {
        let zone = try zone()
        let child = try forkProcess()
        if child == 0 {
            _ = zone.withTable { _ in raise(SIGSTOP) }
            endProcess(0)
        }
        var status: Int32 = 0
        #expect(unsafe waitpid(child, &status, WUNTRACED) == child)
        #expect(!zone.releaseAll(of: 1))
        kill(child, SIGKILL)
        #expect(unsafe waitpid(child, &status, 0) == child)
        #expect(zone.releaseAll(of: 1))
    }
}
