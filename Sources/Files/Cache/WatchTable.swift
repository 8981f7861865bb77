import Linux

/// The watches of the cache and the changes they have reported: pure bookkeeping, without system
/// calls.
///
/// A change of a file increments the version of its watch. A change of a name, a directory or a
/// mount begins a new **epoch**, in which every entry is checked once before it is used again. Only
/// names that an entry depends on count.
public struct WatchTable: ~Copyable {
    /// A watched file or directory.
    @usableFromInline struct Watch: BitwiseCopyable {
        @usableFromInline var version: UInt32
        /// The number of entries that use it; 0 is free.
        @usableFromInline var references: UInt32
        @usableFromInline var number: Int32
        @usableFromInline var isDirectory: Bool
        /// True if the kernel has removed the watch.
        @usableFromInline var isRemoved: Bool
        /// Whether the file system notifies of all changes: 0 is unknown, 1 yes, 2 no.
        @usableFromInline var notifies: UInt8
    }

    @usableFromInline var watches: ZeroedStorage<Watch>
    private var free: [Int32] = []
    private var neverUsed = 0
    /// Indexes of watches by the kernel's watch descriptors.
    private var places: [Int32: Int32] = [:]
    /// The number of entries that depend on a name in a directory.
    private var names: [UInt64: UInt32] = [:]
    /// The current epoch. Entries of earlier epochs are checked before they are used.
    public private(set) var epoch: UInt64 = 1
    /// The number of times that all watches were dropped because notifications were lost.
    public private(set) var losses: UInt64 = 0

    init(count: Int) { watches = ZeroedStorage(count: max(16, count)) }

    /// Begins a new epoch.
    mutating func beginEpoch() { epoch &+= 1 }

    /// The number of watches.
    var count: Int { places.count }

    /// The number of names that an entry depends on.
    var nameCount: Int { names.count }

    /// Returns true if a watch is active and has reported no change since this version.
    @inlinable @inline(__always)
    func isUnchanged(_ place: Int32, since version: UInt32) -> Bool {
        watches[Int(place)].version == version
    }

    func version(of place: Int32) -> UInt32 { watches[Int(place)].version }

    /// Returns the index of a watch of the kernel and adds a reference; nil if the table is full.
    mutating func addWatch(_ number: Int32, isDirectory: Bool) -> Int32? {
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
        watches[Int(place)].isRemoved = false
        watches[Int(place)].notifies = 0
        places[number] = place
        return place
    }

    /// Drops a reference. Returns the watch descriptor to remove, or nil while others remain.
    mutating func releaseWatch(_ place: Int32) -> Int32? {
        let index = Int(place)
        guard watches[index].references > 0 else { return nil }
        watches[index].references &-= 1
        guard watches[index].references == 0 else { return nil }
        free.append(place)
        guard !watches[index].isRemoved else { return nil }
        places[watches[index].number] = nil
        return watches[index].number
    }

    /// Returns whether the file system of a watched directory notifies of all changes; nil if
    /// unknown.
    func notifies(_ place: Int32) -> Bool? {
        let known = watches[Int(place)].notifies
        return known == 0 ? nil : known == 1
    }

    /// Records whether the file system of a watched directory notifies of all changes.
    mutating func setNotifies(_ notifies: Bool, of place: Int32) {
        watches[Int(place)].notifies = notifies ? 1 : 2
    }

    /// Returns the bytes of memory that a watch and `names` names use: a dictionary is at least
    /// half full, and has 16 bytes for a name and 8 for a number.
    static func cost(names: Int64) -> Int64 {
        Int64(MemoryLayout<Watch>.stride) &+ 2 &* 8 &+ 2 &* 16 &* names
    }

    /// The key of an entry that depends on no further name.
    static let noKey: UInt64 = 0

    /// Returns the key of a name in a watched directory; never ``noKey``.
    func key(of name: UInt64, in place: Int32) -> UInt64 {
        WatchTable.key(watches[Int(place)].number, name)
    }

    private static func key(_ number: Int32, _ name: UInt64) -> UInt64 {
        (name ^ UInt64(UInt32(bitPattern: number)) &* 0x9E37_79B9_7F4A_7C15) | 1
    }

    /// Adds a dependency on a name.
    mutating func addDependency(on key: UInt64) {
        if key != WatchTable.noKey { names[key, default: 0] &+= 1 }
    }

    /// Removes a dependency on a name.
    mutating func removeDependency(_ key: UInt64) {
        guard let count = names[key] else { return }
        names[key] = count > 1 ? count &- 1 : nil
    }

    /// Processes a change notification.
    mutating func addWatch(_ change: Change) {
        guard change.watch >= 0 else {
            losses &+= 1
            epoch &+= 1
            return
        }
        guard let place = places[change.watch] else { return }
        let index = Int(place)
        if change.isEnd {
            places[change.watch] = nil
            watches[index].isRemoved = true
        }
        watches[index].version &+= 1
        guard watches[index].isDirectory else { return }
        let counts =
            change.name == 0 || names[WatchTable.key(change.watch, change.name)] != nil
        if counts { epoch &+= 1 }
    }

    /// Forgets all watches: the kernel has dropped them.
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

/// A name on the path of files: a directory, or a symbolic link or `..` that leads to one.
///
/// Nodes form a tree by the names in paths. A node holds references to those that it depends on:
/// its parent, and the node that a link leads to. Names that do not exist have no node.
struct WatchedDirectory {
    /// The target of the name.
    enum State {
        /// A directory whose changes the kernel notifies of.
        case watched
        /// A missing name, or one that is not a directory. The kernel notifies of changes.
        case missing
        /// A directory that cannot be watched, or whose file system does not notify of changes.
        case unwatched
    }

    var state = State.unwatched
    /// The node of the directory that contains the name; -1 for `/`.
    var parent: Int32 = -1
    /// The node that a link or `..` leads to; -1 for a directory.
    var target: Int32 = -1
    /// The node of the directory itself: this node, or the one that a link finally leads to.
    var resolved: Int32 = -1
    var name: [UInt8] = []
    /// The directory's path without links; empty for `/` and for a link.
    var physical: [UInt8] = []
    /// The index of the directory's watch, which the node has a reference to; -1 for none.
    var place: Int32 = -1
    /// The key of the name in its directory, and of the missing name in the target of a link.
    var key = WatchTable.noKey
    var missingKey = WatchTable.noKey
    /// The number of symbolic links between the name and its final target.
    var links = 0
    /// The epoch in which the name was looked up.
    var epoch: UInt64 = 0
    /// The number of cache entries and other nodes that depend on this one.
    var references = 0
    var hash: UInt64 = 0

    /// Bytes of memory: the node and its two arrays, two cells of the index, two names and a watch
    /// in the table, and its links.
    var cost: Int64 { WatchedDirectory.fixedCost &+ Int64(name.count) &+ Int64(physical.count) }

    private static let fixedCost =
        Int64(MemoryLayout<WatchedDirectory>.stride) &+ 2 &* 32 &+ 2 &* 8
        &+ WatchTable.cost(names: 2) &+ 12
}
