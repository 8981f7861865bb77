import Configuration
import HTTP
import Linux
import Reactor

/// The rate of responses.
struct RateSettings {
    var rate: Word?
    var after: Word?
}

/// limit_rate and limit_rate_after.
enum LimitRate {
    static let rows: [DirectiveRow<Draft>] = [
        .setting(
            "limit_rate", in: [.http, .server, .location, .ifInLocation], takes: .exactly(1),
            default: "0",
            "Limits the rate of a response in bytes per second; 0 disables the limit.",
            sets: \.scope.rate.rate,
            read: { (use) throws(Diagnostic) in try size(use) }
        ).evaluating(),
        .setting(
            "limit_rate_after", in: [.http, .server, .location, .ifInLocation],
            takes: .exactly(1), default: "0",
            "Sets the number of bytes that are sent before limit_rate applies.",
            sets: \.scope.rate.after,
            read: { (use) throws(Diagnostic) in try size(use) }
        ).evaluating(),
    ]

    /// Returns a size, or a text with variables that is evaluated for each request.
    private static func size(_ use: DirectiveUse) throws(Diagnostic) -> Word {
        let word = try use.word(0)
        if !word.bytes.contains(UInt8(ascii: "$")) { _ = try use.size(0) }
        return word
    }
}

/// limit_rate and limit_rate_after, compiled: numbers, or the indexes of templates.
struct RatePlan: BitwiseCopyable {
    var bytesPerSecond: Int64
    var rateTemplate: Int32
    var afterBytes: Int64
    var afterTemplate: Int32
}

/// limit_rate: a response is sent as fast as its rate allows, and its connection is throttled when
/// it has sent more.
extension LimitRate {
    static let variables: [VariableRow] = [
        // As in nginx, limit_rate applies once the header is written.
        .always("limit_rate", .perRequest, .ofEvaluation) { request, services, _, writer in
            let isWritten = request.headBytes > 0
            let assigned = request.context?.assignedRate ?? 0
            writer.append(decimal: isWritten ? bytesPerSecond(&request, &services) : assigned)
        }
    ]

    /// Returns the number of bytes of the response that may be sent now; 0 for none.
    static func sendableBytes(_ request: inout Request, _ services: inout Services) -> Int64 {
        guard let rate = sendRate(&request, &services) else { return Int64.max }
        return max(
            0,
            rate.room(
                sentBytes: request.sentBytes,
                elapsedMs: services.clock.monotonicMs &- request.startedMs))
    }

    /// Returns the rate of the current response, evaluated once; nil if it has none.
    static func sendRate(_ request: inout Request, _ services: inout Services) -> RateBucket? {
        let context = services.context(of: &request)
        if let known = context.sendRate { return known }
        let bytesPerSecond = bytesPerSecond(&request, &services)
        var rate: RateBucket?
        if bytesPerSecond > 0 {
            let location = services.plan.locations[Int(request.location)]
            rate = RateBucket(bytesPerSecond: bytesPerSecond)
            if location.rate >= 0 {
                let settings = services.plan.rates[Int(location.rate)]
                rate?.afterBytes = size(
                    settings.afterBytes, settings.afterTemplate, &request, &services)
            }
        }
        if bytesPerSecond > 0 {
            services.explanation?.note("limit_rate: \(bytesPerSecond) bytes per second")
        }
        context.sendRate = .some(rate)
        return rate
    }

    /// Returns the rate limit: the value assigned to `$limit_rate`, or that of limit_rate; 0 for no
    /// limit.
    static func bytesPerSecond(_ request: inout Request, _ services: inout Services) -> Int64 {
        if let assigned = request.context?.assignedRate { return assigned }
        let location = services.plan.locations[Int(request.location)]
        guard location.rate >= 0 else { return 0 }
        let settings = services.plan.rates[Int(location.rate)]
        return size(settings.bytesPerSecond, settings.rateTemplate, &request, &services)
    }

    /// Handles `set $limit_rate`.
    static func setRate(_ template: Template, _ request: inout Request, _ services: inout Services)
    {
        let text = Variables.value(of: template, &request, &services)
        guard let size = NginxSize.size(text) else {
            services.logError(
                .error, "invalid $limit_rate \"\(String(decoding: text, as: UTF8.self))\"",
                request)
            return
        }
        services.context(of: &request).assignedRate = Int64(size)
    }

    /// Returns a size that a directive gives as a number or as a text with variables; 0 if invalid.
    private static func size(
        _ number: Int64, _ template: Int32, _ request: inout Request, _ services: inout Services
    ) -> Int64 {
        guard template >= 0 else { return number }
        let text = Variables.value(of: services.plan.templates[Int(template)], &request, &services)
        guard let size = NginxSize.size(text) else {
            services.logError(
                .error, "invalid size \"\(String(decoding: text, as: UTF8.self))\"",
                request)
            return 0
        }
        return Int64(size)
    }
}
