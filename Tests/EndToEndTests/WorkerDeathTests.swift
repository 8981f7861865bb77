import Foundation
import Glibc
import Testing

/// Messages in the error log about workers that die or hang.
@Suite(.enabled(if: Product.isDebugBuild, "release builds do not fail when they are asked to"))
struct WorkerDeathTests {
    private func server(main: String = "", workers: Int = 1) throws -> TestServer {
        let server = try TestServer(
            configuration: TestServer.configuration(main: main, workers: workers),
            files: ["a": "hello"], environment: ["APUS_SANDBOX_PROBE=1"])
        server.mayLoseWorkers = true
        return server
    }

    /// Lets a worker die of a request, and returns its pid once it is replaced.
    private func kill(_ server: TestServer, with target: String) throws -> pid_t {
        let worker = try server.waitForWorkers(1)[0]
        let client = try server.connect()
        try client.request("GET \(target) HTTP/1.1", ["Cookie: secret"])
        try server.waitForOthers(than: [worker])
        return worker
    }

    @Test func trapIsLoggedWithRequest() throws {
        let server = try server()
        let worker = try kill(server, with: "/sandbox-probe/trap")
        let log = server.errorLog
        let said = "worker process \(worker) said: "
        #expect(
            log.components(separatedBy: "\n").contains {
                $0.contains(said) && $0.contains("a trap was requested")
            }, "\(log)")
        #expect(
            log.contains("process \(worker) was serving \"GET /sandbox-probe/trap HTTP/1.1\"\n"))
        #expect(log.contains("worker process \(worker) exited on signal "))
        #expect(!log.contains("signal 31") && !log.contains("secret"))
    }

    @Test func requestThatCrashesTwiceIsNamed() throws {
        let server = try server()
        let line = "the request \"GET /sandbox-probe/segv HTTP/1.1\" has now crashed 2 workers"
        let first = try kill(server, with: "/sandbox-probe/segv")
        #expect(server.errorLog.contains("worker process \(first) exited on signal 11"))
        #expect(!server.errorLog.contains(line))
        _ = try kill(server, with: "/sandbox-probe/segv")
        #expect(server.errorLog.contains(line))
        #expect(try server.fetch("/a").text == "hello")
    }

    @Test func waitingWorkerIsNotBlamed() throws {
        let server = try server()
        for round in 1...2 {
            let worker = try server.waitForWorkers(1)[0]
            let client = try server.connect()
            try client.request("GET /a HTTP/1.1")
            #expect(try client.response().text == "hello")
            // The client may have its response before the worker is done.
            try waitFor("the worker to wait") {
                let state = try readText("/proc/\(worker)/stat").components(separatedBy: ") ").last
                return server.accessLog.components(separatedBy: "\n").count > round
                    && state?.hasPrefix("S") ?? false
            }
            Glibc.kill(worker, SIGKILL)
            try server.waitForOthers(than: [worker])
            try server.waitForError(
                "worker process \(worker) was waiting, after \"GET /a HTTP/1.1\"")
        }
        #expect(!server.errorLog.contains("has now crashed"))
    }

    @Test func hangingWorkerIsReplaced() throws {
        // A debug build with sandbox probes allows less than 30 seconds.
        let server = try server(main: "worker_watchdog 400ms;", workers: 2)
        let workers = Set(try server.waitForWorkers(2))
        let client = try server.connect()
        try client.request("GET /sandbox-probe/hang HTTP/1.1")
        try server.waitForError("exited on signal 9")
        #expect(try server.fetch("/a").text == "hello")
        // The other worker was idle all the time, which does not count as hanging.
        let left = workers.intersection(try server.waitForWorkers(2))
        #expect(left.count == 1)
        let hung = try #require(workers.subtracting(left).first)
        let log = server.errorLog
        #expect(
            log.contains("worker process \(hung) hangs: its event loop has made no progress for"))
        #expect(
            log.contains("process \(hung) was serving \"GET /sandbox-probe/hang HTTP/1.1\"\n"))
        #expect(log.components(separatedBy: "exited on signal").count == 2)
    }
}
