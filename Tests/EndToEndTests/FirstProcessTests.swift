import Foundation
import Glibc
import Testing

/// The server as process 1 of a container: in a pid namespace of its own.
@Suite(.enabled(if: Product.isRoot, "namespaces need root"))
struct FirstProcessTests {
    /// Starts the server as PID 1, and returns the process outside that waits for it.
    private func first(
        _ configuration: String, files: [String: Fixture] = ["a": "hello"],
        wrapper: [String] = [], ready: (TemporaryDirectory, [UInt16]) throws -> Void
    ) throws -> (process: ChildProcess, directory: TemporaryDirectory, ports: [UInt16]) {
        let directory = try TemporaryDirectory(files: files)
        let ports = FreePorts.take(3)
        try TestServer.fill(configuration, directory: directory, ports: ports).write(
            toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        let words =
            ["--pid", "--fork", "--kill-child=KILL", "--mount-proc"] + wrapper + [Product.binary]
        let process = try ChildProcess(
            "/usr/bin/unshare", words + TestServer.commandLine(directory),
            output: directory.path + "/out", error: directory.path + "/err")
        try ready(directory, ports)
        return (process, directory, ports)
    }

    private func fetch(_ port: UInt16) throws -> String {
        let client = try RawClient(.ipv4(port))
        try client.request("GET /a HTTP/1.1", ["Connection: close"])
        return try client.response().text
    }

    /// Returns the pid, outside, of the namespace's first process.
    private func master(of process: ChildProcess) throws -> pid_t {
        try waitForValue("the server's own process") {
            let list = try? readText("/proc/\(process.pid)/task/\(process.pid)/children")
            return list?.split(separator: " ").first.flatMap { pid_t($0) }
        }
    }

    /// Orphaned processes become children of process 1.
    @Test func firstProcessReapsOrphans() throws {
        let (process, directory, ports) = try first(TestServer.configuration()) { _, ports in
            try waitFor("the server") { (try? fetch(ports[0])) == "hello" }
        }
        let master = try master(of: process)
        // A shell in the namespace leaves a child behind, which exits a little later.
        let orphan = try run(
            "/usr/bin/nsenter",
            ["-t", "\(master)", "-p", "-m", "/bin/sh", "-c", "(sleep 0.2; exec true) & exit 0"])
        #expect(orphan.succeeded, "\(orphan.error)")
        try waitFor("nothing but the worker and the logger to be left") {
            let list = try readText("/proc/\(master)/task/\(master)/children")
            return list.split(separator: " ").count == 2
        }
        #expect(try fetch(ports[0]) == "hello")
        kill(master, SIGTERM)
        #expect(try process.waitForExit() == .code(0))
        withExtendedLifetime(directory) {}
    }

    /// No directory for a pid file, no entry for the user in /etc/passwd, logs to the standard
    /// streams.
    @Test func firstProcessNeedsNoWritableRoot() throws {
        let configuration = """
            daemon off; worker_processes 1; pid /proc/no/such.pid; error_log stderr info;
            events { }
            http {
                access_log /dev/stdout;
                server { listen 127.0.0.1:PORT; root ROOT; }
            }
            """
        let (process, directory, _) = try first(
            configuration,
            wrapper: ["/usr/bin/setpriv", "--reuid=4242", "--regid=4242", "--clear-groups"]
        ) { directory, ports in
            try waitFor("the server: \((try? readText(directory.path + "/err")) ?? "")") {
                (try? fetch(ports[0])) == "hello"
            }
        }
        let master = try master(of: process)
        #expect(process.errorOutput.contains("[warn]"), "\(process.errorOutput)")
        #expect(process.errorOutput.contains("\"/proc/no/such.pid\" failed (2:"))
        try waitFor("the line of the log") { process.output.contains("\"GET /a HTTP/1.1\" 200 5") }
        kill(master, SIGTERM)
        #expect(try process.waitForExit() == .code(0))
        withExtendedLifetime(directory) {}
    }

    /// The kernel delivers only signals with a handler to process 1, so it has handlers for all of
    /// these.
    @Test(arguments: [SIGTERM, SIGINT, SIGQUIT])
    func firstProcessExitsOnSignal(signal: Int32) throws {
        let (process, directory, _) = try first(TestServer.configuration()) { _, ports in
            try waitFor("the server") { (try? fetch(ports[0])) == "hello" }
        }
        kill(try master(of: process), signal)
        #expect(try process.waitForExit() == .code(0))
        withExtendedLifetime(directory) {}
    }
}
