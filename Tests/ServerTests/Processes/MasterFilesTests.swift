import Foundation
import Glibc
import Linux
import Testing

@testable import Server

@Suite struct PidFileTests {
    @Test(arguments: [("1\n", Int32(1)), ("4194304\r\n", 4_194_304), ("77", 77)])
    func processIDIsParsed(content: String, process: Int32) {
        #expect(PidFile.process(in: content, at: "p") == .success(process))
    }

    @Test(arguments: ["", "\n", "0\n", "-1\n", "+5\n", "1 2\n", "x", "99999999999"])
    func invalidContentIsRefused(content: String) {
        guard case .failure(let error) = PidFile.process(in: content, at: "/run/p") else {
            Issue.record("was taken for a process")
            return
        }
        #expect("\(error)".hasPrefix("invalid PID number \""))
        #expect("\(error)".hasSuffix("\" in \"/run/p\""))
    }

    @Test func ownerWritesAndRemovesFile() throws {
        let directory = try TemporaryDirectory()
        var file = PidFile(path: directory.path + "/apus.pid")
        try "a longer text that was there".write(
            toFile: file.path, atomically: false, encoding: .utf8)
        try file.write()
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "\(getpid())\n")
        #expect(file.read() == .success(getpid()))
        file.remove()
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    /// A process does not see its own lock; that another one sees it is tested end to end.
    @Test func unlockedFileHasNoHolder() throws {
        let directory = try TemporaryDirectory()
        let file = PidFile(path: directory.path + "/apus.pid")
        #expect(!file.isHeld(by: getpid()))
        try "1\n".write(toFile: file.path, atomically: false, encoding: .utf8)
        #expect(!file.isHeld(by: 1) && !file.isHeld(by: 0))
        #expect(!MasterCheck.isMaster(1, of: file))
    }

    @Test func fileOfOtherMasterIsKept() throws {
        let directory = try TemporaryDirectory()
        let file = PidFile(path: directory.path + "/apus.pid")
        try "1\n".write(toFile: file.path, atomically: false, encoding: .utf8)
        file.remove()
        #expect(FileManager.default.fileExists(atPath: file.path))
    }

    @Test func missingFileHasNginxMessage() {
        guard case .failure(let error) = PidFile(path: "/nope/x.pid").read() else {
            Issue.record("was read")
            return
        }
        #expect("\(error)" == "open() \"/nope/x.pid\" failed (2: No such file or directory)")
    }
}

/// The master's record of reloads, and how `-s reload` interprets it.
@Suite struct ReloadRecordTests {
    private func state(_ text: String) -> ReloadRecord.State {
        ReloadRecord.State(begun: 7, ended: 6, outcome: .failed, text: text)
    }

    @Test(arguments: ["", "bind() to 0.0.0.0:80 failed\n", "two\nlines\n"])
    func recordRoundTrips(text: String) {
        let bytes = ReloadRecord.bytes(of: state(text))
        #expect(ReloadRecord.state(in: bytes) == state(text))
        // The rest of a longer text is ignored.
        #expect(ReloadRecord.state(in: bytes + [120, 10]) == state(text))
    }

    @Test func longTextIsTruncated() throws {
        let text = String(repeating: "x", count: 100_000)
        let read = try #require(ReloadRecord.state(in: ReloadRecord.bytes(of: state(text))))
        #expect(read.text.utf8.count == ReloadRecord.textLimit && read.begun == 7)
    }

    @Test func halfWrittenRecordIsRejected() {
        let whole = ReloadRecord.bytes(of: state("abc"))
        for place in whole.indices {
            var torn = whole
            torn[place] ^= 1
            #expect(ReloadRecord.state(in: torn) == nil, "\(place)")
            #expect(ReloadRecord.state(in: Array(whole.prefix(place))) == nil, "\(place)")
        }
    }

    @Test func watchSeesLaterReloads() throws {
        let writer = try ReloadRecordWriter()
        writer.begin()
        guard let reader = try ReloadRecordReader(of: currentProcess()) else {
            Issue.record("no record of this process")
            return
        }
        writer.end(.inUse)
        var result = reader.wait(timeoutMs: 0)
        #expect(result == .timedOut, "it may have read the files before")
        writer.begin()
        writer.end(.failed, ["why"])
        result = reader.wait(timeoutMs: 0)
        #expect(result == .failed("why\n"))
        writer.begin()
        result = reader.wait(timeoutMs: 0)
        #expect(result == .failed("why\n"))
        writer.end(.inUse)
        result = reader.wait(timeoutMs: 0)
        #expect(result == .inUse)
    }

    @Test func processWithoutRecordHasNone() throws {
        let reader = try ReloadRecordReader(of: getppid())
        if let reader { Issue.record("\(reader.wait(timeoutMs: 0))") }
    }
}
