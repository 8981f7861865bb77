import Linux

/// A table of keys in shared memory: chains of entries, and a list in the order of use, all linked
/// by index. Every function is called with the zone's lock held.
///
/// An entry has 64 bytes, so that a zone of a megabyte holds some 15,000, as in nginx. A key of up
/// to 32 bytes is stored completely; of a longer one its length and its ``KeyDigest``, which is
/// unique in practice, so that entries have a fixed size and the memory does not fragment.
///
/// If the holder of the lock is killed, at any point, ``repair()`` rebuilds chains and lists from
/// the entries: an entry counts once its `isUsed` is set, which is the last store for a new one,
/// and the first for a removed one. The values of an entry are numbers that are each stored
/// atomically.
///
/// Any worker can write anything into this memory, even while another one reads it. So a link is
/// read once and compared with the bounds before it is followed, walks are bounded, and links that
/// contradict each other are recorded as damage (``isDamaged``): then the operation has no effect
/// that matters, and the table is emptied (``reset()``).
struct ZoneTable {
    let memory: SharedMemory
    let header: SharedTable<Header>
    let buckets: SharedTable<UInt32>
    let entries: SharedTable<Entry>
    let mask: UInt64
    private let secret: (UInt64, UInt64)
    private let damage = Damage()

    /// This process's own record of damage.
    private final class Damage {
        var isFound = false
    }

    /// The header. Links are indexes plus one; 0 is none.
    struct Header: BitwiseCopyable {
        var firstFree: UInt32
        var newest: UInt32
        var oldest: UInt32
        /// The first entry that was never used; the kernel has not allocated the pages after it.
        var neverUsed: UInt32
        var count: UInt32
        /// The number of worker deaths after which entries were removed: the last digits of
        /// ``WorkerRegistry/deaths``.
        var sweptDeaths: UInt32
    }

    struct Entry: BitwiseCopyable {
        /// The next entry of the chain, or of the free list.
        var next: UInt32
        var newer: UInt32
        var older: UInt32
        var keyLength: UInt16
        var isUsed: UInt16
        var value: ZoneValue
        var key: ZoneKey
    }

    /// The size of the lock and the header.
    private static let entriesOffset = 4096
    /// The maximum length of a key: an entry stores it in 16 bits.
    static let maxKeyLength = 65535

    /// The maximum number of steps along a chain. Keys are spread by a secret, so that a chain has
    /// few entries; those of limit_conn have one for each worker.
    private static let maxChainLength = 2 * WorkerRegistry.rows

    /// Creates a table in all of `memory` after its lock.
    init(in memory: SharedMemory, secret: (UInt64, UInt64)) {
        self.memory = memory
        let room = max(0, memory.size &- ZoneTable.entriesOffset)
        // A bucket per one to two entries, when the table is full.
        var bucketCount = 1
        while bucketCount &* 2 &* 68 <= room { bucketCount &*= 2 }
        let bucketBytes = bucketCount &* 4 &+ 63 & ~63
        let count = min(
            max(0, room &- bucketBytes) / MemoryLayout<Entry>.stride, Int(UInt32.max) &- 1)
        header = memory.table(of: Header.self, at: SharedLock.size, count: 1)
        entries = memory.table(of: Entry.self, at: ZoneTable.entriesOffset, count: count)
        buckets = memory.table(
            of: UInt32.self,
            at: ZoneTable.entriesOffset &+ count &* MemoryLayout<Entry>.stride, count: bucketCount)
        mask = UInt64(bucketCount &- 1)
        self.secret = secret
    }

    /// The maximum number of entries.
    var capacity: Int { entries.count }
    /// The number of entries.
    var count: Int { Int(header[0].count) }

    /// A key to look up: its bytes or digest, its bucket, and its length.
    struct Key {
        let stored: ZoneKey
        let length: UInt16
        let bucket: Int
    }

    /// Returns the key of `bytes`, at most `maxKeyLength` of them.
    func key(of bytes: Span<UInt8>) -> Key {
        let digest = KeyDigest(of: bytes, secret: secret)
        return Key(
            stored: ZoneKey(bytes, digest), length: UInt16(clamping: bytes.count),
            bucket: Int(digest.first & mask))
    }

