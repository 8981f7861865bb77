/// When the master looks whether its listening sockets still accept: now and then, and soon after a
/// worker says that one does not. Workers may be hostile: however often one says so, the master
/// looks once a second at most, and binds other sockets once in two.
struct ListenerWatch {
    static let intervalMs: Int64 = 10_000
    static let shortestMs: Int64 = 1000
    static let repairPauseMs: Int64 = 2000

    private(set) var nextLookMs: Int64
    private var earliestMs: Int64

    init(nowMs: Int64) {
        nextLookMs = nowMs &+ ListenerWatch.intervalMs
        earliestMs = nowMs
    }

    /// Something may be wrong.
    mutating func askToLook(nowMs: Int64) {
        nextLookMs = min(nextLookMs, max(nowMs, earliestMs))
    }

    /// True if it is time to look.
    mutating func isDue(nowMs: Int64) -> Bool {
        guard nowMs >= nextLookMs else { return false }
        nextLookMs = nowMs &+ ListenerWatch.intervalMs
        earliestMs = nowMs &+ ListenerWatch.shortestMs
        return true
    }

    /// Other sockets are bound: they are not looked at again at once.
    mutating func repairs(nowMs: Int64) { earliestMs = nowMs &+ ListenerWatch.repairPauseMs }
}
