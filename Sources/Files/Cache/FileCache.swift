import Glibc
public import Linux

/// What paths are: files with their bytes or descriptors, directories, and that nothing is there.
///
/// Nothing that it gives is older than the last byte that was received: changes are told of by the
/// kernel (``ChangeFeed``), and taken in by ``takeChanges()`` between the receive and the look-up.
/// Where the kernel does not tell of them, a file is looked at by stat(2) for every request.
@safe
public struct FileCache: ~Copyable {
    /// A descriptor that was not used for so long is closed: its file system can be unmounted.
    static let descriptorLifeMs: Int64 = 1000
    /// A file that was changed so recently may change again without its times telling.
    static let youngestNanoseconds: Int64 = 20_000_000

    /// How much is kept; of no entries when nothing is.
    let bounds: CacheBounds
    @usableFromInline var entries: ZeroedStorage<FileEntry>
    var slots: FreeList
    var index: SlotIndex
    private var doorkeeper: Doorkeeper
    var hand = ClockHand()
    private let seed: UInt64
    @usableFromInline var table: WatchTable
    var ways: WatchedWays
    var feed: ChangeFeed?
    private var lossesSeen: UInt64 = 0
    /// Bytes of memory that the entries take.
    var entryBytes: Int64 = 0
    /// Bytes of memory that everything takes which grows with what clients ask for: entries, their
    /// paths and files, and the names and directories on the way to them.
    public var byteCount: Int64 { entryBytes &+ ways.byteCount }
    /// When descriptors are to be looked at again; Int64.max while none is open.
    public internal(set) var closeDueMs = Int64.max
    /// Lets go of what nobody asks for.
    var sweeper = SweepHand()
    /// Slots whose files are open.
    var open: [Int32] = []
    /// Slots of variants whose memory files are: no file system waits for those.
    var openVariants: [Int32] = []
    /// A path whose changes nobody tells of, once, for the log.
    public internal(set) var unwatched: [UInt8]?
    var hasToldUnwatched = false

    /// A cache that watches by `feed`; without one nothing is kept.
    public init(_ bounds: CacheBounds, feed: consuming ChangeFeed?, seed: UInt64) {
        var bounds = bounds
        if feed == nil { bounds.entries = 0 }
        let count = max(0, bounds.entries)
        isOn = count > 0
        self.bounds = bounds
        entries = ZeroedStorage(count: count)
        slots = FreeList(count: count)
        index = SlotIndex(slots: count)
        doorkeeper = Doorkeeper(count: count)
        self.seed = seed
        ways = WatchedWays(most: count, seed: seed)
        // A watch for each file, and one for each directory on the way.
        table = WatchTable(count: count &+ max(64, count))
        self.feed = consume feed
    }

    deinit {
        for slot in 0..<slots.end where entries[slot].kind != .free {
            unsafe Glibc.free(entries[slot].memory)
            if entries[slot].descriptor >= 0 { closeDescriptor(entries[slot].descriptor) }
        }
    }

    /// Whether anything is kept.
    public private(set) var isOn: Bool

    // MARK: what a path is

    /// Which epoch it is: what was found in an earlier one is not to be used unseen.
    @inlinable @inline(__always)
    public var epoch: UInt64 { table.epoch }

    /// An entry by its number.
    public subscript(_ entry: Int32) -> FileEntry { entries[Int(entry)] }

    /// Whether an entry that was of this generation still is, is watched, and nothing of its file
    /// has changed; its use counts.
    @inlinable @inline(__always)
    public mutating func isCurrent(_ entry: Int32, _ generation: UInt32) -> Bool {
        let slot = Int(entry)
        guard entries[slot].generation == generation, entries[slot].isWatched,
            entries[slot].epoch == table.epoch,
            entries[slot].watch < 0
                || table.isUnchanged(entries[slot].watch, since: entries[slot].version)
        else { return false }
        if entries[slot].uses < ClockHand.mostUses { entries[slot].uses &+= 1 }
        return true
    }

    /// Where the bytes of a small file are read that is to be kept.
    public enum Reading {
        /// Here, however long that takes.
        case here
        /// Here if they are in the page cache; else it is kept as a descriptor, until
        /// ``takeBytes(of:)``.
        case elsewhere
    }

