/// What several `limit_req` make of one request: all are asked, the longest delay counts, and
/// nothing is counted anywhere unless all let it pass.
enum RequestVerdict: Equatable {
    /// No key had a value: the request is not limited.
    case unlimited
    case passed
    /// To be answered that much later; `limit` is the one that says so.
    case delayed(milliseconds: Int64, excess: Int64, limit: Int)
    case rejected(excess: Int64, limit: Int)

    /// Judges a request by its `keys`, one for each limit: nil and empty ones are passed over.
    static func judge(
        _ limits: [RequestLimit], _ keys: [[UInt8]?], in zones: [Zone], nowMs: Int64
    ) -> RequestVerdict {
        var waiting: [Int] = []
        var excess: Int64 = 0
        var decisive = limits.count &- 1
        var isAsked = false
        for index in limits.indices {
            guard let key = keys[index], !key.isEmpty else { continue }
            let limit = limits[index]
            let isLast = index == limits.count &- 1
            // The last one counts at once: there is nobody left who could reject.
            excess = zones[Int(limit.zone)].excess(
                of: key.span, limit, nowMs: nowMs, counts: isLast)
            if excess > limit.burst { return .rejected(excess: excess, limit: index) }
            isAsked = true
            if !isLast {
                waiting.append(index)
                excess = 0
            }
        }
        guard isAsked else { return .unlimited }
        var delayMs = limits[decisive].delayMs(excess: excess)
        for index in waiting.reversed() {
            guard let key = keys[index] else { continue }
            let counted = zones[Int(limits[index].zone)].count(
                key.span, limits[index], nowMs: nowMs)
            // Beyond the burst only if others counted meanwhile, or if the zone's memory lies.
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
