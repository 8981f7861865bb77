import Configuration

/// The sending of bytes.
struct SendingSettings {
    var usesSendfile: Bool?
    var sendfileMaxChunk: Int?
    var isCorked: Bool?
    var isNoDelay: Bool?
    /// aio threads
    var readsElsewhere: Bool?
}

/// sendfile, and the TCP options that delay or send small packets.
enum SendingDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "sendfile", in: [.http, .server, .location, .ifInLocation],
            sets: \.scope.sending.usesSendfile, default: "off",
            "Whether larger files go from the page cache to the socket without being copied."),
        .size(
            "sendfile_max_chunk", in: .httpServerLocation,
            sets: \.scope.sending.sendfileMaxChunk, default: "512k",
            "How much one connection sends before the others have their turn."
        )
        .differing("nginx's default is 2m, which costs more and has the others wait longer."),
        .flag(
            "tcp_nopush", in: .httpServerLocation, sets: \.scope.sending.isCorked,
            default: "off",
            "Whether a head shares a packet with the file behind it where limit_rate applies too."
        )
        .differing("elsewhere it always does, which costs less."),
        .flag(
            "tcp_nodelay", in: .httpServerLocation, sets: \.scope.sending.isNoDelay,
            default: "on",
            "Whether small pieces are sent at once (TCP_NODELAY); decided for each listener."
        ),
    ]
}
