import Foundation
import Glibc
import Testing

/// System calls, by strace.
enum CallTrace {
    /// Whether this machine lets one trace.
    static let isPossible = (try? run("strace", ["-o", "/dev/null", "true"]))?.succeeded == true

    /// Why a test is left out where it does not.
    static let lacking = "tracing is forbidden, or strace is not there"

    /// What the first worker of a server calls while `body` runs, a line each, or what strace says
    /// of it with other options.
    static func during(
        _ server: TestServer, options: [String] = [], _ body: () throws -> Void
    ) throws -> [String] {
        let worker = try server.waitForWorkers(1)[0]
        let trace = server.folder.path + "/trace-\(UUID().uuidString)"
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

    /// The name of the call in a line.
    static func name(_ line: String) -> String { String(line.prefix { $0 != "(" }) }
}
