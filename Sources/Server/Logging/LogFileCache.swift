import Linux

/// The parameters of `open_log_file_cache`, for log files with variables in their names.
struct LogFileCacheSettings: Equatable, Sendable {
    /// The maximum number of open files.
    var max: Int
    /// The time without a write after which a file is closed.
    var inactiveMs: Int64 = 10_000
    /// The number of lines within that time that keep a file open.
    var minUses = 1
    /// The interval at which the name is checked for another file.
    var validMs: Int64 = 60_000
}

/// A cache of open log files by name.
struct LogFileCache {
    private let settings: LogFileCacheSettings
    private let user: Identity?
    private var entries: [[UInt8]: Entry] = [:]
    /// The names by slot, and the slots in the order of their last use: clients may choose names,
    /// and no name costs a scan of all others.
    private var names: [[UInt8]] = []
    private var freeSlots: [Int] = []
    private var order = SlotList()
    private var links = SlotLinks()

    private struct Entry {
        /// The descriptor; -1 until the file was used often enough.
        var descriptor: Int32
        var inode: UInt64
        var device: UInt64
        var uses: Int
        var usedMs: Int64
        var checkedMs: Int64
        /// The slot in the order of use.
        let slot: Int
    }

    /// An open file for a line.
    struct OpenFile {
        let descriptor: Int32
        /// True if the cache owns the descriptor and closes it.
        let isCached: Bool
    }

    /// Creates a cache of files that are opened with the rights of `user`; nil for this process's
    /// own.
    init(_ settings: LogFileCacheSettings, openedAs user: Identity? = nil) {
        self.settings = settings
        self.user = user
    }

    /// The number of known names.
    var count: Int { entries.count }

    /// Returns the file with a name, opened if necessary or if the name refers to another file by
    /// now.
    mutating func file(_ path: [UInt8], nowMs: Int64) -> Result<OpenFile, FileError> {
        sweep(nowMs)
        var entry = entries[path] ?? makeRoom(for: path, nowMs)
        entry.uses &+= 1
        entry.usedMs = nowMs
        links.remove(entry.slot, from: &order)
        links.append(entry.slot, to: &order)
        if entry.descriptor >= 0, nowMs &- entry.checkedMs >= settings.validMs {
            entry.checkedMs = nowMs
            if !LogFileCache.isNamed(path, entry.inode, entry.device) {
                closeDescriptor(entry.descriptor)
                entry.descriptor = -1
            }
        }
        if entry.descriptor >= 0 {
            entries[path] = entry
            return .success(OpenFile(descriptor: entry.descriptor, isCached: true))
        }
        let opened = LogFileCache.open(path, as: user)
        guard case .success(let file) = opened else {
            entries[path] = entry
            remove(path)
            return opened
        }
        let isCached = entry.uses >= settings.minUses
        if isCached, case .success(let fileStatus) = fileStatus(of: file.descriptor) {
            entry.descriptor = file.descriptor
            entry.inode = fileStatus.inode
            entry.device = fileStatus.device
            entry.checkedMs = nowMs
        }
        entries[path] = entry
        return .success(OpenFile(descriptor: file.descriptor, isCached: entry.descriptor >= 0))
    }

    /// Opens a file for a line and creates it if necessary, with the rights of `user` unless it is
    /// nil.
    static func open(_ path: [UInt8], as user: Identity? = nil) -> Result<OpenFile, FileError> {
        withCPath(path) { openForAppending($0, as: user.map { ($0.user, $0.group) }) }
            .map { OpenFile(descriptor: $0, isCached: false) }
    }

    /// Closes all files and forgets their names.
    mutating func closeAll() {
        closeEverything()
        entries = [:]
        names = []
        freeSlots = []
        order = SlotList()
        links = SlotLinks()
    }

    /// Closes all files of a cache that is not used again.
    func closeEverything() {
        for entry in entries.values where entry.descriptor >= 0 {
            closeDescriptor(entry.descriptor)
        }
    }

    /// Returns an entry for a new name, in place of the least recently used one if there is no
    /// room.
    private mutating func makeRoom(for path: [UInt8], _ nowMs: Int64) -> Entry {
        if entries.count >= settings.max, let oldest = order.first { remove(names[oldest]) }
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            names[slot] = path
        } else {
            slot = names.count
            names.append(path)
        }
        return Entry(
            descriptor: -1, inode: 0, device: 0, uses: 0, usedMs: nowMs, checkedMs: nowMs,
            slot: slot)
    }

    /// Closes files that were not used for a while.
    private mutating func sweep(_ nowMs: Int64) {
        while let slot = order.first, let entry = entries[names[slot]],
            nowMs &- entry.usedMs >= settings.inactiveMs
        {
            remove(names[slot])
        }
    }

    private mutating func remove(_ path: [UInt8]) {
        guard let entry = entries.removeValue(forKey: path) else { return }
        if entry.descriptor >= 0 { closeDescriptor(entry.descriptor) }
        links.remove(entry.slot, from: &order)
        names[entry.slot] = []
        freeSlots.append(entry.slot)
    }

    /// Returns the errno(3) that shows that `path` is no directory; nil if it is one.
    static func directoryFault(_ path: [UInt8]) -> Int32? {
        // The root directory adds no bytes before a path.
        switch withCPath(path.isEmpty ? [UInt8(ascii: "/")] : path, { fileStatus(of: $0) }) {
        case .success(let fileStatus): fileStatus.kind == .directory ? nil : Errno.noDirectory
        case .failure(let error): error.code
        }
    }

    private static func isNamed(_ path: [UInt8], _ inode: UInt64, _ device: UInt64) -> Bool {
        guard case .success(let fileStatus) = withCPath(path, { fileStatus(of: $0) }) else {
            return false
        }
        return fileStatus.inode == inode && fileStatus.device == device
    }
}
