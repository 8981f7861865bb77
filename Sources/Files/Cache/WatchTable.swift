import Linux

/// What is watched, and what has happened to it since: the bookkeeping of the cache, without a
/// system call.
///
/// A change of a file makes its watch's version another one. A change of a name, of a directory, or
/// of what is mounted begins a new **epoch**, in which everything is looked at once before it is
/// used again; only names that something depends on count.
public struct WatchTable: ~Copyable {
    /// A watched file or directory.
    @usableFromInline struct Watch: BitwiseCopyable {
        @usableFromInline var version: UInt32
        /// How many entries it is for; 0 is free.
        @usableFromInline var references: UInt32
        @usableFromInline var number: Int32
        @usableFromInline var isDirectory: Bool
        /// The kernel has given it up.
        @usableFromInline var isOver: Bool
        /// Whether the file system notifies of all changes: 0 is unknown, 1 yes, 2 no.
        @usableFromInline var notifies: UInt8
    }

    @usableFromInline var watches: ZeroedStorage<Watch>
    private var free: [Int32] = []
    private var neverUsed = 0
    /// By the kernel's number.
    private var places: [Int32: Int32] = [:]
    /// How much depends on a name in a directory.
    private var names: [UInt64: UInt32] = [:]
    /// Everything that was found in an earlier one is to be looked at before it is used.
    public private(set) var epoch: UInt64 = 1
    /// How often everything was to be forgotten: changes were lost.
    public private(set) var losses: UInt64 = 0

    init(count: Int) { watches = ZeroedStorage(count: max(16, count)) }

    /// A new epoch.
    mutating func beginEpoch() { epoch &+= 1 }

    /// How much is watched.
    var count: Int { places.count }

    /// The number of names that something depends on.
    var nameCount: Int { names.count }

    /// Whether a watch still tells of changes, and has told of none since it had this version.
    @inlinable @inline(__always)
    func isUnchanged(_ place: Int32, since version: UInt32) -> Bool {
        watches[Int(place)].version == version
    }

    func version(of place: Int32) -> UInt32 { watches[Int(place)].version }

    /// The place of a watch of the kernel's, which has one more reference; nil when all are taken.
    mutating func take(_ number: Int32, isDirectory: Bool) -> Int32? {
        if let place = places[number] {
            watches[Int(place)].references &+= 1
            return place
        }
        let place: Int32
        if let last = free.popLast() {
            place = last
        } else {
            guard neverUsed < watches.count else { return nil }
            place = Int32(truncatingIfNeeded: neverUsed)
            neverUsed &+= 1
        }
        watches[Int(place)].version &+= 1
        watches[Int(place)].references = 1
        watches[Int(place)].number = number
        watches[Int(place)].isDirectory = isDirectory
        watches[Int(place)].isOver = false
        watches[Int(place)].notifies = 0
        places[number] = place
        return place
    }

    /// One reference less: the kernel's number when it was the last, and there is something to end.
    mutating func give(_ place: Int32) -> Int32? {
        let index = Int(place)
        guard watches[index].references > 0 else { return nil }
        watches[index].references &-= 1
        guard watches[index].references == 0 else { return nil }
        free.append(place)
        guard !watches[index].isOver else { return nil }
        places[watches[index].number] = nil
        return watches[index].number
    }

    /// Whether the file system of a watched directory notifies of all changes; nil if unknown.
    func notifies(_ place: Int32) -> Bool? {
        let known = watches[Int(place)].notifies
        return known == 0 ? nil : known == 1
    }

    /// Notes whether the file system of a watched directory notifies of all changes.
    mutating func setNotifies(_ notifies: Bool, of place: Int32) {
        watches[Int(place)].notifies = notifies ? 1 : 2
    }

    /// Bytes of memory that a watch and so many names take in the table: a dictionary is at least
    /// half full, and has 16 bytes for a name and 8 for a number.
    static func cost(names: Int64) -> Int64 {
        Int64(MemoryLayout<Watch>.stride) &+ 2 &* 8 &+ 2 &* 16 &* names
    }

    /// The key where nothing more is depended on.
    static let noKey: UInt64 = 0

    /// The key of a name in a watched directory; never ``noKey``.
    func key(of name: UInt64, in place: Int32) -> UInt64 {
        WatchTable.key(watches[Int(place)].number, name)
    }

    private static func key(_ number: Int32, _ name: UInt64) -> UInt64 {
        (name ^ UInt64(UInt32(bitPattern: number)) &* 0x9E37_79B9_7F4A_7C15) | 1
    }

    /// Something depends on a name.
    mutating func depend(on key: UInt64) {
        if key != WatchTable.noKey { names[key, default: 0] &+= 1 }
    }

    /// It does not any more.
    mutating func release(_ key: UInt64) {
        guard let count = names[key] else { return }
        names[key] = count > 1 ? count &- 1 : nil
    }

    /// Takes a change over.
    mutating func take(_ change: Change) {
        guard change.watch >= 0 else {
            losses &+= 1
            epoch &+= 1
            return
        }
        guard let place = places[change.watch] else { return }
        let index = Int(place)
        if change.isEnd {
            places[change.watch] = nil
            watches[index].isOver = true
        }
        watches[index].version &+= 1
        guard watches[index].isDirectory else { return }
        let counts =
            change.name == 0 || names[WatchTable.key(change.watch, change.name)] != nil
        if counts { epoch &+= 1 }
    }

    /// Forgets everything: all watches are gone.
    mutating func reset() {
        for index in 0..<neverUsed {
            watches[index].version &+= 1
            watches[index].references = 0
        }
        free.removeAll()
        neverUsed = 0
        places.removeAll()
        names.removeAll()
        epoch &+= 1
    }
}
