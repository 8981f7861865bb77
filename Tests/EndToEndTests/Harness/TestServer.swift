import Foundation
import Glibc
import Testing

/// The binary under test, running with its own configuration in its own directory.
///
/// In a configuration, PORT is replaced by a free port (PORT2, PORT3 for more), DIR by the private
/// directory and ROOT by the document root below it.
final class TestServer: LoggingServer {
    let directory: TemporaryDirectory
    let ports: [UInt16]
    let process: ChildProcess
    /// True in tests that kill workers; otherwise a worker that dies of a signal is a failure.
    var mayLoseWorkers = false

    var port: UInt16 { ports[0] }
    var pid: pid_t { process.pid }
    var configurationPath: String { directory.path + "/test.conf" }
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts a server with one `server` block that contains `server`; `http` and `main` are added
    /// to those blocks.
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

    /// `sendfile` is on, as in nearly all configurations, unless it is set; off, the default, when
    /// the tests run with other engines.
    private static func sendsFiles(_ directives: String) -> Bool {
        TestEngine.name.isEmpty && !directives.contains("sendfile")
    }

    /// The part outside `http` of every configuration in these tests.
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

    /// Starts a server with a whole configuration, which must contain `pid DIR/server.pid`: the
    /// file shows that the server has bound its own ports. `environment` has variables,
    /// `NAME=value`; `wrapper` is a command that executes the program after it.
    init(
        configuration: String, files: [String: Fixture] = [:], arguments: [String] = [],
        environment: [String] = [], binary: String = Product.binary, wrapper: [String] = [],
        parent: String? = nil, prepare: (TemporaryDirectory) throws -> Void = { _ in }
    ) throws {
        let directory = try TemporaryDirectory(files: files, parent: parent)
        try prepare(directory)
        var attempt = 0
        while true {
            attempt += 1
            let ports = FreePorts.take(3)
            let text = Self.fill(configuration, directory: directory, ports: ports)
            let path = directory.path + "/test.conf"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let variables = environment.map { Self.fill($0, directory: directory, ports: ports) }
            let before = wrapper.map { Self.fill($0, directory: directory, ports: ports) }
            let words = before + [binary] + Self.commandLine(directory) + arguments
            let program = variables.isEmpty ? words : ["/usr/bin/env"] + variables + words
            let process = try ChildProcess(
                program[0], Array(program.dropFirst()),
                output: directory.path + "/stdout", error: directory.path + "/stderr")
            do {
                try Self.waitUntilReady(process, directory: directory, port: ports[0])
                self.directory = directory
                self.ports = ports
                self.process = process
                return
            } catch let failure {
                process.end()
                let said =
                    process.errorOutput + ((try? readText(directory.path + "/error.log")) ?? "")
                guard attempt < 4, said.contains("in use") else {
                    throw StartFailure(description: "\(failure): \(said)")
                }
            }
        }
    }

    deinit { stop() }

    /// Stops the server at once, with any number of open connections.
    func stop() {
        process.end()
        // No request may cause a system call that the sandbox does not allow.
        let signs = ["exited on signal", "in the sandbox: it fails"]
        if !mayLoseWorkers, signs.contains(where: errorLog.contains) {
            Issue.record("a worker died, or made a call that it should not: \(errorLog)")
        }
    }

    /// Stops the server with a signal that it handles; afterwards its logs are complete.
    func end(
        by signal: Int32 = SIGQUIT, _ location: SourceLocation = #_sourceLocation
    ) throws {
        process.signal(signal)
        let exit = try process.waitForExit(seconds: patienceSeconds, location)
        #expect(exit == .code(0), sourceLocation: location)
    }

    /// Replaces the configuration, for the next HUP.
    func rewrite(_ configuration: String) throws {
        let text = Self.fill(configuration, directory: directory, ports: ports)
        try text.write(toFile: configurationPath, atomically: false, encoding: .utf8)
    }

    static func fill(_ text: String, directory: TemporaryDirectory, ports: [UInt16]) -> String {
        lookedInto(TestEngine.apply(to: text)).replacingOccurrences(
            of: "PORT3", with: "\(ports[2])"
        )
        .replacingOccurrences(of: "PORT2", with: "\(ports[1])")
        .replacingOccurrences(of: "PORT", with: "\(ports[0])")
        .replacingOccurrences(of: "ROOT", with: directory.root)
        .replacingOccurrences(of: "DIR", with: directory.path)
    }

    /// Other users cannot inspect workers unless core files are enabled: tests that do not run as
    /// root see descriptors and memory only then.
    private static func lookedInto(_ text: String) -> String {
        guard Product.isApus, !Product.isRoot, !text.contains("worker_rlimit_core") else {
            return text
        }
        return "worker_rlimit_core 1;\n" + text
    }

    static func commandLine(_ directory: TemporaryDirectory) -> [String] {
        [
            "-p", directory.path, "-c", directory.path + "/test.conf", "-e",
            directory.path + "/error.log",
        ]
    }

    private static func waitUntilReady(
        _ process: ChildProcess, directory: TemporaryDirectory, port: UInt16
    ) throws {
        try waitFor("server on port \(port)") {
            guard process.isRunning else { throw StartFailure(description: "it ended") }
            guard unsafe access(directory.path + "/server.pid", R_OK) == 0 else { return false }
            return (try? RawClient(.ipv4(port))) != nil
        }
    }

    // MARK: clients

    func connect(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(.ipv4(port), receiveBuffer: receiveBuffer, of: self)
    }

    /// Sends one request on a connection of its own.
    func fetch(
        _ target: String, _ fields: [String] = [], method: String = "GET", version: String = "1.1"
    ) throws -> Response {
        let client = try connect()
        try client.request("\(method) \(target) HTTP/\(version)", fields + ["Connection: close"])
        return try client.response(to: method)
    }

    /// True if nothing listens on the port.
    func refuses(_ port: UInt16) -> Bool { (try? RawClient(.ipv4(port))) == nil }

    // MARK: its processes

    /// The pids of the living workers.
    var workers: [pid_t] { workersOf(pid) }

    /// The pids of the living loggers.
    var loggers: [pid_t] { children(of: pid, named: "apus-logger") }

    func waitForWorkers(
        _ count: Int, _ location: SourceLocation = #_sourceLocation
    ) throws -> [pid_t] {
        try waitForValue("\(count) workers", location) {
            let now = workers
            return now.count == count ? now : nil
        }
    }

    /// Waits for `count` workers that are not in `old`.
    func waitForOthers(
        than old: [pid_t], count: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try waitFor("\(count) workers in the place of \(old)", location) {
            let now = workers
            return now.count == count && Set(now).isDisjoint(with: old)
        }
    }
}
