/// How much a client has asked for: the leaky bucket of limit_req, with nginx's numbers.
///
/// The excess is in thousandths of a request. A request adds 1000, each second takes the rate away,
/// and what is left below 0 is forgotten.
struct RequestRate: BitwiseCopyable, Equatable {
    /// Thousandths of a request that were asked for beyond the rate.
    var excess: Int64 = 0
    /// When the last request was counted, in milliseconds of the monotonic clock.
    var lastMs: Int64 = 0

    /// The bucket after one more request, at `rate` thousandths of a request a second.
    func afterRequest(rate: Int64, nowMs: Int64) -> RequestRate {
        let elapsedMs = elapsed(until: nowMs)
        return RequestRate(
            excess: max(0, level(rate, elapsedMs) &+ 1000),
            lastMs: elapsedMs == 0 ? lastMs : nowMs)
    }

    /// Whether nothing is left of it and it was not used for a minute: it may be forgotten.
    func isExpired(rate: Int64, nowMs: Int64) -> Bool {
        // A time of the memory that workers share may be any number.
        let elapsedMs = Int64(clamping: (nowMs &- lastMs).magnitude)
        return elapsedMs >= 60_000 && level(rate, elapsedMs) <= 0
    }

    /// The excess without a further request; it may be below 0.
    private func level(_ rate: Int64, _ elapsedMs: Int64) -> Int64 {
        let (product, overflow) = rate.multipliedReportingOverflow(by: elapsedMs)
        return overflow ? 0 &- RequestRate.most : excess &- product / 1000
    }

    /// The clocks of two workers may differ by the length of a turn: what was counted a little
    /// later than now was counted now. A time that is far ahead is none.
    private func elapsed(until nowMs: Int64) -> Int64 {
        let elapsedMs = nowMs &- lastMs
        if elapsedMs < -60_000 { return 1 }
        return max(0, elapsedMs)
    }

    /// The bound of excesses, so that they can be multiplied: a million million requests.
    static let most: Int64 = 1_000_000_000_000_000
}

/// What one `limit_req` allows, in thousandths of a request.
struct RequestLimit: BitwiseCopyable, Equatable {
    /// Which of the plan's zones.
    var zone: Int32
    /// What a second takes away.
    var rate: Int64
    /// How much excess is served at all.
    var burst: Int64
    /// How much excess is served without delay.
    var delay: Int64

    /// How long a request with this excess waits, in milliseconds.
    func delayMs(excess: Int64) -> Int64 {
        guard excess > delay, rate > 0 else { return 0 }
        return (min(excess, RequestRate.most) &- delay) &* 1000 / rate
    }
}