    /// What `path` of `count` bytes is. `links` holds for what stands behind its first `rootCount`
    /// bytes.
    public mutating func find(
        _ path: CPath, count: Int, links: LinkRule = .follow, rootCount: Int = 0,
        reading: Reading = .here, nowMs: Int64
    ) -> FoundFile {
        guard isOn, count > 0 else {
            return FoundFile(path, count: count, links: links, rootCount: rootCount)
        }
        let key = Key(path, count: count, links: links, rootCount: rootCount, seed: seed)
        if let slot = slot(of: key) {
            if isUsable(slot, key) {
                if entries[slot].uses < ClockHand.mostUses { entries[slot].uses &+= 1 }
                entries[slot].usedMs = nowMs
                return found(slot)
            }
            drop(slot)
            return load(key, reading, nowMs: nowMs)
        }
        guard doorkeeper.knows(key.hash) else {
            return FoundFile(path, count: count, links: links, rootCount: rootCount)
        }
        return load(key, reading, nowMs: nowMs)
    }

    /// The bytes of an entry that has them.
    @_lifetime(borrow self)
    public func bytes(of entry: Int32) -> Span<UInt8> {
        let slot = Int(entry)
        guard entries[slot].hasBytes, let memory = unsafe entries[slot].memory else {
            return Span()
        }
        let start = unsafe memory + Int(entries[slot].pathCount)
        let span = unsafe Span<UInt8>(
            _unsafeBytes: UnsafeRawBufferPointer(
                start: start, count: Int(entries[slot].facts.size)))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Whether an entry's bytes are in memory.
    @inlinable @inline(__always)
    public func hasBytes(_ entry: Int32) -> Bool { entries[Int(entry)].hasBytes }

    /// Whether an entry's file can be sent: its bytes are here, or it is open.
    @inlinable @inline(__always)
    public func isReady(_ entry: Int32) -> Bool { entries[Int(entry)].isReady }

    /// The size of an entry's file.
    @inlinable @inline(__always)
    public func size(of entry: Int32) -> Int64 { entries[Int(entry)].facts.size }

    /// The descriptor of an entry; -1 where it is not open.
    @inlinable @inline(__always)
    public func descriptor(of entry: Int32) -> Int32 { entries[Int(entry)].descriptor }

    /// Copies the bytes of an entry that has them to where there is room for them. It changes
    /// nothing here, but what is not `mutating` gets a copy of the cache.
    public mutating func copy(_ entry: Int32, into room: UnsafeMutableRawBufferPointer) {
        let slot = Int(entry)
        let size = Int(entries[slot].facts.size)
        guard entries[slot].hasBytes, size > 0, size <= room.count,
            let memory = unsafe entries[slot].memory, let target = room.baseAddress
        else { return }
        unsafe target.copyMemory(from: memory + Int(entries[slot].pathCount), byteCount: size)
    }

    /// An answer uses an entry until it is unpinned.
    public mutating func pin(_ entry: Int32, nowMs: Int64) {
        entries[Int(entry)].pins &+= 1
        entries[Int(entry)].usedMs = nowMs
    }

    /// It does no more.
    public mutating func unpin(_ entry: Int32, nowMs: Int64) {
        let slot = Int(entry)
        entries[slot].pins &-= 1
        entries[slot].usedMs = nowMs
        if entries[slot].isDead, entries[slot].pins == 0 { free(slot) }
    }

    func found(_ slot: Int) -> FoundFile {
        FoundFile(
            entry: Int32(truncatingIfNeeded: slot), error: entries[slot].error,
            facts: entries[slot].facts)
    }

    private func slot(of key: Key) -> Int? {
        var cursor = index.start(key.hash)
        while let slot = index.next(key.hash, at: &cursor) {
            if entries[slot].hash == key.hash, isNamed(slot, key) { return slot }
        }
        return nil
    }

    private func isNamed(_ slot: Int, _ key: Key) -> Bool {
        guard Int(entries[slot].pathCount) == key.count, entries[slot].links == key.links,
            Int(entries[slot].rootCount) == key.rootCount,
            let memory = unsafe entries[slot].memory
        else { return false }
        return unsafe key.path.isEqual(to: memory, count: key.count)
    }

    /// Whether what is kept is still so, and can be sent.
    private mutating func isUsable(_ slot: Int, _ key: Key) -> Bool {
        guard isUnchanged(slot, key) else { return false }
        return entries[slot].kind != .regular || entries[slot].isReady || reopen(slot, key)
    }

    /// Opens a file again whose descriptor was closed because nobody used it.
    private mutating func reopen(_ slot: Int, _ key: Key) -> Bool {
        let looked = FoundFile(
            key.path, count: key.count, links: key.links, rootCount: key.rootCount)
        guard looked.descriptor >= 0 else { return false }
        guard looked.facts.isSame(as: entries[slot].facts) else {
            closeDescriptor(looked.descriptor)
            return false
        }
        keepOpen(slot, looked.descriptor)
        return true
    }

    mutating func keepOpen(_ slot: Int, _ descriptor: Int32) {
        entries[slot].descriptor = descriptor
        entries[slot].openPosition = Int32(truncatingIfNeeded: open.count)
        open.append(Int32(truncatingIfNeeded: slot))
        closeDueMs = min(closeDueMs, entries[slot].usedMs &+ FileCache.descriptorLifeMs)
    }

    /// Whether what is kept is still so. In a new epoch it is looked at.
    private mutating func isUnchanged(_ slot: Int, _ key: Key) -> Bool {
        guard entries[slot].isWatched else { return isAsItWas(slot, key) }
        if entries[slot].watch >= 0,
            !table.isUnchanged(entries[slot].watch, since: entries[slot].version)
        {
            return false
        }
        if entries[slot].epoch == table.epoch { return true }
        // Only what a path without rules is can be told from outside.
        guard entries[slot].kind == .regular, key.links == .follow else { return false }
        let epoch = table.epoch
        guard let way = watchWay(key) else { return false }
        releaseWay(of: slot)
        entries[slot].node = way.node
        entries[slot].nameKey = way.key
        guard isAsItWas(slot, key) else { return false }
        entries[slot].epoch = epoch
        return true
    }

    private func isAsItWas(_ slot: Int, _ key: Key) -> Bool {
        guard case .success(let facts) = Linux.facts(of: key.path) else { return false }
        return facts.isSame(as: entries[slot].facts)
    }

    mutating func watchWay(_ key: Key) -> WatchedWays.Dependency? {
        guard feed != nil else { return nil }
        let mostBytes = bounds.bytes &- entryBytes
        let way = key.path.withBytes(count: key.count) {
            ways.watch(wayTo: $0, mostBytes: mostBytes, feed!, &table)
        }
        if ways.lacksRoom {
            ways.lacksRoom = false
            // Whoever asks next finds some room.
            _ = dropOne()
        }
        return way
    }

    mutating func releaseWay(of slot: Int) {
        guard entries[slot].node >= 0 else { return }
        ways.release(
            WatchedWays.Dependency(node: entries[slot].node, key: entries[slot].nameKey), &table)
        entries[slot].node = -1
        entries[slot].nameKey = WatchTable.noKey
    }

    // MARK: changes and time

    /// Takes over what has changed; wanted when ``ChangeFeed/hasNews`` says so.
    public mutating func takeChanges() {
        while let change = feed?.next() { table.take(change) }
        guard table.losses != lossesSeen else { return }
        lossesSeen = table.losses
        forgetAll()
    }

    /// There is nothing to do: changes need not be told of one by one.
    public mutating func quieten() { feed?.quieten() }

    /// What is mounted has changed: everything is looked at before it is used.
    public mutating func mountsChanged() { table.beginEpoch() }

    /// Closes what was not used for a second, or with `all` whatever nobody uses now: how many.
    @discardableResult
    public mutating func closeDescriptors(nowMs: Int64, all: Bool = false) -> Int {
        var closed = 0
        // Backwards: the last one takes the place of one that is closed.
        for position in open.indices.reversed() where entries[Int(open[position])].pins == 0 {
            let slot = Int(open[position])
            let age = nowMs &- entries[slot].usedMs
            guard all || age >= FileCache.descriptorLifeMs else { continue }
            releaseDescriptor(of: slot)
            closed &+= 1
        }
        closeDueMs = open.isEmpty ? Int64.max : nowMs &+ FileCache.descriptorLifeMs
        return all ? closed &+ dropOpenVariants() : closed
    }

    /// When ``sweep(nowMs:)`` is wanted; Int64.max for never.
    public var sweepDueMs: Int64 { sweeper.dueMs }

    /// Lets go of what nobody has asked for in a while, a part of the table at a time.
    public mutating func sweep(nowMs: Int64) {
        for slot in sweeper.slots(of: slots.end)
        where entries[slot].kind != .free && !entries[slot].isDead && entries[slot].pins == 0 {
            if entries[slot].uses > 0 || hasVariantInUse(slot) {
                entries[slot].uses = 0
                entries[slot].usedMs = nowMs
            } else if nowMs &- entries[slot].usedMs >= bounds.inactiveMs {
                drop(slot)
            }
        }
        // Directories that nothing depends on are looked up again when they are needed.
        for _ in 0..<SweepHand.slotsAtOnce { guard evictDirectory() else { break } }
        sweeper.rest(of: slots.end, nowMs: nowMs, periodMs: bounds.inactiveMs)
    }

    /// Gives memory back: a worker that is to end needs no cache.
    public mutating func close() {
        isOn = false
        forgetAll()
        feed = nil
    }

    /// The path of ``unwatched``, which is told once.
    public mutating func takeUnwatched() -> [UInt8]? {
        defer { unwatched = nil }
        return unwatched
    }
}
