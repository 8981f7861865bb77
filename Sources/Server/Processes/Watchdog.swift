import Linux

/// `worker_watchdog`: finds workers whose event loop has made no progress for that time. Waiting
/// for events is not hanging.
///
/// It checks several times within that time and counts the checks instead of measuring the time:
/// after a pause of the whole machine no worker counts as hanging.
struct Watchdog {
    /// The number of checks without progress after which a worker counts as hanging.
    static let looks = 5

    /// A worker, and a snapshot of its report.
    struct Sight {
        let process: Int32
        let activity: Activity.Snapshot
    }

    private let intervalMs: Int64
    private(set) var nextLookMs: Int64
    private var seen: [Int32: (turns: UInt64, count: Int)] = [:]

    init(limitMs: Int64, nowMs: Int64) {
        // The first check may come just after an iteration began, and so does not count.
        intervalMs = max(1, limitMs / Int64(Watchdog.looks - 1))
        nextLookMs = nowMs &+ intervalMs
    }

    /// Returns the workers that hang according to `sights`, each once.
    mutating func look(at sights: [Sight], nowMs: Int64) -> [Sight] {
        nextLookMs = nowMs &+ intervalMs
        var next: [Int32: (turns: UInt64, count: Int)] = [:]
        var hung: [Sight] = []
        for sight in sights where !sight.activity.isWaiting {
            let turns = sight.activity.turns
            var count = 1
            if let last = seen[sight.process], last.turns == turns { count = last.count &+ 1 }
            next[sight.process] = (turns, count)
            if count == Watchdog.looks { hung.append(sight) }
        }
        seen = next
        return hung
    }
}
