import Configuration
import HTTP
import Linux
import Reactor

/// The maximum rate of requests.
struct LimitReqSettings {
    var limits: [LimitReqDraft]?
    var status: Int?
    var logLevel: LogLevel?
    var isDryRun: Bool?
}

/// One `limit_req`, in thousandths of a request.
struct LimitReqDraft {
    let zone: String
    let burst: Int64
    let delay: Int64
    let word: Word
}

/// limit_req and its zones.
enum LimitReqDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "limit_req_zone", in: .http, takes: .exactly(3), repeats: .yes,
            "Defines shared memory that counts requests by a key, and their rate: zone=, rate=."
        ) { (draft, use) throws(Diagnostic) in try parseZone(use, into: &draft) },
        .row(
            "limit_req", in: .httpServerLocation, takes: .oneOf([1, 2, 3]), repeats: .yes,
            "Limits requests to the rate of a zone: zone=, burst=, delay= or nodelay.",
            inherit: DirectiveRow.inheriting(\.scope.requestLimits.limits),
            apply: { (draft, use) throws(Diagnostic) in
                let limit = try limit(use)
                var limits = draft.scope.requestLimits.limits ?? []
                guard !limits.contains(where: { $0.zone == limit.zone }) else {
                    throw use.fail("\"limit_req\" directive is duplicate")
                }
                limits.append(limit)
                draft.scope.requestLimits.limits = limits
            }),
        .setting(
            "limit_req_status", in: .httpServerLocation, takes: .exactly(1), default: "503",
            "Sets the status of requests beyond limit_req.",
            sets: \.scope.requestLimits.status,
            read: { (use) throws(Diagnostic) in try ZoneParameter.status(use) }),
        .choice(
            "limit_req_log_level", in: .httpServerLocation, sets: \.scope.requestLimits.logLevel,
            ZoneParameter.logLevels, default: "error",
            "Sets the log level of refused requests; delays are logged one level lower."),
        .flag(
            "limit_req_dry_run", in: .httpServerLocation, sets: \.scope.requestLimits.isDryRun,
            default: "off", "Only counts and logs requests, without limiting them."),
    ]

    private static func parseZone(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        var zone: (name: String, size: Int)?
        var rate: Int64 = 1000
        for index in 1..<use.arguments.count {
            if let named = try ZoneParameter.zone(use, index) {
                zone = named
            } else if let value = try ZoneParameter.value(of: "rate", use, index) {
                rate = try self.rate(value, use, index)
            } else {
                throw use.fail("invalid parameter \"\(try use.text(index))\"", at: index)
            }
        }
        try ZoneParameter.declare(.requests, zone, rate: rate, use, into: &draft)
    }

    /// Parses `5r/s`, `30r/m` or, as nginx does, `5`. Returns thousandths of a request per second.
    private static func rate(
        _ value: ArraySlice<UInt8>, _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> Int64 {
        var digits = value
        var seconds: Int64 = 1
        if value.suffix(3).elementsEqual("r/s".utf8) {
            digits = value.dropLast(3)
        } else if value.suffix(3).elementsEqual("r/m".utf8) {
            digits = value.dropLast(3)
            seconds = 60
        }
        guard let number = NginxSize.integer(digits), number > 0 else {
            throw use.fail(
                "invalid rate \"\(try use.text(index))\"", at: index,
                help: [
                    "a rate is a number of requests per second or per minute: rate=5r/s, "
                        + "rate=30r/m"
                ]
            )
        }
        return inThousandths(number) / seconds
    }

    private static func limit(_ use: DirectiveUse) throws(Diagnostic) -> LimitReqDraft {
        var zone: String?
        var burst: Int64 = 0
        var delay: Int64 = 0
        for index in use.arguments.indices {
            if let value = try ZoneParameter.value(of: "zone", use, index) {
                zone = String(decoding: value, as: UTF8.self)
            } else if let value = try ZoneParameter.value(of: "burst", use, index) {
                burst = try count(value, "burst", use, index)
            } else if let value = try ZoneParameter.value(of: "delay", use, index) {
                delay = try count(value, "delay", use, index)
            } else if try use.text(index) == "nodelay" {
                delay = RequestRate.maxExcess
            } else {
                throw use.fail("invalid parameter \"\(try use.text(index))\"", at: index)
            }
        }
        guard let zone, !zone.isEmpty else {
            throw use.fail("\"limit_req\" must have \"zone\" parameter")
        }
        return LimitReqDraft(zone: zone, burst: burst, delay: delay, word: try use.word(0))
    }

    private static func count(
        _ digits: ArraySlice<UInt8>, _ name: String, _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> Int64 {
        guard let number = NginxSize.integer(digits), number > 0 else {
            throw use.fail("invalid \(name) value \"\(try use.text(index))\"", at: index)
        }
        return inThousandths(number)
    }

    private static func inThousandths(_ number: Int) -> Int64 {
        min(Int64(number), RequestRate.maxExcess / 1000) &* 1000
    }
}

/// The maximum number of requests at the same time.
struct LimitConnSettings {
    var limits: [LimitConnDraft]?
    var status: Int?
    var logLevel: LogLevel?
    var isDryRun: Bool?
}

/// One `limit_conn`.
struct LimitConnDraft {
    let zone: String
    let maximum: Int
    let word: Word
}

/// limit_conn and its zones.
enum LimitConnDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "limit_conn_zone", in: .http, takes: .exactly(2), repeats: .yes,
            "Defines shared memory that counts active connections by a key: zone=."
        ) { (draft, use) throws(Diagnostic) in
            guard let zone = try ZoneParameter.zone(use, 1) else {
                throw use.fail("invalid parameter \"\(try use.text(1))\"", at: 1)
            }
            try ZoneParameter.declare(.connections, zone, rate: 0, use, into: &draft)
        },
        .row(
            "limit_conn", in: .httpServerLocation, takes: .exactly(2), repeats: .yes,
            "Limits the number of active connections for a key of a zone.",
            inherit: DirectiveRow.inheriting(\.scope.connectionLimits.limits),
            apply: { (draft, use) throws(Diagnostic) in
                let limit = try limit(use)
                var limits = draft.scope.connectionLimits.limits ?? []
                guard !limits.contains(where: { $0.zone == limit.zone }) else {
                    throw use.fail("\"limit_conn\" directive is duplicate")
                }
                limits.append(limit)
                draft.scope.connectionLimits.limits = limits
            }),
        .setting(
            "limit_conn_status", in: .httpServerLocation, takes: .exactly(1), default: "503",
            "Sets the status of requests beyond limit_conn.",
            sets: \.scope.connectionLimits.status,
            read: { (use) throws(Diagnostic) in try ZoneParameter.status(use) }),
        .choice(
            "limit_conn_log_level", in: .httpServerLocation,
            sets: \.scope.connectionLimits.logLevel, ZoneParameter.logLevels, default: "error",
            "Sets the log level of refused connections."),
        .flag(
            "limit_conn_dry_run", in: .httpServerLocation,
            sets: \.scope.connectionLimits.isDryRun, default: "off",
            "Only counts and logs connections, without limiting them."),
    ]

    private static func limit(_ use: DirectiveUse) throws(Diagnostic) -> LimitConnDraft {
        guard let most = NginxSize.integer(try use.bytes(1)[...]), most > 0 else {
            throw use.fail("invalid number of connections \"\(try use.text(1))\"", at: 1)
        }
        guard most <= 65535 else {
            throw use.fail("connection limit must be less 65536", at: 1)
        }
        return LimitConnDraft(zone: try use.text(0), maximum: most, word: try use.word(0))
    }
}

