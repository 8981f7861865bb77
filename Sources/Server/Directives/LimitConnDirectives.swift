import Configuration

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
            inherit: { (child, parent) in
                child.scope.connectionLimits.limits =
                    child.scope.connectionLimits.limits ?? parent.scope.connectionLimits.limits
            },
            apply: { (draft, use) throws(Diagnostic) in
                let limit = try limit(use)
                var limits = draft.scope.connectionLimits.limits ?? []
                guard !limits.contains(where: { $0.zone == limit.zone }) else {
                    throw use.fail("\"limit_conn\" directive is duplicate")
                }
                limits.append(limit)
                draft.scope.connectionLimits.limits = limits
            }),
        .row(
            "limit_conn_status", in: .httpServerLocation, takes: .exactly(1), default: "503",
            "Sets the status of requests beyond limit_conn.",
            inherit: { (child, parent) in
                child.scope.connectionLimits.status =
                    child.scope.connectionLimits.status ?? parent.scope.connectionLimits.status
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.connectionLimits.status = try ZoneParameter.status(use)
            }),
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
