import Foundation
import Glibc
import Testing

/// The environment that a process starts in, and what may be missing from it.
@Suite(.enabled(if: Product.isApus))
struct StartConditionTests {
    @Test func inheritedDescriptorsAreClosed() throws {
        let server = try TestServer(
            configuration: TestServer.configuration(), files: ["a": "hello"],
            wrapper: [
                "/bin/bash", "-c",
                "exec 7< /etc/passwd 300< /etc/group 40< <(sleep 1000); "
                    + "exec \"$@\"", "bash",
            ])
        #expect(try server.fetch("/a").text == "hello")
        let logger = try waitForValue("a logger") { server.loggers.first }
        for process in try [server.pid, logger] + server.waitForWorkers(1) {
            let names = try openNames(of: process)
            #expect(!names.contains { $0.hasPrefix("/etc/") }, "\(names)")
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(process)/fd/40"))
        }
    }

    @Test(.enabled(if: Product.isRoot, "namespaces need root"))
    func commandLineIsReadWithoutProc() throws {
        let server = try TestServer("return 200 old;")
        let inside = ["-m", "/bin/sh", "-c", "umount -l /proc && exec \"$@\"", "sh"]
        func command(_ words: [String]) throws -> ShellResult {
            try run(
                "/usr/bin/unshare",
                inside + [Product.binary] + TestServer.commandLine(server.directory) + words)
        }
        let test = try command(["-t"])
        #expect(test.succeeded)
        #expect(test.error.contains("\(server.directory.path)/test.conf test is successful"))
        // The lock on the pid file names its owner.
        #expect(try command(["-s", "quit"]).succeeded)
        #expect(try server.process.waitForExit() == .code(0))
    }

    @Test func stopCommandStopsSingleProcess() throws {
        let server = try TestServer(main: "master_process off;", files: ["a": "hello"])
        let words = TestServer.commandLine(server.directory) + ["-s", "stop"]
        #expect(try run(Product.binary, words).succeeded)
        #expect(try server.process.waitForExit() == .code(0))
    }
}
