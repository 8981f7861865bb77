import Configuration

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
            sets: \.scope.sending.sendfileMaxChunk, default: "512k",
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
