import Foundation
import Glibc
import Testing

/// USR2: another binary takes over the listening sockets, or the old one resumes.
@Suite struct UpgradeTests {
    private static let unixToo = "listen unix:DIR/socket;"

    private func respondsOnUnix(_ server: DaemonServer) throws {
        let client = try RawClient(.unix(server.directory.path + "/socket"), of: server)
        try client.request("GET /a HTTP/1.1", ["Connection: close"])
        #expect(try client.response().text == "hello")
    }

    @Test func newMasterTakesOver() throws {
        let server = try DaemonServer(Self.unixToo, workers: 2, files: ["a": "hello"])
        let new = try server.upgrade()
        try waitFor("workers of the new master") { server.children(of: new).count == 2 }
        for _ in 0..<10 { #expect(try server.fetch("/a").text == "hello") }
        kill(server.first, SIGWINCH)
        try waitFor("the old workers to exit") { server.children(of: server.first).isEmpty }
        for _ in 0..<10 { #expect(try server.fetch("/a").text == "hello") }
        kill(server.first, SIGQUIT)
        try waitFor("the old master to exit") { hasEnded(server.first) }
        #expect(server.master() == new && server.master(".oldbin") == nil)
        #expect(try server.fetch("/a").text == "hello")
        try respondsOnUnix(server)
        // The new master is a server like any other: it can be replaced again, and removes its own
        // files.
        let third = try server.upgrade()
        kill(new, SIGQUIT)
        try waitFor("the second master to exit") { hasEnded(new) }
        try respondsOnUnix(server)
        kill(third, SIGQUIT)
        try waitFor("the third master to exit") { hasEnded(third) }
        #expect(unsafe access(server.directory.path + "/socket", F_OK) != 0)
        #expect(unsafe access(server.pidPath, F_OK) != 0)
    }

    @Test func oldMasterCanReturn() throws {
        let server = try DaemonServer(Self.unixToo, files: ["a": "hello"])
        let new = try server.upgrade()
        kill(server.first, SIGWINCH)
        try waitFor("the old workers to exit") { server.children(of: server.first).isEmpty }
        kill(server.first, SIGHUP)
        try waitFor("its workers") { server.children(of: server.first).count == 1 }
        kill(new, SIGQUIT)
        try waitFor("the pid file to be its own again") {
            server.master() == server.first && server.master(".oldbin") == nil
        }
        #expect(try server.fetch("/a").text == "hello")
        try respondsOnUnix(server)
    }

    @Test func oldMasterReturnsWhenNewOneIsKilled() throws {
        let server = try DaemonServer(files: ["a": "hello"])
        let new = try server.upgrade()
        kill(server.first, SIGWINCH)
        try waitFor("the old workers to exit") { server.children(of: server.first).isEmpty }
        kill(new, SIGKILL)
        try waitFor("its workers") { server.children(of: server.first).count == 1 }
        try waitFor("the pid file to be its own again") {
            server.master() == server.first && server.master(".oldbin") == nil
        }
        #expect(try server.fetch("/a").text == "hello")
    }

    @Test func onlyOneUpgradeAtATime() throws {
        let server = try DaemonServer(files: ["a": "hello"])
        let new = try server.upgrade()
        kill(server.first, SIGUSR2)
        kill(new, SIGUSR2)
        if Product.isApus { try server.waitForError("(SIGUSR2) received, ignoring", times: 2) }
        #expect(server.master() == new && server.master(".oldbin") == server.first)
        #expect(try server.fetch("/a").text == "hello")
    }

    /// The binary no longer exists when the signal arrives.
    @Test func missingBinaryKeepsOldMaster() throws {
        let server = try DaemonServer(files: ["a": "hello"]) { directory in
            let name = directory.path + "/server"
            guard unsafe symlink(Product.binary, name) == 0 else { throw SystemFailure("symlink") }
            return name
        }
        try FileManager.default.removeItem(atPath: server.directory.path + "/server")
        kill(server.first, SIGUSR2)
        try server.waitForError("execve() \"\(server.directory.path)/server\" failed (2:")
        try waitFor("the pid file") {
            server.master() == server.first && server.master(".oldbin") == nil
        }
        #expect(try server.fetch("/a").text == "hello")
    }

    @Test func badConfigurationKeepsOldMaster() throws {
        let server = try DaemonServer(files: ["a": "hello"])
        try server.rewrite("nonsense;")
        kill(server.first, SIGUSR2)
        try server.waitForError("exited with code 1")
        try waitFor("the pid file") {
            server.master() == server.first && server.master(".oldbin") == nil
        }
        #expect(try server.fetch("/a").text == "hello")
    }

    /// A new master inherits no descriptors except listening sockets.
    @Test func newMasterInheritsOnlyListeners() throws {
        let server = try DaemonServer(Self.unixToo, files: ["a": "hello"])
        // All of its processes are started.
        #expect(try server.fetch("/a").text == "hello")
        try waitForRest(of: server.first)
        let before = try descriptorCount(of: server.first)
        let new = try server.upgrade()
        try waitFor("a worker") { server.children(of: new).count == 1 }
        try waitFor("as many descriptors") { try descriptorCount(of: new) == before }
        #expect(!(try readText("/proc/\(server.children(of: new)[0])/environ")).isEmpty)
    }

    /// A running nginx can be replaced by apus without being stopped.
    @Test(.enabled(if: Product.isApus && NginxPeer.isThere, "needs nginx"))
    func runningNginxCanBeReplaced() throws {
        func name(_ binary: String, _ directory: TemporaryDirectory) throws -> String {
            let name = directory.path + "/server"
            unsafe unlink(name)
            guard unsafe symlink(binary, name) == 0 else { throw SystemFailure("symlink") }
            return name
        }
        let server = try DaemonServer(Self.unixToo, workers: 2, files: ["a": "hello"]) {
            try name(NginxPeer.binary, $0)
        }
        #expect(try server.fetch("/a")["Server"]?.hasPrefix("nginx") == true)
        _ = try name(Product.binary, server.directory)
        let new = try server.upgrade()
        try waitFor("workers of the new master") { server.children(of: new).count == 2 }
        kill(server.first, SIGQUIT)
        try waitFor("nginx to exit") { hasEnded(server.first) }
        for _ in 0..<10 { #expect(try server.fetch("/a")["Server"]?.hasPrefix("apus") == true) }
        try respondsOnUnix(server)
    }

    @Test(.enabled(if: Product.isApus, "nginx does, when its parent has gone"))
    func upgradeInForegroundIsIgnored() throws {
        let server = try TestServer(files: ["a": "hello"])
        server.process.signal(SIGUSR2)
        try server.waitForError("ignoring: only a server in the background can be replaced")
        #expect(server.process.isRunning)
    }
}
