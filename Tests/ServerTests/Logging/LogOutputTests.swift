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
        #expect(output.popReport(nowMs: 0) == "\(reason): buffering its lines and retrying")
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

@Suite struct LineBufferTests {
    private let line = Array("123456789\n".utf8)

    private func add(_ line: [UInt8], to lines: inout LineBuffer, at nowMs: Int64) -> Bool {
        lines.add(line.span, nowMs: nowMs)
    }

    /// Returns what is handed over to be written.
    private func take(_ lines: inout LineBuffer) -> [UInt8] {
        var taken: [UInt8] = []
        #expect(lines.flush { bytes in taken = bytes.indices.map { bytes[$0] } })
        #expect(lines.isEmpty && lines.count == 0 && lines.dueMs == Int64.max)
        return taken
    }

    private func isFull(_ lines: LineBuffer) -> Bool { lines.isFull(for: line.span) }

    /// A line without an end, from a hostile worker, does not merge with the next one.
    @Test func missingLineEndIsAdded() {
        var lines = LineBuffer(nil)
        for text in ["one", "two\n", "", "three"] { _ = add(Array(text.utf8), to: &lines, at: 0) }
        var written: [UInt8] = []
        _ = lines.flush { bytes in written += bytes.indices.map { bytes[$0] } }
        #expect(String(decoding: written, as: UTF8.self) == "one\ntwo\nthree\n")
    }

    @Test func unbufferedLinesAreCollected() {
        var lines = LineBuffer(nil)
        #expect(!add(line, to: &lines, at: 5))
        #expect(lines.dueMs == Int64.max && lines.count == 1)
        #expect(take(&lines) == line)
        let long = [UInt8](repeating: 0x61, count: 70_000)
        #expect(add(long, to: &lines, at: 5))
    }

    @Test func bufferIsWrittenBeforeLineThatDoesNotFit() {
        var lines = LineBuffer(LogBuffering(size: 25, flushMs: 100, gzipLevel: nil))
        #expect(!isFull(lines))
        #expect(!add(line, to: &lines, at: 5))
        #expect(!add(line, to: &lines, at: 50))
        // The time runs from the first line.
        #expect(lines.dueMs == 105)
        #expect(isFull(lines))
        #expect(take(&lines) == line + line)
        #expect(!isFull(lines))
        // A line that is longer than the buffer is written by itself.
        #expect(add([UInt8](repeating: 0x61, count: 26), to: &lines, at: 5))
    }

    @Test func bufferIsOneGzipMember() throws {
        var lines = LineBuffer(LogBuffering(size: 65536, flushMs: nil, gzipLevel: 6))
        let file = try LogFile()
        for _ in 0..<2 {
            for _ in 0..<3000 { _ = lines.add(line.span, nowMs: 5) }
            #expect(lines.dueMs == Int64.max)
            let member = take(&lines)
            #expect(unsafe write(file.descriptor, member, member.count) == member.count)
        }
        let all = try file.gunzipped()
        #expect(all == String(repeating: "123456789\n", count: 6000))
        #expect(try file.text.utf8.count < 1000)
    }
}

/// A file that is written through its descriptor.
final class LogFile {
    let path: String
    let descriptor: Int32
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/log"
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    }

    deinit { close(descriptor) }

    var text: String {
        get throws {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        }
    }

    func gunzipped() throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "gunzip -c < '\(path)'"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
