import Configuration

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
            inherit: { (child, parent) in
                child.scope.requestLimits.limits =
                    child.scope.requestLimits.limits ?? parent.scope.requestLimits.limits
            },
            apply: { (draft, use) throws(Diagnostic) in
                let limit = try limit(use)
                var limits = draft.scope.requestLimits.limits ?? []
                guard !limits.contains(where: { $0.zone == limit.zone }) else {
                    throw use.fail("\"limit_req\" directive is duplicate")
                }
                limits.append(limit)
                draft.scope.requestLimits.limits = limits
            }),
        .row(
            "limit_req_status", in: .httpServerLocation, takes: .exactly(1), default: "503",
            "Sets the status of requests beyond limit_req.",
            inherit: { (child, parent) in
                child.scope.requestLimits.status =
                    child.scope.requestLimits.status ?? parent.scope.requestLimits.status
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.requestLimits.status = try ZoneParameter.status(use)
            }),
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
        return thousandfold(number) / seconds
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
        return thousandfold(number)
    }

    private static func thousandfold(_ number: Int) -> Int64 {
        min(Int64(number), RequestRate.maxExcess / 1000) &* 1000
    }
}
