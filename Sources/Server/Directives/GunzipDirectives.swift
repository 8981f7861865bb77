import Configuration

/// Decompression of responses.
struct GunzipSettings {
    var isOn: Bool?
}

/// gunzip.
enum GunzipDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "gunzip", in: .httpServerLocation, sets: \.scope.gunzip.isOn, default: "off",
            "Decompresses the files of gzip_static always for clients that do not accept gzip.")
    ]
}
