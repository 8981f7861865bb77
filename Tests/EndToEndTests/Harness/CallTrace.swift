import Foundation
import Glibc
import Testing

/// System calls, recorded by strace.
enum CallTrace {
    /// True if this machine permits tracing.
    static let isPossible = (try? run("strace", ["-o", "/dev/null", "true"]))?.succeeded == true

    /// The reason why tests are skipped otherwise.
    static let lacking = "tracing is forbidden, or strace is not there"

    /// Returns the calls of a server's first worker while `body` runs, one per line, or the output
    /// of strace with other options.
    static func during(
        _ server: TestServer, options: [String] = [], _ body: () throws -> Void
    ) throws -> [String] {
        let worker = try server.waitForWorkers(1)[0]
        let trace = server.directory.path + "/trace-\(UUID().uuidString)"
        let strace = try ChildProcess(
            "strace", options + ["-p", "\(worker)", "-o", trace], output: "/dev/null",
            error: trace + ".error")
        try waitFor("strace to attach") {
            guard strace.isRunning else { throw TimedOut(description: strace.errorOutput) }
            return try readText("/proc/\(worker)/status").contains("TracerPid:\t\(strace.pid)\n")
        }
        try body()
        strace.signal(SIGINT)
        _ = try strace.waitForExit()
        return try readText(trace).split(separator: "\n").map(String.init)
    }

    /// Returns the name of the call in a line.
    static func name(_ line: String) -> String { String(line.prefix { $0 != "(" }) }
}
