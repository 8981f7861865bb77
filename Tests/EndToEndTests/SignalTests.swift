import Foundation
import Glibc
import Testing

/// The master's reactions to signals and `-s`.
@Suite struct SignalTests {
    private static let big = 60_000_000

    @Test func killedWorkerIsReplaced() throws {
        let server = try TestServer(workers: 2, files: ["a": "hello"])
        server.mayLoseWorkers = true
        let before = try server.waitForWorkers(2)
        kill(before[0], SIGKILL)
        try waitFor("another worker") {
            let now = server.workers
            return now.count == 2 && !now.contains(before[0])
        }
        #expect(server.workers.contains(before[1]))
        try server.waitForError("worker process \(before[0]) exited on signal 9")
        for _ in 0..<10 { #expect(try server.fetch("/a").text == "hello") }
    }

    @Test func hupAppliesNewConfiguration() throws {
        let server = try TestServer(
            "location / { root ROOT/one; }",
            files: ["one/a": "one", "two/a": "two", "one/big": .pattern(Self.big)])
        let before = try server.waitForWorkers(1)
        let idle = try server.connect()
        try idle.request("GET /a HTTP/1.1")
        #expect(try idle.response().text == "one")
        let download = try server.connect(receiveBuffer: 65_536)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)

        try server.rewrite(
            TestServer.configuration(
                "location / { root ROOT/two; } listen 127.0.0.1:PORT2;", workers: 2))
        server.process.signal(SIGHUP)
        try waitFor("the new workers") {
            server.workers.filter { !before.contains($0) }.count == 2
        }
        try waitFor("the new response") { try server.fetch("/a").text == "two" }
        let second = try RawClient(.ipv4(server.ports[1]), of: server)
        try second.request("GET /a HTTP/1.1")
        #expect(try second.response().text == "two")

        // The old worker finishes its requests, closes idle connections, and exits.
        #expect(try idle.isClosedByServer())
        #expect(server.workers.contains(before[0]))
        #expect(try download.response(seconds: 60).body.count == Self.big)
        try waitFor("the old worker to exit") { !server.workers.contains(before[0]) }
        #expect(server.process.isRunning)
    }

    @Test func hupRemovesListener() throws {
        let server = try TestServer("listen 127.0.0.1:PORT2;", files: ["a": "hello"])
        #expect((try? RawClient(.ipv4(server.ports[1]))) != nil)
        try server.rewrite(TestServer.configuration())
        server.process.signal(SIGHUP)
        try waitFor("the port to be free") { server.refuses(server.ports[1]) }
        #expect(try server.fetch("/a").text == "hello")
    }

