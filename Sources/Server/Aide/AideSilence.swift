/// How long a worker waits for the Aide while nothing is heard of it.
///
/// It counts looks, a second apart, rather than time: when both processes were suspended, the Aide
/// has as long as before.
struct AideSilence {
    static let lookMs: Int64 = 1000
    /// Looks until the Aide counts as broken while a request waits. It bounds each question by
    /// ``Aide/longestSeconds`` itself, so that only one that is stopped or stuck gets here.
    static let mostLooks = 12
    /// The same while it does nothing but compress, which may take longer.
    static let mostLooksUnawaited = 60
    /// How long a request waits in all, behind others as well.
    static let longestWaitMs: Int64 = 60_000

    /// When ``look(hasAsked:isAwaited:hasWaiting:nowMs:)`` is due; Int64.max while nothing waits.
    private(set) var nextLookMs = Int64.max
    /// The Aide is to be replaced. It is asked nothing until something is heard of it, or of the
    /// next one.
    private(set) var isBroken = false
    private var looks = 0

    /// Something waits for the Aide from now on.
    mutating func expect(nowMs: Int64) { nextLookMs = min(nextLookMs, nowMs &+ Self.lookMs) }

    /// Something was heard.
    mutating func end() {
        looks = 0
        isBroken = false
    }

    /// Counts a look. `hasAsked` says that the Aide has a question, `isAwaited` that a request
    /// waits for it, `hasWaiting` that requests wait at all. Returns true if the Aide is broken.
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
