import Foundation
import Glibc
import Testing

/// Attacks of a worker that was taken over on other processes through shared objects; debug builds
/// try them on request of `/sandbox-probe/WHAT`.
@Suite(.enabled(if: Product.isDebugBuild, "release builds cannot be asked to break in"))
struct TrustBoundaryTests {
    private static let ends = "keepalive_requests 100000; keepalive_timeout 600s;"
    private static let seeds = 1...3 as ClosedRange<Int>

    /// A server with two workers, and a connection to each of them.
    private final class Pair {
        let server: TestServer
        /// The connection to the hostile worker.
        let hostile: RawClient
        let hostileProcess: pid_t
        let honest: RawClient
        let honestProcess: pid_t

        init(
            _ inside: String, http: String = "", main: String = "", sandbox: String = "require",
            prepare: (TemporaryDirectory) throws -> Void = { _ in }
        ) throws {
            let server = try TestServer(
                configuration: TestServer.configuration(
                    "\(TrustBoundaryTests.ends) \(inside) location = /pid { return 200 $pid; }",
                    http: http, main: "sandbox \(sandbox); \(main)", workers: 2),
                files: ["a": "hello", "open/a": "open"], environment: ["APUS_SANDBOX_PROBE=1"],
                prepare: prepare)
            server.mayLoseWorkers = true
            self.server = server
            var found: [pid_t: RawClient] = [:]
            try waitFor("a connection to each worker") {
                let client = try server.connect()
                let process = try Self.process(of: client)
                if found[process] == nil { found[process] = client }
                return found.count == 2
            }
            let processes = found.keys.sorted()
            (hostileProcess, honestProcess) = (processes[0], processes[1])
            hostile = try #require(found[processes[0]])
            honest = try #require(found[processes[1]])
        }

        static func process(of client: RawClient) throws -> pid_t {
            try client.request("GET /pid HTTP/1.1")
            return try #require(pid_t(client.response().text))
        }

        /// Lets the hostile worker do something, which it survives.
        func misuse(_ what: String) throws {
            try hostile.request("GET /sandbox-probe/\(what) HTTP/1.1")
            #expect(try hostile.response().status != 200)
        }

        func sendRequest(_ target: String, _ fields: [String] = []) throws -> Response {
            try honest.request("GET \(target) HTTP/1.1", fields)
            return try honest.response()
        }

        /// Kills the hostile worker. Returns a connection to its replacement.
        func replaceHostile() throws -> RawClient {
            kill(hostileProcess, SIGKILL)
            return try waitForValue("a connection to another worker") {
                guard let client = try? server.connect(),
                    let process = try? Self.process(of: client)
                else { return nil }
                return process != hostileProcess && process != honestProcess ? client : nil
            }
        }

        /// Checks that the honest worker and the master are the same processes as before.
        func checkThatOthersLive() throws {
            #expect(try Self.process(of: honest) == honestProcess)
            #expect(!hasEnded(server.pid))
        }
    }

    private func loggers(_ server: TestServer) throws -> [pid_t] {
        try waitFor("a logger") { server.loggers.count == 1 }
        return server.loggers
    }

    // MARK: the logger

    @Test func workerMapsOnlyItsOwnRing() throws {
        let pair = try Pair("")
        for worker in [pair.hostileProcess, pair.honestProcess] {
            let maps = try readText("/proc/\(worker)/maps").split(separator: "\n")
            func inodes(_ name: String, _ access: String) -> Set<Substring> {
                Set(
                    maps.filter { $0.contains(name) && $0.contains(" \(access) ") }
                        .map { $0.split(separator: " ")[4] })
            }
            #expect(inodes("memfd:apus-ring", "rw-s").count == 1)
            #expect(inodes("memfd:apus-board", "r--s").count == 1)
            #expect(inodes("memfd:apus-board", "rw-s").isEmpty)
        }
        let maps = try readText("/proc/\(try loggers(pair.server)[0])/maps")
        let rings = maps.split(separator: "\n").filter { $0.contains("memfd:apus-ring") }
            .map { $0.split(separator: " ")[4] }
        #expect(Set(rings).count == 3)
    }

