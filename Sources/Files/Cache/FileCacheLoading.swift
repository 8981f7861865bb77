import Glibc
import HTTP
import Linux

// Lookups that miss, and what of their results is cached.
extension FileCache {
    /// Looks up a path in the file system and caches the result if possible.
    mutating func load(_ key: Key, _ reading: Reading, nowMs: Int64) -> FoundFile {
        // From here on every change is notified and makes the entry stale.
        let epoch = table.epoch
        let way = watchPath(key)
        let looked = FoundFile(
            key.path, count: key.count, links: key.links, rootCount: key.rootCount)
        var entry = FileEntry(key, looked, epoch: epoch, nowMs: nowMs)
        entry.isWatched = way != nil
        entry.node = way?.node ?? -1
        entry.nameKey = way?.key ?? WatchTable.noKey
        if looked.error == 0, looked.fileStatus.kind == .regular, way != nil {
            entry.isWatched = watchFile(looked.descriptor, &entry)
        }
        if !entry.isWatched { noteUnwatched(key) }
        guard let place = insert(&entry, key, looked, reading) else {
            if entry.watch >= 0 { endWatch(entry.watch) }
            if let way { paths.release(way, &table) }
            return looked
        }
        return found(place)
    }

    private mutating func watchFile(_ descriptor: Int32, _ entry: inout FileEntry) -> Bool {
        guard case .success(let number)? = feed?.watch(descriptor: descriptor),
            let place = table.addWatch(number, isDirectory: false)
        else { return false }
        entry.watch = place
        entry.version = table.version(of: place)
        return true
    }

    /// Inserts an entry into the table, with the bytes of a small file. Returns nil if it cannot be
    /// cached.
    private mutating func insert(
        _ entry: inout FileEntry, _ key: Key, _ looked: FoundFile, _ reading: Reading
    ) -> Int? {
        let isRegular = entry.kind == .regular
        // Without a watch, only the times of a regular file show changes, and stat(2) knows no
        // rules for links.
        if !entry.isWatched, !isRegular || key.links != .follow { return nil }
        if entry.kind == .failed, !FileError(code: entry.error).isCacheable { return nil }
        if isRegular, FileCache.mtimeIsAmbiguous(looked.fileStatus) { return nil }
        if isRegular, entry.isWatched, !FileCache.isUnchanged(looked) { return nil }
        let hasBytes =
            isRegular && looked.fileStatus.size <= bounds.maxFileSize
            && (reading == .here || FileCache.isInPageCache(looked))
        let size = key.count &+ (hasBytes ? Int(looked.fileStatus.size) : 0)
        guard let place = room(for: size) else { return nil }
        // Swift's own allocation would terminate the process if memory is short.
        guard let memory = unsafe malloc(size) else {
            slots.release(place)
            return nil
        }
        unsafe key.path.copy(into: memory, count: key.count)
        if hasBytes {
            let room = unsafe UnsafeMutableRawBufferPointer(
                start: memory + key.count, count: Int(looked.fileStatus.size))
            guard unsafe FileCache.readAll(looked.descriptor, into: room) else {
                unsafe Glibc.free(memory)
                slots.release(place)
                return nil
            }
        }
        unsafe entry.memory = memory
        entry.hasBytes = hasBytes
        entry.generation = entries[place].generation &+ 1
        entries[place] = entry
        if isRegular, !hasBytes {
            keepOpen(place, looked.descriptor)
        } else if looked.descriptor >= 0 {
            closeDescriptor(looked.descriptor)
        }
        index.insert(place, key.hash)
        entryBytes &+= cost(of: place)
        if bounds.inactiveMs > 0 {
            sweeper.begin(nowMs: entry.usedMs, periodMs: bounds.inactiveMs)
        }
        return place
    }

    /// Returns true if the file is still as it was when it was opened: its watch began after that,
    /// so a change between the two was not notified.
    private static func isUnchanged(_ looked: FoundFile) -> Bool {
        guard case .success(let now) = Linux.fileStatus(of: looked.descriptor) else { return false }
        return now.isSame(as: looked.fileStatus)
    }

