import Configuration

/// A location's limit_req and limit_conn, compiled.
struct LimitPlan: BitwiseCopyable {
    /// The limits of limit_req in the order of evaluation; the last one counts first.
    var requests: PlanTable<RequestLimit>
    var requestStatus: Int32
    /// The levels at which refusals and delays are logged.
    var requestLevel: LogLevel
    var delayLevel: LogLevel
    var isRequestDryRun: Bool
    var connections: PlanTable<ConnectionLimit>
    var connectionStatus: Int32
    var connectionLevel: LogLevel
    var isConnectionDryRun: Bool
}

/// One `limit_conn`.
struct ConnectionLimit: BitwiseCopyable {
    /// The index of the zone in the plan.
    var zone: Int32
    var maximum: Int64
}

/// limit_rate and limit_rate_after, compiled: numbers, or the indexes of templates.
struct RatePlan: BitwiseCopyable {
    var bytesPerSecond: Int64
    var rateTemplate: Int32
    var afterBytes: Int64
    var afterTemplate: Int32
}

/// Compilation of zones, limits and rates.
enum LimitCompiler {
    /// Compiles the zones, before the locations that use them.
    static func compileZones(_ compiler: inout PlanCompiler) {
        if compiler.draft.countsConnections { compiler.parts.countsConnections = true }
        for zone in compiler.draft.zones {
            let key = compiler.template(zone.key)
            compiler.parts.zoneKeys.append(key)
            compiler.parts.zones.append(
                ZonePlan(
                    kind: zone.kind, name: zone.name, size: zone.size, keyText: zone.key.text))
        }
    }

    /// Adds the limits of a level. Returns their index; -1 for none.
    static func limits(of scope: LevelSettings, _ compiler: inout PlanCompiler) -> Int32 {
        let requests = (scope.requestLimits.limits ?? []).compactMap { limit -> RequestLimit? in
            guard let zone = zone(limit.zone, .requests, at: limit.word, &compiler) else {
                return nil
            }
            return RequestLimit(
                zone: Int32(zone), rate: compiler.draft.zones[zone].rate, burst: limit.burst,
                delay: limit.delay)
        }
        let connections = (scope.connectionLimits.limits ?? []).compactMap {
            limit -> ConnectionLimit? in
            guard let zone = zone(limit.zone, .connections, at: limit.word, &compiler) else {
                return nil
            }
            return ConnectionLimit(zone: Int32(zone), maximum: Int64(limit.maximum))
        }
        guard !requests.isEmpty || !connections.isEmpty else { return -1 }
        let level = scope.requestLimits.logLevel ?? .error
        return compiler.parts.limits.add(
            LimitPlan(
                requests: compiler.parts.arena.store(elements: requests),
                requestStatus: Int32(clamping: scope.requestLimits.status ?? 503),
                requestLevel: level,
                delayLevel: LogLevel(rawValue: min(level.rawValue &+ 1, LogLevel.info.rawValue))
                    ?? .info,
                isRequestDryRun: scope.requestLimits.isDryRun ?? false,
                connections: compiler.parts.arena.store(elements: connections),
                connectionStatus: Int32(clamping: scope.connectionLimits.status ?? 503),
                connectionLevel: scope.connectionLimits.logLevel ?? .error,
                isConnectionDryRun: scope.connectionLimits.isDryRun ?? false))
    }

    /// Returns the index of the zone that a directive names; reports an unknown one.
    private static func zone(
        _ name: String, _ kind: ZonePlan.Kind, at word: Word, _ compiler: inout PlanCompiler
    ) -> Int? {
        guard let index = compiler.draft.zones.firstIndex(where: { $0.name == name }) else {
            let known = compiler.draft.zones.filter { $0.kind == kind }.map(\.name)
            let nearest = Suggestion.nearest(to: name, among: known)
            compiler.report(
                Diagnostic(
                    .error, "zero size shared memory zone \"\(name)\"", at: word.place,
                    length: word.length,
                    help: [
                        nearest.map { "did you mean \"\($0)\"?" }
                            ?? "\(kind.directive) declares it, with its size"
                    ]))
            return nil
        }
        guard compiler.draft.zones[index].kind == kind else {
            compiler.report(
                Diagnostic(
                    .error,
                    "the shared memory zone \"\(name)\" is already declared for a different use",
                    at: word.place, length: word.length))
            return nil
        }
        return index
    }

    /// Adds the rate of a level. Returns its index; -1 for none.
    static func rate(of scope: LevelSettings, _ compiler: inout PlanCompiler) -> Int32 {
        let bytesPerSecond = size(scope.rate.rate, &compiler)
        let isUnlimited = bytesPerSecond.template < 0 && bytesPerSecond.number == 0
        if isUnlimited, !compiler.draft.setsRate { return -1 }
        let after = size(scope.rate.after, &compiler)
        return compiler.parts.rates.add(
            RatePlan(
                bytesPerSecond: bytesPerSecond.number, rateTemplate: bytesPerSecond.template,
                afterBytes: after.number, afterTemplate: after.template))
    }

    private static func size(_ word: Word?, _ compiler: inout PlanCompiler) -> (
        number: Int64, template: Int32
    ) {
        guard let word else { return (0, -1) }
        // The row has checked that it is valid.
        if let size = NginxSize.size(word.bytes) { return (Int64(size), -1) }
        return (0, compiler.add(compiler.template(word)))
    }
}

extension ZonePlan.Kind {
    /// The directive that defines such a zone.
    var directive: String {
        switch self {
        case .requests: "limit_req_zone"
        case .connections: "limit_conn_zone"
        }
    }
}
