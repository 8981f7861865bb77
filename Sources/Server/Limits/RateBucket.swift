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
