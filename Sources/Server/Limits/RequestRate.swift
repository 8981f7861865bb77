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
