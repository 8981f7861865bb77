import Foundation
import Glibc
import Testing

/// Actions that are forbidden to a worker; debug builds try them on request of
/// `/sandbox-probe/WHAT`.
@Suite(.enabled(if: Product.isDebugBuild, "release builds cannot be asked to break in"))
struct SandboxTests {
    private static let probeEnvironment = ["APUS_SANDBOX_PROBE=1"]

    private func server(
        main: String = "sandbox require;", http: String = "", engine: String = "",
        files: [String: Fixture] = ["a": "hello"]
    ) throws -> TestServer {
        var configuration = TestServer.configuration(http: http, main: main)
        if !engine.isEmpty {
            configuration = configuration.replacingOccurrences(
                of: "events {", with: "events { use \(engine);")
        }
        let server = try TestServer(
            configuration: configuration, files: files, environment: Self.probeEnvironment)
        server.mayLoseWorkers = true
        return server
    }

    /// Returns the log message of the attempt `what`, which the worker survives.
    private func outcome(of what: String, at server: TestServer) throws -> String {
        let received = try server.fetch("/sandbox-probe/\(what)")
        #expect(received.status == 404)
        let start = "sandbox-probe \(what) "
        try server.waitForError(start)
        let line = server.errorLog.components(separatedBy: start).last ?? ""
        return line.components(separatedBy: ",")[0]
    }

