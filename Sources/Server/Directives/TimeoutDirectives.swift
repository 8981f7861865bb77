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
            default: "60s", "Sets the timeout for receiving a request header."),
        .milliseconds(
            "client_body_timeout", in: .httpServerLocation, sets: \.scope.timeouts.bodyMs,
            default: "60s", "Sets the timeout between two reads of a request body."),
        .milliseconds(
            "send_timeout", in: .httpServerLocation, sets: \.scope.timeouts.sendMs,
            default: "60s", "Sets the timeout between two writes to a client."),
        .row(
            "keepalive_timeout", in: .httpServerLocation, takes: .oneOf([1, 2]), default: "75s",
            "Sets the timeout for idle connections; the second argument is sent as Keep-Alive.",
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
            "Sets the time for which an idle connection is not closed in favour of others."),
        .row(
            "keepalive_disable", in: .httpServerLocation, takes: .oneOf([1, 2]),
            default: "msie6", "Disables keep-alive for browsers.",
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
            "Sets the maximum number of requests on a connection."),
        .milliseconds(
            "keepalive_time", in: .httpServerLocation, sets: \.scope.timeouts.keepaliveTimeMs,
            default: "1h",
            "Sets the maximum age of a connection, after which it is closed after "
                + "the next response."),
        .choice(
            "lingering_close", in: .httpServerLocation, sets: \.scope.timeouts.lingeringClose,
            [("off", .never), ("on", .whenUnread), ("always", .always)], default: "on",
            "Reads unread data before a connection is closed: on, off or always."),
        .milliseconds(
            "lingering_time", in: .httpServerLocation, sets: \.scope.timeouts.lingeringTimeMs,
            default: "30s", "Sets the total time for reading and discarding unread data."),
        .milliseconds(
            "lingering_timeout", in: .httpServerLocation,
            sets: \.scope.timeouts.lingeringTimeoutMs, default: "5s",
            "Sets the timeout between two reads of unread data."),
        .flag(
            "reset_timedout_connection", in: .httpServerLocation,
            sets: \.scope.timeouts.resetsTimedOut, default: "off",
            "Resets connections that time out, which frees their memory at once."),
    ]
}
