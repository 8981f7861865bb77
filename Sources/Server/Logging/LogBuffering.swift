/// The buffering of a log file: `buffer=`, `flush=` and `gzip=`.
struct LogBuffering: Equatable, Sendable {
    /// The size of the buffer in bytes.
    var size: Int
    /// The time after the first buffered line at which the buffer is flushed in any case; nil for
    /// never.
    var flushMs: Int64?
    /// The level of gzip compression; nil for plain lines. Each flush writes one member of the gzip
    /// file.
    var gzipLevel: Int?
}
