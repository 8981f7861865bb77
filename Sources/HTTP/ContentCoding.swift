/// A content coding, as named in Content-Encoding (RFC 9110, section 8.4.1).
public enum ContentCoding: UInt8, BitwiseCopyable, Sendable {
    case identity, gzip, brotli, zstandard

    /// The name in headers: `gzip`, `br` (RFC 7932), `zstd` (RFC 8878).
    public var name: StaticString {
        switch self {
        case .identity: "identity"
        case .gzip: "gzip"
        case .brotli: "br"
        case .zstandard: "zstd"
        }
    }

    /// The suffix of a precompressed file, after the name of the file itself.
    public var suffix: StaticString {
        switch self {
        case .identity: ""
        case .gzip: ".gz"
        case .brotli: ".br"
        case .zstandard: ".zst"
        }
    }
}
