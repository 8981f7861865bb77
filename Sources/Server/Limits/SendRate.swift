/// limit_rate and limit_rate_after: how much of an answer may have been sent by when, as nginx has
/// it. Each second since the request began allows that many bytes more, and the first second is
/// there from the beginning.
struct SendRate: Equatable {
    /// More than 0.
    var bytesPerSecond: Int64
    /// Bytes that are sent before the rate holds.
    var afterBytes: Int64 = 0

    /// How many bytes more may be sent; 0 or less when none may.
    func room(sentBytes: Int64, elapsedMs: Int64) -> Int64 {
        let seconds = max(0, elapsedMs) / 1000 &+ 1
        let (allowed, overflow) = bytesPerSecond.multipliedReportingOverflow(by: seconds)
        return overflow ? Int64.max : allowed &- max(0, sentBytes &- afterBytes)
    }

    /// How long after the request began there is room again, in milliseconds.
    func roomAgainMs(sentBytes: Int64) -> Int64 {
        let seconds = max(0, sentBytes &- afterBytes) / max(1, bytesPerSecond)
        return min(seconds, 1 << 40) &* 1000
    }
}
