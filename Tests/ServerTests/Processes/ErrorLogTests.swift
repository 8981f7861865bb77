import Foundation
import Linux
import Testing

@testable import Server

@Suite struct ErrorLogTests {
    @Test(arguments: [
        (LogLevel.error, "boo", Int64(0), Int64(0), "1970/01/01 00:00:00 [error] 7#7: boo\n"),
        (.emerg, "x", 1_795_255_200, 0, "2026/11/21 10:00:00 [emerg] 7#7: x\n"),
        (.notice, "x", 1_795_255_200, 3600, "2026/11/21 11:00:00 [notice] 7#7: x\n"),
        (.info, "x", 1_795_255_200, -36_000, "2026/11/21 00:00:00 [info] 7#7: x\n"),
        (
            .warn, "a\nb\u{1B}[m\u{7F}é", 0, 0,
            "1970/01/01 00:00:00 [warn] 7#7: a\\x0Ab\\x1B[m\\x7Fé\n"
        ),
        (
            .warn, "\u{85}\u{9B}2J\u{202E}\u{2028}", 0, 0,
            "1970/01/01 00:00:00 [warn] 7#7: "
                + "\\xC2\\x85\\xC2\\x9B2J\\xE2\\x80\\xAE\\xE2\\x80\\xA8\n"
        ),
    ])
    func lineHasNginxFormat(
        level: LogLevel, message: String, seconds: Int64, offset: Int64, line: String
    ) {
        #expect(
            ErrorLogLine.text(level, message, process: 7, at: seconds, offset: offset) == line)
    }

    @Test func extremeTimeDoesNotTrap() {
        let line = ErrorLogLine.text(.error, "x", process: 1, at: .max, offset: 1)
        #expect(line == " [error] 1#1: x\n")
    }

    @Test(arguments: LogLevel.allCases)
    func levelIsFoundByName(level: LogLevel) {
        #expect(LogLevel(name: level.name) == level)
    }

    @Test(arguments: ["", "Error", "warning", "debug_http"])
    func unknownLevelIsRefused(name: String) {
        #expect(LogLevel(name: name) == nil)
    }

    @Test func targetsFilterByLevel() throws {
        let directory = try TemporaryDirectory()
        let all = directory.path + "/all.log"
        let grave = directory.path + "/grave.log"
        let log = ErrorLog(targets: [
            ErrorLogTarget(path: all, level: .info), ErrorLogTarget(path: grave, level: .crit),
        ])
        #expect(log.failures.isEmpty)
        #expect(log.writes(.info) && !log.writes(.debug))
        log.write(.crit, "first")
        log.write(.info, "second")
        log.write(.debug, "third")
        #expect(try lines(of: all).map { $0.suffix(5) } == ["first", "econd"])
        #expect(try lines(of: grave).count == 1)
    }

    @Test func unwrittenMessageIsNotFormatted() {
        let log = ErrorLog(targets: [])
        func message() -> String {
            Issue.record("was made")
            return ""
        }
        log.write(.emerg, message())
        #expect(!log.writes(.emerg))
    }

    @Test func failedOpenIsNamed() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/missing/error.log"
        let log = ErrorLog(targets: [ErrorLogTarget(path: path, level: .error)])
        #expect(
            log.failures.map(\.error.description)
                == ["open() \"\(path)\" failed (2: No such file or directory)"])
    }

    @Test func reopenFollowsName() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/error.log"
        let log = ErrorLog(targets: [ErrorLogTarget(path: path, level: .error)])
        log.write(.error, "before")
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        log.write(.error, "still the old file")
        log.reopen()
        log.write(.error, "after")
        #expect(try lines(of: path).count == 1)
        #expect(try lines(of: path + ".1").count == 2)
    }

    @Test func failedReopenKeepsFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/logs/error.log"
        try FileManager.default.createDirectory(
            atPath: directory.path + "/logs", withIntermediateDirectories: false)
        let log = ErrorLog(targets: [ErrorLogTarget(path: path, level: .error)])
        try FileManager.default.moveItem(
            atPath: directory.path + "/logs", toPath: directory.path + "/moved")
        log.reopen()
        log.write(.error, "after")
        let written = try lines(of: directory.path + "/moved/error.log")
        #expect(written.count == 2)
        #expect(written[0].contains("[emerg]") && written[0].contains("open() \"\(path)\" failed"))
    }

    @Test func syslogTargetSendsSeverity() throws {
        let server = try DatagramServer()
        var target = SyslogTarget(server: .unix(server.path))
        target.namesHost = false
        let log = ErrorLog(targets: [ErrorLogTarget(.syslog(target), level: .warn)])
        log.write(.crit, "first")
        log.write(.info, "not")
        log.write(.warn, String(repeating: "é", count: 3000))
        let first = try #require(server.receive())
        #expect(first.hasPrefix("<186>") && first.hasSuffix(": first"))
        #expect(first.contains(" nginx: 20") && first.contains(" [crit] "))
        let second = try #require(server.receive())
        #expect(second.hasPrefix("<188>"))
        #expect(second.utf8.count < 2100)
        #expect(server.receive() == nil)
    }

    @Test func lostSyslogLinesAreReportedElsewhere() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/error.log"
        let log = ErrorLog(targets: [
            ErrorLogTarget(path: path, level: .warn),
            ErrorLogTarget(
                .syslog(SyslogTarget(server: .unix(directory.path + "/none"))), level: .info),
        ])
        for number in 0..<3 { log.write(.warn, "message \(number)") }
        // At once, and then once a minute.
        let written = try lines(of: path)
        #expect(written.count == 4)
        #expect(written[1].contains("[alert]") && written[1].contains("1 line was lost"))
    }

    @Test func stderrTargetUsesDescriptor() throws {
        let pipe = Pipe()
        let log = ErrorLog(targets: [ErrorLogTarget(path: "stderr", level: .error)])
        log.stderrDescriptor = pipe.fileHandleForWriting.fileDescriptor
        log.write(.error, "once")
        try pipe.fileHandleForWriting.close()
        let text = String(
            decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(text.hasSuffix(": once\n"))
        #expect(text.split(separator: "\n").count == 1)
    }

    @Test func startMessagesAreShownOnStderr() throws {
        let directory = try TemporaryDirectory()
        let pipe = Pipe()
        let log = ErrorLog(targets: [
            ErrorLogTarget(path: directory.path + "/error.log", level: .crit),
            ErrorLogTarget(path: "stderr", level: .warn),
        ])
        log.stderrDescriptor = pipe.fileHandleForWriting.fileDescriptor
        log.showsOnStderr = true
        log.write(.warn, "shown")
        log.write(.notice, "not shown")
        try pipe.fileHandleForWriting.close()
        let text = String(
            decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(text == "apus: [warn] shown\n")
        #expect(try lines(of: directory.path + "/error.log").isEmpty)
    }

    private func lines(of path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}

/// A directory that is removed after the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "apus-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
