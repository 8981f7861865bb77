public import Linux

/// What a path is, as it was found: kept until something on the way to it, or it itself, changes.
@frozen
@safe
public struct FileEntry: BitwiseCopyable {
    /// What was found.
    @frozen
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// The slot is free.
        case free
        /// A regular file, its bytes in memory or its descriptor open.
        case regular
        /// A directory, or something that is neither that nor a regular file.
        case directory, other
        /// It cannot be opened: `error` says why.
        case failed
    }

    /// What is there.
    public internal(set) var kind: Kind
    /// It is watched: nothing of it has changed as long as its epoch and version hold. Otherwise it
    /// is looked at for every request.
    @usableFromInline var isWatched: Bool
    /// It is in the table no more, and stays only until those that use it are done.
    var isDead: Bool
    /// How often it was used lately.
    @usableFromInline var uses: UInt8
    /// How many answers on their way use its bytes or descriptor.
    var pins: Int32
    /// errno(3) of a file that cannot be opened.
    public internal(set) var error: Int32
    /// An open descriptor; -1 for none.
    public internal(set) var descriptor: Int32
    /// The position of the slot among those whose files are open; -1 for none.
    var openPosition: Int32
    /// Its place among what is watched; -1 for none.
    @usableFromInline var watch: Int32
    @usableFromInline var version: UInt32
    @usableFromInline var epoch: UInt64
    /// The last node of its way, and the key of the name that follows it, among what is watched.
    var node: Int32
    var nameKey: UInt64
    /// Which of the slot's entries this is.
    public internal(set) var generation: UInt32
    /// How long its path is.
    var pathCount: UInt32
    var hash: UInt64
    /// Its path, and the file's bytes behind it.
    var memory: UnsafeMutableRawPointer?
    /// Whether the file's bytes are in memory.
    @usableFromInline var hasBytes: Bool
    var links: LinkRule
    var rootCount: UInt32
    /// It is what gzip has made of another entry's file, and found by way of that alone.
    public internal(set) var isVariant: Bool
    /// The entry of what gzip has made of this one's file, or the one that this was made of; -1 for
    /// none.
    var partner: Int32
    /// Whether gzip is to make something of it.
    var coding: Coding
    /// When its descriptor was used last, CLOCK_MONOTONIC.
    var usedMs: Int64
    /// Of a file or directory.
    public internal(set) var facts: FileFacts

    /// Whether a file is compressed once, to be sent again and again.
    @usableFromInline enum Coding: UInt8, BitwiseCopyable {
        /// Nobody has asked for it.
        case none
        case asked
        /// It is the entry's partner.
        case made
        /// It is not to be had for this version of the file.
        case refused
    }

    /// A free slot's.
    static var empty: FileEntry {
        FileEntry(kind: .free, path: 0, hash: 0, links: .follow, root: 0, facts: .none)
    }

    /// What was found by a key.
    init(_ key: FileCache.Key, _ looked: FoundFile, epoch: UInt64, nowMs: Int64) {
        let kind: Kind =
            switch looked.facts.kind {
            case .regular: .regular
            case .directory: .directory
            case .other: .other
            }
        self.init(
            kind: looked.error != 0 ? .failed : kind, path: key.count, hash: key.hash,
            links: key.links, root: key.rootCount, facts: looked.facts)
        error = looked.error
        self.epoch = epoch
        usedMs = nowMs
    }

    private init(
        kind: Kind, path: Int, hash: UInt64, links: LinkRule, root: Int, facts: FileFacts
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
        coding = .none
        usedMs = 0
        self.facts = facts
    }

    /// What gzip has made of an entry's file: as current as that, and of so many bytes.
    init(codedFrom original: FileEntry, at slot: Int, count: Int64, nowMs: Int64) {
        self.init(
            kind: .regular, path: 0, hash: 0, links: original.links, root: 0,
            facts: original.facts.withSize(count))
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
