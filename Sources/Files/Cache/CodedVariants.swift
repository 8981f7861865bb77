import Glibc
import Linux

/// What gzip has made of files that are kept: each once for a version of its file, by somebody who
/// has the time for it, and dropped with that version.
///
/// An entry of its own, so that an answer is made of it as of any file. It is found by way of its
/// original alone, and is as current as that is.
extension FileCache {
    /// What is to be compressed: the entry's bytes, or its open file.
    public enum ToCode: Equatable {
        case bytes([UInt8])
        case file(Int32)
    }

    /// What gzip has made of an entry that was just found; nil as long as there is nothing.
    public mutating func variant(of entry: Int32, nowMs: Int64) -> FoundFile? {
        let slot = Int(entry)
        guard entries[slot].coding == .made else { return nil }
        let variant = Int(entries[slot].partner)
        entries[variant].epoch = entries[slot].epoch
        entries[variant].usedMs = nowMs
        if entries[variant].uses < ClockHand.mostUses { entries[variant].uses &+= 1 }
        return FoundFile(entry: entries[slot].partner, facts: entries[variant].facts)
    }

    /// Whether something may come of an entry, if it has not yet.
    public func mayBecomeCoded(_ entry: Int32) -> Bool {
        entries[Int(entry)].coding != .refused && entries[Int(entry)].facts.size > 0
            && entries[Int(entry)].facts.size <= CodingJob.longest
    }

    /// What of an entry nobody was asked to compress; it stays until ``adopt(_:for:_:nowMs:)`` says
    /// what became of it. nil when somebody was, or when it cannot be.
    public mutating func takeToCode(_ entry: Int32, nowMs: Int64) -> ToCode? {
        let slot = Int(entry)
        guard entries[slot].coding == .none, entries[slot].kind == .regular,
            mayBecomeCoded(entry), entries[slot].isReady
        else { return nil }
        entries[slot].coding = .asked
        pin(entry, nowMs: nowMs)
        guard entries[slot].hasBytes else { return .file(entries[slot].descriptor) }
        let bytes = bytes(of: entry)
        return .bytes(bytes.indices.map { bytes[$0] })
    }

    /// Takes over what became of an entry, nil for nothing; changes were taken in just before. What
    /// was made of an earlier version, or has no room, is let go.
    public mutating func adopt(
        _ body: CodedBody?, for entry: Int32, _ generation: UInt32, nowMs: Int64
    ) {
        let slot = Int(entry)
        guard entries[slot].generation == generation, entries[slot].coding == .asked else { return }
        entries[slot].coding = .refused
        if let body, !entries[slot].isDead, isAsWatched(slot) { keep(body, of: slot, nowMs: nowMs) }
        unpin(entry, nowMs: nowMs)
    }

    /// Nobody is there any more to do what was asked for, but may be later.
    public mutating func giveUpCoding(_ entry: Int32, _ generation: UInt32, nowMs: Int64) {
        let slot = Int(entry)
        guard entries[slot].generation == generation, entries[slot].coding == .asked else { return }
        entries[slot].coding = .none
        unpin(entry, nowMs: nowMs)
    }

    private func isAsWatched(_ slot: Int) -> Bool {
        entries[slot].watch < 0
            || table.isUnchanged(entries[slot].watch, since: entries[slot].version)
    }

    private mutating func keep(_ body: CodedBody, of slot: Int, nowMs: Int64) {
        let count = body.count
        guard let size = Int(exactly: count), size > 0, let place = room(for: size) else { return }
        var variant = FileEntry(codedFrom: entries[slot], at: slot, count: count, nowMs: nowMs)
        variant.generation = entries[place].generation &+ 1
        switch body {
        case .bytes(let bytes):
            guard let memory = unsafe malloc(size) else { return slots.give(place) }
            unsafe bytes.withUnsafeBytes { source in
                guard let start = source.baseAddress else { return }
                unsafe memory.copyMemory(from: start, byteCount: size)
            }
            unsafe variant.memory = memory
            variant.hasBytes = true
        case .file(let file, _):
            variant.descriptor = file.release()
            variant.openPosition = Int32(truncatingIfNeeded: openVariants.count)
            openVariants.append(Int32(truncatingIfNeeded: place))
        }
        entries[place] = variant
        entries[slot].partner = Int32(truncatingIfNeeded: place)
        entries[slot].coding = .made
        entryBytes &+= cost(of: place)
    }

    // MARK: giving way

    func hasVariantInUse(_ slot: Int) -> Bool {
        guard entries[slot].coding == .made else { return false }
        let variant = Int(entries[slot].partner)
        return entries[variant].uses > 0 || entries[variant].pins > 0
    }

    mutating func dropVariant(of slot: Int) {
        guard entries[slot].coding == .made else { return }
        drop(Int(entries[slot].partner))
    }

    /// The original has nothing any more, and may have something made of it again.
    mutating func leaveOriginal(_ slot: Int) {
        let original = Int(entries[slot].partner)
        entries[original].partner = -1
        entries[original].coding = .none
        entries[slot].partner = -1
    }

    /// Lets go of all variants that are open and that nobody uses now: how many.
    mutating func dropOpenVariants() -> Int {
        var dropped = 0
        // Backwards: the last one takes the place of one that is dropped.
        for position in openVariants.indices.reversed() {
            let slot = Int(openVariants[position])
            guard entries[slot].pins == 0 else { continue }
            drop(slot)
            dropped &+= 1
        }
        return dropped
    }
}
