import Configuration
import Files

/// Compression on the fly, and precompressed files.
struct GzipSettings: Equatable {
    var isOn: Bool?
    var types: [String]?
    var minLength: Int?
    var level: Int?
    var vary: Bool?
    var minVersion: GzipVersion?
    var proxied: GzipProxied?
    var disabled: [String]?
    var staticMode: GzipStatic?
    var brotliStatic: GzipStatic?
    var zstandardStatic: GzipStatic?
    var cache: GzipCache?

    /// True if precompressed files are looked up.
    var hasSidecars: Bool {
        [staticMode, brotliStatic, zstandardStatic].contains { ($0 ?? .off) != .off }
    }
}

/// gzip_http_version: the oldest version whose requests get compressed responses.
enum GzipVersion: UInt8, BitwiseCopyable {
    case http10, http11
}

/// gzip_cache: whether a file is compressed once, and what is sent until that is done.
enum GzipCache: UInt8, BitwiseCopyable {
    case off
    /// The file compressed on the fly.
    case on
    /// The uncompressed file.
    case plain
}

/// gzip_static, brotli_static, zstd_static.
enum GzipStatic: UInt8, BitwiseCopyable {
    case off
    case on
    /// Sent even if the client does not accept it.
    case always
    /// Sent as with `on`, if it is not older than the file.
    case fresh
}

/// gzip_proxied: the responses that are compressed for requests that came through a proxy (Via).
struct GzipProxied: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt16
    static let any = GzipProxied(rawValue: 1)
    static let expired = GzipProxied(rawValue: 2)
    static let noCache = GzipProxied(rawValue: 4)
    static let noStore = GzipProxied(rawValue: 8)
    static let isPrivate = GzipProxied(rawValue: 16)
    static let noLastModified = GzipProxied(rawValue: 32)
    static let noETag = GzipProxied(rawValue: 64)
    static let authorized = GzipProxied(rawValue: 128)
}

/// gzip and gzip_static.
enum GzipDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "gzip", in: [.http, .server, .location, .ifInLocation], sets: \.scope.gzip.isOn,
            default: "off", "Compresses responses for clients that accept gzip."),
        .row(
            "gzip_types", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "text/html",
            "Sets the media types that are compressed in addition to text/html; * matches all.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.types),
            apply: DirectiveRow.addingTypes(to: \.scope.gzip.types)),
        .size(
            "gzip_min_length", in: .httpServerLocation, sets: \.scope.gzip.minLength,
            default: "20", "Sets the minimum length of responses that are compressed."),
        .row(
            "gzip_comp_level", in: .httpServerLocation, takes: .exactly(1), default: "1",
            "Sets the compression level, from 1 to 9.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.level),
            apply: { (draft, use) throws(Diagnostic) in
                let level = try use.integer(0)
                guard level >= 1, level <= 9 else {
                    throw use.fail("value must be between 1 and 9", at: 0)
                }
                draft.scope.gzip.level = level
            }),
        .choice(
            "gzip_cache", in: .httpServerLocation, sets: \.scope.gzip.cache,
            [("off", .off), ("on", .on), ("plain", .plain)], default: "on",
            "Compresses each file once, by the helper process; plain sends files uncompressed "
                + "until then; specific to apus."),
        .flag(
            "gzip_vary", in: .httpServerLocation, sets: \.scope.gzip.vary, default: "off",
            "Adds Vary: Accept-Encoding to responses that may be compressed."),
        .choice(
            "gzip_http_version", in: .httpServerLocation, sets: \.scope.gzip.minVersion,
            [("1.0", .http10), ("1.1", .http11)], default: "1.1",
            "Sets the oldest HTTP version that gets compressed responses."),
        .row(
            "gzip_proxied", in: .httpServerLocation, takes: .atLeast(1), default: "off",
            "Sets which responses to requests with Via are compressed.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.proxied),
            apply: { (draft, use) throws(Diagnostic) in
                var proxied: GzipProxied = []
                for index in use.arguments.indices {
                    proxied.formUnion(try use.oneOf(index, proxiedNames))
                }
                draft.scope.gzip.proxied = proxied
            }),
        .row(
            "gzip_disable", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            "Disables compression for User-Agents that match regular expressions.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.disabled),
            apply: { (draft, use) throws(Diagnostic) in
                var patterns = draft.scope.gzip.disabled ?? []
                for index in use.arguments.indices {
                    patterns.append(try disablePattern(use, index))
                }
                draft.scope.gzip.disabled = patterns
            }),
        .choice(
            "gzip_static", in: .httpServerLocation, sets: \.scope.gzip.staticMode,
            staticModes, default: "off",
            "Sends FILE.gz in place of FILE; fresh: unless it is older."),
        .choice(
            "brotli_static", in: .httpServerLocation, sets: \.scope.gzip.brotliStatic,
            staticModes, default: "off",
            "Sends FILE.br in place of FILE, as in nginx's brotli "
                + "module."),
        .choice(
            "zstd_static", in: .httpServerLocation, sets: \.scope.gzip.zstandardStatic,
            staticModes, default: "off",
            "Sends FILE.zst in place of FILE, as in nginx's zstd "
                + "module."),
    ]

    private static let staticModes: [(String, GzipStatic)] = [
        ("off", .off), ("on", .on), ("always", .always), ("fresh", .fresh),
    ]

    private static let proxiedNames: [(String, GzipProxied)] = [
        ("off", []), ("any", .any), ("expired", .expired), ("no-cache", .noCache),
        ("no-store", .noStore), ("private", .isPrivate), ("no_last_modified", .noLastModified),
        ("no_etag", .noETag), ("auth", .authorized),
    ]

    /// `msie6` is nginx's abbreviation for Internet Explorer 4 to 6 without SV1.
    private static func disablePattern(
        _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> String {
        let text = try use.text(index)
        let pattern = text == "msie6" ? "MSIE [4-6]\\.(?!.*SV1)" : text
        do {
            _ = try Regex.compile(pattern: pattern, caseless: true)
        } catch {
            throw use.fail("\(error.message) in the regular expression \"\(text)\"", at: index)
        }
        return pattern
    }
}

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