    /// The value of an entry.
    subscript(_ index: Int) -> ZoneValue {
        get { entries[index].value }
        nonmutating set { entries[index].value = newValue }
    }

    /// Returns the entry of a key; nil if there is none.
    func find(_ key: Key) -> Int? {
        var found: Int?
        forEach(key) { index in
            found = index
            return false
        }
        return found
    }

    /// Calls `body` with each entry of a key, the newest first, until it returns false.
    func forEach(_ key: Key, _ body: (Int) -> Bool) {
        var link = buckets[key.bucket]
        var steps = 0
        while link != 0 {
            guard let index = index(of: link), steps < ZoneTable.maxChainLength else {
                return noteDamage()
            }
            if entries[index].keyLength == key.length, entries[index].key == key.stored,
                !body(index)
            {
                return
            }
            link = entries[index].next
            steps &+= 1
        }
    }

    /// Adds an entry as the most recently used one. Returns nil if there is no room.
    func insert(_ key: Key, _ value: ZoneValue) -> Int? {
        guard let index = popFree() else { return nil }
        entries[index].keyLength = key.length
        entries[index].key = key.stored
        entries[index].value = value
        compilerFence()
        entries[index].isUsed = 1
        compilerFence()
        link(index, bucket: key.bucket)
        header[0].count &+= 1
        return index
    }

    /// Removes an entry.
    func remove(_ index: Int) {
        guard isUsed(index) else { return noteDamage() }
        entries[index].isUsed = 0
        compilerFence()
        unchain(index)
        unlist(index)
        entries[index].next = header[0].firstFree
        header[0].firstFree = UInt32(truncatingIfNeeded: index &+ 1)
        header[0].count &-= 1
    }

    /// Returns true if the table has an entry at this index.
    func isUsed(_ index: Int) -> Bool {
        index < min(Int(header[0].neverUsed), entries.count) && entries[index].isUsed != 0
    }

    /// Makes an entry the most recently used one.
    func touch(_ index: Int) {
        guard header[0].newest != UInt32(truncatingIfNeeded: index &+ 1) else { return }
        unlist(index)
        list(index)
    }

    /// The least recently used entry.
    var oldest: Int? {
        let link = header[0].oldest
        guard link != 0 else { return nil }
        guard let index = index(of: link), isUsed(index) else {
            noteDamage()
            return nil
        }
        return index
    }

    /// Removes all entries for whose value `isSuch` is true, and forgets the order of use. Takes
    /// time proportional to the number of entries, whatever the links are.
    func removeAll(where isSuch: (ZoneValue) -> Bool) {
        let end = min(Int(header[0].neverUsed), entries.count)
        var isChanged = false
        for index in 0..<end where entries[index].isUsed != 0 && isSuch(entries[index].value) {
            entries[index].isUsed = 0
            isChanged = true
        }
        if isChanged { repair() }
    }

    /// Rebuilds the links from the entries; the order of use is lost.
    func repair() {
        let end = min(header[0].neverUsed, UInt32(clamping: entries.count))
        let swept = header[0].sweptDeaths
        header[0] = Header(
            firstFree: 0, newest: 0, oldest: 0, neverUsed: end, count: 0, sweptDeaths: swept)
        for index in 0..<buckets.count { buckets[index] = 0 }
        for index in 0..<Int(end) {
            if entries[index].isUsed != 0 {
                link(index, bucket: bucket(of: index))
                header[0].count &+= 1
            } else {
                entries[index].next = header[0].firstFree
                header[0].firstFree = UInt32(truncatingIfNeeded: index &+ 1)
            }
        }
    }

    // MARK: damage

    /// True if links were found that contradict each other.
    var isDamaged: Bool { damage.isFound }

    private func noteDamage() { damage.isFound = true }

