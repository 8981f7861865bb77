/// Detects a helper process that does not respond.
///
/// It counts checks, a second apart, instead of time: after both processes were suspended, the
/// helper process has as much time as before.
struct AideSilence {
    static let lookMs: Int64 = 1000
    /// The number of checks without a message, while a request waits, until the helper process
    /// counts as stuck. It limits each job to ``Aide/longestSeconds`` itself, so only a stopped or
    /// stuck one gets here.
    static let mostLooks = 12
    /// The number of checks while it only compresses, which may take longer.
    static let mostLooksUnawaited = 60
    /// The total time that a request may wait, including the jobs queued before it.
    static let longestWaitMs: Int64 = 60_000

    /// The time at which ``look(hasAsked:isAwaited:hasWaiting:nowMs:)`` is due; Int64.max while
    /// nothing waits.
    private(set) var nextLookMs = Int64.max
    /// True if the helper process must be replaced. Nothing is sent to it until a message arrives
    /// from it or its successor.
    private(set) var isBroken = false
    private var looks = 0

    /// Starts the checks: a job waits for the helper process.
    mutating func expect(nowMs: Int64) { nextLookMs = min(nextLookMs, nowMs &+ Self.lookMs) }

    /// Records that a message arrived.
    mutating func end() {
        looks = 0
        isBroken = false
    }

    /// Counts a check. `hasAsked` is true if a job was sent, `isAwaited` if a request waits for
    /// one, `hasWaiting` if requests wait at all. Returns true if the helper process is stuck.
    mutating func look(hasAsked: Bool, isAwaited: Bool, hasWaiting: Bool, nowMs: Int64) -> Bool {
        nextLookMs = hasAsked || hasWaiting ? nowMs &+ Self.lookMs : Int64.max
        guard hasAsked || isBroken && hasWaiting else {
            looks = 0
            return false
        }
        looks &+= 1
        guard looks >= (isAwaited || isBroken ? Self.mostLooks : Self.mostLooksUnawaited) else {
            return false
        }
        looks = 0
        isBroken = true
        return true
    }
}
