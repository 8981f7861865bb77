import Foundation
import Glibc
import Testing

@testable import Server

@Suite struct SyslogTargetTests {
    @Test(arguments: [
        ("server=192.0.2.1", "192.0.2.1:514"), ("server=192.0.2.1:5514", "192.0.2.1:5514"),
        ("server=localhost", "127.0.0.1:514"), ("server=[::1]", "[::1]:514"),
        ("server=[2001:db8::1]:12345", "[2001:db8::1]:12345"),
        ("server=unix:/dev/log", "unix:/dev/log"), ("server=unix:/a:1", "unix:/a:1"),
    ])
    func serverIsParsed(text: String, server: String) throws {
        let target = try SyslogTarget.parse(text)
        #expect(target.server.description == server)
        #expect(target.facility == 23 && target.severity == 6)
        #expect(target.tag == "nginx" && target.namesHost)
    }

    @Test func optionsAreParsed() throws {
        let target = try SyslogTarget.parse(
            "nohostname,severity=debug,facility=kern,tag=My_tag1,server=unix:/s")
        #expect(target.facility == 0 && target.severity == 7)
        #expect(target.tag == "My_tag1" && !target.namesHost)
        #expect(try SyslogTarget.parse("server=1.2.3.4,tag=").tag == "")
    }

    @Test func facilitiesAndSeveritiesFollowRFC() throws {
        for (index, name) in SyslogTarget.facilities.enumerated() {
            let target = try SyslogTarget.parse("server=1.2.3.4,facility=\(name)")
            #expect(target.facility == UInt8(index))
        }
        #expect(SyslogTarget.facilities.count == 24)
        #expect(SyslogTarget.facilities[16] == "local0" && SyslogTarget.facilities[9] == "clock")
        #expect(SyslogTarget.severities == LogLevel.allCases.map(\.name))
    }

    @Test(arguments: [
        ("", "unknown syslog parameter \"\""),
        ("tag=x", "no syslog server specified"),
        ("server=1.2.3.4,", "unknown syslog parameter \"\""),
        ("server=1.2.3.4,foo", "unknown syslog parameter \"foo\""),
        ("server=1.2.3.4,nohostname=1", "unknown syslog parameter \"nohostname=1\""),
        ("server=1.2.3.4,server=1.2.3.4", "duplicate syslog \"server\""),
        ("server=1.2.3.4,tag=a,tag=b", "duplicate syslog \"tag\""),
        ("server=1.2.3.4,facility=user,facility=cron", "duplicate syslog \"facility\""),
        ("server=1.2.3.4,severity=info,severity=warn", "duplicate syslog \"severity\""),
        ("server=1.2.3.4,facility=USER", "unknown syslog facility \"USER\""),
        ("server=1.2.3.4,severity=error,severity=x", "duplicate syslog \"severity\""),
        ("server=1.2.3.4,severity=x", "unknown syslog severity \"x\""),
        ("server=1.2.3.4,tag=a-b", "syslog \"tag\" only allows alphanumeric"),
        ("server=1.2.3.4,tag=123456789012345678901234567890123", "syslog tag length exceeds 32"),
        ("server=unix:", "no path in the unix domain socket in syslog server \"unix:\""),
        ("server=1.2.3.4:0", "invalid port in syslog server \"1.2.3.4:0\""),
        ("server=log.test:514", "host not found in syslog server \"log.test:514\""),
        ("server=514", "host not found in syslog server \"514\""),
        ("server=*:514", "host not found in syslog server \"*:514\""),
        ("server=", "host not found in syslog server \"\""),
    ])
    func invalidTargetsAreRefused(text: String, message: String) throws {
        let fault = try #require(throws: SyslogFault.self) { _ = try SyslogTarget.parse(text) }
        #expect(fault.message.contains(message))
        if message.hasPrefix("unknown syslog parameter") {
            #expect(fault.help?.contains("server=, facility=, severity=, tag=") == true)
        }
    }
}

