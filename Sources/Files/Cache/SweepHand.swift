/// Goes over a table once in a period, a few slots at a time, so that no request waits for all of
/// them.
public struct SweepHand {
    /// How many slots are looked at in one go.
    public static let slotsAtOnce = 512

    private var position = 0
    /// When it is to go on; Int64.max while there is nothing to go over.
    public private(set) var dueMs = Int64.max

    /// A hand that rests.
    public init() {}

    /// There is something to go over, a period from now.
    public mutating func begin(nowMs: Int64, periodMs: Int64) {
        if dueMs == Int64.max { dueMs = nowMs.addingReportingOverflow(periodMs).partialValue }
    }

    /// The next slots of a table of `count`.
    public mutating func slots(of count: Int) -> Range<Int> {
        let start = min(position, count)
        position = min(start &+ SweepHand.slotsAtOnce, count)
        return start..<position
    }

    /// When the next ones are looked at: at once, or behind the last of them after a period, if
    /// there is anything.
    public mutating func rest(of count: Int, nowMs: Int64, periodMs: Int64) {
        guard position >= count else {
            dueMs = nowMs
            return
        }
        position = 0
        dueMs = Int64.max
        if count > 0 { begin(nowMs: nowMs, periodMs: periodMs) }
    }
}
