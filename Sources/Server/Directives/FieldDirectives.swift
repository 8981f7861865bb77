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
            "Shows the version in Server and on error pages."),
        .flag(
            "etag", in: .httpServerLocation, sets: \.scope.fields.etag, default: "on",
            "Sends an ETag with files."),
        .choice(
            "if_modified_since", in: .httpServerLocation, sets: \.scope.fields.ifModifiedSince,
            [("off", .off), ("exact", .exact), ("before", .before)], default: "exact",
            "Sets the comparison of If-Modified-Since with a file's time: off, exact or before."),
        .integer(
            "max_ranges", in: .httpServerLocation, sets: \.scope.fields.maxRanges,
            "Sets the maximum number of ranges in a request; 0 disables ranges."),
        .flag(
            "absolute_redirect", in: .httpServerLocation,
            sets: \.scope.fields.absoluteRedirect, default: "on",
            "Sends absolute URLs in Location."),
        .flag(
            "server_name_in_redirect", in: .httpServerLocation,
            sets: \.scope.fields.serverNameInRedirect, default: "off",
            "Uses the server's first name in Location instead of the request's host."),
        .flag(
            "port_in_redirect", in: .httpServerLocation, sets: \.scope.fields.portInRedirect,
            default: "on", "Includes the port in Location."),
        .flag(
            "chunked_transfer_encoding", in: .httpServerLocation,
            sets: \.scope.fields.sendsChunks, default: "on",
            "Sends responses of unknown length in chunks."
        )
        .differing(
            "If a body that ends with its connection cannot be completed, the connection is reset; "
                + "nginx's looks complete."),
        .flag(
            "msie_refresh", in: .httpServerLocation, sets: \.scope.fields.refreshesMSIE,
            default: "off", "Sends Internet Explorer pages that refresh instead of redirects."),
        .flag(
            "msie_padding", in: .httpServerLocation, sets: \.scope.fields.padsErrorPages,
            default: "on",
            "Pads built-in error pages to more than 512 bytes for Internet Explorer and Chrome."),
    ]
}
