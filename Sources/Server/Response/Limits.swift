import HTTP
import Linux
import Reactor

/// The result of a limit, as in `$limit_req_status` and `$limit_conn_status`.
enum LimitStatus: String {
    case passed = "PASSED"
    case delayed = "DELAYED"
    case rejected = "REJECTED"
    case delayedDryRun = "DELAYED_DRY_RUN"
    case rejectedDryRun = "REJECTED_DRY_RUN"
}

/// A connection that is counted in a zone until the end of the request.
struct CountedConnection: BitwiseCopyable {
    var zone: Int32
    var entry: Int
}

/// limit_req, then limit_conn: each once per request, also after internal redirects.
enum Limits: Step {
    static var cacheability: Cacheability { .perRequest }

    /// Applies the limits. Returns nil if the request continues.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        let limits = services.plan.limits[Int(location.limits)]
        if !limits.requests.isEmpty, services.context(of: &request).requestLimiting == nil,
            let outcome = limitRequests(&request, &services, limits)
        {
            return outcome
        }
        if !limits.connections.isEmpty, services.context(of: &request).connectionLimiting == nil {
            return limitConnections(&request, &services, limits)
        }
        return nil
    }

    // MARK: limit_req

    private static func limitRequests(
        _ request: inout Request, _ services: inout Services, _ limits: LimitPlan
    ) -> PhaseOutcome? {
        let requests = (0..<limits.requests.count).map { limits.requests[$0] }
        let keys = requests.map { key(of: $0.zone, ZoneTable.maxKeyLength, &request, &services) }
        let verdict = RequestVerdict.evaluate(
            requests, keys, in: services.context.zones, nowMs: services.clock.monotonicMs)
        let dryRun = limits.isRequestDryRun ? ", dry run" : ""
        services.explanation?.note("limit_req: \(verdict.text)\(dryRun)")
        let state = services.context(of: &request)
        switch verdict {
        case .unlimited: return nil
        case .passed:
            state.requestLimiting = .passed
            return nil
        case .rejected(let excess, let index):
            services.logError(
                limits.requestLevel,
                "limiting requests\(dryRun), excess: \(thousandths(excess)) "
                    + "by zone \"\(services.plan.zones[Int(requests[index].zone)].name)\"", request)
            state.requestLimiting = limits.isRequestDryRun ? .rejectedDryRun : .rejected
            return limits.isRequestDryRun ? nil : .status(Int(limits.requestStatus))
        case .delayed(let milliseconds, let excess, let index):
            services.logError(
                limits.delayLevel,
                "delaying request\(dryRun), excess: \(thousandths(excess)), "
                    + "by zone \"\(services.plan.zones[Int(requests[index].zone)].name)\"", request)
            state.requestLimiting = limits.isRequestDryRun ? .delayedDryRun : .delayed
            if limits.isRequestDryRun { return nil }
            services.timers.arm(request.slot, atMs: services.clock.monotonicMs &+ milliseconds)
            request.phase = .limits
            return .suspended
        }
    }

    /// Formats a number as in `1.500`.
    private static func thousandths(_ number: Int64) -> String {
        let rest = String(number % 1000)
        return "\(number / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    /// Returns the key of a request in a zone; nil if it has none or one that is too long.
    private static func key(
        of zone: Int32, _ longest: Int, _ request: inout Request, _ services: inout Services
    ) -> [UInt8]? {
        let key = Variables.value(of: services.plan.zoneKeys[Int(zone)], &request, &services)
        guard !key.isEmpty else { return nil }
        guard key.count <= longest else {
            services.logError(
                .error,
                "the value of the \"\(services.plan.zones[Int(zone)].keyText)\" key is more than "
                    + "\(longest) bytes: \"\(String(decoding: key, as: UTF8.self))\"", request)
            return nil
        }
        return key
    }

    // MARK: limit_conn

    /// nginx's maximum length of a key of limit_conn_zone.
    private static let maxConnectionKeyLength = 255

    private static func limitConnections(
        _ request: inout Request, _ services: inout Services, _ limits: LimitPlan
    ) -> PhaseOutcome? {
        let state = services.context(of: &request)
        for index in 0..<limits.connections.count {
            let limit = limits.connections[index]
            guard let key = key(of: limit.zone, maxConnectionKeyLength, &request, &services)
            else {
                continue
            }
            state.connectionLimiting = .passed
            let admission = services.context.zones[Int(limit.zone)].admit(
                key.span, most: limit.maximum)
            if case .admitted(let entry) = admission {
                state.countedConnections.append(CountedConnection(zone: limit.zone, entry: entry))
                continue
            }
            if admission == .uncounted { continue }
            services.explanation?.note(
                "limit_conn: refused by zone \(services.plan.zones[Int(limit.zone)].name)")
            if admission == .tooMany {
                let dryRun = limits.isConnectionDryRun ? ", dry run," : ""
                services.logError(
                    limits.connectionLevel,
                    "limiting connections\(dryRun) "
                        + "by zone \"\(services.plan.zones[Int(limit.zone)].name)\"", request)
            }
            uncountConnections(&request, &services)
            state.connectionLimiting = limits.isConnectionDryRun ? .rejectedDryRun : .rejected
            return limits.isConnectionDryRun ? nil : .status(Int(limits.connectionStatus))
        }
        return nil
    }

    /// Removes the request from all zones.
    static func uncountConnections(_ request: inout Request, _ services: inout Services) {
        guard let state = request.context, !state.countedConnections.isEmpty else {
            return
        }
        for counted in state.countedConnections {
            services.context.zones[Int(counted.zone)].uncount(entry: counted.entry)
        }
        state.countedConnections = []
    }
}
