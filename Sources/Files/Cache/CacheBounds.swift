/// The size limits of a cache (content_cache).
public struct CacheBounds: Sendable, Equatable {
    /// The maximum number of bytes of files, paths and headers.
    public var bytes: Int64
    /// The maximum number of paths.
    public var entries: Int
    /// The largest file whose bytes are cached; larger files are cached as open descriptors.
    public var maxFileSize: Int64
    /// Milliseconds without a request after which an entry is dropped; 0 for never.
    public var inactiveMs: Int64 = 0

    /// Creates the bounds of a whole server, or of one worker.
    public init(bytes: Int64, entries: Int, largestFile: Int64) {
        self.bytes = bytes
        self.entries = entries
        self.maxFileSize = largestFile
    }
}
