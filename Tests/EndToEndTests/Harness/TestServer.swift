import Foundation
import Glibc
import Testing

/// The binary under test, running with a configuration of its own in a folder of its own.
///
/// In a configuration the word PORT stands for a free port (PORT2, PORT3 for more), DIR for the
/// private folder and ROOT for the document root below it.
final class TestServer: LoggingServer {
    let folder: TemporaryFolder
    let ports: [UInt16]
    let process: ChildProcess
    /// Set by a test that kills workers: otherwise a worker that dies of a signal is a failure.
    var mayLoseWorkers = false

    var port: UInt16 { ports[0] }
    var pid: pid_t { process.pid }
    var configurationPath: String { folder.path + "/test.conf" }
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    struct DidNotStart: Error, CustomStringConvertible {
        let description: String
    }

    /// A server with one `server` block, whose inside is `server`; `http` and `main` are put
    /// before it in those blocks.
    convenience init(
        _ server: String = "", http: String = "", main: String = "", workers: Int = 1,
        connections: Int = 512, files: [String: Fixture] = [:]
    ) throws {
        try self.init(
            configuration: Self.configuration(
                server, http: http, main: main, workers: workers, connections: connections),
            files: files)
    }

    static func configuration(
        _ server: String = "", http: String = "", main: String = "", workers: Int = 1,
        connections: Int = 512
    ) -> String {
        Self.prelude(main: main, workers: workers, connections: connections)
            + """
            http {
                types {
                    text/html html; text/plain txt; text/css css; application/javascript js;
                    application/json json; image/png png;
                }
                access_log DIR/access.log;
                \(sendsFiles(server + http + main) ? "sendfile on;" : "")
                \(http)
                server {
                    listen 127.0.0.1:PORT;
                    root ROOT;
                    \(server)
                }
            }

            """
    }

    /// `sendfile` is on, as in nearly all configurations, where nothing else is said; off, which is
    /// the default, where the tests are run with other engines.
    private static func sendsFiles(_ directives: String) -> Bool {
        TestEngine.name.isEmpty && !directives.contains("sendfile")
    }

    /// What stands outside of `http` in every configuration of these tests.
    static func prelude(main: String = "", workers: Int = 1, connections: Int = 512) -> String {
        """
        daemon off;
        worker_processes \(workers);
        pid DIR/server.pid;
        error_log DIR/error.log info;
        \(main)
        events { worker_connections \(connections); }

        """
    }

    /// A server with the whole configuration given; `pid DIR/server.pid` must stand in it, for
    /// the file shows that the server has bound its own ports. `environment` gives variables,
    /// `NAME=value`; `wrapper` are the words of a command that executes the program behind them.
    init(
        configuration: String, files: [String: Fixture] = [:], arguments: [String] = [],
        environment: [String] = [], binary: String = Product.binary, wrapper: [String] = [],
        parent: String? = nil, prepare: (TemporaryFolder) throws -> Void = { _ in }
    ) throws {
        let folder = try TemporaryFolder(files: files, parent: parent)
        try prepare(folder)
        var attempt = 0
        while true {
            attempt += 1
            let ports = FreePorts.take(3)
            let text = Self.fill(configuration, folder: folder, ports: ports)
            let path = folder.path + "/test.conf"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let variables = environment.map { Self.fill($0, folder: folder, ports: ports) }
            let before = wrapper.map { Self.fill($0, folder: folder, ports: ports) }
            let words = before + [binary] + Self.commandLine(folder) + arguments
            let program = variables.isEmpty ? words : ["/usr/bin/env"] + variables + words
            let process = try ChildProcess(
                program[0], Array(program.dropFirst()),
                output: folder.path + "/stdout", error: folder.path + "/stderr")
            do {
                try Self.waitUntilReady(process, folder: folder, port: ports[0])
                self.folder = folder
                self.ports = ports
                self.process = process
                return
            } catch let failure {
                process.end()
                let said = process.errorOutput + ((try? readText(folder.path + "/error.log")) ?? "")
                guard attempt < 4, said.contains("in use") else {
                    throw DidNotStart(description: "\(failure): \(said)")
                }
            }
        }
    }

