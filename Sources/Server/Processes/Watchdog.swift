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