@Suite struct SyslogSenderTests {
    /// 21 November 2026 10:00:00 and 1 November 2026 09:08:07 UTC, in the time zone UTC.
    @Test(arguments: [
        (
            true, "nginx", UInt8(6),
            #"^<190>[A-Z][a-z]{2} [ 12]\d \d\d:\d\d:\d\d box nginx: a line$"#
        ),
        (false, "nginx", 3, #"^<187>[A-Z][a-z]{2} [ 12]\d \d\d:\d\d:\d\d nginx: a line$"#),
        (true, "", 0, #"^<184>[A-Z][a-z]{2} [ 12]\d \d\d:\d\d:\d\d box : a line$"#),
    ])
    func lineIsOneDatagram(
        namesHost: Bool, tag: String, severity: UInt8, pattern: String
    ) throws {
        let server = try DatagramServer()
        var target = SyslogTarget(server: .unix(server.path))
        target.namesHost = namesHost
        target.tag = tag
        let sender = SyslogSender(target, hostname: "box")
        for seconds in [Int64(1_795_255_200), 1_793_524_087] {
            sender.send(Array("a line".utf8).span, severity: severity, at: seconds)
            let found = try #require(server.receive())
            #expect(found.range(of: pattern, options: .regularExpression) != nil, "\(found)")
        }
        #expect(sender.works && sender.reportDueMs == nil)
    }

    @Test func lossesAreReportedOncePerMinute() throws {
        let directory = try TemporaryDirectory()
        let sender = SyslogSender(
            SyslogTarget(server: .unix(directory.path + "/none")), hostname: "box")
        let line: [UInt8] = [0x61]
        sender.send(line.span, severity: 6, at: 0)
        #expect(!sender.works && sender.reportDueMs == 0)
        let report = try #require(sender.popReport(nowMs: 5))
        #expect(
            report == "1 line was lost, the last error: connect() to syslog server "
                + "unix:\(directory.path)/none failed (2: No such file or directory)")
        for _ in 0..<3 { sender.send(line.span, severity: 6, at: 0) }
        #expect(sender.reportDueMs == 60_005)
        #expect(sender.popReport(nowMs: 60_004) == nil)
        #expect(sender.popReport(nowMs: 60_005)?.hasPrefix("3 lines were lost") == true)
        #expect(sender.popReport(nowMs: 1_000_000) == nil)
    }

    @Test func restartedServerIsFoundAgain() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/log"
        var server = try DatagramServer(at: path)
        let sender = SyslogSender(SyslogTarget(server: .unix(path)), hostname: "box")
        let line: [UInt8] = [0x61]
        sender.send(line.span, severity: 6, at: 0)
        #expect(server.receive() != nil)
        server.close()
        sender.send(line.span, severity: 6, at: 0)
        #expect(!sender.works)
        server = try DatagramServer(at: path)
        sender.send(line.span, severity: 6, at: 0)
        #expect(sender.works && server.receive() != nil)
        #expect(sender.popReport(nowMs: 0)?.hasPrefix("1 line was lost") == true)
    }

    @Test func slowServerDoesNotBlock() throws {
        let server = try DatagramServer()
        let sender = SyslogSender(SyslogTarget(server: .unix(server.path)), hostname: "box")
        let line = [UInt8](repeating: 0x61, count: 1000)
        for _ in 0..<5000 { sender.send(line.span, severity: 6, at: 0) }
        #expect(!sender.works)
        let report = try #require(sender.popReport(nowMs: 0))
        #expect(report.contains("lines were lost, the last error: send() to syslog server"))
    }

    @Test func burstIsSentWhenThereIsRoom() throws {
        let server = try DatagramServer()
        let sender = SyslogSender(SyslogTarget(server: .unix(server.path)), hostname: "box")
        // More than a socket's queue holds; less than the buffer.
        for number in 0..<1000 {
            sender.send(Array("\(number)".utf8).span, severity: 6, at: 0)
        }
        #expect(sender.awaited != nil && sender.works)
        var next = 0
        while let line = server.receive() {
            #expect(line.hasSuffix(": \(next)"))
            next += 1
            sender.sendPending()
        }
        #expect(next == 1000 && sender.awaited == nil)
        #expect(sender.popReport(nowMs: 0, isLast: true) == nil)
    }

    @Test func lateNetworkErrorCountsPreviousLine() throws {
        // Bound and closed: a port that is not in use.
        let port = try DatagramServer.freePort()
        let sender = SyslogSender(
            SyslogTarget(server: .ipv4(0x7F00_0001, port: port)), hostname: "box")
        let line: [UInt8] = [0x61]
        sender.send(line.span, severity: 6, at: 0)
        #expect(sender.reportDueMs == nil)
        sender.send(line.span, severity: 6, at: 0)
        #expect(sender.popReport(nowMs: 0)?.contains("(111: Connection refused)") == true)
    }
}

/// A bound datagram socket, as a syslog daemon has.
final class DatagramServer {
    let path: String
    private let directory: TemporaryDirectory?
    private var fd: Int32

    convenience init() throws {
        let directory = try TemporaryDirectory()
        try self.init(at: directory.path + "/log", in: directory)
    }

    init(at path: String, in directory: TemporaryDirectory? = nil) throws {
        self.path = path
        self.directory = directory
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { memory in
            unsafe memory.copyBytes(from: path.utf8)
        }
        unsafe unlink(path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let returned = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(fd, $0, size)
            }
        }
        try #require(returned == 0)
    }

    deinit { close() }

    func close() {
        guard fd >= 0 else { return }
        Glibc.close(fd)
        fd = -1
        unsafe unlink(path)
    }

    /// Returns the next datagram, if one has arrived.
    func receive() -> String? {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = unsafe recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    static func freePort() throws -> UInt16 {
        let fd = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { Glibc.close(fd) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let returned = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let bound = unsafe bind(fd, pointer, size)
                return bound == 0 ? unsafe getsockname(fd, pointer, &size) : bound
            }
        }
        try #require(returned == 0)
        return UInt16(bigEndian: name.sin_port)
    }
}
