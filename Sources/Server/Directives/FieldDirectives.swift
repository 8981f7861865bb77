import Configuration

/// Header fields of responses.
struct FieldSettings {
    var serverTokens: Bool?
    var etag: Bool?
    var ifModifiedSince: ModifiedSinceRule?
    var maxRanges: Int?
    var absoluteRedirect: Bool?
    var serverNameInRedirect: Bool?
    var portInRedirect: Bool?
    var sendsChunks: Bool?
    var refreshesMSIE: Bool?
    var padsErrorPages: Bool?
}

/// if_modified_since.
enum ModifiedSinceRule: UInt8, BitwiseCopyable {
    case off, exact, before
}

/// Validators, ranges, Server, and the form of Location.
enum FieldDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .choice(
            "server_tokens", in: .httpServerLocation, sets: \.scope.fields.serverTokens,
            [("on", true), ("off", false), ("build", true)], default: "on",
            "Whether Server and the error pages tell the version."),
        .flag(
            "etag", in: .httpServerLocation, sets: \.scope.fields.etag, default: "on",
            "Whether files have an ETag."),
        .choice(
            "if_modified_since", in: .httpServerLocation, sets: \.scope.fields.ifModifiedSince,
            [("off", .off), ("exact", .exact), ("before", .before)], default: "exact",
            "How If-Modified-Since is compared with a file's time."),
        .integer(
            "max_ranges", in: .httpServerLocation, sets: \.scope.fields.maxRanges,
            "How many ranges one request may name; 0 turns ranges off."),
        .flag(
            "absolute_redirect", in: .httpServerLocation,
            sets: \.scope.fields.absoluteRedirect, default: "on",
            "Whether Location names scheme and host."),
        .flag(
            "server_name_in_redirect", in: .httpServerLocation,
            sets: \.scope.fields.serverNameInRedirect, default: "off",
            "Whether that host is the server's first name rather than the request's."),
        .flag(
            "port_in_redirect", in: .httpServerLocation, sets: \.scope.fields.portInRedirect,
            default: "on", "Whether Location names the port."),
        .flag(
            "chunked_transfer_encoding", in: .httpServerLocation,
            sets: \.scope.fields.sendsChunks, default: "on",
            "Whether answers of unknown length are sent in chunks."
        )
        .differing(
            "a body that ends with its connection and cannot be completed ends with a reset, "
                + "where nginx's looks whole."),
        .flag(
            "msie_refresh", in: .httpServerLocation, sets: \.scope.fields.refreshesMSIE,
            default: "off", "Whether Internet Explorer gets pages that refresh, not redirects."),
        .flag(
            "msie_padding", in: .httpServerLocation, sets: \.scope.fields.padsErrorPages,
            default: "on",
            "Whether built-in error pages are padded to more than 512 bytes for Internet Explorer "
                + "and Chrome."),
    ]
}
