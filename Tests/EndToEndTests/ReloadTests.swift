import Foundation
import Glibc
import Testing

/// `apus -s reload` reports the result; nginx's returns at once.
@Suite(.enabled(if: Product.isApus, "nginx's does not wait"))
struct ReloadTests {
    private func reload(_ server: TestServer) throws -> ShellResult {
        try run(Product.binary, TestServer.commandLine(server.directory) + ["-s", "reload"])
    }

    @Test func requestAfterReloadUsesNewConfiguration() throws {
        let server = try TestServer("return 200 0;", workers: 2)
        for number in 1...8 {
            try server.rewrite(
                TestServer.configuration("return 200 \(number);", workers: 1 + number % 3))
            let result = try reload(server)
            #expect(result.succeeded, "\(result.error)")
            #expect(result.error == "apus: [notice] the new configuration is in use\n")
            for _ in 0..<10 { #expect(try server.fetch("/").text == "\(number)") }
        }
    }

    @Test func failedReloadPrintsReason() throws {
        let server = try TestServer("return 200 old;")
        let taken = try #require(TakenPort(server.ports[1]))
        try server.rewrite(TestServer.configuration("listen 127.0.0.1:PORT2; return 200 new;"))
        let result = try reload(server)
        #expect(result.exit == .code(1))
        #expect(
            result.error.contains("bind() to 127.0.0.1:\(server.ports[1]) failed (98:"),
            "\(result.error)")
        #expect(result.error.hasSuffix("apus: [emerg] the old configuration stays in use\n"))
        #expect(try server.fetch("/").text == "old")
        withExtendedLifetime(taken) {}
    }

    @Test func badConfigurationIsNotReloaded() throws {
        let server = try TestServer("return 200 old;")
        try server.rewrite("nonsense;")
        let result = try reload(server)
        #expect(result.exit == .code(1) && result.error.contains("unknown directive \"nonsense\""))
        // Of two pending signals, the master handles SIGHUP first.
        server.process.signal(SIGUSR1)
        try server.waitForError("SIGUSR1")
        #expect(!server.errorLog.contains("SIGHUP"))
    }

    @Test func reloadDuringShutdownIsRefused() throws {
        let server = try TestServer(files: ["big": .pattern(60_000_000)])
        let download = try server.connect(receiveBuffer: 4096)
        try download.request("GET /big HTTP/1.1")
        try download.awaitBytes(1000)
        server.process.signal(SIGQUIT)
        try waitFor("the port to be closed") { server.refuses(server.port) }
        let result = try reload(server)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("[emerg] the server is shutting down\n"), "\(result.error)")
    }

    /// Signals of the same kind merge; every caller gets the result nevertheless.
    @Test func concurrentReloadsAllGetResult() throws {
        let server = try TestServer("return 200 old;", workers: 2)
        try server.rewrite(TestServer.configuration("return 200 new;"))
        let words = TestServer.commandLine(server.directory) + ["-s", "reload"]
        let all = try (0..<8).map { number in
            try ChildProcess(
                Product.binary, words, output: server.directory.path + "/out\(number)",
                error: server.directory.path + "/err\(number)")
        }
        for one in all { #expect(try one.waitForExit() == .code(0), "\(one.errorOutput)") }
        #expect(try server.fetch("/").text == "new")
    }

    @Test func plainHangupReloads() throws {
        let server = try TestServer("return 200 old;")
        try server.rewrite(TestServer.configuration("return 200 new;"))
        server.process.signal(SIGHUP)
        try waitFor("the new response") { try server.fetch("/").text == "new" }
    }

    @Test func reloadWritesOnlyPidFile() throws {
        let server = try TestServer("return 200 old;")
        let before = try FileManager.default.contentsOfDirectory(atPath: server.directory.path)
        #expect(try reload(server).succeeded)
        let after = try FileManager.default.contentsOfDirectory(atPath: server.directory.path)
        #expect(Set(after) == Set(before))
    }

    /// Another program has the pid of a killed server: nginx sends it the signal.
    @Test(arguments: ["stop", "quit", "reopen", "reload"])
    func otherProgramIsNotSignalled(order: String) throws {
        let server = try TestServer("return 200 old;")
        let other = try ChildProcess(
            "/bin/sleep", ["60"], output: server.directory.path + "/out",
            error: server.directory.path + "/err")
        try "\(other.pid)\n".write(
            toFile: server.directory.path + "/server.pid", atomically: false, encoding: .utf8)
        let words = TestServer.commandLine(server.directory) + ["-s", order]
        let result = try run(Product.binary, words)
        #expect(result.exit == .code(1))
        #expect(
            result.error == "apus: [error] pid file \"\(server.directory.path)/server.pid\" names "
                + "process \(other.pid), which is not an apus master\n")
        #expect(other.isRunning)
        // Neither a worker nor another command of apus gets the signal.
        let worker = try server.waitForWorkers(1)[0]
        try "\(worker)\n".write(
            toFile: server.directory.path + "/server.pid", atomically: false, encoding: .utf8)
        #expect(try run(Product.binary, words).exit == .code(1))
        #expect(server.workers == [worker])
        #expect(try server.fetch("/").text == "old")
    }
}