    /// Returns true if reading a small file waits for no disk: its first and last bytes are in the
    /// page cache.
    private static func isInPageCache(_ looked: FoundFile) -> Bool {
        let size = looked.fileStatus.size
        guard size > 0 else { return true }
        return [0, size &- 1].allSatisfy {
            pageCacheState(of: looked.descriptor, at: $0) == .cached
        }
    }

    static func readAll(_ fd: Int32, into room: UnsafeMutableRawBufferPointer) -> Bool {
        guard room.count > 0 else { return true }
        return unsafe readFile(fd, at: 0, into: room) == .bytes(room.count)
    }

    /// Returns true if the file may have changed since without a change of its times: the kernel's
    /// clock for them ticks only a few times in 10 ms.
    private static func mtimeIsAmbiguous(_ fileStatus: FileStatus) -> Bool {
        let now = Clock.nanoseconds()
        let (seconds, overflow) = fileStatus.changed.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return true }
        let changed = seconds.addingReportingOverflow(Int64(fileStatus.changedNanoseconds))
        return changed.overflow || now &- changed.partialValue < FileCache.minAgeNanoseconds
    }

    private mutating func noteUnwatched(_ key: Key) {
        guard !hasLoggedUnwatched else { return }
        hasLoggedUnwatched = true
        unwatchedPath = key.path.withBytes(count: key.count) { bytes in
            bytes.indices.map { bytes[$0] }
        }
    }
}

extension FileCache {
    /// The key of a cache entry: a path and the rules for opening it.
    struct Key {
        let path: CPath
        let count: Int
        let links: LinkRule
        let rootCount: Int
        let hash: UInt64

        init(_ path: CPath, count: Int, links: LinkRule, rootCount: Int, seed: UInt64) {
            self.path = path
            self.count = count
            self.links = links
            // Where every link is followed, the end of the root makes no difference.
            self.rootCount = links == .follow ? 0 : rootCount
            var hash = ByteHash(seed: seed)
            path.withBytes(count: count) { hash.add($0) }
            if links != .follow { hash.add(UInt64(truncatingIfNeeded: rootCount)) }
            self.hash = hash.value
        }
    }
}

extension FileError {
    /// True if the result holds until something on the path changes. False for temporary shortages
    /// and I/O errors.
    var isCacheable: Bool { isMissing || isRefused }
}

// Eviction of entries, and what is dropped with them.
extension FileCache {
    /// Bytes of memory that an entry uses in addition to its path and its file: the entry itself,
    /// two cells of the index, its watch and its name in the table, and the overhead of malloc(3).
    static let entryCost =
        Int64(MemoryLayout<FileEntry>.stride) &+ 2 &* 8 &+ WatchTable.cost(names: 1) &+ 16

    /// Returns the bytes of memory that the entry in a place uses.
    func cost(of place: Int) -> Int64 {
        let hasFile = entries[place].hasBytes || entries[place].isVariant
        return FileCache.entryCost &+ Int64(entries[place].pathCount)
            &+ (hasFile ? entries[place].fileStatus.size : 0)
    }

    /// Returns a free place after evicting entries until there is room for `size` bytes. Returns
    /// nil if that would take too long.
    mutating func room(for size: Int) -> Int? {
        let cost = FileCache.entryCost &+ Int64(size)
        guard cost <= bounds.bytes / 4 else { return nil }
        var victims = 0
        while byteCount &+ cost > bounds.bytes {
            victims &+= 1
            guard victims <= ClockEviction.maxVictims, evictDirectory() || dropOne() else {
                return nil
            }
        }
        if let place = slots.acquire() { return place }
        return dropOne() ? slots.acquire() : nil
    }

    /// Drops a directory that no entry depends on any more. Returns false if there is none.
    mutating func evictDirectory() -> Bool {
        feed != nil && paths.evictOne(feed!, &table)
    }

