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
extension Worker {
    /// Applies the limits. Returns nil if the request continues.
    mutating func applyLimits(_ request: inout Request, _ location: LocationPlan) -> Outcome? {
        let limits = plan.limits[Int(location.limits)]
        if !limits.requests.isEmpty, context(of: &request).requestLimiting == nil,
            let outcome = limitRequests(&request, limits)
        {
            return outcome
        }
        if !limits.connections.isEmpty, context(of: &request).connectionLimiting == nil {
            return limitConnections(&request, limits)
        }
        return nil
    }

    // MARK: limit_req

    private mutating func limitRequests(
        _ request: inout Request, _ limits: LimitPlan
    ) -> Outcome? {
        let requests = (0..<limits.requests.count).map { limits.requests[$0] }
        let keys = requests.map { key(of: $0.zone, ZoneTable.maxKeyLength, &request) }
        let verdict = RequestVerdict.evaluate(
            requests, keys, in: context.zones, nowMs: clock.monotonicMs)
        let dryRun = limits.isRequestDryRun ? ", dry run" : ""
        explanation?.note("limit_req: \(verdict.text)\(dryRun)")
        let state = context(of: &request)
        switch verdict {
        case .unlimited: return nil
        case .passed:
            state.requestLimiting = .passed
            return nil
        case .rejected(let excess, let index):
            logError(
                limits.requestLevel,
                "limiting requests\(dryRun), excess: \(thousandths(excess)) "
                    + "by zone \"\(plan.zones[Int(requests[index].zone)].name)\"", request)
            state.requestLimiting = limits.isRequestDryRun ? .rejectedDryRun : .rejected
            return limits.isRequestDryRun ? nil : .status(Int(limits.requestStatus))
        case .delayed(let milliseconds, let excess, let index):
            logError(
                limits.delayLevel,
                "delaying request\(dryRun), excess: \(thousandths(excess)), "
                    + "by zone \"\(plan.zones[Int(requests[index].zone)].name)\"", request)
            state.requestLimiting = limits.isRequestDryRun ? .delayedDryRun : .delayed
            if limits.isRequestDryRun { return nil }
            timers.arm(request.slot, atMs: clock.monotonicMs &+ milliseconds)
            request.phase = .limits
            return .suspended
        }
    }

    /// Formats a number as in `1.500`.
    private func thousandths(_ number: Int64) -> String {
        let rest = String(number % 1000)
        return "\(number / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    /// Returns the key of a request in a zone; nil if it has none or one that is too long.
    private mutating func key(
        of zone: Int32, _ longest: Int, _ request: inout Request
    ) -> [UInt8]? {
        let key = value(of: plan.zoneKeys[Int(zone)], &request)
        guard !key.isEmpty else { return nil }
        guard key.count <= longest else {
            logError(
                .error,
                "the value of the \"\(plan.zones[Int(zone)].keyText)\" key is more than "
                    + "\(longest) bytes: \"\(String(decoding: key, as: UTF8.self))\"", request)
            return nil
        }
        return key
    }

    // MARK: limit_conn

    /// nginx's maximum length of a key of limit_conn_zone.
    private static let maxConnectionKeyLength = 255

    private mutating func limitConnections(
        _ request: inout Request, _ limits: LimitPlan
    ) -> Outcome? {
        let state = context(of: &request)
        for index in 0..<limits.connections.count {
            let limit = limits.connections[index]
            guard let key = key(of: limit.zone, Worker.maxConnectionKeyLength, &request)
            else {
                continue
            }
            state.connectionLimiting = .passed
            let admission = context.zones[Int(limit.zone)].admit(
                key.span, most: limit.maximum)
            if case .admitted(let entry) = admission {
                state.countedConnections.append(CountedConnection(zone: limit.zone, entry: entry))
                continue
            }
            if admission == .uncounted { continue }
            explanation?.note("limit_conn: refused by zone \(plan.zones[Int(limit.zone)].name)")
            if admission == .tooMany {
                let dryRun = limits.isConnectionDryRun ? ", dry run," : ""
                logError(
                    limits.connectionLevel,
                    "limiting connections\(dryRun) "
                        + "by zone \"\(plan.zones[Int(limit.zone)].name)\"", request)
            }
            uncountConnections(&request)
            state.connectionLimiting = limits.isConnectionDryRun ? .rejectedDryRun : .rejected
            return limits.isConnectionDryRun ? nil : .status(Int(limits.connectionStatus))
        }
        return nil
    }

    /// Removes the request from all zones.
    mutating func uncountConnections(_ request: inout Request) {
        guard let state = request.context, !state.countedConnections.isEmpty else {
            return
        }
        for counted in state.countedConnections {
            context.zones[Int(counted.zone)].uncount(entry: counted.entry)
        }
        state.countedConnections = []
    }
}
