import Foundation
import Glibc
import Testing

/// The binary under test in the background, found by its pid file. In a configuration the words of
/// TestServer stand for its ports and directories.
final class DaemonServer: LoggingServer {
    let directory: TemporaryDirectory
    let ports: [UInt16]
    /// The first master; it leads the session of all that follow.
    let first: pid_t
    private let start: ChildProcess

    var port: UInt16 { ports[0] }
    var pidPath: String { directory.path + "/server.pid" }

    /// Starts a server with one `server` block that contains `server`.
    convenience init(
        _ server: String = "", main: String = "", workers: Int = 1, files: [String: Fixture] = [:],
        binary: (TemporaryDirectory) throws -> String = { _ in Product.binary }
    ) throws {
        let text = TestServer.configuration(server, main: main, workers: workers)
            .replacingOccurrences(of: "daemon off;", with: "daemon on;")
        try self.init(configuration: text, files: files, binary: binary)
    }

    /// Starts `binary` with nginx's options.
    init(
        configuration text: String, files: [String: Fixture],
        binary: (TemporaryDirectory) throws -> String
    ) throws {
        directory = try TemporaryDirectory(files: files)
        ports = FreePorts.take(3)
        try TestServer.fill(text, directory: directory, ports: ports).write(
            toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        start = try ChildProcess(
            try binary(directory), TestServer.commandLine(directory),
            output: directory.path + "/out",
            error: directory.path + "/err")
        guard try start.waitForExit() == .code(0) else {
            throw TestServer.StartFailure(description: start.errorOutput)
        }
        let path = directory.path + "/server.pid"
        first = try waitForValue("the pid file") { DaemonServer.process(in: path) }
        ProcessGuard.shared.note(group: first)
    }

    deinit {
        kill(-first, SIGKILL)
        ProcessGuard.shared.forget(group: first)
    }

    /// Returns the master that the pid file names; with `.oldbin`, the previous one.
    func master(_ suffix: String = "") -> pid_t? { Self.process(in: pidPath + suffix) }

    private static func process(in path: String) -> pid_t? {
        guard let text = try? readText(path), text.hasSuffix("\n") else { return nil }
        return pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    func rewrite(_ configuration: String) throws {
        let text = configuration.replacingOccurrences(of: "daemon off;", with: "daemon on;")
        try TestServer.fill(text, directory: directory, ports: ports).write(
            toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
    }

    /// Sends one request on a connection of its own.
    func fetch(_ target: String) throws -> Response {
        let client = try RawClient(.ipv4(port), of: self)
        try client.request("GET \(target) HTTP/1.1", ["Connection: close"])
        return try client.response()
    }

    /// Returns the workers of a master; its children may include another master.
    func children(of process: pid_t) -> [pid_t] {
        workersOf(process).filter { $0 != master() && $0 != master(".oldbin") }
    }

    /// Upgrades the binary. Returns the new master.
    func upgrade() throws -> pid_t {
        let old = try waitForValue("a master") { master() }
        kill(old, SIGUSR2)
        return try waitForValue("the master that takes over: \(errorLog)") {
            master(".oldbin") == old && master() != old ? master() : nil
        }
    }
}
