import Foundation
import Glibc
import Testing

@testable import Server

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
