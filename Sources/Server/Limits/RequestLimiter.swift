/// The combined result of several `limit_req` for one request: all are evaluated, the longest delay
/// counts, and no limit counts the request unless all allow it.
enum RequestVerdict: Equatable {
    /// No key had a value: the request is not limited.
    case unlimited
    case passed
    /// The request is delayed; `limit` is the index of the limit with the longest delay.
    case delayed(milliseconds: Int64, excess: Int64, limit: Int)
    case rejected(excess: Int64, limit: Int)

    /// Evaluates a request by its `keys`, one for each limit; nil and empty ones are skipped.
    static func evaluate(
        _ limits: [RequestLimit], _ keys: [[UInt8]?], in zones: [Zone], nowMs: Int64
    ) -> RequestVerdict {
        var waiting: [Int] = []
        var excess: Int64 = 0
        var decisive = limits.count &- 1
        var hasQueried = false
        for index in limits.indices {
            guard let key = keys[index], !key.isEmpty else { continue }
            let limit = limits[index]
            let isLast = index == limits.count &- 1
            // The last limit counts at once: no other can reject the request any more.
            excess = zones[Int(limit.zone)].excess(
                of: key.span, limit, nowMs: nowMs, counts: isLast)
            if excess > limit.burst { return .rejected(excess: excess, limit: index) }
            hasQueried = true
            if !isLast {
                waiting.append(index)
                excess = 0
            }
        }
        guard hasQueried else { return .unlimited }
        var delayMs = limits[decisive].delayMs(excess: excess)
        for index in waiting.reversed() {
            guard let key = keys[index] else { continue }
            let counted = zones[Int(limits[index].zone)].count(
                key.span, limits[index], nowMs: nowMs)
            // Beyond the burst only if others counted in the meantime, or if the zone's memory is
            // corrupted.
            let wantedMs = limits[index].delayMs(excess: min(counted, limits[index].burst))
            if wantedMs > delayMs {
                delayMs = wantedMs
                excess = counted
                decisive = index
            }
        }
        guard delayMs > 0 else { return .passed }
        return .delayed(milliseconds: delayMs, excess: excess, limit: decisive)
    }
}
