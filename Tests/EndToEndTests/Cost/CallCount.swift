import Foundation
import Testing

/// System calls, counted.
enum CallCount {
    /// How many calls the first worker of a server makes while `body` runs, by name.
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

    /// What serving requests takes.
    private static let served: Set = [
        "epoll_wait", "recvfrom", "sendto", "accept4", "close", "epoll_ctl", "poll",
    ]

    /// The calls of `counts` for each of so many requests. Those that changes elsewhere take are
    /// left out, and the waits that their signals interrupt: a name that somebody makes on the way
    /// to the file, or a mount, is notified of, and looked at. They are few.
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
