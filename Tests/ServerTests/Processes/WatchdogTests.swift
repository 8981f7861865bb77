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

/// Messages about workers that died.
@Suite struct CrashReportsTests {
    private func last(_ text: String, isBusy: Bool = true) -> Activity.Snapshot {
        var last = Activity.Snapshot()
        last.text = Array(text.utf8)
        last.isBusy = isBusy
        return last
    }

    @Test(arguments: [
        ("GET /a HTTP/1.1\r\nHost: x\r\n", "GET /a HTTP/1.1"),
        ("GET /a HTTP/1.1\nHost: x\n", "GET /a HTTP/1.1"),
        ("\r\n\r\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1"),
        ("GET /a-name-that-is-cut", "GET /a-name-that-is-cut"),
        ("\u{1}\u{7F}é", "\\x01\\x7f\\xc3\\xa9"), ("", ""), ("\r\n", ""),
    ])
    func requestLineIsFound(text: String, line: String) {
        #expect(CrashReports.requestLine(Array(text.utf8)) == line)
    }

    @Test func requestIsNamed() {
        var reports = CrashReports()
        #expect(
            reports.lines(7, last("GET /a HTTP/1.1\r\nCookie: secret"))
                == ["worker process 7 was serving \"GET /a HTTP/1.1\""])
        #expect(
            reports.lines(8, last("GET /b HTTP/1.1\r\n", isBusy: false))
                == ["worker process 8 was waiting, after \"GET /b HTTP/1.1\""])
        #expect(reports.lines(9, last("")).isEmpty)
    }

    @Test func requestThatCrashedTwiceIsNamed() {
        var reports = CrashReports()
        let killer = last("GET /a HTTP/1.1\r\n")
        _ = reports.lines(1, killer)
        // Neither idle workers nor workers with another request count for this request.
        var idle = killer
        idle.isWaiting = true
        #expect(reports.lines(2, idle).count == 1)
        #expect(reports.lines(3, last("GET /b HTTP/1.1\r\n")).count == 1)
        #expect(
            reports.lines(4, killer).last
                == "the request \"GET /a HTTP/1.1\" has now crashed 2 workers")
        #expect(
            reports.lines(5, killer).last
                == "the request \"GET /a HTTP/1.1\" has now crashed 3 workers")
    }

    @Test func recentCrashesAreRemembered() {
        var reports = CrashReports()
        _ = reports.lines(1, last("GET /first HTTP/1.1\r\n"))
        for number in 0..<(CrashReports.maxRequests - 1) {
            _ = reports.lines(1, last("GET /\(number) HTTP/1.1\r\n"))
        }
        #expect(reports.lines(1, last("GET /first HTTP/1.1\r\n")).count == 2)
        for number in 0..<CrashReports.maxRequests {
            _ = reports.lines(1, last("GET /other\(number) HTTP/1.1\r\n"))
        }
        #expect(reports.lines(1, last("GET /first HTTP/1.1\r\n")).count == 1)
    }
}
