import Foundation
import Glibc
import Synchronization
import Testing

/// Logs sent to a syslog server: a socket of the test.
@Suite struct SyslogTests {
    @Test func requestIsLoggedAsDatagram() throws {
        let server = try TestServer(
            configuration: Self.configuration(
                """
                access_log syslog:server=unix:DIR/log combined;
                access_log
                    syslog:server=unix:DIR/log,facility=local3,severity=warn,tag=x,nohostname own;
                """), files: ["a": "text"], prepare: { try SyslogServer.open(in: $0.path) })
        let syslog = try #require(SyslogServer.server(of: server.directory.path))
        _ = try server.fetch("/a?q")
        let lines = try syslog.lines(2) { !$0.contains("[notice]") }
        let time = #"[A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d"#
        let combined =
            "^<190>\(time) [^ ]+ nginx: 127\\.0\\.0\\.1 - - \\[.*\\] "
            + "\"GET /a\\?q HTTP/1\\.1\" 200 4 \"-\" \"-\"$"
        #expect(lines[0].range(of: combined, options: .regularExpression) != nil, "\(lines[0])")
        let own = "^<156>\(time) x: /a 200$"
        #expect(lines[1].range(of: own, options: .regularExpression) != nil, "\(lines[1])")
    }

    @Test func errorSeverityMatchesLevel() throws {
        let server = try TestServer(
            configuration: Self.configuration(
                "access_log off; error_log syslog:server=unix:DIR/log,tag=err,nohostname error;"),
            prepare: { try SyslogServer.open(in: $0.path) })
        let syslog = try #require(SyslogServer.server(of: server.directory.path))
        _ = try server.fetch("/none")
        let line = try syslog.lines(1) { $0.contains("/none") }[0]
        let pattern = #"""
            ^<187>[A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d err: \d{4}/\d\d/\d\d \d\d:\d\d:\d\d \#
            \[error\] \d+#\d+: \*\d+ open\(\) ".*/none" failed \(2: No such file or directory\), \#
            client: 127\.0\.0\.1, server: , request: "GET /none HTTP/1\.1", host: "localhost"$
            """#
        #expect(line.range(of: pattern, options: .regularExpression) != nil, "\(line)")
    }

    /// The socket is not read, then removed, then present again: no request waits for it.
    @Test(.enabled(if: Product.isApus)) func missingSyslogServerDoesNotBlockRequests() throws {
        let server = try TestServer(
            configuration: Self.configuration(
                "keepalive_requests 10000; access_log syslog:server=unix:DIR/log;"),
            files: ["a": "text"], prepare: { try SyslogServer.open(in: $0.path) })
        let client = try server.connect()
        for _ in 0..<1000 {
            try client.request("GET /a HTTP/1.1")
            #expect(try client.response().status == 200)
        }
        try server.waitForError("lost, the last error: send()")
        SyslogServer.close(in: server.directory.path)
        try client.request("GET /a HTTP/1.1")
        #expect(try client.response().status == 200)
        try SyslogServer.open(in: server.directory.path)
        let syslog = try #require(SyslogServer.server(of: server.directory.path))
        // Earlier lines fill its queue first.
        try waitFor("a line that arrives") {
            try client.request("GET /a?back HTTP/1.1")
            #expect(try client.response().status == 200)
            return syslog.takeAll().contains { $0.contains("/a?back") }
        }
        try server.end(by: SIGTERM)
        // Lines dropped since then are reported at the end.
        #expect(server.errorLog.components(separatedBy: "lost, the last error").count == 3)
    }

    private static func configuration(_ server: String) -> String {
        TestServer.configuration(server, http: "log_format own '$uri $status';")
    }
}

/// Datagram sockets named `log` in the directories of tests.
final class SyslogServer: Sendable {
    private static let servers = Mutex<[String: SyslogServer]>([:])
    private let fd: Int32
    private let path: String

    static func open(in directory: String) throws {
        let server = try SyslogServer(directory + "/log")
        servers.withLock { $0[directory] = server }
    }

    static func server(of directory: String) -> SyslogServer? { servers.withLock { $0[directory] } }

    static func close(in directory: String) { servers.withLock { $0[directory] = nil } }

    private init(_ path: String) throws {
        self.path = path
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { memory in
            unsafe memory.copyBytes(from: path.utf8)
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let returned = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(fd, $0, size)
            }
        }
        guard returned == 0 else { throw SystemFailure("bind") }
        // The workers are another user.
        unsafe chmod(path, 0o777)
    }

    deinit {
        Glibc.close(fd)
        unsafe unlink(path)
    }

    /// Returns all datagrams that have arrived.
    func takeAll() -> [String] {
        var lines: [String] = []
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return lines }
            lines.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }

    /// Waits for `count` datagrams that meet a condition, and returns them.
    func lines(_ count: Int, where isWanted: (String) -> Bool) throws -> [String] {
        var lines: [String] = []
        try waitFor("\(count) datagrams") {
            var bytes = [UInt8](repeating: 0, count: 65536)
            while lines.count < count {
                let count = unsafe recv(fd, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { return false }
                let line = String(decoding: bytes[..<count], as: UTF8.self)
                if isWanted(line) { lines.append(line) }
            }
            return true
        }
        return lines
    }
}
