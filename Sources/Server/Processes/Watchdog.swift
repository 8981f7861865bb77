import Linux

/// `worker_watchdog`: finds workers whose event loop has made no progress for that time. Waiting
/// for events is not hanging.
///
/// It checks several times within that time and counts the checks instead of measuring the time:
/// after a pause of the whole machine no worker counts as hanging.
struct Watchdog {
    /// The number of checks without progress after which a worker counts as hanging.
    static let maxChecks = 5

    /// A worker, and a snapshot of its report.
    struct WorkerSample {
        let process: Int32
        let activity: Activity.Snapshot
    }

    private let intervalMs: Int64
    private(set) var nextCheckMs: Int64
    private var seen: [Int32: (turns: UInt64, count: Int)] = [:]

    init(limitMs: Int64, nowMs: Int64) {
        // The first check may come just after an iteration began, and so does not count.
        intervalMs = max(1, limitMs / Int64(Watchdog.maxChecks - 1))
        nextCheckMs = nowMs &+ intervalMs
    }

    /// Returns the workers that hang according to `sights`, each once.
    mutating func check(at sights: [WorkerSample], nowMs: Int64) -> [WorkerSample] {
        nextCheckMs = nowMs &+ intervalMs
        var next: [Int32: (turns: UInt64, count: Int)] = [:]
        var hung: [WorkerSample] = []
        for sight in sights where !sight.activity.isWaiting {
            let iterations = sight.activity.iterations
            var count = 1
            if let last = seen[sight.process], last.turns == iterations { count = last.count &+ 1 }
            next[sight.process] = (iterations, count)
            if count == Watchdog.maxChecks { hung.append(sight) }
        }
        seen = next
        return hung
    }
}

/// Additional log lines about a worker that was killed by a signal: the request that it was
/// serving, and whether the same request has crashed workers before.
struct CrashReports {
    /// The maximum number of requests that are counted.
    static let maxRequests = 16

    private var crashingRequests: [(request: String, count: Int)] = []

    /// Returns the log lines about a worker that was killed by a signal, from its last report.
    mutating func lines(_ process: Int32, _ last: Activity.Snapshot) -> [String] {
        let request = CrashReports.requestLine(last.text)
        guard !request.isEmpty else { return [] }
        guard last.isBusy, !last.isWaiting else {
            return ["worker process \(process) was waiting, after \"\(request)\""]
        }
        var lines = ["worker process \(process) was serving \"\(request)\""]
        let count = remember(request)
        if count > 1 {
            lines.append("the request \"\(request)\" has now crashed \(count) workers")
        }
        return lines
    }

    /// Counts a request, replacing the least recently seen one if there is no room.
    /// Returns its count.
    private mutating func remember(_ request: String) -> Int {
        var count = 1
        if let place = crashingRequests.firstIndex(where: { $0.request == request }) {
            count = crashingRequests.remove(at: place).count &+ 1
        }
        crashingRequests.append((request, count))
        if crashingRequests.count > CrashReports.maxRequests { crashingRequests.removeFirst() }
        return count
    }

    /// Returns the first line that is not empty: empty lines before the request line are skipped,
    /// as in the parser.
    static func requestLine(_ bytes: [UInt8]) -> String {
        let isEnd = { (byte: UInt8) in byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") }
        let line = bytes.drop(while: isEnd).prefix { !isEnd($0) }
        return Array(line).span.text
    }
}
