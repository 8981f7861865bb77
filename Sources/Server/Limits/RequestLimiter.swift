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
        var decidingIndex = limits.count &- 1
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
        var delayMs = limits[decidingIndex].delayMs(excess: excess)
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
                decidingIndex = index
            }
        }
        guard delayMs > 0 else { return .passed }
        return .delayed(milliseconds: delayMs, excess: excess, limit: decidingIndex)
    }
}

/// The leaky bucket of limit_req, with nginx's arithmetic.
///
/// The excess is in thousandths of a request. A request adds 1000, each second subtracts the rate,
/// and values below 0 become 0.
struct RequestRate: BitwiseCopyable, Equatable {
    /// Thousandths of a request beyond the rate.
    var excess: Int64 = 0
    /// The time of the last request, in milliseconds of the monotonic clock.
    var lastMs: Int64 = 0

    /// Returns the bucket after one more request, at `rate` thousandths of a request per second.
    func afterRequest(rate: Int64, nowMs: Int64) -> RequestRate {
        let elapsedMs = elapsed(until: nowMs)
        return RequestRate(
            excess: max(0, level(rate, elapsedMs) &+ 1000),
            lastMs: elapsedMs == 0 ? lastMs : nowMs)
    }

    /// Returns true if the bucket is empty and was not used for a minute, so that it may be
    /// removed.
    func isExpired(rate: Int64, nowMs: Int64) -> Bool {
        // A time in memory that workers share may be any number.
        let elapsedMs = Int64(clamping: (nowMs &- lastMs).magnitude)
        return elapsedMs >= 60_000 && level(rate, elapsedMs) <= 0
    }

    /// Returns the excess without a further request; it may be below 0.
    private func level(_ rate: Int64, _ elapsedMs: Int64) -> Int64 {
        let (product, overflow) = rate.multipliedReportingOverflow(by: elapsedMs)
        return overflow ? 0 &- RequestRate.maxExcess : excess &- product / 1000
    }

    /// Returns the elapsed time. The clocks of two workers may differ by the length of an event
    /// loop iteration: a time slightly in the future counts as now. A time far in the future is
    /// invalid.
    private func elapsed(until nowMs: Int64) -> Int64 {
        let elapsedMs = nowMs &- lastMs
        if elapsedMs < -60_000 { return 1 }
        return max(0, elapsedMs)
    }

    /// The upper bound of excesses, so that they can be multiplied: a million million requests.
    static let maxExcess: Int64 = 1_000_000_000_000_000
}

/// The limits of one `limit_req`, in thousandths of a request.
struct RequestLimit: BitwiseCopyable, Equatable {
    /// The index of the zone in the plan.
    var zone: Int32
    /// The amount that a second subtracts.
    var rate: Int64
    /// The maximum excess that is served at all.
    var burst: Int64
    /// The maximum excess that is served without delay.
    var delay: Int64

    /// Returns the delay of a request with this excess, in milliseconds.
    func delayMs(excess: Int64) -> Int64 {
        guard excess > delay, rate > 0 else { return 0 }
        return (min(excess, RequestRate.maxExcess) &- delay) &* 1000 / rate
    }
}

/// limit_rate and limit_rate_after: the number of bytes of a response that may have been sent at a
/// given time, as in nginx. Each second since the start of the request allows that many more bytes,
/// and the first second counts from the start.
struct RateBucket: Equatable {
    /// The rate, more than 0.
    var bytesPerSecond: Int64
    /// The number of bytes sent before the rate applies.
    var afterBytes: Int64 = 0

    /// Returns how many more bytes may be sent; 0 or less for none.
    func room(sentBytes: Int64, elapsedMs: Int64) -> Int64 {
        let seconds = max(0, elapsedMs) / 1000 &+ 1
        let (allowed, overflow) = bytesPerSecond.multipliedReportingOverflow(by: seconds)
        return overflow ? Int64.max : allowed &- max(0, sentBytes &- afterBytes)
    }

    /// Returns the time after the start of the request at which more bytes may be sent, in
    /// milliseconds.
    func nextRoomMs(sentBytes: Int64) -> Int64 {
        let seconds = max(0, sentBytes &- afterBytes) / max(1, bytesPerSecond)
        return min(seconds, 1 << 40) &* 1000
    }
}