    /// Without logs with variables in their names, no file is opened; with one, only names that it
    /// permits. As root, the logger could open any file.
    @Test(arguments: ["", "access_log DIR/logs/$arg_x.log;"])
    func workerCannotChooseLogFile(log: String) throws {
        let pair = try Pair(
            log,
            prepare: { directory in
                unsafe mkdir(directory.path + "/logs", 0o777)
                unsafe chmod(directory.path + "/logs", 0o777)
                unsafe chmod(directory.path, 0o777)
            })
        let path = pair.server.directory.path
        for name in ["evil", "logs/../evil.log", "logs/evil", "evil.log"] {
            try pair.misuse("log-named:\(path)/\(name)")
        }
        try pair.server.waitForError("a worker sent a file name that no \"access_log\" allows")
        _ = try pair.sendRequest("/a?x=good")
        if !log.isEmpty {
            try pair.server.waitForLog("logs/good.log", "a line") { $0.contains("x=good") }
        }
        try pair.server.end()
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(!names.contains { $0.hasPrefix("evil") }, "\(names)")
        let logs = try FileManager.default.contentsOfDirectory(atPath: path + "/logs")
        #expect(!logs.contains { $0.hasPrefix("evil") }, "\(logs)")
    }

    /// A link to a place where only root may write, in a directory of the workers' user.
    @Test(.enabled(if: Product.isRoot)) func logLinkGivesNoRootRights() throws {
        let pair = try Pair(
            "access_log DIR/logs/$arg_x.log;",
            prepare: { directory in
                unsafe mkdir(directory.path + "/logs", 0o777)
                unsafe chmod(directory.path + "/logs", 0o777)
                unsafe symlink(directory.path + "/secret", directory.path + "/logs/link.log")
                unsafe chmod(directory.path, 0o755)
            })
        let path = pair.server.directory.path
        _ = try pair.sendRequest("/a?x=link")
        try pair.server.waitForError("/logs/link.log\" failed (13: Permission denied)")
        #expect(unsafe access(path + "/secret", F_OK) != 0)
        // An existing file of root.
        try "mine".write(toFile: path + "/secret", atomically: false, encoding: .utf8)
        unsafe chmod(path + "/secret", 0o600)
        _ = try pair.sendRequest("/a?x=link")
        try pair.server.waitForError(
            "/logs/link.log\" failed (13: Permission denied)", times: 2)
        #expect(try readText(path + "/secret") == "mine")
    }

    @Test(arguments: seeds) func garbageInRingKeepsOtherLines(seed: Int) throws {
        let pair = try Pair("")
        let logger = try loggers(pair.server)
        for round in 0..<20 {
            try pair.misuse("garbage-ring:\(seed * 100 + round)")
            #expect(try pair.sendRequest("/a?round=\(round)&").status == 200)
            try pair.server.waitForAccess("/a?round=\(round)&")
        }
        #expect(pair.server.loggers == logger)
        try pair.checkThatOthersLive()
        // The next worker with that ring can use it.
        let next = try pair.replaceHostile()
        try next.request("GET /a?next& HTTP/1.1")
        _ = try next.response()
        try pair.server.waitForAccess("/a?next&")
        try pair.server.end()
        #expect(!pair.server.errorLog.contains("logger process") || pair.server.loggers.isEmpty)
    }

    // MARK: pipes

    /// A worker can neither read the terminal nor write to it.
    @Test func workerHasNoStandardStreams() throws {
        let pair = try Pair("access_log /dev/stdout;")
        for worker in [pair.hostileProcess, pair.honestProcess] {
            let names = try (0...2).map {
                try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(worker)/fd/\($0)")
            }
            #expect(Set(names).count == 1 && names[0].hasPrefix("pipe:"), "\(names)")
        }
        _ = try pair.sendRequest("/a?stdout&")
        try waitFor("a line") {
            try readText(pair.server.directory.path + "/stdout").contains("stdout&")
        }
    }