/// A `limit_req_zone` or `limit_conn_zone`, while the configuration is read.
struct ZoneDraft {
    let kind: ZonePlan.Kind
    let name: String
    let size: Int
    let key: Word
    /// Thousandths of a request per second; only for limit_req_zone.
    let rate: Int64
}

/// Parameters of both kinds of zones.
enum ZoneParameter {
    /// nginx's minimum: eight pages.
    private static let minSize = 32768

    /// Parses `zone=name:size`; nil if the argument is another one.
    static func zone(
        _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> (name: String, size: Int)? {
        guard let value = try value(of: "zone", use, index) else { return nil }
        let text = try use.text(index)
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")),
            let size = NginxSize.size(Array(value[(colon + 1)...]))
        else {
            throw use.fail(
                "invalid zone size \"\(text)\"", at: index,
                help: ["a zone has a name and a size: zone=one:10m"])
        }
        guard size >= minSize else {
            throw use.fail(
                "zone \"\(text)\" is too small", at: index, help: ["the minimum is 32k"])
        }
        return (String(decoding: value[..<colon], as: UTF8.self), size)
    }

    /// Returns the text after `name=` in an argument; nil if it is another one.
    static func value(
        of name: String, _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> ArraySlice<UInt8>? {
        let bytes = try use.bytes(index)
        let prefix = Array(name.utf8) + [UInt8(ascii: "=")]
        return bytes.starts(with: prefix) ? bytes[prefix.count...] : nil
    }

    /// Adds a zone, whose name must be new.
    static func declare(
        _ kind: ZonePlan.Kind, _ zone: (name: String, size: Int)?, rate: Int64,
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        guard let zone, !zone.name.isEmpty else {
            throw use.fail("\"\(use.name)\" must have \"zone\" parameter")
        }
        if let known = draft.zones.first(where: { $0.name == zone.name }) {
            guard known.kind == kind else {
                throw use.fail(
                    "the shared memory zone \"\(zone.name)\" is already declared "
                        + "for a different use")
            }
            throw use.fail(
                "\(use.name) \"\(zone.name)\" is already bound to key \"\(known.key.text)\"")
        }
        draft.zones.append(
            ZoneDraft(
                kind: kind, name: zone.name, size: zone.size, key: try use.word(0), rate: rate))
    }

    /// Parses a status for refused requests: 400 to 599.
    static func status(_ use: DirectiveUse) throws(Diagnostic) -> Int {
        let status = try use.integer(0)
        guard status >= 400, status <= 599 else {
            throw use.fail("value must be between 400 and 599", at: 0)
        }
        return status
    }

    /// The levels at which refusals can be logged.
    static let logLevels: [(String, LogLevel)] = [
        ("info", .info), ("notice", .notice), ("warn", .warn), ("error", .error),
    ]
}

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

    static let variables: [VariableRow] = [
        .ifAny("limit_req_status", .perRequest, .ofEvaluation) {
            write($0.context?.requestLimiting, into: &$3)
        },
        .ifAny("limit_conn_status", .perRequest, .ofEvaluation) {
            write($0.context?.connectionLimiting, into: &$3)
        },
    ]

    private static func write(_ status: LimitStatus?, into writer: inout ByteWriter) -> Bool {
        if let status { writer.append(string: status.rawValue) }
        return status != nil
    }

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
