import Foundation
import Glibc
import Testing

/// One of conf/examples, started as its README says, in a copy of the directory and with free ports
/// instead of 8080 and 8081.
final class ExampleServer {
    let directory: TemporaryDirectory
    private let ports: [UInt16]
    private let process: ChildProcess

    static let examples = Product.repository + "/conf/examples"

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ name: String) throws {
        let directory = try TemporaryDirectory()
        let examples = directory.path + "/conf/examples"
        try FileManager.default.copyItem(
            atPath: Product.repository + "/conf", toPath: directory.path + "/conf")
        // The workers are another user, and a clone may be closed to others.
        _ = try run("chmod", ["-R", "a+rX", directory.path + "/conf"])
        var text = try readText(examples + "/" + name)
        let ports = FreePorts.take(2)
        var environment: [String] = []
        if text.contains("${ENV:PORT") {
            environment = ["PORT=\(ports[0])", "PID_FILE=\(examples)/apus.pid"]
        } else {
            for (index, port) in ["8080", "8081"].enumerated() {
                text = text.replacingOccurrences(of: port, with: "PORT\(index)")
            }
            for (index, port) in ports.enumerated() {
                text = text.replacingOccurrences(of: "PORT\(index)", with: "\(port)")
            }
            try text.write(toFile: examples + "/" + name, atomically: false, encoding: .utf8)
        }
        let process = try ChildProcess(
            "/usr/bin/env", environment + [Product.binary, "-p", examples, "-c", name],
            output: directory.path + "/stdout", error: directory.path + "/stderr")
        self.directory = directory
        self.ports = ports
        self.process = process
        try waitFor("\(name) to start") {
            guard process.isRunning else { throw StartFailure(description: process.errorOutput) }
            return unsafe access(examples + "/apus.pid", R_OK) == 0
                && (try? RawClient(.ipv4(ports[0]))) != nil
        }
    }

    deinit { process.end() }

    /// The lines that the access log wrote to the terminal.
    var log: String { process.output }

    /// Stops the server; afterwards its log is complete.
    func end() throws {
        process.signal(SIGQUIT)
        #expect(try process.waitForExit() == .code(0))
    }

    /// Returns the path of a file below the example's `sites`.
    func site(_ path: String) -> String { directory.path + "/conf/examples/sites/" + path }

    /// Connects to the port that replaces 8080, or with 1 that of 8081.
    func connect(port: Int = 0) throws -> RawClient { try RawClient(.ipv4(ports[port]), of: self) }
}