    @Test func noConnectionIsRefusedDuringReloads() throws {
        let server = try TestServer(workers: 2, files: ["a": "hello"])
        for number in 0..<5 {
            let before = try server.waitForWorkers(2)
            server.process.signal(SIGHUP)
            for _ in 0..<40 { #expect(try server.fetch("/a").text == "hello", "reload \(number)") }
            try server.waitForOthers(than: before, count: 2)
        }
    }

    @Test(arguments: [
        "nonsense;", "events { } http { server { listen 127.0.0.1:PORT; rooot x; } }",
        "events {", "pid DIR/server.pid; events { } http { server { listen 999.1.1.1:80; } }",
    ])
    func hupWithBadConfigurationKeepsOld(configuration: String) throws {
        let server = try TestServer(files: ["a": "hello"])
        let before = try server.waitForWorkers(1)
        try server.rewrite(configuration)
        server.process.signal(SIGHUP)
        for text in ["[emerg]", "test.conf"] { try server.waitForError(text) }
        #expect(try server.fetch("/a").text == "hello")
        #expect(server.workers == before)
        // A valid configuration is accepted afterwards.
        try server.rewrite(TestServer.configuration("location = /new { alias ROOT/a; }"))
        server.process.signal(SIGHUP)
        try waitFor("the new response") { try server.fetch("/new").text == "hello" }
    }

    @Test func hupWithPortInUseKeepsOld() throws {
        let server = try TestServer(files: ["a": "hello"])
        let taken = try #require(TakenPort(server.ports[1]))
        try server.rewrite(TestServer.configuration("listen 127.0.0.1:PORT2;"))
        server.process.signal(SIGHUP)
        try server.waitForError("in use")
        #expect(try server.fetch("/a").text == "hello")
        withExtendedLifetime(taken) {}
    }

    @Test(arguments: ["QUIT", "quit", "TERM", "stop"])
    func quitFinishesRequests(by way: String) throws {
        // nginx exits at once on TERM.
        if !Product.isApus && (way == "TERM" || way == "stop") { return }
        let server = try TestServer(
            main: "worker_shutdown_timeout 60s;",
            files: ["big": .pattern(Self.big), "a": "hello"])
        let download = try server.connect(receiveBuffer: 65_536)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        let idle = try server.connect()
        try idle.request("GET /a HTTP/1.1")
        _ = try idle.response()
        try stop(server, by: way)
        #expect(try idle.isClosedByServer())
        try waitFor("the port to be closed") { server.refuses(server.port) }
        #expect(server.process.isRunning)
        let response = try download.response(seconds: 60)
        #expect(response.body.count == Self.big)
        #expect(try server.process.waitForExit() == .code(0))
        #expect(unsafe access(server.directory.path + "/server.pid", F_OK) != 0)
        #expect(server.accessLog.contains("GET /big HTTP/1.1\" 200"))
    }

    @Test(.enabled(if: Product.isApus, "nginx ends at once on TERM"))
    func termFinishesRequestsWithinTimeout() throws {
        let server = try TestServer(
            main: "worker_shutdown_timeout 1s;", files: ["big": .pattern(Self.big)])
        let download = try server.connect(receiveBuffer: 4096)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        server.process.signal(SIGTERM)
        #expect(try server.process.waitForExit() == .code(0))
        #expect(try download.readToEnd().count < Self.big)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func secondTermExitsAtOnce(second: Int32) throws {
        let server = try TestServer(
            main: "worker_shutdown_timeout 600s;", files: ["big": .pattern(Self.big)])
        let download = try server.connect(receiveBuffer: 4096)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        server.process.signal(SIGTERM)
        try waitFor("the port to be closed") { server.refuses(server.port) }
        server.process.signal(second)
        #expect(try server.process.waitForExit() == .code(0))
        #expect(try download.readToEnd().count < Self.big)
    }

    @Test func intExitsAtOnce() throws {
        let server = try TestServer(
            main: "worker_shutdown_timeout 600s;", workers: 2,
            files: ["big": .pattern(Self.big)])
        let download = try server.connect(receiveBuffer: 4096)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        server.process.signal(SIGINT)
        #expect(try server.process.waitForExit() == .code(0))
        #expect(try download.readToEnd().count < Self.big)
        #expect(unsafe access(server.directory.path + "/server.pid", F_OK) != 0)
    }

    @Test func winchStopsWorkersAndHupRestartsThem() throws {
        // Under `daemon off` nginx ignores WINCH.
        let server = try TestServer(workers: 2, files: ["a": "hello"])
        let before = try server.waitForWorkers(2)
        server.process.signal(SIGWINCH)
        server.process.signal(SIGHUP)
        try server.waitForOthers(than: before, count: 2)
        #expect(try server.fetch("/a").text == "hello")
    }

    @Test func workersExitWhenMasterDies() throws {
        let server = try TestServer(workers: 2, files: ["a": "hello"])
        if !Product.isApus { return }  // nginx's workers live on without a master.
        let workers = try server.waitForWorkers(2)
        kill(server.pid, SIGKILL)
        for worker in workers {
            try waitFor("worker \(worker) to exit") { hasEnded(worker) }
        }
    }

    @Test func pidFileIsWrittenAndRemoved() throws {
        let server = try TestServer(files: ["a": "hello"])
        let path = server.directory.path + "/server.pid"
        #expect(try readText(path) == "\(server.pid)\n")
        server.process.signal(SIGQUIT)
        #expect(try server.process.waitForExit() == .code(0))
        #expect(unsafe access(path, F_OK) != 0)
    }

    @Test func daemonRunsInBackground() throws {
        let directory = try TemporaryDirectory(files: ["a": "hello"])
        let ports = FreePorts.take(3)
        let text = TestServer.configuration(workers: 1)
            .replacingOccurrences(of: "daemon off;", with: "daemon on;")
        try TestServer.fill(text, directory: directory, ports: ports).write(
            toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        let command = TestServer.commandLine(directory)
        // Held until the daemon responds: on deinitialization its session ends, which the daemon
        // leaves some time after its parent has exited.
        let start = try ChildProcess(
            Product.binary, command, output: directory.path + "/out", error: directory.path + "/err"
        )
        #expect(try start.waitForExit() == .code(0), "\(start.errorOutput)")
        let pid = try waitForValue("the pid file") {
            let text = try? readText(directory.path + "/server.pid")
            return text.flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        // A daemon leads a session of its own, which the harness must know to clean up.
        ProcessGuard.shared.note(group: pid)
        defer {
            kill(-pid, SIGKILL)
            ProcessGuard.shared.forget(group: pid)
        }
        func firstBytes() throws -> String {
            let client = try RawClient(.ipv4(ports[0]))
            try client.request("GET /a HTTP/1.1")
            return try client.response().text
        }
        let given = Result { try firstBytes() }
        let log = (try? readText(directory.path + "/error.log")) ?? ""
        #expect((try? given.get()) == "hello", "\(given), \(log)")
        withExtendedLifetime(start) {}
        #expect(try run(Product.binary, command + ["-s", "quit"]).succeeded)
        try waitFor("the daemon to exit") { hasEnded(pid) }
    }

    @Test func singleProcessServes() throws {
        let server = try TestServer(main: "master_process off;", files: ["a": "hello"])
        #expect(server.workers.isEmpty)
        #expect(try server.fetch("/a").text == "hello")
        server.process.signal(SIGTERM)
        #expect(try server.process.waitForExit() == .code(0))
    }

    private func stop(_ server: TestServer, by way: String) throws {
        switch way {
        case "QUIT": server.process.signal(SIGQUIT)
        case "TERM": server.process.signal(SIGTERM)
        default:
            let words = TestServer.commandLine(server.directory) + ["-s", way]
            #expect(try run(Product.binary, words).succeeded)
        }
    }
}