    deinit { stop() }

    /// Ends the server at once, however many connections are open.
    func stop() {
        process.end()
        // Nor is there a way of a request that makes a call that the sandbox does not know.
        let signs = ["exited on signal", "in the sandbox: it fails"]
        if !mayLoseWorkers, signs.contains(where: errorLog.contains) {
            Issue.record("a worker died, or made a call that it should not: \(errorLog)")
        }
    }

    /// Ends the server by a signal that it obeys: afterwards its logs are whole.
    func end(
        by signal: Int32 = SIGQUIT, _ location: SourceLocation = #_sourceLocation
    ) throws {
        process.signal(signal)
        let exit = try process.waitForExit(seconds: patienceSeconds, location)
        #expect(exit == .code(0), sourceLocation: location)
    }

    /// Replaces the configuration, to be read at the next HUP.
    func rewrite(_ configuration: String) throws {
        let text = Self.fill(configuration, folder: folder, ports: ports)
        try text.write(toFile: configurationPath, atomically: false, encoding: .utf8)
    }

    static func fill(_ text: String, folder: TemporaryFolder, ports: [UInt16]) -> String {
        lookedInto(TestEngine.apply(to: text)).replacingOccurrences(
            of: "PORT3", with: "\(ports[2])"
        )
        .replacingOccurrences(of: "PORT2", with: "\(ports[1])")
        .replacingOccurrences(of: "PORT", with: "\(ports[0])")
        .replacingOccurrences(of: "ROOT", with: folder.root)
        .replacingOccurrences(of: "DIR", with: folder.path)
    }

    /// Workers are not for others to look into, unless they leave cores: tests that are not root's
    /// see their descriptors and memory only then.
    private static func lookedInto(_ text: String) -> String {
        guard Product.isApus, !Product.isRoot, !text.contains("worker_rlimit_core") else {
            return text
        }
        return "worker_rlimit_core 1;\n" + text
    }

    static func commandLine(_ folder: TemporaryFolder) -> [String] {
        ["-p", folder.path, "-c", folder.path + "/test.conf", "-e", folder.path + "/error.log"]
    }

    private static func waitUntilReady(
        _ process: ChildProcess, folder: TemporaryFolder, port: UInt16
    ) throws {
        try waitFor("server on port \(port)") {
            guard process.isRunning else { throw DidNotStart(description: "it ended") }
            guard unsafe access(folder.path + "/server.pid", R_OK) == 0 else { return false }
            return (try? RawClient(.ipv4(port))) != nil
        }
    }

    // MARK: clients

    func connect(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(.ipv4(port), receiveBuffer: receiveBuffer, of: self)
    }

    /// One request on a connection of its own.
    func fetch(
        _ target: String, _ fields: [String] = [], method: String = "GET", version: String = "1.1"
    ) throws -> Response {
        let client = try connect()
        try client.request("\(method) \(target) HTTP/\(version)", fields + ["Connection: close"])
        return try client.response(to: method)
    }

    /// True if nothing listens on the port any more.
    func refuses(_ port: UInt16) -> Bool { (try? RawClient(.ipv4(port))) == nil }

    // MARK: its processes

    /// The pids of the workers that are alive.
    var workers: [pid_t] { workersOf(pid) }

    /// The pids of the Loggers that are alive.
    var loggers: [pid_t] { children(of: pid, named: "apus-logger") }

    func waitForWorkers(
        _ count: Int, _ location: SourceLocation = #_sourceLocation
    ) throws -> [pid_t] {
        try waitForValue("\(count) workers", location) {
            let now = workers
            return now.count == count ? now : nil
        }
    }

    /// Waits until the workers are `count` that are none of `old`.
    func waitForOthers(
        than old: [pid_t], count: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try waitFor("\(count) workers in the place of \(old)", location) {
            let now = workers
            return now.count == count && Set(now).isDisjoint(with: old)
        }
    }
}
