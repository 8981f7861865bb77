import Linux

/// `worker_watchdog`: finds the workers whose loop has not turned for so long. Waiting for events
/// is not hanging.
///
/// It looks some times within that time and counts what it saw, rather than the time: after a pause
/// of the whole machine nobody hangs.
struct Watchdog {
    /// How often it looks until a worker hangs.
    static let looks = 5

    /// A worker, and what it is at.
    struct Sight {
        let process: Int32
        let activity: Activity.Snapshot
    }

    private let intervalMs: Int64
    private(set) var nextLookMs: Int64
    private var seen: [Int32: (turns: UInt64, count: Int)] = [:]

    init(limitMs: Int64, nowMs: Int64) {
        // The first look may come just after the turn began, and so does not count.
        intervalMs = max(1, limitMs / Int64(Watchdog.looks - 1))
        nextLookMs = nowMs &+ intervalMs
    }

    /// Whom `sights` show to hang, each once.
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