    @Test(arguments: ["epoll", "poll", "select"])
    func forbiddenActionsAreRefused(engine: String) throws {
        let server = try server(engine: engine)
        let directory = try TemporaryDirectory(files: ["theirs": "x"])
        // All users may write here, but workers may not.
        unsafe chmod(directory.root, 0o777)
        unsafe chmod(directory.root + "/theirs", 0o666)
        let worker = try server.waitForWorkers(1)
        #expect(try outcome(of: "read:\(directory.root)/theirs", at: server) == "succeeded")
        #expect(try outcome(of: "nonsense", at: server) == "is unknown")
        // Calls that a library may try, and that are harmless.
        let refused = "failed (38: Function not implemented)"
        for what in ["access", "dup", "lock", "async"] {
            for _ in 0..<3 { #expect(try outcome(of: what, at: server) == refused) }
        }
        #expect(server.workers == worker)
        // Each is reported once.
        for call in ["faccessat2", "dup", "flock", "ioctl"] {
            let line = ", \(call)(), is unexpected in the sandbox: it fails with ENOSYS\n"
            try server.waitForError(line)
            #expect(server.errorLog.components(separatedBy: line).count == 2, "\(call)")
        }
    }

    /// Landlock also works without the filter.
    @Test func landlockAloneForbidsWriting() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(), files: ["a": "hello"],
            environment: Self.probeEnvironment + ["SWIFT_BACKTRACE=enable=no"])
        server.mayLoseWorkers = true
        let directory = try TemporaryDirectory(files: ["theirs": "x"])
        unsafe chmod(directory.root, 0o777)
        unsafe chmod(directory.root + "/theirs", 0o666)
        let refused = "failed (13: Permission denied)"
        #expect(try outcome(of: "write:\(directory.root)/theirs", at: server) == refused)
        #expect(try outcome(of: "create:\(directory.root)/ours", at: server) == refused)
        #expect(try readText(directory.root + "/theirs") == "x")
        #expect(!FileManager.default.fileExists(atPath: directory.root + "/ours"))
    }

    @Test(arguments: [
        ("exec", "execve"), ("fork", "clone"), ("ptrace", "ptrace"), ("kill", "kill"),
        ("connect", "socket"), ("bind", "socket"), ("datagram", "socket"), ("code", "mmap"),
        ("truncate:/tmp/theirs", "openat"), ("mkdir:/tmp/ours", "mkdir"),
        ("unlink:/tmp/theirs", "unlink"), ("write:/dev/null", "openat"),
        ("create:/tmp/ours", "openat"),
        // Calls that would take the listening socket away from other workers, or pass it on.
        ("shutdown", "shutdown"), ("filter", "setsockopt"), ("option", "setsockopt"),
        ("flags", "fcntl"), ("owner", "fcntl"), ("give", "sendmsg"),
    ])
    func attackCallsKillWorker(what: String, call: String) throws {
        let server = try server()
        let worker = try server.waitForWorkers(1)[0]
        let client = try server.connect()
        try client.request("GET /sandbox-probe/\(what) HTTP/1.1")
        try server.waitForOthers(than: [worker])
        #expect(try server.fetch("/a").text == "hello")
        let log = server.errorLog
        let stopped = "worker process \(worker) said: system call "
        let line = log.components(separatedBy: "\n").first { $0.contains(stopped) }
        #expect(line?.contains(", \(call)") ?? false, "\(log)")
        #expect(line?.hasSuffix(" is not allowed in the sandbox") ?? false)
        #expect(log.contains("worker process \(worker) exited on signal 31"))
        #expect(
            log.contains(
                "worker process \(worker) was serving \"GET /sandbox-probe/\(what) HTTP/1.1\""))
        #expect(!log.contains("sandbox-probe \(what) "))
    }

    /// The logger sends syslog messages.
    @Test func syslogNeedsNoWorkerSocket() throws {
        let server = try server(main: "error_log syslog:server=127.0.0.1:PORT2;")
        let worker = try server.waitForWorkers(1)[0]
        try server.connect().request("GET /sandbox-probe/datagram HTTP/1.1")
        try server.waitForError("process \(worker) exited on signal 31")
    }

    /// With rules for links, files are opened by a call whose flags the filter cannot see.
    @Test func truncateIsRefusedWithSymlinkRules() throws {
        let server = try server(http: "symlinks beneath;")
        let directory = try TemporaryDirectory(files: ["theirs": "x"])
        unsafe chmod(directory.root + "/theirs", 0o666)
        #expect(try server.fetch("/a").text == "hello")
        let what = "truncate2:\(directory.root)/theirs"
        #expect(try outcome(of: what, at: server) == "failed (13: Permission denied)")
        #expect(try readText(directory.root + "/theirs") == "x")
    }

    @Test func sandboxOffRestrictsNothing() throws {
        let server = try server(main: "sandbox off;")
        #expect(try outcome(of: "fork", at: server) == "succeeded")
        #expect(try outcome(of: "datagram", at: server) == "succeeded")
    }

    @Test func sandboxReadRestrictsReading() throws {
        let server = try server(
            main: "sandbox require; sandbox_read DIR/root;",
            files: ["a": "hello", "d/b": "b", "d/c": "c"])
        try "secret".write(
            toFile: server.directory.path + "/secret", atomically: false, encoding: .utf8)
        unsafe symlink(server.directory.path + "/secret", server.directory.root + "/link")
        let refused = "failed (13: Permission denied)"
        #expect(try server.fetch("/a").text == "hello")
        #expect(try server.fetch("/link").status == 403)
        #expect(try outcome(of: "read:\(server.directory.path)/secret", at: server) == refused)
        #expect(try outcome(of: "read:/etc/passwd", at: server) == refused)
        #expect(try outcome(of: "read:\(server.directory.root)/d/b", at: server) == "succeeded")
    }

    @Test func workersHaveNoCapabilities() throws {
        let server = try server(http: "", files: ["a": "hello"])
        let worker = try server.waitForWorkers(1)[0]
        _ = try server.fetch("/a")
        let lines = try readText("/proc/\(worker)/status").components(separatedBy: "\n")
        let facts = Dictionary(
            lines.compactMap { line -> (String, String)? in
                let parts = line.components(separatedBy: ":\t")
                return parts.count == 2 ? (parts[0], parts[1]) : nil
            }, uniquingKeysWith: { first, _ in first })
        for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(facts[name] == "0000000000000000", "\(name)")
        }
        if Product.isRoot { #expect(facts["CapBnd"] == "0000000000000000") }
        #expect(facts["NoNewPrivs"] == "1")
        #expect(facts["Seccomp"] == "2")
        // The files of an undumpable process belong to root. Tests by other users disable that to
        // read them.
        guard Product.isRoot else { return }
        var status = stat()
        #expect(unsafe stat("/proc/\(worker)/environ", &status) == 0)
        #expect(status.st_uid == 0)
    }

    /// Workers that run as root are meant to read everything.
    @Test(.enabled(if: geteuid() == 0, "only root can give itself up"))
    func rootWorkerCanOnlyRead() throws {
        let server = try server(main: "user root; sandbox require;", files: ["a": "hello"])
        unsafe chmod(server.directory.root + "/a", 0)
        unsafe chown(server.directory.root + "/a", 4242, 4242)
        #expect(try server.fetch("/a").text == "hello")
        let worker = try server.waitForWorkers(1)[0]
        #expect(try readText("/proc/\(worker)/status").contains("CapEff:\t0000000000000004"))
        try server.connect().request("GET /sandbox-probe/write:\(server.directory.root)/a HTTP/1.1")
        try server.waitForError("process \(worker) exited on signal 31")
        #expect(try readText(server.directory.root + "/a") == "hello")
    }

    /// A draining worker and its connections reuse the numbers of shared descriptors: calls allowed
    /// on those stay allowed.
    @Test func drainingWorkerMayShutDownConnections() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(
                "listen unix:DIR/socket; listen 127.0.0.1:PORT2; reset_timedout_connection on;",
                main: "sandbox require;"),
            files: ["a": "hello", "big": .pattern(20_000_000)])
        let slow = try server.connect(receiveBuffer: 4096)
        try slow.request("GET /big HTTP/1.1", ["Connection: close"])
        try slow.awaitBytes(1000)
        // Its body is not read: the connection is shut down and lingers.
        let refused = try server.connect()
        try refused.request("POST /a HTTP/1.1", ["Content-Length: 100000000"])
        server.process.signal(SIGQUIT)
        #expect(try refused.response().status == 413)
        #expect(try slow.response(seconds: 60).body.count == 20_000_000)
        #expect(try server.process.waitForExit() == .code(0))
        #expect(!server.errorLog.contains("in the sandbox"), "\(server.errorLog)")
    }

    @Test func coreIsDumpedIfConfigured() throws {
        let server = try server(main: "worker_rlimit_core 1m; sandbox require;")
        let worker = try server.waitForWorkers(1)[0]
        _ = try server.fetch("/a")
        var status = stat()
        #expect(unsafe stat("/proc/\(worker)/environ", &status) == 0)
        #expect(status.st_uid == (Product.isRoot ? 65534 : geteuid()))
    }

    @Test func missingFeatureIsLoggedOnce() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(main: "", workers: 2), files: ["a": "hello"],
            environment: ["SWIFT_BACKTRACE=enable=no"])
        #expect(try server.fetch("/a").text == "hello")
        try server.end()
        let said = "the sandbox is incomplete: seccomp is off because SWIFT_BACKTRACE is set"
        #expect(server.errorLog.components(separatedBy: said).count == 2)
        #expect(throws: TestServer.StartFailure.self) {
            _ = try TestServer(
                configuration: TestServer.configuration(main: "sandbox require;"),
                environment: ["SWIFT_BACKTRACE=enable=no"])
        }
    }
}
