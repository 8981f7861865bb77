import Foundation
import Glibc
import Testing

@testable import Server

/// Targets of log lines, and lines that a target does not accept.
@Suite struct LogOutputTests {
    private func output(_ path: String, _ buffering: LogBuffering? = nil) throws -> LogOutput {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o644)
        try #require(descriptor >= 0)
        return LogOutput(
            path: path, name: "\"\(path)\"", descriptor: descriptor, buffering: buffering)
    }

    private func add(_ text: String, to output: inout LogOutput, nowMs: Int64 = 0) {
        let bytes = Array(text.utf8)
        output.add(bytes.span, nowMs: nowMs)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    @Test func linesAreWrittenOnFlush() throws {
        let directory = try TemporaryDirectory()
        var output = try output(directory.path + "/log")
        add("one\n", to: &output)
        #expect(try text(output.path) == "")
        output.flush(nowMs: 0)
        #expect(try text(output.path) == "one\n")
        #expect(output.dueMs == Int64.max && !output.hasPendingBytes)
    }

    @Test func bufferIsFlushedAfterTimeout() throws {
        let directory = try TemporaryDirectory()
        var output = try output(
            directory.path + "/log", LogBuffering(size: 100, flushMs: 50, gzipLevel: nil))
        add("one\n", to: &output, nowMs: 10)
        output.flush(nowMs: 59)
        #expect(try text(output.path) == "" && output.dueMs == 60)
        output.flush(nowMs: 60)
        #expect(try text(output.path) == "one\n")
        add("two\n", to: &output, nowMs: 60)
        output.flushAll(nowMs: 61)
        #expect(try text(output.path) == "one\ntwo\n")
    }

    @Test func fullDiskIsReportedOnceAndLinesCounted() throws {
        var output = try output("/dev/full")
        add("one\n", to: &output)
        output.flush(nowMs: 0)
        #expect(output.hasPendingBytes && !output.isFullPipe)
        let reason = "write() to \"/dev/full\" failed (28: No space left on device)"
        #expect(output.popReport(nowMs: 0) == "\(reason); its lines are kept and written later")
        output.flush(nowMs: 1000)
        #expect(output.popReport(nowMs: 61_000) == nil)
        // More than the limit: 16 lines of 64 KiB fit besides the first.
        let long = String(repeating: "x", count: 65_535) + "\n"
        for _ in 0..<20 {
            add(long, to: &output, nowMs: 61_000)
            output.flush(nowMs: 61_000)
        }
        #expect(
            output.popReport(nowMs: 61_000)
                == "4 lines of \"/dev/full\" were lost, the last error: \(reason)")
        add(long, to: &output, nowMs: 62_000)
        #expect(output.popReport(nowMs: 62_000) == nil && output.dueMs <= 121_000)
        // Buffered lines are given up.
        output.giveUp()
        #expect(!output.hasPendingBytes)
        #expect(
            output.popReport(nowMs: 62_000, isLast: true)
                == "18 lines of \"/dev/full\" were lost, the last error: \(reason)")
    }

    @Test func unreadPipeGetsWholeLinesLater() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/pipe"
        #expect(unsafe mkfifo(path, 0o600) == 0)
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        var output = try output(path)
        var expected = ""
        for number in 0..<2000 {
            let line = "\(number) " + String(repeating: "x", count: 100) + "\n"
            add(line, to: &output)
            expected += line
            if number % 100 == 0 { output.flush(nowMs: 0) }
        }
        output.flush(nowMs: 0)
        #expect(output.isFullPipe)
        // No line is dropped yet, so there is nothing to report.
        #expect(output.popReport(nowMs: 0) == nil)
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 50_000)
        while received.count < expected.utf8.count {
            let count = unsafe read(reader, &chunk, chunk.count)
            if count > 0 { received += chunk[..<count] }
            if count < 0, !output.hasPendingBytes { break }
            output.flush(nowMs: 0)
        }
        #expect(String(decoding: received, as: UTF8.self) == expected)
        #expect(output.popReport(nowMs: 0, isLast: true) == nil)
    }

    @Test func reopenFollowsName() throws {
        let directory = try TemporaryDirectory()
        var output = try output(directory.path + "/log")
        add("old\n", to: &output)
        try FileManager.default.moveItem(atPath: output.path, toPath: output.path + ".1")
        output.flushAll(nowMs: 0)
        try output.reopen()
        add("new\n", to: &output)
        output.flush(nowMs: 0)
        #expect(try text(output.path) == "new\n")
        #expect(try text(output.path + ".1") == "old\n")
    }

    @Test func failedReopenKeepsFile() throws {
        let directory = try TemporaryDirectory()
        let (folder, moved) = (directory.path + "/logs", directory.path + "/moved")
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        var output = try output(folder + "/log")
        try FileManager.default.moveItem(atPath: folder, toPath: moved)
        #expect(throws: (any Error).self) { try output.reopen() }
        add("still\n", to: &output)
        output.flush(nowMs: 0)
        #expect(try text(moved + "/log") == "still\n")
    }
}
