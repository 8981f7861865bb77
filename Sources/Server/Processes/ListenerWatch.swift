/// Decides when the master checks its listening sockets: now and then, and soon after a worker
/// reports a broken one. Workers may be hostile: however often one reports, the master checks at
/// most once a second, and binds new sockets at most every two seconds.
struct ListenerWatch {
    static let intervalMs: Int64 = 10_000
    static let minIntervalMs: Int64 = 1000
    static let repairPauseMs: Int64 = 2000

    private(set) var nextCheckMs: Int64
    private var earliestMs: Int64

    init(nowMs: Int64) {
        nextCheckMs = nowMs &+ ListenerWatch.intervalMs
        earliestMs = nowMs
    }

    /// Records a report.
    mutating func requestCheck(nowMs: Int64) {
        nextCheckMs = min(nextCheckMs, max(nowMs, earliestMs))
    }

    /// Returns true if a check is due.
    mutating func isDue(nowMs: Int64) -> Bool {
        guard nowMs >= nextCheckMs else { return false }
        nextCheckMs = nowMs &+ ListenerWatch.intervalMs
        earliestMs = nowMs &+ ListenerWatch.minIntervalMs
        return true
    }

    /// Records that new sockets are bound: they are not checked at once.
    mutating func repairs(nowMs: Int64) { earliestMs = nowMs &+ ListenerWatch.repairPauseMs }
}
