import Glibc
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
        guard let slot = insert(&entry, key, looked, reading) else {
            if entry.watch >= 0 { endWatch(entry.watch) }
            if let way { paths.release(way, &table) }
            return looked
        }
        return found(slot)
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
        if entry.kind == .failed, !FileError(code: entry.error).isLasting { return nil }
        if isRegular, FileCache.mtimeIsAmbiguous(looked.fileStatus) { return nil }
        let hasBytes =
            isRegular && looked.fileStatus.size <= bounds.maxFileSize
            && (reading == .here || FileCache.isInPageCache(looked))
        let size = key.count &+ (hasBytes ? Int(looked.fileStatus.size) : 0)
        guard let slot = room(for: size) else { return nil }
        // Swift's own allocation would terminate the process if memory is short.
        guard let memory = unsafe malloc(size) else {
            slots.release(slot)
            return nil
        }
        unsafe key.path.copy(into: memory, count: key.count)
        if hasBytes {
            let room = unsafe UnsafeMutableRawBufferPointer(
                start: memory + key.count, count: Int(looked.fileStatus.size))
            guard unsafe FileCache.readAll(looked.descriptor, into: room) else {
                unsafe Glibc.free(memory)
                slots.release(slot)
                return nil
            }
        }
        unsafe entry.memory = memory
        entry.hasBytes = hasBytes
        entry.generation = entries[slot].generation &+ 1
        entries[slot] = entry
        if isRegular, !hasBytes {
            keepOpen(slot, looked.descriptor)
        } else if looked.descriptor >= 0 {
            closeDescriptor(looked.descriptor)
        }
        index.insert(slot, key.hash)
        entryBytes &+= cost(of: slot)
        if bounds.inactiveMs > 0 {
            sweeper.begin(nowMs: entry.usedMs, periodMs: bounds.inactiveMs)
        }
        return slot
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
