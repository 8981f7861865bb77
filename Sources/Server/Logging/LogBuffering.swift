/// How the lines of a file are gathered before they are written: `buffer=`, `flush=` and `gzip=`.
struct LogBuffering: Equatable, Sendable {
    /// Lines are written when the next one would make more than so many bytes.
    var size: Int
    /// So long after the first line that is waiting, they are written in any case; nil for never.
    var flushMs: Int64?
    /// What is written is a member of a gzip file, compressed at this level; nil for plain lines.
    var gzipLevel: Int?
}
