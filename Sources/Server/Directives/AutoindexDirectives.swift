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
            "Lists directories without an index file."),
        .choice(
            "autoindex_format", in: .httpServerLocation, sets: \.scope.autoindex.format,
            [("html", .html), ("json", .json), ("jsonp", .jsonp), ("xml", .xml)],
            default: "html", "Sets the format of listings: html, xml, json or jsonp."),
        .flag(
            "autoindex_exact_size", in: .httpServerLocation, sets: \.scope.autoindex.exactSize,
            default: "on", "Shows sizes in listings in bytes instead of K, M and G."),
        .flag(
            "autoindex_localtime", in: .httpServerLocation, sets: \.scope.autoindex.localTime,
            default: "off", "Shows times in listings in local time instead of UTC."),
        .flag(
            "autoindex_sort", in: .httpServerLocation, sets: \.scope.autoindex.sorts,
            default: "off",
            "Sorts listings by the query (C=N, S or M; O=A or D); specific to apus."),
    ]
}
