import Foundation
import Glibc
import Testing

/// A listening socket that another process has broken is bound again by the master. The sandbox is
/// off here, since it prevents workers from breaking sockets.
@Suite(.enabled(if: Product.isDebugBuild, "release builds cannot be asked to break in"))
struct BrokenListenerTests {
    @Test(arguments: ["shutdown", "filter"], ["epoll", "poll"])
    func brokenListenerIsBoundAgain(what: String, engine: String) throws {
        // Newer kernels allow only root to attach a filter to a listening socket.
        if what == "filter", !Product.isRoot { return }
        let configuration = TestServer.configuration(
            "listen 127.0.0.1:PORT2;",
            main: "sandbox off;" + (Product.isRoot ? "user root;" : ""), workers: 2
        ).replacingOccurrences(of: "events {", with: "events { use \(engine);")
        let server = try TestServer(
            configuration: configuration, files: ["a": "hello"],
            environment: ["APUS_SANDBOX_PROBE=1"])
        let before = try server.waitForWorkers(2)
        let other = try RawClient(.ipv4(server.ports[1]), of: server)
        try other.request("GET /sandbox-probe/\(what) HTTP/1.1")
        #expect(try other.response().status == 404)
        let line = "the listening socket of 127.0.0.1:\(server.port) "
        try server.waitForError(line)
        try server.waitForError("binding it again")
        try server.waitForOthers(than: before, count: 2)
        // A client that had begun to connect to the broken socket waits in vain, so another one
        // connects.
        try waitFor("the new socket") { (try? server.fetch("/a").text) == "hello" }
        for _ in 0..<10 { #expect(try server.fetch("/a").text == "hello") }
        #expect(server.errorLog.components(separatedBy: line).count == 2, "\(server.errorLog)")
    }

    /// Without a master process the socket is not bound again; the others work, and the process
    /// does not spin.
    @Test func singleProcessDoesNotSpinOnBrokenListener() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(
                "listen 127.0.0.1:PORT2;", main: "sandbox off; master_process off;"),
            files: ["a": "hello"], environment: ["APUS_SANDBOX_PROBE=1"])
        let other = try RawClient(.ipv4(server.ports[1]), of: server)
        try other.request("GET /sandbox-probe/shutdown HTTP/1.1")
        #expect(try other.response().status == 404)
        try server.waitForError("accept4() failed (22: Invalid argument)")
        try waitForRest(of: server.pid)
        try other.request("GET /a HTTP/1.1")
        #expect(try other.response().text == "hello")
    }
}

/// A worker that writes to its stderr without end.
@Suite(.enabled(if: Product.isDebugBuild, "release builds cannot be asked to break in"))
struct StderrFloodTests {
    @Test func masterSurvivesStderrFlood() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(
                "location /sandbox-probe/ { return 200 old; } location = /b { return 200 old; }",
                main: "worker_shutdown_timeout 1s;", workers: 2),
            environment: ["APUS_SANDBOX_PROBE=1"])
        server.mayLoseWorkers = true
        let before = try server.waitForWorkers(2)
        let client = try server.connect()
        try client.request("GET /sandbox-probe/flood HTTP/1.1")
        try server.waitForError("lines of ")
        let log = server.errorLog
        #expect(log.contains("said: (too much: "), "\(log.suffix(1000))")
        // Signals are handled: logs are reopened, and a reload completes.
        server.process.signal(SIGUSR1)
        try server.waitForError("reopening logs")
        try server.rewrite(
            TestServer.configuration("return 200 new;", main: "worker_shutdown_timeout 1s;"))
        let result = try run(
            Product.binary, TestServer.commandLine(server.directory) + ["-s", "reload"])
        #expect(result.succeeded, "\(result.error)")
        #expect(try server.fetch("/b").text == "new")
        // The flooding worker is killed, like any that does not exit.
        try server.waitForOthers(than: before)
        #expect(server.errorLog.utf8.count < 100_000)
    }
}
