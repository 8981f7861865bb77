import Configuration
import Files

/// Directory listings.
struct AutoindexSettings {
    var isOn: Bool?
    var exactSize: Bool?
    var localTime: Bool?
    var format: DirectoryListing.Format?
    var sorts: Bool?
}

/// autoindex.
enum AutoindexDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "autoindex", in: .httpServerLocation, sets: \.scope.autoindex.isOn, default: "off",
            "Lists a directory that has no index file."),
        .choice(
            "autoindex_format", in: .httpServerLocation, sets: \.scope.autoindex.format,
            [("html", .html), ("json", .json), ("jsonp", .jsonp), ("xml", .xml)],
            default: "html", "How listings are written."),
        .flag(
            "autoindex_exact_size", in: .httpServerLocation, sets: \.scope.autoindex.exactSize,
            default: "on", "Whether sizes in a listing are bytes rather than K, M and G."),
        .flag(
            "autoindex_localtime", in: .httpServerLocation, sets: \.scope.autoindex.localTime,
            default: "off", "Whether times in a listing are local time rather than UTC."),
        .flag(
            "autoindex_sort", in: .httpServerLocation, sets: \.scope.autoindex.sorts,
            default: "off",
            "Whether listings are sorted as the query says (C=N, S or M; O=A or D); apus's own."),
    ]
}
