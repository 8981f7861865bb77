import Foundation
import Testing

/// System calls, counted with strace.
enum CallCount {
    /// Returns the number of calls that the first worker of a server makes while `body` runs, by
    /// name.
    static func during(_ server: TestServer, _ body: () throws -> Void) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in try CallTrace.during(server, options: ["-c"], body) {
            let words = line.split(separator: " ")
            guard words.count >= 5, Double(words[0]) != nil, let name = words.last, name != "total"
            else { continue }
            counts[String(name)] = Int(words[3])
        }
        print("cost: calls by name \(counts.sorted { $0.value > $1.value })")
        return counts
    }

    /// The calls that serving requests takes.
    private static let served: Set = [
        "epoll_wait", "recvfrom", "sendto", "accept4", "close", "epoll_ctl", "poll",
    ]

    /// Returns the number of calls per request. Calls caused by changes elsewhere are left out,
    /// with the waits that their signals interrupt: when a test creates a name in a directory on
    /// the way to the file, or mounts something, the worker is notified and checks it. They are
    /// few.
    static func each(
        _ counts: [String: Int], of requests: Int, _ location: SourceLocation = #_sourceLocation
    ) -> Double {
        let others = counts.filter { !served.contains($0.key) }.values.reduce(0, +)
        #expect(others <= requests / 4, "\(counts)", sourceLocation: location)
        let sum = counts.filter { served.contains($0.key) }.values.reduce(0, +)
        let signals = counts["rt_sigreturn"] ?? 0
        return Double(sum - min(signals, counts["epoll_wait"] ?? 0)) / Double(requests)
    }
}