    mutating func dropOne() -> Bool {
        for _ in 0..<ClockEviction.maxStepsPerEviction {
            guard let place = eviction.step(of: slots.end) else { return false }
            guard entries[place].kind != .free, !entries[place].isDead, entries[place].pins == 0
            else { continue }
            if entries[place].uses == 0, !hasVariantInUse(place) {
                drop(place)
                return true
            }
            if entries[place].uses > 0 { entries[place].uses &-= 1 }
        }
        return false
    }

    /// Removes an entry and its variant from the table.
    mutating func drop(_ place: Int) {
        if entries[place].isVariant {
            detachVariant(place)
        } else {
            dropVariant(of: place)
            index.remove(place, entries[place].hash)
            releasePath(of: place)
            if entries[place].watch >= 0 { endWatch(entries[place].watch) }
        }
        entries[place].watch = -1
        entries[place].isWatched = false
        entries[place].isDead = true
        if entries[place].pins == 0 { free(place) }
    }

    mutating func endWatch(_ place: Int32) {
        if let number = table.releaseWatch(place) { feed?.unwatch(number) }
    }

    mutating func free(_ place: Int) {
        entryBytes &-= cost(of: place)
        releaseDescriptor(of: place)
        unsafe Glibc.free(entries[place].memory)
        let generation = entries[place].generation &+ 1
        entries[place] = FileEntry.empty
        entries[place].generation = generation
        slots.release(place)
    }

    mutating func releaseDescriptor(of place: Int) {
        guard entries[place].descriptor >= 0 else { return }
        Linux.closeDescriptor(entries[place].descriptor)
        entries[place].descriptor = -1
        // The last element replaces the removed one.
        let position = Int(entries[place].openPosition)
        let last = entries[place].isVariant ? openVariants.removeLast() : open.removeLast()
        if Int(last) != place {
            if entries[place].isVariant {
                openVariants[position] = last
            } else {
                open[position] = last
            }
            entries[Int(last)].openPosition = Int32(truncatingIfNeeded: position)
        }
        entries[place].openPosition = -1
    }

    /// Drops everything: notifications were lost, or the cache is closed.
    mutating func forgetAll() {
        for place in 0..<slots.end where entries[place].kind != .free && !entries[place].isDead {
            // The watches are dropped with their table.
            entries[place].watch = -1
            entries[place].node = -1
            entries[place].nameKey = WatchTable.noKey
            drop(place)
        }
        table.reset()
        paths.reset()
        let isQuiet = feed?.isDisarmed ?? false
        do throws(SystemError) { feed = try ChangeFeed(isQuiet: isQuiet) } catch { feed = nil }
    }
}

extension FileCache {
    /// Reads the bytes of a small file that is cached as a descriptor, after the helper process has
    /// read them into the page cache. Changes since the lookup are notified as usual.
    public mutating func loadBytes(of entry: Int32) {
        let place = Int(entry)
        let count = Int(entries[place].pathCount)
        guard entries[place].kind == .regular, !entries[place].hasBytes, !entries[place].isDead,
            !entries[place].isVariant, entries[place].descriptor >= 0,
            entries[place].fileStatus.size <= bounds.maxFileSize,
            let size = Int(exactly: entries[place].fileStatus.size),
            byteCount &+ Int64(size) <= bounds.bytes,
            let path = unsafe entries[place].memory, let memory = unsafe malloc(count &+ size)
        else { return }
        let room = unsafe UnsafeMutableRawBufferPointer(start: memory + count, count: size)
        guard unsafe FileCache.readAll(entries[place].descriptor, into: room) else {
            return unsafe Glibc.free(memory)
        }
        unsafe memory.copyMemory(from: path, byteCount: count)
        unsafe Glibc.free(path)
        unsafe entries[place].memory = memory
        entries[place].hasBytes = true
        entryBytes &+= entries[place].fileStatus.size
    }
}
