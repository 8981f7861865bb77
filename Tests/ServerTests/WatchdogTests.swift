import Linux
import Testing

@testable import Server

/// Detection of workers whose event loop is stuck.
@Suite struct WatchdogTests {
    private func sight(_ process: Int32, turns: UInt64, waits: Bool = false)
        -> Watchdog.WorkerSample
    {
        var activity = Activity.Snapshot()
        activity.iterations = turns
        activity.isWaiting = waits
        return Watchdog.WorkerSample(process: process, activity: activity)
    }

    /// Returns the processes that are stuck at each check, every 10 s.
    private func hung(_ looks: [[Watchdog.WorkerSample]]) -> [[Int32]] {
        var watchdog = Watchdog(limitMs: 40_000, nowMs: 0)
        return looks.enumerated().map { index, sights in
            watchdog.check(at: sights, nowMs: Int64(index + 1) * 10_000).map(\.process)
        }
    }

    @Test func hangingWorkerIsReportedOnce() {
        let looks = (0..<7).map { _ in [sight(1, turns: 5)] }
        #expect(hung(looks) == [[], [], [], [], [1], [], []])
    }

    @Test func progressingWorkerIsNotReported() {
        let looks = (0..<9).map { [sight(1, turns: UInt64($0 / 3))] }
        #expect(hung(looks).allSatisfy { $0.isEmpty })
    }

    @Test func waitingIsNotHanging() {
        let looks = (0..<9).map { _ in [sight(1, turns: 5, waits: true)] }
        #expect(hung(looks).allSatisfy { $0.isEmpty })
        // A worker that waited in between is not stuck either.
        let mixed = (0..<9).map { [sight(1, turns: 5, waits: $0 % 4 == 0)] }
        #expect(hung(mixed).allSatisfy { $0.isEmpty })
    }

    @Test func workersAreCountedSeparately() {
        let looks = (0..<6).map { [sight(1, turns: 5), sight(2, turns: UInt64($0))] }
        #expect(hung(looks) == [[], [], [], [], [1], []])
    }

    @Test func unseenWorkerIsForgotten() {
        var looks = (0..<6).map { _ in [sight(1, turns: 5)] }
        looks[3] = []
        #expect(hung(looks).allSatisfy { $0.isEmpty })
    }

    @Test func checksAreWithinTheLimit() {
        var watchdog = Watchdog(limitMs: 40_000, nowMs: 1000)
        #expect(watchdog.nextCheckMs == 11_000)
        _ = watchdog.check(at: [], nowMs: 50_000)
        #expect(watchdog.nextCheckMs == 60_000)
    }
}
