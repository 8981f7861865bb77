import Glibc
import Linux

// Eviction of entries, and what is dropped with them.
extension FileCache {
    /// Bytes of memory that an entry uses in addition to its path and its file: the entry itself,
    /// two cells of the index, its watch and its name in the table, and the overhead of malloc(3).
    static let entryCost =
        Int64(MemoryLayout<FileEntry>.stride) &+ 2 &* 8 &+ WatchTable.cost(names: 1) &+ 16

    /// Returns the bytes of memory that the entry in a slot uses.
    func cost(of slot: Int) -> Int64 {
        let hasFile = entries[slot].hasBytes || entries[slot].isVariant
        return FileCache.entryCost &+ Int64(entries[slot].pathCount)
            &+ (hasFile ? entries[slot].fileStatus.size : 0)
    }

    /// Returns a free slot after evicting entries until there is room for `size` bytes. Returns nil
    /// if that would take too long.
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
        if let slot = slots.acquire() { return slot }
        return dropOne() ? slots.acquire() : nil
    }

    /// Drops a directory that no entry depends on any more. Returns false if there is none.
    mutating func evictDirectory() -> Bool {
        feed != nil && paths.evictOne(feed!, &table)
    }

    mutating func dropOne() -> Bool {
        for _ in 0..<ClockEviction.maxStepsPerEviction {
            guard let slot = eviction.step(of: slots.end) else { return false }
            guard entries[slot].kind != .free, !entries[slot].isDead, entries[slot].pins == 0
            else { continue }
            if entries[slot].uses == 0, !hasVariantInUse(slot) {
                drop(slot)
                return true
            }
            if entries[slot].uses > 0 { entries[slot].uses &-= 1 }
        }
        return false
    }

    /// Removes an entry and its variant from the table.
    mutating func drop(_ slot: Int) {
        if entries[slot].isVariant {
            detachVariant(slot)
        } else {
            dropVariant(of: slot)
            index.remove(slot, entries[slot].hash)
            releasePath(of: slot)
            if entries[slot].watch >= 0 { endWatch(entries[slot].watch) }
        }
        entries[slot].watch = -1
        entries[slot].isWatched = false
        entries[slot].isDead = true
        if entries[slot].pins == 0 { free(slot) }
    }

    mutating func endWatch(_ place: Int32) {
        if let number = table.releaseWatch(place) { feed?.unwatch(number) }
    }

    mutating func free(_ slot: Int) {
        entryBytes &-= cost(of: slot)
        releaseDescriptor(of: slot)
        unsafe Glibc.free(entries[slot].memory)
        let generation = entries[slot].generation &+ 1
        entries[slot] = FileEntry.empty
        entries[slot].generation = generation
        slots.release(slot)
    }

    mutating func releaseDescriptor(of slot: Int) {
        guard entries[slot].descriptor >= 0 else { return }
        Linux.closeDescriptor(entries[slot].descriptor)
        entries[slot].descriptor = -1
        // The last element replaces the removed one.
        let position = Int(entries[slot].openPosition)
        let last = entries[slot].isVariant ? openVariants.removeLast() : open.removeLast()
        if Int(last) != slot {
            if entries[slot].isVariant {
                openVariants[position] = last
            } else {
                open[position] = last
            }
            entries[Int(last)].openPosition = Int32(truncatingIfNeeded: position)
        }
        entries[slot].openPosition = -1
    }

    /// Drops everything: notifications were lost, or the cache is closed.
    mutating func forgetAll() {
        for slot in 0..<slots.end where entries[slot].kind != .free && !entries[slot].isDead {
            // The watches are dropped with their table.
            entries[slot].watch = -1
            entries[slot].node = -1
            entries[slot].nameKey = WatchTable.noKey
            drop(slot)
        }
        table.reset()
        paths.reset()
        let isQuiet = feed?.isDisarmed ?? false
        do throws(SystemError) { feed = try ChangeFeed(isQuiet: isQuiet) } catch { feed = nil }
    }
}
