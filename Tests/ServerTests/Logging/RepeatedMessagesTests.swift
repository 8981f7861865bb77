import Configuration
import Testing

@testable import Server

/// A single failure does not fill the log.
@Suite struct RepeatedMessagesTests {
    private let io = "open() \"/a\" failed (5: Input/output error)"

    /// Returns how many of `count` messages are written.
    private func written(
        _ count: Int, _ level: LogLevel, to repeats: RepeatedMessages, nowMs: Int64 = 0,
        log: Int = 0, _ message: (Int) -> String
    ) -> Int {
        (0..<count).filter {
            repeats.admits(level, message($0), log: log, nowMs: nowMs)
        }.count
    }

    @Test(
        arguments: [
            (.crit, 10), (.alert, 10), (.emerg, 10), (.error, 1000), (.warn, 1500), (.info, 1500),
        ] as [(LogLevel, Int)])
    func limitedNumberIsWritten(level: LogLevel, count: Int) {
        #expect(written(1500, level, to: RepeatedMessages()) { _ in io } == count)
    }

    @Test func quotedNamesDoNotDistinguishKinds() {
        let repeats = RepeatedMessages()
        let count = written(100, .crit, to: repeats) { number in
            "open() \"/srv/\(number)/\(number % 7).html\" failed (5: Input/output error)"
        }
        #expect(count == 10)
        // Another failure, another log and another level have limits of their own.
        #expect(repeats.admits(.crit, "open() \"/a\" failed (23: Too many)", log: 0, nowMs: 0))
        #expect(repeats.admits(.crit, io, log: 1, nowMs: 0))
        #expect(repeats.admits(.alert, io, log: 0, nowMs: 0))
    }

    @Test func countIsReportedAfterMinute() {
        let repeats = RepeatedMessages()
        #expect(repeats.dueMs == Int64.max)
        _ = written(10, .crit, to: repeats, nowMs: 500) { _ in io }
        #expect(repeats.dueMs == Int64.max)
        _ = written(32, .crit, to: repeats, nowMs: 600, log: 0) { _ in io }
        #expect(repeats.dueMs == 60_500)
        #expect(repeats.popReports(nowMs: 60_499).isEmpty)
        let report = RepeatedMessages.Report(
            log: 0, level: .crit, text: "32 more like this within a minute: \(io)")
        #expect(repeats.popReports(nowMs: 60_500) == [report])
        #expect(repeats.dueMs == Int64.max)
        // A new interval begins.
        #expect(written(50, .crit, to: repeats, nowMs: 60_600) { _ in io } == 10)
    }

    @Test func quietKindIsForgotten() {
        let repeats = RepeatedMessages()
        for minute in 0..<5 as Range<Int64> {
            #expect(written(10, .crit, to: repeats, nowMs: minute * 60_000) { _ in io } == 10)
        }
        #expect(repeats.popReports(nowMs: 600_000, all: true).isEmpty)
    }

    @Test func countsAreReportedAtExit() {
        let repeats = RepeatedMessages()
        _ = written(11, .crit, to: repeats) { _ in io }
        _ = written(1002, .error, to: repeats, log: 1) { _ in "no" }
        let texts = repeats.popReports(nowMs: 1, all: true).map(\.text).sorted()
        #expect(
            texts == [
                "1 more like this within a minute: \(io)", "2 more like this within a minute: no",
            ])
        #expect(repeats.popReports(nowMs: 1, all: true).isEmpty)
    }

    @Test func messagesBeyondTableAreWritten() {
        let repeats = RepeatedMessages()
        func name(_ number: Int) -> String {
            String(repeating: "x", count: number / 26)
                + String(UnicodeScalar(UInt8(97 + number % 26)))
        }
        #expect(written(500, .crit, to: repeats, name) == 500)
        #expect(written(100, .crit, to: repeats) { _ in io } == 100)
        // Later there is room again.
        #expect(written(100, .crit, to: repeats, nowMs: 60_000) { _ in io } == 10)
    }

    // MARK: messages about requests

    private let source = RepeatedMessages.Source(file: "a", line: 1, code: 2)

    private func written(
        _ count: Int, _ source: RepeatedMessages.Source, to repeats: RepeatedMessages,
        nowMs: Int64 = 0
    ) -> Int {
        (0..<count).filter { number in
            repeats.admits(.crit, source, log: 0, nowMs: nowMs) { "message \(number)" }
        }.count
    }

    @Test(arguments: [
        RepeatedMessages.Source(file: "a", line: 1, code: 3),
        RepeatedMessages.Source(file: "a", line: 2, code: 2),
        RepeatedMessages.Source(file: "b", line: 1, code: 2),
    ])
    func sourceAndCodeDistinguishKinds(other: RepeatedMessages.Source) {
        let repeats = RepeatedMessages()
        #expect(written(100, source, to: repeats) == 10)
        #expect(written(100, other, to: repeats) == 10)
    }

    @Test func countedMessageIsFormattedOnce() {
        let repeats = RepeatedMessages()
        var formatted = 0
        for _ in 0..<100 {
            _ = repeats.admits(.crit, source, log: 0, nowMs: 0) {
                formatted += 1
                return "text"
            }
        }
        #expect(formatted == 1)
        let reports = repeats.popReports(nowMs: 60_000).map(\.text)
        #expect(reports == ["90 more like this within a minute: text"])
    }

    @Test func cachedMessageIsCountedForItsMinute() {
        let repeats = RepeatedMessages()
        _ = written(11, source, to: repeats)
        let cached = repeats.lastCounted
        #expect(cached != .none)
        #expect(repeats.countAgain(cached, nowMs: 59_999))
        #expect(!repeats.countAgain(cached, nowMs: 60_000), "it has to be written again")
        let reports = repeats.popReports(nowMs: 60_000).map(\.text)
        #expect(reports == ["2 more like this within a minute: message 10"])
        #expect(!repeats.countAgain(cached, nowMs: 60_001))
        // Another kind in its place is not counted for it.
        _ = written(11, source, to: repeats, nowMs: 60_002)
        #expect(!repeats.countAgain(cached, nowMs: 60_003))
    }
}
