import Glibc
public import Linux

/// The file cache: for each path, the bytes or the open descriptor of a file, a directory, or the
/// fact that nothing exists there.
///
/// No result is older than the last byte that was received: the kernel notifies the cache of
/// changes (``ChangeFeed``), and ``processChanges()`` processes them between the receive and the
/// lookup. Files on file systems without notifications are checked with stat(2) for every request.
@safe
public struct FileCache: ~Copyable {
    /// Milliseconds after its last use after which a descriptor is closed, so that its file system
    /// can be unmounted.
    static let idleDescriptorMs: Int64 = 1000
    /// Nanoseconds after a change during which another change may leave mtime and ctime as they
    /// are.
    static let minAgeNanoseconds: Int64 = 20_000_000

    /// The size limits; zero entries if nothing is cached.
    let bounds: CacheBounds
    @usableFromInline var entries: ZeroedStorage<FileEntry>
    var slots: FreeList
    var index: SlotIndex
    private var admissionFilter: AdmissionFilter
    var eviction = ClockEviction()
    private let seed: UInt64
    @usableFromInline var table: WatchTable
    var paths: PathWatcher
    var feed: ChangeFeed?
    private var seenLosses: UInt64 = 0
    /// Bytes of memory that the entries use.
    var entryBytes: Int64 = 0
    /// Bytes of memory that grow with what clients request: entries, their paths and files, and the
    /// watched directories that lead to them.
    public var byteCount: Int64 { entryBytes &+ paths.byteCount }
    /// The time at which descriptors are next checked for closing; Int64.max while none is open.
    public internal(set) var closeDueMs = Int64.max
    /// Finds entries that were not requested for a while.
    var sweeper = IncrementalSweep()
    /// Slots whose files are open.
    var open: [Int32] = []
    /// Slots of variants whose memory files are open. They keep no file system from being
    /// unmounted.
    var openVariants: [Int32] = []
    /// A path whose changes the kernel does not notify of, reported once for the log.
    public internal(set) var unwatchedPath: [UInt8]?
    var hasLoggedUnwatched = false

    /// Creates a cache that is notified by `feed`. Without a feed nothing is cached.
    public init(_ bounds: CacheBounds, feed: consuming ChangeFeed?, seed: UInt64) {
        var bounds = bounds
        if feed == nil { bounds.entries = 0 }
        let count = max(0, bounds.entries)
        isOn = count > 0
        self.bounds = bounds
        entries = ZeroedStorage(count: count)
        slots = FreeList(count: count)
        index = SlotIndex(slots: count)
        admissionFilter = AdmissionFilter(count: count)
        self.seed = seed
        paths = PathWatcher(most: count, seed: seed)
        // One watch for each file, and one for each directory that leads to it.
        table = WatchTable(count: count &+ max(64, count))
        self.feed = consume feed
    }

    deinit {
        for place in 0..<slots.end where entries[place].kind != .free {
            unsafe Glibc.free(entries[place].memory)
            if entries[place].descriptor >= 0 { closeDescriptor(entries[place].descriptor) }
        }
    }

    /// Whether anything is cached.
    public private(set) var isOn: Bool

    // MARK: lookups

    /// The current epoch. Entries of earlier epochs must be checked before they are used.
    @inlinable @inline(__always)
    public var epoch: UInt64 { table.epoch }

    /// Returns the entry with this number.
    public subscript(_ entry: Int32) -> FileEntry { entries[Int(entry)] }

    /// Returns true if the entry is still of this generation, is watched, and its file has not
    /// changed. Counts as a use.
    @inlinable @inline(__always)
    public mutating func isCurrent(_ entry: Int32, _ generation: UInt32) -> Bool {
        let place = Int(entry)
        guard entries[place].generation == generation, entries[place].isWatched,
            entries[place].epoch == table.epoch,
            entries[place].watch < 0
                || table.isUnchanged(entries[place].watch, since: entries[place].version)
        else { return false }
        if entries[place].uses < ClockEviction.maxUses { entries[place].uses &+= 1 }
        return true
    }

    /// The process that reads the bytes of a small file into the cache.
    public enum Reading {
        /// This process, however long that takes.
        case here
        /// This process if the bytes are in the page cache. Otherwise the file is cached as a
        /// descriptor until ``loadBytes(of:)``.
        case elsewhere
    }

