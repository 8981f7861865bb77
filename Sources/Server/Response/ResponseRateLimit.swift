import Configuration
import HTTP
import Linux
import Reactor

/// limit_rate: a response is sent as fast as its rate allows, and its connection is throttled when
/// it has sent more.
extension Worker {
    /// Returns the number of bytes of the response that may be sent now; 0 for none.
    mutating func sendableBytes(_ request: inout Request) -> Int64 {
        guard let rate = sendRate(&request) else { return Int64.max }
        return max(
            0,
            rate.room(
                sentBytes: request.sentBytes,
                elapsedMs: clock.monotonicMs &- request.startedMs))
    }

    /// Waits until more may be sent: no timeout runs, and the only event from the client is a
    /// hang-up.
    mutating func throttle(_ request: inout Request) {
        let rate = sendRate(&request)
        let againMs = rate?.nextRoomMs(sentBytes: request.sentBytes) ?? 0
        connections[request.slot].isThrottled = true
        connections[request.slot].hasHeadDeadline = false
        deadlines.cancel(request.slot)
        watch(request.slot, for: .hangUp)
        timers.arm(
            request.slot, atMs: max(request.startedMs &+ againMs, clock.monotonicMs &+ 1))
    }

    /// Returns the rate of the current response, evaluated once; nil if it has none.
    mutating func sendRate(_ request: inout Request) -> RateBucket? {
        let context = context(of: &request)
        if let known = context.sendRate { return known }
        let bytesPerSecond = bytesPerSecond(&request)
        var rate: RateBucket?
        if bytesPerSecond > 0 {
            let location = plan.locations[Int(request.location)]
            rate = RateBucket(bytesPerSecond: bytesPerSecond)
            if location.rate >= 0 {
                let settings = plan.rates[Int(location.rate)]
                rate?.afterBytes = size(
                    settings.afterBytes, settings.afterTemplate, &request)
            }
        }
        if bytesPerSecond > 0 {
            explanation?.note("limit_rate: \(bytesPerSecond) bytes per second")
        }
        context.sendRate = .some(rate)
        return rate
    }

    /// Returns the rate limit: the value assigned to `$limit_rate`, or that of limit_rate; 0 for no
    /// limit.
    mutating func bytesPerSecond(_ request: inout Request) -> Int64 {
        if let assigned = request.context?.assignedRate { return assigned }
        let location = plan.locations[Int(request.location)]
        guard location.rate >= 0 else { return 0 }
        let settings = plan.rates[Int(location.rate)]
        return size(settings.bytesPerSecond, settings.rateTemplate, &request)
    }

    /// Handles `set $limit_rate`.
    mutating func setRate(_ template: Template, _ request: inout Request) {
        let text = value(of: template, &request)
        guard let size = NginxSize.size(text) else {
            logError(
                .error, "invalid $limit_rate \"\(String(decoding: text, as: UTF8.self))\"",
                request)
            return
        }
        context(of: &request).assignedRate = Int64(size)
    }

    /// Returns a size that a directive gives as a number or as a text with variables; 0 if invalid.
    private mutating func size(
        _ number: Int64, _ template: Int32, _ request: inout Request
    ) -> Int64 {
        guard template >= 0 else { return number }
        let text = value(of: plan.templates[Int(template)], &request)
        guard let size = NginxSize.size(text) else {
            logError(
                .error, "invalid size \"\(String(decoding: text, as: UTF8.self))\"",
                request)
            return 0
        }
        return Int64(size)
    }
}
