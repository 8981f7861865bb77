import Foundation
import Glibc
import Testing

/// Shutdown does not wait for a process that is stopped or stuck in a system call.
@Suite(.enabled(if: Product.isApus, "nginx has no logger"))
struct LastDeadlineTests {
    @Test(arguments: [SIGTERM, SIGINT, SIGQUIT])
    func stoppedLoggerIsKilledAtShutdown(signal: Int32) throws {
        let server = try TestServer(
            main: "worker_shutdown_timeout 1s;", workers: 2, files: ["a": "hello"])
        server.mayLoseWorkers = true
        #expect(try server.fetch("/a").text == "hello")
        let logger = try waitForValue("a logger") { server.loggers.first }
        let workers = try server.waitForWorkers(2)
        kill(logger, SIGSTOP)
        server.process.signal(signal)
        #expect(try server.process.waitForExit() == .code(0))
        for process in workers + [logger] { #expect(hasEnded(process)) }
        #expect(server.errorLog.contains("logger process \(logger) exited on signal 9"))
    }

    @Test func stoppedWorkersAreKilledAtShutdown() throws {
        let server = try TestServer(
            main: "worker_shutdown_timeout 1s;", workers: 2, files: ["a": "hello"])
        server.mayLoseWorkers = true
        let workers = try server.waitForWorkers(2)
        for worker in workers { kill(worker, SIGSTOP) }
        server.process.signal(SIGTERM)
        #expect(try server.process.waitForExit() == .code(0))
        for worker in workers { #expect(hasEnded(worker)) }
    }
}
