/// Detects a helper process that does not respond.
///
/// It counts checks, a second apart, instead of time: after both processes were suspended, the
/// helper process has as much time as before.
struct HelperWatchdog {
    static let checkMs: Int64 = 1000
    /// The number of checks without a message, while a request waits, until the helper process
    /// counts as stuck. It limits each job to ``HelperProcess/maxJobSeconds`` itself, so only a
    /// stopped or stuck one gets here.
    static let maxChecks = 12
    /// The number of checks while it only compresses, which may take longer.
    static let maxChecksUnawaited = 60
    /// The total time that a request may wait, including the jobs queued before it.
    static let maxWaitMs: Int64 = 60_000

    /// The time at which ``look(hasAsked:isAwaited:hasWaiting:nowMs:)`` is due; Int64.max while
    /// nothing waits.
    private(set) var nextCheckMs = Int64.max
    /// True if the helper process must be replaced. Nothing is sent to it until a message arrives
    /// from it or its successor.
    private(set) var isBroken = false
    private var checks = 0

    /// Starts the checks: a job waits for the helper process.
    mutating func arm(nowMs: Int64) { nextCheckMs = min(nextCheckMs, nowMs &+ Self.checkMs) }

    /// Records that a message arrived.
    mutating func disarm() {
        checks = 0
        isBroken = false
    }

    /// Counts a check. `hasInFlight` is true if a job was sent, `isAwaited` if a request waits for
    /// one, `hasWaiting` if requests wait at all. Returns true if the helper process is stuck.
    mutating func check(hasInFlight: Bool, isAwaited: Bool, hasWaiting: Bool, nowMs: Int64) -> Bool
    {
        nextCheckMs = hasInFlight || hasWaiting ? nowMs &+ Self.checkMs : Int64.max
        guard hasInFlight || isBroken && hasWaiting else {
            checks = 0
            return false
        }
        checks &+= 1
        guard checks >= (isAwaited || isBroken ? Self.maxChecks : Self.maxChecksUnawaited) else {
            return false
        }
        checks = 0
        isBroken = true
        return true
    }
}
