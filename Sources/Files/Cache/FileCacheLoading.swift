import Glibc
import Linux

// What a path is, looked up and kept.
extension FileCache {
    /// Looks a path up, and keeps what it is if that can be kept.
    mutating func load(_ key: Key, _ reading: Reading, nowMs: Int64) -> FoundFile {
        // Whatever happens from here on is told of, and makes the entry stale.
        let epoch = table.epoch
        let way = watchWay(key)
        let looked = FoundFile(
            key.path, count: key.count, links: key.links, rootCount: key.rootCount)
        var entry = FileEntry(key, looked, epoch: epoch, nowMs: nowMs)
        entry.isWatched = way != nil
        entry.node = way?.node ?? -1
        entry.nameKey = way?.key ?? WatchTable.noKey
        if looked.error == 0, looked.facts.kind == .regular, way != nil {
            entry.isWatched = watchFile(looked.descriptor, &entry)
        }
        if !entry.isWatched { noteUnwatched(key) }
        guard let slot = keep(&entry, key, looked, reading) else {
            if entry.watch >= 0 { endWatch(entry.watch) }
            if let way { ways.release(way, &table) }
            return looked
        }
        return found(slot)
    }

    private mutating func watchFile(_ descriptor: Int32, _ entry: inout FileEntry) -> Bool {
        guard case .success(let number)? = feed?.watch(descriptor: descriptor),
            let place = table.take(number, isDirectory: false)
        else { return false }
        entry.watch = place
        entry.version = table.version(of: place)
        return true
    }

    /// Puts an entry into the table, with the bytes of a small file; nil when it is not to be kept.
    private mutating func keep(
        _ entry: inout FileEntry, _ key: Key, _ looked: FoundFile, _ reading: Reading
    ) -> Int? {
        let isRegular = entry.kind == .regular
        // What is not watched is known by its times only, and by stat(2) without rules for links.
        if !entry.isWatched, !isRegular || key.links != .follow { return nil }
        if entry.kind == .failed, !FileError(code: entry.error).isLasting { return nil }
        if isRegular, FileCache.isYoung(looked.facts) { return nil }
        let hasBytes =
            isRegular && looked.facts.size <= bounds.largestFile
            && (reading == .here || FileCache.isCached(looked))
        let size = key.count &+ (hasBytes ? Int(looked.facts.size) : 0)
        guard let slot = room(for: size) else { return nil }
        // Swift's own allocation would end the process when memory is short.
        guard let memory = unsafe malloc(size) else {
            slots.give(slot)
            return nil
        }
        unsafe key.path.copy(into: memory, count: key.count)
        if hasBytes {
            let room = unsafe UnsafeMutableRawBufferPointer(
                start: memory + key.count, count: Int(looked.facts.size))
            guard unsafe FileCache.readAll(looked.descriptor, into: room) else {
                unsafe Glibc.free(memory)
                slots.give(slot)
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

    /// Whether reading a small file waits for no disk: its first and last bytes are at hand.
    private static func isCached(_ looked: FoundFile) -> Bool {
        let size = looked.facts.size
        guard size > 0 else { return true }
        return [0, size &- 1].allSatisfy { residence(of: looked.descriptor, at: $0) == .cached }
    }

    static func readAll(_ fd: Int32, into room: UnsafeMutableRawBufferPointer) -> Bool {
        guard room.count > 0 else { return true }
        return unsafe readFile(fd, at: 0, into: room) == .bytes(room.count)
    }

    /// Whether a file may have changed since without its times telling: the kernel's clock for them
    /// moves on a few times in a hundredth of a second.
    private static func isYoung(_ facts: FileFacts) -> Bool {
        let now = Clock.nanoseconds()
        let (seconds, overflow) = facts.changed.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return true }
        let changed = seconds.addingReportingOverflow(Int64(facts.changedNanoseconds))
        return changed.overflow || now &- changed.partialValue < FileCache.youngestNanoseconds
    }

    private mutating func noteUnwatched(_ key: Key) {
        guard !hasToldUnwatched else { return }
        hasToldUnwatched = true
        unwatched = key.path.withBytes(count: key.count) { bytes in bytes.indices.map { bytes[$0] }
        }
    }
}