    /// If workers are root, or the master is not, workers can also write to pipes of which they
    /// only have the reading end, such as the one that reports the master's exit. The sandbox would
    /// kill a worker that does so.
    @Test(arguments: seeds, ["", "user root;"])
    func garbageInPipesKillsNoProcess(seed: Int, user: String) throws {
        let pair = try Pair("", main: user, sandbox: "off")
        let logger = try loggers(pair.server)
        for round in 0..<10 {
            try pair.misuse("garbage-pipes:\(seed * 100 + round)")
            #expect(try pair.sendRequest("/a?round=\(round)&").status == 200)
            try pair.server.waitForAccess("/a?round=\(round)&")
        }
        #expect(pair.server.loggers == logger)
        try pair.checkThatOthersLive()
        #expect(!pair.server.errorLog.contains("the master process is gone"))
        #expect(try Pair.process(of: pair.hostile) == pair.hostileProcess)
    }

    // MARK: records of workers

    @Test(arguments: seeds) func garbageInSharedPagesKillsNoProcess(seed: Int) throws {
        let pair = try Pair(
            "location = /status { stub_status; }", main: "worker_watchdog 1s;")
        for round in 0..<10 {
            try pair.misuse("garbage-boards:\(seed * 100 + round)")
            #expect(try pair.sendRequest("/status").status == 200)
        }
        _ = try pair.replaceHostile()
        #expect(try pair.sendRequest("/status").status == 200)
        try pair.checkThatOthersLive()
        #expect(!pair.server.errorLog.contains("hangs"))
    }

    // MARK: zones

    @Test(arguments: seeds) func garbageInZonesStopsNoWorker(seed: Int) throws {
        let pair = try Pair(
            """
            location = /a { limit_req zone=one burst=9; limit_conn two 9; }
            """,
            http: """
                limit_req_zone $server_port zone=one:1m rate=1000r/s;
                limit_conn_zone $server_port zone=two:1m;
                """)
        for round in 0..<10 {
            try pair.misuse("garbage-zones:\(seed * 100 + round)")
            for _ in 0..<5 { #expect([200, 503].contains(try pair.sendRequest("/a").status)) }
        }
        _ = try pair.replaceHostile()
        try waitFor("zones that count again") { try pair.sendRequest("/a").status == 200 }
        try pair.server.waitForError("shared memory zone \"")
        try pair.checkThatOthersLive()
        // Only workers have touched them.
        kill(pair.server.pid, SIGHUP)
        try waitFor("a reload") {
            !pair.server.workers.isEmpty && !pair.server.workers.contains(pair.honestProcess)
        }
        try waitFor("a response from a new worker") { try pair.server.fetch("/a").status == 200 }
    }

    // MARK: the helper process

    /// The worker shuts its own socket down too, for which the sandbox would kill it.
    @Test(arguments: seeds) func garbageToHelperIsIgnored(seed: Int) throws {
        let right = DirectiveGroup.basic("ann:secret")
        let pair = try Pair(
            """
            location = /a { auth_basic r; auth_basic_user_file DIR/users; }
            """, sandbox: "off",
            prepare: { directory in
                // A fast hash of `secret`, for many users.
                let users = (0..<40).map { "user\($0):$1$saltsalt$9xy1btjgzLYfb7hivXtC//\n" }
                try ("ann:$1$saltsalt$9xy1btjgzLYfb7hivXtC//\n" + users.joined()).write(
                    toFile: directory.path + "/users", atomically: false, encoding: .utf8)
            })
        for round in 0..<5 {
            try pair.misuse("garbage-helper:\(seed * 100 + round)")
            let user = DirectiveGroup.basic("user\(round):secret")
            #expect(try pair.sendRequest("/a", [user]).status == 200)
        }
        // The replacement has a socket of its own, which works.
        let next = try pair.replaceHostile()
        try next.request("GET /a HTTP/1.1", [right])
        #expect(try next.response().status == 200)
    }
}
