import Foundation
import Glibc
import Testing

/// System calls, counted by strace.
enum CallCount {
    /// How many calls the first worker of a server makes while `body` runs, by name.
    static func during(_ server: TestServer, _ body: () throws -> Void) throws -> [String: Int] {
        let worker = try server.waitForWorkers(1)[0]
        let table = server.folder.path + "/strace-\(UUID().uuidString)"
        let tracer = try ChildProcess(
            "strace", ["-c", "-o", table, "-p", "\(worker)"], output: "/dev/null",
            error: table + ".error")
        try waitFor("strace to attach") {
            guard tracer.isRunning else { throw TimedOut(description: tracer.errorOutput) }
            return try readText("/proc/\(worker)/status").contains("TracerPid:\t\(tracer.pid)\n")
        }
        try body()
        tracer.signal(SIGINT)
        _ = try tracer.waitForExit()
        return counts(try readText(table))
    }

    private static func counts(_ table: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 5, Double(words[0]) != nil, let name = words.last, name != "total"
            else { continue }
            counts[String(name)] = Int(words[3])
        }
        return counts
    }

    /// Every call of `counts`, for each of so many requests.
    static func each(_ counts: [String: Int], of requests: Int) -> Double {
        Double(counts.values.reduce(0, +)) / Double(requests)
    }
}
