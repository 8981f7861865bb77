import Configuration

/// Listings of directories.
struct AutoindexSettings {
    var isOn: Bool?
    var exactSize: Bool?
    var localTime: Bool?
}

/// autoindex.
enum AutoindexDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "autoindex", in: .httpServerLocation, sets: \.scope.autoindex.isOn, default: "off",
            "Lists a directory that has no index file."),
        .flag(
            "autoindex_exact_size", in: .httpServerLocation, sets: \.scope.autoindex.exactSize,
            default: "on", "Whether sizes in a listing are bytes rather than K, M and G."),
        .flag(
            "autoindex_localtime", in: .httpServerLocation, sets: \.scope.autoindex.localTime,
            default: "off", "Whether times in a listing are local time rather than UTC."),
    ]
}
