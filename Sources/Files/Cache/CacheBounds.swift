/// How much a cache may keep (content_cache).
public struct CacheBounds: Sendable, Equatable {
    /// Bytes of files, paths and heads.
    public var bytes: Int64
    /// Paths.
    public var entries: Int
    /// Files up to this size are kept as bytes, larger ones as open descriptors.
    public var largestFile: Int64
    /// What nobody has asked for in so many milliseconds goes; 0 for never.
    public var inactiveMs: Int64 = 0

    /// The bounds of a whole server, or of one worker.
    public init(bytes: Int64, entries: Int, largestFile: Int64) {
        self.bytes = bytes
        self.entries = entries
        self.largestFile = largestFile
    }
}
