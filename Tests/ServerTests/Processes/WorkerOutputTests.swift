import Foundation
import Linux
import Testing

@testable import Server

@Suite struct WorkerOutputTests {
    @Test func linesAreReadWhole() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        #expect(output.read(nowMs: 0).lines.isEmpty)
        writeAll(pipe.writes, "one\ntw")
        #expect(output.read(nowMs: 0) == (["one"], true))
        writeAll(pipe.writes, "o\n\nthree")
        #expect(output.read(nowMs: 0) == (["two"], true))
        closeDescriptor(pipe.writes)
        #expect(output.read(nowMs: 0) == (["three"], false))
    }

    @Test func statusesAreNotText() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        writeBytes(pipe.writes, [1] + Array("Fatal ".utf8) + [2] + Array("error\n".utf8))
        closeDescriptor(pipe.writes)
        #expect(output.read(nowMs: 0) == (["Fatal error"], false))
        #expect(output.popStatuses() == [.serves, .acceptsNoMore])
        #expect(output.popStatuses().isEmpty)
    }

    @Test func lineWithoutEndIsTruncated() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        writeAll(pipe.writes, String(repeating: "x", count: 5000))
        closeDescriptor(pipe.writes)
        #expect(output.read(nowMs: 0).lines.map(\.utf8.count) == [2048, 2048, 904])
    }

    /// A process that was taken over may write for as long as it lives.
    @Test func floodIsLimitedAndCounted() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        let line = String(repeating: "x", count: 99) + "\n"
        var (logged, nowMs) = (0, Int64(0))
        for _ in 0..<200 {
            writeAll(pipe.writes, String(repeating: line, count: 650))
            let (lines, isOpen) = output.read(nowMs: nowMs)
            #expect(isOpen)
            logged += lines.reduce(0) { $0 + $1.utf8.count }
            nowMs += 100
        }
        // 13 MB in 20 s.
        #expect(logged > 10_000 && logged < 30_000, "\(logged)")
        writeAll(pipe.writes, String(repeating: line, count: 600))
        closeDescriptor(pipe.writes)
        // A child process that another test starts has the descriptor until its execve(2).
        var (lines, isOpen) = ([String](), true)
        for _ in 0..<10_000 where isOpen {
            let next = output.read(nowMs: nowMs)
            lines += next.lines
            isOpen = next.isOpen
            if isOpen { pause(milliseconds: 1) }
        }
        #expect(!isOpen && lines.last?.contains("lines of ") ?? false, "\(lines)")
    }

    @Test func floodingProcessIsPaused() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        writeAll(pipe.writes, "a line\n")
        _ = output.read(nowMs: 5)
        #expect(output.pausedUntilMs == 0)
        writeAll(pipe.writes, String(repeating: "x", count: 65_536))
        _ = output.read(nowMs: 5)
        #expect(output.pausedUntilMs == 105)
        closeDescriptor(pipe.writes)
    }

    @Test func statusesAreReportedOnce() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer { closeDescriptor(pipe.reads) }
        var output = WorkerOutput(process: 7, role: .worker(0), descriptor: pipe.reads)
        writeBytes(pipe.writes, [UInt8](repeating: 4, count: 60_000) + [1])
        _ = output.read(nowMs: 0)
        #expect(output.popStatuses() == [.listenerIsBroken, .serves])
        closeDescriptor(pipe.writes)
    }

    @Test func droppedOutputIsReportedOncePerMinute() {
        var limit = OutputLimit()
        while limit.admits(2048, nowMs: 0) {}
        #expect(limit.report(nowMs: 999, isLast: false) == nil)
        #expect(
            limit.report(nowMs: 1000, isLast: false)
                == "(too much: 1 lines of 2048 bytes were dropped)")
        #expect(limit.report(nowMs: 61_000, isLast: true) == nil)
        // The amount that is allowed per second.
        #expect(limit.admits(256, nowMs: 1000) == true)
        #expect(limit.admits(1, nowMs: 1000) == false)
        #expect(limit.report(nowMs: 2000, isLast: false) == nil)
        #expect(limit.report(nowMs: 61_000, isLast: false) != nil)
        // Neither clock jumps nor huge lengths overflow.
        _ = limit.admits(Int.max, nowMs: Int64.max)
        _ = limit.admits(0, nowMs: Int64.min)
    }
}

@Suite struct ListenerWatchTests {
    @Test func listenerReportsAreCheckedOncePerSecond() {
        var watch = ListenerWatch(nowMs: 0)
        #expect(watch.isDue(nowMs: 9999) == false)
        #expect(watch.nextCheckMs == 10_000)
        watch.requestCheck(nowMs: 50)
        #expect(watch.isDue(nowMs: 50) == true)
        for nowMs in Int64(51)..<1050 {
            watch.requestCheck(nowMs: nowMs)
            #expect(watch.isDue(nowMs: nowMs) == false)
        }
        #expect(watch.nextCheckMs == 1050)
        #expect(watch.isDue(nowMs: 1050) == true)
        watch.repairs(nowMs: 1050)
        watch.requestCheck(nowMs: 1051)
        #expect(watch.nextCheckMs == 3050)
    }
}
