import Configuration

/// The timeouts of a connection, in milliseconds.
struct TimeoutSettings {
    var headerMs: Int?
    var bodyMs: Int?
    var sendMs: Int?
    var keepaliveMs: Int?
    /// The second argument of keepalive_timeout, seconds for the Keep-Alive field; 0 for none.
    var keepaliveFieldSeconds: Int?
    var keepaliveRequests: Int?
    var keepaliveTimeMs: Int?
    var keepaliveMinMs: Int?
    var keepaliveDisable: KeepaliveDisable?
    var lingeringClose: LingeringClose?
    var lingeringTimeMs: Int?
    var lingeringTimeoutMs: Int?
    var resetsTimedOut: Bool?
}

/// keepalive_disable: the browsers whose connections are closed.
struct KeepaliveDisable: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt8
    /// Internet Explorer 4 to 6, after POST.
    static let msie6 = KeepaliveDisable(rawValue: 1)
    /// Safari and browsers that identify as it on macOS.
    static let safari = KeepaliveDisable(rawValue: 2)
}

/// lingering_close: whether a connection is read from for a while before it is closed, so that the
/// client can read the response: a close with unread bytes would reset the connection.
enum LingeringClose: UInt8, BitwiseCopyable {
    case never
    /// If the client has sent, or may be sending, bytes that were not read.
    case whenUnread
    case always
}

/// Timeouts, keep-alive and lingering close.
enum TimeoutDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .milliseconds(
            "client_header_timeout", in: [.http, .server], sets: \.scope.timeouts.headerMs,
            default: "60s", "How long a whole request head may take to come."),
        .milliseconds(
            "client_body_timeout", in: .httpServerLocation, sets: \.scope.timeouts.bodyMs,
            default: "60s", "How long the pause between two pieces of a request body may be."),
        .milliseconds(
            "send_timeout", in: .httpServerLocation, sets: \.scope.timeouts.sendMs,
            default: "60s", "How long the pause between two writes to a client may be."),
        .row(
            "keepalive_timeout", in: .httpServerLocation, takes: .oneOf([1, 2]), default: "75s",
            "How long an idle connection is kept; the second time is sent as Keep-Alive.",
            inherit: { (child, parent) in
                guard child.scope.timeouts.keepaliveMs == nil else { return }
                child.scope.timeouts.keepaliveMs = parent.scope.timeouts.keepaliveMs
                child.scope.timeouts.keepaliveFieldSeconds =
                    parent.scope.timeouts.keepaliveFieldSeconds
            },
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.timeouts.keepaliveMs = try use.milliseconds(0)
                draft.scope.timeouts.keepaliveFieldSeconds =
                    use.arguments.count > 1 ? try use.seconds(1) : 0
            }),
        .milliseconds(
            "keepalive_min_timeout", in: .httpServerLocation,
            sets: \.scope.timeouts.keepaliveMinMs, default: "0",
            "How long an idle connection is kept even where it could give way to others."),
        .row(
            "keepalive_disable", in: .httpServerLocation, takes: .oneOf([1, 2]),
            default: "msie6", "The browsers whose connections are not kept.",
            inherit: { (child, parent) in
                child.scope.timeouts.keepaliveDisable =
                    child.scope.timeouts.keepaliveDisable
                    ?? parent.scope.timeouts.keepaliveDisable
            },
            apply: { (draft, use) throws(Diagnostic) in
                var browsers: KeepaliveDisable = []
                for index in use.arguments.indices {
                    browsers.formUnion(
                        try use.oneOf(
                            index, [("none", []), ("msie6", .msie6), ("safari", .safari)]))
                }
                draft.scope.timeouts.keepaliveDisable = browsers
            }),
        .integer(
            "keepalive_requests", in: .httpServerLocation,
            sets: \.scope.timeouts.keepaliveRequests, default: "1000",
            "How many requests one connection may bring."),
        .milliseconds(
            "keepalive_time", in: .httpServerLocation, sets: \.scope.timeouts.keepaliveTimeMs,
            default: "1h", "How old a connection may grow before it is closed after an answer."),
        .choice(
            "lingering_close", in: .httpServerLocation, sets: \.scope.timeouts.lingeringClose,
            [("off", .never), ("on", .whenUnread), ("always", .always)], default: "on",
            "Whether unread bytes are waited for before a connection is closed."),
        .milliseconds(
            "lingering_time", in: .httpServerLocation, sets: \.scope.timeouts.lingeringTimeMs,
            default: "30s", "How long unread bytes are read and thrown away altogether."),
        .milliseconds(
            "lingering_timeout", in: .httpServerLocation,
            sets: \.scope.timeouts.lingeringTimeoutMs, default: "5s",
            "How long the pause between two of them may be."),
        .flag(
            "reset_timedout_connection", in: .httpServerLocation,
            sets: \.scope.timeouts.resetsTimedOut, default: "off",
            "Whether a connection that timed out is reset, which frees its memory at once."),
    ]
}
