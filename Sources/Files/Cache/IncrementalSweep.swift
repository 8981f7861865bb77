/// Visits all slots of a table once in a period, a few at a time, so that no request waits for a
/// scan of the whole table.
public struct IncrementalSweep {
    /// The number of slots visited in one call.
    public static let slotsPerStep = 512

    private var position = 0
    /// The time of the next call; Int64.max while there is nothing to visit.
    public private(set) var dueMs = Int64.max

    /// Creates a sweep that is not scheduled.
    public init() {}

    /// Schedules a sweep one period from now.
    public mutating func begin(nowMs: Int64, periodMs: Int64) {
        if dueMs == Int64.max { dueMs = nowMs.addingReportingOverflow(periodMs).partialValue }
    }

    /// Returns the next slots of a table of `count`.
    public mutating func slots(of count: Int) -> Range<Int> {
        let start = min(position, count)
        position = min(start &+ IncrementalSweep.slotsPerStep, count)
        return start..<position
    }

    /// Schedules the next call: at once, or a period after the end of the table was reached, if the
    /// table has entries.
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
