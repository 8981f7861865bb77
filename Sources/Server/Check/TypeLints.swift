import Configuration

/// Lints about media types.
enum TypeLints {
    static func findings(_ path: BlockPath) -> [Finding] {
        switch path.name {
        case "gzip_types": compressed(path)
        case "types": missing(path)
        default: []
        }
    }

    private static func compressed(_ path: BlockPath) -> [Finding] {
        path.directive.arguments.indices.compactMap { index in
            let type = path.directive.arguments[index].text
            guard isCompressed(type) else { return nil }
            return path.finding(
                .gzipType, "\(type) is compressed already", at: index,
                help: ["gzip makes such files larger, and costs time"])
        }
    }

    private static func isCompressed(_ type: String) -> Bool {
        if type.hasPrefix("video/") || type.hasPrefix("audio/") { return true }
        if type.hasPrefix("image/") {
            return ![
                "image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
                "image/x-ms-bmp",
            ].contains(type)
        }
        return [
            "application/zip", "application/gzip", "application/x-gzip", "application/zstd",
            "application/x-7z-compressed", "application/x-rar-compressed", "font/woff",
            "font/woff2", "application/font-woff", "application/font-woff2", "application/x-xz",
            "application/pdf",
        ].contains(type)
    }

    /// Suffixes that nearly every site has; with a table that lacks one of them, such files get the
    /// default type. An empty table is intended.
    private static let common = ["html", "css", "js", "mjs", "svg", "png", "jpg", "woff2", "wasm"]

    private static func missing(_ path: BlockPath) -> [Finding] {
        let rows = path.directive.block ?? []
        guard rows.count > 10 else { return [] }
        let known = Set(rows.flatMap { $0.arguments.map(\.text) })
        let lacking = common.filter { !known.contains($0) }
        guard !lacking.isEmpty else { return [] }
        return [
            path.finding(
                .defaultType,
                "no type for \(lacking.map { "." + $0 }.joined(separator: ", "))",
                help: ["files of these names are sent with the default_type"])
        ]
    }
}
