import Configuration

/// The limits of requests.
struct RequestSettings {
    var headerBufferSize: Int?
    var largeBuffers: LargeBuffers?
    var maxHeaders: Int?
    var maxBodySize: Int?
    var ignoresInvalidNames: Bool?
    var allowsUnderscores: Bool?
    var mergesSlashes: Bool?
    var isStrict: Bool?
}

/// large_client_header_buffers: their number and size.
struct LargeBuffers: Sendable {
    let count: Int
    let size: Int
}

/// The limits of a request's head and body.
enum RequestDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "client_header_buffer_size", in: [.http, .server], takes: .exactly(1), default: "1k",
            "Sets the size of the buffer for most request headers.",
            inherit: DirectiveRow.inheriting(\.scope.request.headerBufferSize),
            apply: { (draft, use) throws(Diagnostic) in
                let size = try use.size(0)
                guard size > 0, size <= 1 << 26 else {
                    throw use.fail("invalid value", at: 0, help: ["it must be from 1 to 64m"])
                }
                draft.scope.request.headerBufferSize = size
            }),
        .row(
            "large_client_header_buffers", in: [.http, .server], takes: .exactly(2),
            default: "4 8k",
            "Sets the number and size of buffers for large request headers; the size limits one "
                + "line.",
            inherit: DirectiveRow.inheriting(\.scope.request.largeBuffers),
            apply: { (draft, use) throws(Diagnostic) in
                let count = try use.integer(0)
                let size = try use.size(1)
                guard count > 0, count <= 65536 else { throw use.fail("invalid value", at: 0) }
                guard size > 0, size <= 1 << 26 else { throw use.fail("invalid value", at: 1) }
                draft.scope.request.largeBuffers = LargeBuffers(count: count, size: size)
            }
        ).differing(
            "The limit applies to the total size; nginx counts buffers, which lines fill only in "
                + "part."),
        .integer(
            "max_headers", in: [.http, .server], sets: \.scope.request.maxHeaders,
            default: "1000", "Sets the maximum number of headers in a request."),
        .offset(
            "client_max_body_size", in: .httpServerLocation, sets: \.scope.request.maxBodySize,
            default: "1m", "Sets the maximum size of a request body; 0 disables the check."),
        .flag(
            "ignore_invalid_headers", in: [.http, .server],
            sets: \.scope.request.ignoresInvalidNames, default: "on",
            "Ignores headers with invalid names."),
        .flag(
            "underscores_in_headers", in: [.http, .server],
            sets: \.scope.request.allowsUnderscores, default: "off",
            "Allows underscores in header names."),
        .flag(
            "merge_slashes", in: [.http, .server], sets: \.scope.request.mergesSlashes,
            default: "on", "Merges adjacent slashes in a path."),
        .flag(
            "strict_requests", in: [.http, .server], sets: \.scope.request.isStrict,
            default: "off",
            "Refuses malformed requests that nginx accepts against the RFCs; specific to apus."),
    ]
}

/// The sending of bytes.
struct SendingSettings {
    var usesSendfile: Bool?
    var sendfileMaxChunk: Int?
    var isCorked: Bool?
    var isNoDelay: Bool?
    /// aio threads
    var readsViaHelper: Bool?
}

/// sendfile, and the TCP options that delay or send small packets.
enum SendingDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "sendfile", in: [.http, .server, .location, .ifInLocation],
            sets: \.scope.sending.usesSendfile, default: "off",
            "Sends larger files with sendfile(2), without copying."),
        .size(
            "sendfile_max_chunk", in: .httpServerLocation,
            sets: \.scope.sending.sendfileMaxChunk, default: "128k",
            "Sets the number of bytes that a connection sends before others get their turn."
        )
        .differing(
            "nginx's default is 2m, which costs more and makes other connections wait "
                + "longer."),
        .flag(
            "tcp_nopush", in: .httpServerLocation, sets: \.scope.sending.isCorked,
            default: "off",
            "Sends a head and the file in one packet even if limit_rate applies."
        )
        .differing("Without limit_rate they always share a packet, which costs less."),
        .flag(
            "tcp_nodelay", in: .httpServerLocation, sets: \.scope.sending.isNoDelay,
            default: "on",
            "Sends small pieces at once (TCP_NODELAY); set for each listening socket."
        ),
    ]
}

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
            inherit: DirectiveRow.inheriting(\.scope.timeouts.keepaliveDisable),
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
