import Glibc
import Linux

// What gives way, and what goes with it.
extension FileCache {
    /// A free slot, and so many bytes; others give way to it. nil when that would take long.
    mutating func room(for size: Int) -> Int? {
        guard Int64(size) <= bounds.bytes / 4 else { return nil }
        while byteCount &+ Int64(size) > bounds.bytes {
            guard dropOne() else { return nil }
        }
        if let slot = slots.take() { return slot }
        return dropOne() ? slots.take() : nil
    }

    private mutating func dropOne() -> Bool {
        for _ in 0..<ClockHand.stepsAtOnce {
            guard let slot = hand.step(of: slots.end) else { return false }
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

    /// Takes an entry out of the table, and what was made of it.
    mutating func drop(_ slot: Int) {
        if entries[slot].isVariant {
            leaveOriginal(slot)
        } else {
            dropVariant(of: slot)
            index.remove(slot, entries[slot].hash)
            table.release(entries[slot].nameKey)
            if entries[slot].watch >= 0 { endWatch(entries[slot].watch) }
        }
        entries[slot].watch = -1
        entries[slot].isWatched = false
        entries[slot].isDead = true
        if entries[slot].pins == 0 { free(slot) }
    }

    mutating func endWatch(_ place: Int32) {
        if let number = table.give(place) { feed?.unwatch(number) }
    }

    mutating func free(_ slot: Int) {
        byteCount &-= Int64(entries[slot].pathCount)
        if entries[slot].hasBytes || entries[slot].isVariant {
            byteCount &-= entries[slot].facts.size
        }
        releaseDescriptor(of: slot)
        unsafe Glibc.free(entries[slot].memory)
        let generation = entries[slot].generation &+ 1
        entries[slot] = FileEntry.empty
        entries[slot].generation = generation
        slots.give(slot)
    }

    mutating func releaseDescriptor(of slot: Int) {
        guard entries[slot].descriptor >= 0 else { return }
        Linux.closeDescriptor(entries[slot].descriptor)
        entries[slot].descriptor = -1
        if entries[slot].isVariant {
            openVariants.removeAll { Int($0) == slot }
        } else {
            open.removeAll { Int($0) == slot }
        }
    }

    /// Everything is forgotten: too much was watched, or changes were lost.
    mutating func forgetAll() {
        for slot in 0..<slots.end where entries[slot].kind != .free && !entries[slot].isDead {
            // The watches go with their table.
            entries[slot].watch = -1
            entries[slot].nameKey = WatchTable.noKey
            drop(slot)
        }
        table.reset()
        ways.reset()
        let isQuiet = feed?.isSilent ?? false
        do throws(SystemError) { feed = try ChangeFeed(isQuiet: isQuiet) } catch { feed = nil }
    }
}
