public import Linux

/// The result of looking up a path, cached until the file itself or a directory on its path
/// changes.
@frozen
@safe
public struct FileEntry: BitwiseCopyable {
    /// The kind of object at the path.
    @frozen
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// A free slot.
        case free
        /// A regular file, with its bytes in memory or its descriptor open.
        case regular
        /// A directory; a special file such as a device or a socket.
        case directory, other
        /// A file that cannot be opened; `error` has the reason.
        case failed
    }

    /// The kind of object.
    public internal(set) var kind: Kind
    /// True if the entry is watched: it is current as long as its epoch and version hold. Other
    /// entries are checked for every request.
    @usableFromInline var isWatched: Bool
    /// True if the entry was removed from the table and stays only until the responses that use it
    /// are finished.
    var isDead: Bool
    /// The number of recent uses.
    @usableFromInline var uses: UInt8
    /// The number of responses in progress that use its bytes or descriptor.
    var pins: Int32
    /// The errno(3) of a file that cannot be opened.
    public internal(set) var error: Int32
    /// The open descriptor; -1 for none.
    public internal(set) var descriptor: Int32
    /// The index of the slot among those with open files; -1 for none.
    var openPosition: Int32
    /// The index of its watch in the watch table; -1 for none.
    @usableFromInline var watch: Int32
    @usableFromInline var version: UInt32
    @usableFromInline var epoch: UInt64
    /// The last node on its path in the path watcher, and the key of the name that follows that
    /// node.
    var node: Int32
    var nameKey: UInt64
    /// The generation of the slot: increases with every new entry.
    public internal(set) var generation: UInt32
    /// The length of its path in bytes.
    var pathCount: UInt32
    var hash: UInt64
    /// The path, followed by the bytes of the file.
    var memory: UnsafeMutableRawPointer?
    /// Whether the file's bytes are in memory.
    @usableFromInline var hasBytes: Bool
    var links: LinkRule
    var rootCount: UInt32
    /// True if this is the gzip variant of another entry, found only through that entry.
    public internal(set) var isVariant: Bool
    /// The entry of its gzip variant, or of the original of a variant; -1 for none.
    var partner: Int32
    /// The state of its compression.
    var compression: CompressionState
    /// The time of the descriptor's last use, in milliseconds of CLOCK_MONOTONIC.
    var usedMs: Int64
    /// The status of a file or directory.
    public internal(set) var fileStatus: FileStatus

    /// The state of compressing a file once for many responses.
    @usableFromInline enum CompressionState: UInt8, BitwiseCopyable {
        /// Compression was not requested.
        case none
        case queued
        /// The variant exists: it is the entry's partner.
        case made
        /// This version of the file cannot be compressed.
        case refused
    }

    /// Returns a free slot.
    static var empty: FileEntry {
        FileEntry(kind: .free, path: 0, hash: 0, links: .follow, root: 0, fileStatus: .none)
    }

    /// Creates an entry for the result of a lookup.
    init(_ key: FileCache.Key, _ looked: FoundFile, epoch: UInt64, nowMs: Int64) {
        let kind: Kind =
            switch looked.fileStatus.kind {
            case .regular: .regular
            case .directory: .directory
            case .other: .other
            }
        self.init(
            kind: looked.error != 0 ? .failed : kind, path: key.count, hash: key.hash,
            links: key.links, root: key.rootCount, fileStatus: looked.fileStatus)
        error = looked.error
        self.epoch = epoch
        usedMs = nowMs
    }

    private init(
        kind: Kind, path: Int, hash: UInt64, links: LinkRule, root: Int, fileStatus: FileStatus
    ) {
        self.kind = kind
        isWatched = false
        isDead = false
        uses = 0
        pins = 0
        error = 0
        descriptor = -1
        openPosition = -1
        watch = -1
        version = 0
        epoch = 0
        node = -1
        nameKey = WatchTable.noKey
        generation = 0
        pathCount = UInt32(clamping: path)
        self.hash = hash
        unsafe memory = nil
        hasBytes = false
        self.links = links
        rootCount = UInt32(clamping: root)
        isVariant = false
        partner = -1
        compression = .none
        usedMs = 0
        self.fileStatus = fileStatus
    }

    /// Creates the entry of a gzip variant with `count` bytes. It is current as long as `original`
    /// is.
    init(compressedFrom original: FileEntry, at slot: Int, count: Int64, nowMs: Int64) {
        self.init(
            kind: .regular, path: 0, hash: 0, links: original.links, root: 0,
            fileStatus: original.fileStatus.withSize(count))
        isWatched = original.isWatched
        // Both belong to the original, which is never dropped without this one.
        watch = original.watch
        version = original.version
        epoch = original.epoch
        isVariant = true
        partner = Int32(truncatingIfNeeded: slot)
        usedMs = nowMs
    }

    /// Whether the file can be sent as it is: its bytes are here, or its descriptor is open.
    @inlinable @inline(__always)
    public var isReady: Bool { hasBytes || descriptor >= 0 }
}

/// The result of a path lookup.
@frozen
public struct FoundFile: BitwiseCopyable {
    /// The entry in the cache; -1 if the result is not cached.
    public let entry: Int32
    /// The errno(3) of a file that cannot be opened; 0 otherwise.
    public let error: Int32
    /// A descriptor that the caller must close, for a file that is not cached; -1 for none.
    public let descriptor: Int32
    /// The status of the file, if there is no error.
    public let fileStatus: FileStatus

    /// Creates a result.
    public init(
        entry: Int32 = -1, error: Int32 = 0, descriptor: Int32 = -1, fileStatus: FileStatus = .none
    ) {
        self.entry = entry
        self.error = error
        self.descriptor = descriptor
        self.fileStatus = fileStatus
    }

    /// True if the result is cached, so that a response built from it may be cached as well.
    public var isCached: Bool { entry >= 0 }
}

extension FoundFile {
    /// Looks up the path in the file system. `links` applies to the part after the first
    /// `rootCount` bytes.
    public init(_ path: CPath, count: Int, links: LinkRule, rootCount: Int) {
        self.init(opened: openForReading(path, count: count, links: links, below: rootCount))
    }

    /// Creates a result from an open(2) that succeeded or failed.
    public init(opened: Result<Int32, FileError>) {
        switch opened {
        case .failure(let error): self.init(error: error.code)
        case .success(let number):
            switch Linux.fileStatus(of: number) {
            case .success(let fileStatus): self.init(descriptor: number, fileStatus: fileStatus)
            case .failure(let error):
                closeDescriptor(number)
                self.init(error: error.code)
            }
        }
    }
}
