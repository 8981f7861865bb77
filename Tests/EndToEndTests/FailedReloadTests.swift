import Foundation
import Glibc
import Testing

/// A reload whose processes cannot be started: the old ones continue to serve, and the command
/// reports the failure.
@Suite(.enabled(if: Product.isApus, "nginx's does not wait"))
struct FailedReloadTests {
    private func reload(_ server: TestServer) throws -> ShellResult {
        try run(Product.binary, TestServer.commandLine(server.directory) + ["-s", "reload"])
    }

    /// Expects that the old configuration is in use, with the workers `before`, and that another
    /// reload succeeds.
    private func expectOld(_ server: TestServer, _ before: [pid_t]) throws {
        #expect(try server.fetch("/").text == "old")
        #expect(server.workers == before)
        #expect(server.refuses(server.ports[1]))
        try server.rewrite(TestServer.configuration("return 200 newer;"))
        #expect(try reload(server).succeeded)
        #expect(try server.fetch("/").text == "newer")
        #expect(!server.errorLog.contains("exited on signal"), "\(server.errorLog)")
    }

    /// RLIMIT_NPROC has the effect of a container's pids limit.
    @Test(.enabled(if: Product.isRoot, "another user is needed, whose processes are counted"))
    func failedForkKeepsOldWorkers() throws {
        let user = "\(50_000 + getpid() % 10_000)"
        let server = try TestServer(
            configuration: TestServer.configuration("return 200 old;", workers: 2),
            wrapper: [
                "/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups",
                "--bounding-set=-all",
            ], prepare: { unsafe chmod($0.path, 0o777) })
        let before = try server.waitForWorkers(2)
        try server.rewrite(
            TestServer.configuration("listen 127.0.0.1:PORT2; return 200 new;", workers: 2))
        /// Runs as the user itself, who may change the soft limit.
        func limit(to count: Int) throws {
            let result = try run(
                "/usr/bin/setpriv",
                [
                    "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "/usr/bin/prlimit",
                    "--pid=\(server.pid)", "--nproc=\(count):",
                ])
            #expect(result.succeeded, "\(result.error)")
        }
        // Room for two more processes, of three.
        try limit(to: 6)
        let result = try reload(server)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("fork() failed (11:"), "\(result.error)")
        #expect(result.error.hasSuffix("apus: [emerg] the old configuration stays in use\n"))
        try waitFor("the new workers to exit") { server.workers == before }
        try limit(to: 60)
        try expectOld(server, before)
    }

    @Test func exitingNewWorkersKeepOldOnes() throws {
        let server = try TestServer("return 200 old;", workers: 2)
        let before = try server.waitForWorkers(2)
        try server.rewrite(
            TestServer.configuration(
                "listen 127.0.0.1:PORT2; return 200 new;",
                main: "working_directory DIR/none;", workers: 2))
        let result = try reload(server)
        #expect(result.exit == .code(1))
        #expect(result.error.contains("ended while it was started"), "\(result.error)")
        try waitFor("the new workers to exit") { server.workers == before }
        try expectOld(server, before)
    }

    /// The descriptors for the helper process and the rings cannot be opened.
    @Test func descriptorShortageKeepsOldWorkers() throws {
        let server = try TestServer("return 200 old;")
        let before = try server.waitForWorkers(1)
        let users = "user:" + "$apr1$salt$" + String(repeating: "x", count: 22) + "\n"
        try users.write(
            toFile: server.directory.path + "/users", atomically: false, encoding: .utf8)
        try server.rewrite(
            TestServer.configuration(
                "listen 127.0.0.1:PORT2; auth_basic x; auth_basic_user_file DIR/users;",
                workers: 4))
        let count = try descriptorCount(of: server.pid)
        // Each limit makes another call fail.
        for spare in [1, 5, 9, 12, 15] {
            #expect(
                try run(
                    "/usr/bin/prlimit", ["--pid=\(server.pid)", "--nofile=\(count + spare):"]
                ).succeeded)
            #expect(try reload(server).exit == .code(1), "\(spare)")
            #expect(try server.fetch("/").text == "old")
            try waitFor("opened descriptors to be closed") {
                try descriptorCount(of: server.pid) == count
            }
        }
        #expect(
            try run("/usr/bin/prlimit", ["--pid=\(server.pid)", "--nofile=1024:"]).succeeded)
        try expectOld(server, before)
    }
}