    /// Looks up `path`, which has `count` bytes. `links` applies to the part after its first
    /// `rootCount` bytes.
    public mutating func find(
        _ path: CPath, count: Int, links: LinkRule = .follow, rootCount: Int = 0,
        reading: Reading = .here, nowMs: Int64
    ) -> FoundFile {
        guard isOn, count > 0 else {
            return FoundFile(path, count: count, links: links, rootCount: rootCount)
        }
        let key = Key(path, count: count, links: links, rootCount: rootCount, seed: seed)
        if let place = place(of: key) {
            if isUsable(place, key) {
                if entries[place].uses < ClockEviction.maxUses { entries[place].uses &+= 1 }
                entries[place].usedMs = nowMs
                return found(place)
            }
            drop(place)
            return load(key, reading, nowMs: nowMs)
        }
        guard admissionFilter.admits(key.hash) else {
            return FoundFile(path, count: count, links: links, rootCount: rootCount)
        }
        return load(key, reading, nowMs: nowMs)
    }

    /// Returns the bytes of an entry that has them in memory.
    @_lifetime(borrow self)
    public func bytes(of entry: Int32) -> Span<UInt8> {
        let place = Int(entry)
        guard entries[place].hasBytes, let memory = unsafe entries[place].memory else {
            return Span()
        }
        let start = unsafe memory + Int(entries[place].pathCount)
        let span = unsafe Span<UInt8>(
            _unsafeBytes: UnsafeRawBufferPointer(
                start: start, count: Int(entries[place].fileStatus.size)))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Whether the bytes of an entry are in memory.
    @inlinable @inline(__always)
    public func hasBytes(_ entry: Int32) -> Bool { entries[Int(entry)].hasBytes }

    /// Whether the file of an entry can be sent: its bytes are in memory or it is open.
    @inlinable @inline(__always)
    public func isReady(_ entry: Int32) -> Bool { entries[Int(entry)].isReady }

    /// Returns the size of the entry's file.
    @inlinable @inline(__always)
    public func size(of entry: Int32) -> Int64 { entries[Int(entry)].fileStatus.size }

    /// Returns the descriptor of an entry; -1 if it is not open.
    @inlinable @inline(__always)
    public func descriptor(of entry: Int32) -> Int32 { entries[Int(entry)].descriptor }

    /// Copies the bytes of an entry that has them to `room`. Nothing changes, but a method that is
    /// not `mutating` would receive a copy of the cache.
    public mutating func copy(_ entry: Int32, into room: UnsafeMutableRawBufferPointer) {
        let place = Int(entry)
        let size = Int(entries[place].fileStatus.size)
        guard entries[place].hasBytes, size > 0, size <= room.count,
            let memory = unsafe entries[place].memory, let target = room.baseAddress
        else { return }
        unsafe target.copyMemory(from: memory + Int(entries[place].pathCount), byteCount: size)
    }

    /// Keeps an entry while a response uses it, until it is unpinned.
    public mutating func pin(_ entry: Int32, nowMs: Int64) {
        entries[Int(entry)].pins &+= 1
        entries[Int(entry)].usedMs = nowMs
    }

    /// Releases an entry that a response used.
    public mutating func unpin(_ entry: Int32, nowMs: Int64) {
        let place = Int(entry)
        entries[place].pins &-= 1
        entries[place].usedMs = nowMs
        if entries[place].isDead, entries[place].pins == 0 { free(place) }
    }

    func found(_ place: Int) -> FoundFile {
        FoundFile(
            entry: Int32(truncatingIfNeeded: place), error: entries[place].error,
            fileStatus: entries[place].fileStatus)
    }

    private func place(of key: Key) -> Int? {
        var cursor = index.start(key.hash)
        while let place = index.next(key.hash, at: &cursor) {
            if entries[place].hash == key.hash, isNamed(place, key) { return place }
        }
        return nil
    }

    private func isNamed(_ place: Int, _ key: Key) -> Bool {
        guard Int(entries[place].pathCount) == key.count, entries[place].links == key.links,
            Int(entries[place].rootCount) == key.rootCount,
            let memory = unsafe entries[place].memory
        else { return false }
        return unsafe key.path.isEqual(to: memory, count: key.count)
    }

    /// Returns true if the entry is still current and can be sent.
    private mutating func isUsable(_ place: Int, _ key: Key) -> Bool {
        guard isUnchanged(place, key) else { return false }
        return entries[place].kind != .regular || entries[place].isReady || reopen(place, key)
    }

    /// Opens a file again whose descriptor was closed after a time without use.
    private mutating func reopen(_ place: Int, _ key: Key) -> Bool {
        let looked = FoundFile(
            key.path, count: key.count, links: key.links, rootCount: key.rootCount)
        guard looked.descriptor >= 0 else { return false }
        guard looked.fileStatus.isSame(as: entries[place].fileStatus) else {
            closeDescriptor(looked.descriptor)
            return false
        }
        keepOpen(place, looked.descriptor)
        return true
    }

    mutating func keepOpen(_ place: Int, _ descriptor: Int32) {
        entries[place].descriptor = descriptor
        entries[place].openPosition = Int32(truncatingIfNeeded: open.count)
        open.append(Int32(truncatingIfNeeded: place))
        closeDueMs = min(closeDueMs, entries[place].usedMs &+ FileCache.idleDescriptorMs)
    }

    /// Returns true if the entry is still current. In a new epoch its path is looked up again.
    private mutating func isUnchanged(_ place: Int, _ key: Key) -> Bool {
        guard entries[place].isWatched else { return isSameFile(place, key) }
        if entries[place].watch >= 0,
            !table.isUnchanged(entries[place].watch, since: entries[place].version)
        {
            return false
        }
        if entries[place].epoch == table.epoch { return true }
        // Without rules for links, stat(2) of the path is enough.
        guard entries[place].kind == .regular, key.links == .follow else { return false }
        let epoch = table.epoch
        guard let way = watchPath(key) else { return false }
        releasePath(of: place)
        entries[place].node = way.node
        entries[place].nameKey = way.key
        guard isSameFile(place, key) else { return false }
        entries[place].epoch = epoch
        return true
    }

    private func isSameFile(_ place: Int, _ key: Key) -> Bool {
        guard case .success(let fileStatus) = Linux.fileStatus(of: key.path) else { return false }
        return fileStatus.isSame(as: entries[place].fileStatus)
    }

    mutating func watchPath(_ key: Key) -> PathWatcher.Dependency? {
        guard feed != nil else { return nil }
        let maxBytes = bounds.bytes &- entryBytes
        let way = key.path.withBytes(count: key.count) {
            paths.watch(wayTo: $0, mostBytes: maxBytes, feed!, &table)
        }
        if paths.isOutOfRoom {
            paths.isOutOfRoom = false
            // The next lookup that needs an entry finds some room.
            _ = dropOne()
        }
        return way
    }

    mutating func releasePath(of place: Int) {
        guard entries[place].node >= 0 else { return }
        paths.release(
            PathWatcher.Dependency(node: entries[place].node, key: entries[place].nameKey), &table)
        entries[place].node = -1
        entries[place].nameKey = WatchTable.noKey
    }

    // MARK: changes and sweeping

    /// Processes the changes that the kernel notifies of. Necessary when
    /// ``ChangeFeed/hasPendingChanges`` is
    /// true.
    public mutating func processChanges() {
        while let change = feed?.next() { table.addWatch(change) }
        guard table.losses != seenLosses else { return }
        seenLosses = table.losses
        forgetAll()
    }

    /// Stops wake-ups for changes while there is nothing to do.
    public mutating func disarm() { feed?.disarm() }

    /// Records that mounts have changed: every entry is checked before its next use.
    public mutating func mountsChanged() { table.beginEpoch() }

    /// Closes descriptors that were not used for a second; with `all`, every descriptor that is not
    /// in use. Returns their number.
    @discardableResult
    public mutating func closeDescriptors(nowMs: Int64, all: Bool = false) -> Int {
        var closed = 0
        // In reverse, because the last element replaces a removed one.
        for position in open.indices.reversed() where entries[Int(open[position])].pins == 0 {
            let place = Int(open[position])
            let age = nowMs &- entries[place].usedMs
            guard all || age >= FileCache.idleDescriptorMs else { continue }
            releaseDescriptor(of: place)
            closed &+= 1
        }
        closeDueMs = open.isEmpty ? Int64.max : nowMs &+ FileCache.idleDescriptorMs
        return all ? closed &+ dropOpenVariants() : closed
    }

    /// The time at which ``sweep(nowMs:)`` is next called; Int64.max for never.
    public var sweepDueMs: Int64 { sweeper.dueMs }

    /// Drops entries that were not requested for a while. Each call examines a part of the table.
    public mutating func sweep(nowMs: Int64) {
        for place in sweeper.slots(of: slots.end)
        where entries[place].kind != .free && !entries[place].isDead && entries[place].pins == 0 {
            if entries[place].uses > 0 || hasVariantInUse(place) {
                entries[place].uses = 0
                entries[place].usedMs = nowMs
            } else if nowMs &- entries[place].usedMs >= bounds.inactiveMs {
                drop(place)
            }
        }
        // Directories that no entry depends on are looked up again when they are needed.
        for _ in 0..<IncrementalSweep.slotsPerStep { guard evictDirectory() else { break } }
        sweeper.rest(of: slots.end, nowMs: nowMs, periodMs: bounds.inactiveMs)
    }

    /// Returns all memory: a worker that is shutting down needs no cache.
    public mutating func close() {
        isOn = false
        forgetAll()
        feed = nil
    }

    /// Returns the path in ``unwatched`` and clears it, so that it is reported once.
    public mutating func popUnwatched() -> [UInt8]? {
        defer { unwatchedPath = nil }
        return unwatchedPath
    }
}