    /// Removes all entries.
    func reset() {
        damage.isFound = false
        let end = min(Int(header[0].neverUsed), entries.count)
        for index in 0..<end { entries[index].isUsed = 0 }
        for index in 0..<buckets.count { buckets[index] = 0 }
        header[0] = Header(
            firstFree: 0, newest: 0, oldest: 0, neverUsed: 0, count: 0, sweptDeaths: 0)
    }

    /// Returns the index that a link names; nil if it names none.
    private func index(of link: UInt32) -> Int? {
        let index = Int(link) &- 1
        return index >= 0 && index < entries.count ? index : nil
    }

    // MARK: links

    private func popFree() -> Int? {
        let link = header[0].firstFree
        if link != 0 {
            guard let index = index(of: link), entries[index].isUsed == 0 else {
                noteDamage()
                return nil
            }
            header[0].firstFree = entries[index].next
            return index
        }
        let next = header[0].neverUsed
        guard Int(next) < entries.count else { return nil }
        header[0].neverUsed = next &+ 1
        compilerFence()
        return Int(next)
    }

    func bucket(of index: Int) -> Int {
        let length = Int(entries[index].keyLength)
        let key = entries[index].key
        guard length <= ZoneKey.inlineCount else { return Int(key.words.0 & mask) }
        return Int(KeyDigest(of: key.words, length: length, secret: secret).first & mask)
    }

    private func link(_ index: Int, bucket: Int) {
        entries[index].next = buckets[bucket]
        buckets[bucket] = UInt32(truncatingIfNeeded: index &+ 1)
        list(index)
    }

    private func unchain(_ index: Int) {
        let bucket = bucket(of: index)
        let wanted = UInt32(truncatingIfNeeded: index &+ 1)
        var link = buckets[bucket]
        guard link != wanted else {
            buckets[bucket] = entries[index].next
            return
        }
        for _ in 0..<ZoneTable.maxChainLength {
            guard let before = self.index(of: link) else { break }
            link = entries[before].next
            if link == wanted {
                entries[before].next = entries[index].next
                return
            }
        }
        noteDamage()
    }

    private func list(_ index: Int) {
        let link = UInt32(truncatingIfNeeded: index &+ 1)
        let newest = header[0].newest
        entries[index].newer = 0
        entries[index].older = newest
        if newest == 0 {
            header[0].oldest = link
        } else if let neighbour = self.index(of: newest) {
            entries[neighbour].newer = link
        } else {
            noteDamage()
        }
        header[0].newest = link
    }

    private func unlist(_ index: Int) {
        let own = UInt32(truncatingIfNeeded: index &+ 1)
        let (newer, older) = (entries[index].newer, entries[index].older)
        if newer == 0 {
            guard header[0].newest == own else { return noteDamage() }
            header[0].newest = older
        } else {
            guard let neighbour = self.index(of: newer), entries[neighbour].older == own else {
                return noteDamage()
            }
            entries[neighbour].older = older
        }
        if older == 0 {
            guard header[0].oldest == own else { return noteDamage() }
            header[0].oldest = newer
        } else {
            guard let neighbour = self.index(of: older), entries[neighbour].newer == own else {
                return noteDamage()
            }
            entries[neighbour].newer = newer
        }
    }
}

/// The value of a key: two numbers, whose meaning depends on the kind of zone.
struct ZoneValue: BitwiseCopyable, Equatable {
    var first: Int64
    var second: Int64
}

/// A key as stored in an entry.
struct ZoneKey: BitwiseCopyable, Equatable {
    /// The maximum length of a key that is stored completely.
    static let inlineCount = 32

    /// The bytes padded with zeros, or the digest.
    let words: (UInt64, UInt64, UInt64, UInt64)

    init(_ bytes: Span<UInt8>, _ digest: KeyDigest) {
        guard bytes.count <= ZoneKey.inlineCount else {
            words = (digest.first, digest.second, 0, 0)
            return
        }
        words = (
            word(of: bytes, from: 0, to: 8), word(of: bytes, from: 8, to: 16),
            word(of: bytes, from: 16, to: 24), word(of: bytes, from: 24, to: 32)
        )
    }

    static func == (left: ZoneKey, right: ZoneKey) -> Bool { left.words == right.words }
}
