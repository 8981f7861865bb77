import HTTP
import Linux

/// Watches all directories on the path of a file, those of symbolic links' targets included, and in
/// each of them the name that follows.
///
/// Each name is looked up once in an epoch, since nothing on the path changes in between. A walk
/// stops at the first name that is missing, and takes a bounded number of steps. Nodes that no
/// entry depends on stay while there is room, and are evicted one by one.
struct PathWatcher: ~Copyable {
    /// The dependency of a cache entry on its path, released together with the entry.
    struct Dependency: BitwiseCopyable {
        /// The last node on the path.
        let node: Int32
        /// The key of the name that follows it; ``WatchTable/noKey`` if none does.
        let key: UInt64
    }

    /// The end of a walk.
    private enum End {
        case directory(Int32)
        /// The name with this key is missing in the directory of this node.
        case missing(Int32, UInt64)
        case unwatched
    }

    /// The bounds of one walk.
    private struct Walk {
        var steps = 0
        var links = 0
        /// The bytes that all nodes may use.
        let maxBytes: Int64
    }

    /// The number of links in one path that the kernel follows (path_resolution(7)).
    private static let maxLinks = 40
    /// Names that are looked up for one path, those of links' targets included. A path of PATH_MAX
    /// bytes has 2,048.
    private static let maxSteps = 8192
    /// Nodes that are evicted to make room for one.
    private static let maxEvictions = 16

    private var nodes: [WatchedDirectory] = []
    private var free: [Int32] = []
    private var index: SlotIndex
    /// Nodes that nothing depends on, the least recently used first.
    private var idle = SlotList()
    private var idleLinks = SlotLinks()
    private let seed: UInt64
    private let capacity: Int
    /// Bytes of memory that the nodes use.
    private(set) var byteCount: Int64 = 0
    /// True if a walk failed because there was no room for a node; the owner resets it.
    var isOutOfRoom = false

    init(most: Int, seed: UInt64) {
        self.capacity = max(64, most)
        self.seed = seed
        index = SlotIndex(slots: self.capacity)
    }

    /// The number of nodes.
    var count: Int { nodes.count &- free.count }

    /// Removes all nodes after the kernel has dropped all watches.
    mutating func reset() {
        nodes.removeAll()
        free.removeAll()
        index = SlotIndex(slots: capacity)
        idle = SlotList()
        idleLinks = SlotLinks()
        byteCount = 0
        isOutOfRoom = false
    }

    /// Watches the path to the directory of `path`, which is absolute, and the last name in it,
    /// with its target if it is a link. The nodes use at most `maxBytes`. Returns nil if the path
    /// cannot be watched.
    mutating func watch(
        wayTo path: Span<UInt8>, mostBytes: Int64, _ feed: borrowing ChangeFeed,
        _ table: inout WatchTable
    ) -> Dependency? {
        guard path.count > 1, path[0] == slashByte else { return nil }
        var end = path.count
        // A slash at the end does not change the directory of the name.
        while end > 1, path[end &- 1] == slashByte { end &-= 1 }
        var slash = end &- 1
        while slash > 0, path[slash] != slashByte { slash &-= 1 }
        let last = path.extracting(min(slash &+ 1, end)..<end)
        var walk = Walk(maxBytes: mostBytes)
        let directory = self.walk(
            from: root(feed, &table, &walk), along: path.extracting(0..<slash), feed, &table, &walk)
        guard case .directory(let node) = directory else { return depend(on: directory, &table) }
        if !PathWatcher.isSpecial(last) {
            // The file itself is watched by its descriptor. The target of a link in its place has a
            // path of its own.
            let path = physical(of: node) + [slashByte] + bytes(of: last)
            guard case .success(_?) = linkTarget(of: path) else {
                return depend(on: .missing(node, key(of: last, in: node, table)), &table)
            }
        }
        return depend(on: lookUp(from: node, last, feed, &table, &walk), &table)
    }

    /// Releases the result of ``watch(wayTo:mostBytes:_:_:)``. The nodes stay until they are
    /// evicted.
    mutating func release(_ dependency: Dependency, _ table: inout WatchTable) {
        table.removeDependency(dependency.key)
        release(dependency.node)
    }

    /// Evicts the least recently used node that nothing depends on. Returns false if there is none.
    mutating func evictOne(_ feed: borrowing ChangeFeed, _ table: inout WatchTable) -> Bool {
        guard let slot = idleLinks.popFirst(of: &idle) else { return false }
        let node = nodes[slot]
        nodes[slot] = WatchedDirectory()
        free.append(Int32(truncatingIfNeeded: slot))
        index.remove(slot, node.hash)
        byteCount &-= node.cost
        releaseDependencies(node, feed, &table)
        release(node.parent)
        return true
    }

    private mutating func depend(on end: End, _ table: inout WatchTable) -> Dependency? {
        switch end {
        case .unwatched: return nil
        case .directory(let node):
            retain(node)
            return Dependency(node: node, key: WatchTable.noKey)
        case .missing(let node, let key):
            retain(node)
            table.addDependency(on: key)
            return Dependency(node: node, key: key)
        }
    }

    // MARK: the walk

    /// Follows the names of a path one by one, until one is missing or cannot be watched.
    private mutating func walk(
        from start: End, along path: Span<UInt8>, _ feed: borrowing ChangeFeed,
        _ table: inout WatchTable, _ walk: inout Walk
    ) -> End {
        var end = start
        var position = 0
        while position < path.count, case .directory(let node) = end {
            var next = position
            while next < path.count, path[next] != slashByte { next &+= 1 }
            if next > position {
                end = lookUp(from: node, path.extracting(position..<next), feed, &table, &walk)
            }
            position = next &+ 1
        }
        return end
    }

    private mutating func root(
        _ feed: borrowing ChangeFeed, _ table: inout WatchTable, _ walk: inout Walk
    ) -> End {
        let name = Span<UInt8>()
        if let known = find(-1, name), nodes[known].epoch == table.epoch {
            return end(of: known, &walk)
        }
        var node = WatchedDirectory()
        guard watchDirectory(&node, [], feed, &table) else { return .unwatched }
        return store(node, -1, name, feed, &table, &walk)
    }

    /// Looks up one name in the directory of `parent`.
    private mutating func lookUp(
        from parent: Int32, _ name: Span<UInt8>, _ feed: borrowing ChangeFeed,
        _ table: inout WatchTable, _ walk: inout Walk
    ) -> End {
        if name.isEmpty || name.count == 1 && name[0] == dotByte { return .directory(parent) }
        walk.steps &+= 1
        guard walk.steps <= PathWatcher.maxSteps else { return .unwatched }
        if let known = find(parent, name), nodes[known].epoch == table.epoch {
            return end(of: known, &walk)
        }
        // The parent must not be evicted for the nodes of a link's target.
        retain(parent)
        defer { release(parent) }
        var node = WatchedDirectory()
        let linksBefore = walk.links
        if PathWatcher.isSpecial(name) {
            setTarget(&node, at: parentDirectory(parent, feed, &table, &walk))
        } else {
            node.key = key(of: name, in: parent, table)
            let path = physical(of: parent) + [slashByte] + bytes(of: name)
            switch linkTarget(of: path) {
            case .failure(let error):
                return error.isMissing ? .missing(parent, node.key) : .unwatched
            case .success(nil):
                guard watchDirectory(&node, path, feed, &table) else {
                    return .missing(parent, node.key)
                }
            case .success(let target?):
                walk.links &+= 1
                guard walk.links <= PathWatcher.maxLinks else {
                    return .missing(parent, node.key)
                }
                let start =
                    target.first == slashByte ? root(feed, &table, &walk) : .directory(parent)
                setTarget(
                    &node, at: self.walk(from: start, along: target.span, feed, &table, &walk))
            }
        }
        node.links = walk.links &- linksBefore
        if node.target >= 0 { retain(node.target) }
        defer { if node.target >= 0 { release(node.target) } }
        return store(node, parent, name, feed, &table, &walk)
    }

    /// Returns the directory above a node's. There are no links in its own path.
    private mutating func parentDirectory(
        _ node: Int32, _ feed: borrowing ChangeFeed, _ table: inout WatchTable,
        _ walk: inout Walk
    ) -> End {
        let physical = physical(of: node)
        let end = physical.lastIndex(of: slashByte) ?? 0
        return self.walk(
            from: root(feed, &table, &walk), along: physical.span.extracting(0..<end), feed,
            &table, &walk)
    }

    /// Sets the end that a node leads to.
    private func setTarget(_ node: inout WatchedDirectory, at end: End) {
        switch end {
        case .unwatched: node.state = .unwatched
        case .directory(let target):
            node.state = .watched
            node.target = target
            node.resolved = nodes[Int(target)].resolved
        case .missing(let target, let key):
            node.state = .missing
            node.target = target
            node.missingKey = key
        }
    }

    /// Watches a directory whose path has no links. Returns false if it is not a directory.
    private func watchDirectory(
        _ node: inout WatchedDirectory, _ physical: [UInt8], _ feed: borrowing ChangeFeed,
        _ table: inout WatchTable
    ) -> Bool {
        let path = physical.isEmpty ? [slashByte] : physical
        node.physical = physical
        switch withCPath(path, { feed.watch(directory: $0) }) {
        case .failure(let error):
            // A file in the place of a directory is reported by its name. Where the kernel's limits
            // are reached, starting again gains nothing.
            if error.isMissing { return false }
            node.state = .unwatched
        case .success(let number):
            guard let place = table.addWatch(number, isDirectory: true) else {
                node.state = .unwatched
                return true
            }
            node.place = place
            // A file system mounted here in the meantime begins a new epoch.
            let notifies = table.notifies(place) ?? withCPath(path) { notifiesChanges($0) }
            table.setNotifies(notifies, of: place)
            node.state = notifies ? .watched : .unwatched
        }
        return true
    }

    // MARK: nodes

    private func find(_ parent: Int32, _ name: Span<UInt8>) -> Int? {
        let hash = hash(parent, name)
        var cursor = index.start(hash)
        while let slot = index.next(hash, at: &cursor) {
            guard nodes[slot].hash == hash, nodes[slot].parent == parent else { continue }
            let own = nodes[slot].name
            if own.span.equals(name) { return slot }
        }
        return nil
    }

    private func hash(_ parent: Int32, _ name: Span<UInt8>) -> UInt64 {
        var hash = ByteHash(seed: seed)
        hash.add(UInt64(UInt32(bitPattern: parent)))
        hash.add(name)
        return hash.value
    }

    private func end(of slot: Int, _ walk: inout Walk) -> End {
        walk.links &+= nodes[slot].links
        let node = Int32(truncatingIfNeeded: slot)
        guard walk.links <= PathWatcher.maxLinks else { return .missing(node, WatchTable.noKey) }
        switch nodes[slot].state {
        case .watched: return .directory(node)
        case .missing: return .missing(node, WatchTable.noKey)
        case .unwatched: return .unwatched
        }
    }

    /// Stores the result of looking up a name, in place of the previous one.
    private mutating func store(
        _ found: WatchedDirectory, _ parent: Int32, _ name: Span<UInt8>,
        _ feed: borrowing ChangeFeed, _ table: inout WatchTable, _ walk: inout Walk
    ) -> End {
        let known = find(parent, name)
        if let known, nodes[known].epoch == table.epoch {
            // A link that leads to itself was looked up during its own lookup. No node depends on
            // itself.
            return end(of: known, &walk)
        }
        var node = found
        node.parent = parent
        node.name = bytes(of: name)
        node.epoch = table.epoch
        node.hash = hash(parent, name)
        guard let slot = known ?? room(for: node.cost, feed, &table, walk.maxBytes) else {
            isOutOfRoom = true
            if let number = node.place >= 0 ? table.releaseWatch(node.place) : nil {
                feed.unwatch(number)
            }
            return .unwatched
        }
        if node.target < 0 { node.resolved = Int32(truncatingIfNeeded: slot) }
        table.addDependency(on: node.key)
        table.addDependency(on: node.missingKey)
        if node.target >= 0 { retain(node.target) }
        let old = nodes[slot]
        node.references = old.references
        nodes[slot] = node
        byteCount &+= node.cost
        if known != nil {
            byteCount &-= old.cost
            releaseDependencies(old, feed, &table)
        } else {
            if parent >= 0 { retain(parent) }
            index.insert(slot, node.hash)
            idleLinks.append(slot, to: &idle)
        }
        // The links of the walk were counted when the name was looked up.
        walk.links &-= node.links
        return end(of: slot, &walk)
    }

    /// Releases the nodes that a node depends on, except its parent.
    private mutating func releaseDependencies(
        _ node: WatchedDirectory, _ feed: borrowing ChangeFeed, _ table: inout WatchTable
    ) {
        table.removeDependency(node.key)
        table.removeDependency(node.missingKey)
        if node.place >= 0, let number = table.releaseWatch(node.place) { feed.unwatch(number) }
        release(node.target)
    }

    /// Returns a free slot after evicting unused nodes until there is room for `cost` bytes.
    /// Returns nil if that frees too little.
    private mutating func room(
        for cost: Int64, _ feed: borrowing ChangeFeed, _ table: inout WatchTable,
        _ mostBytes: Int64
    ) -> Int? {
        for _ in 0...PathWatcher.maxEvictions {
            if count < capacity, byteCount &+ cost <= mostBytes {
                if let slot = free.popLast() { return Int(slot) }
                nodes.append(WatchedDirectory())
                return nodes.count &- 1
            }
            guard evictOne(feed, &table) else { return nil }
        }
        return nil
    }

    private mutating func retain(_ node: Int32) {
        let slot = Int(node)
        nodes[slot].references &+= 1
        if nodes[slot].references == 1 { idleLinks.remove(slot, from: &idle) }
    }

    private mutating func release(_ node: Int32) {
        guard node >= 0 else { return }
        let slot = Int(node)
        nodes[slot].references &-= 1
        if nodes[slot].references == 0 { idleLinks.append(slot, to: &idle) }
    }

    private func physical(of node: Int32) -> [UInt8] {
        nodes[Int(nodes[Int(node)].resolved)].physical
    }

    private func key(of name: Span<UInt8>, in node: Int32, _ table: borrowing WatchTable) -> UInt64
    {
        let place = nodes[Int(nodes[Int(node)].resolved)].place
        return table.key(of: ChangeFeed.hash(ofName: name), in: place)
    }

    private func linkTarget(of path: [UInt8]) -> Result<[UInt8]?, FileError> {
        withCPath(path) { Linux.linkTarget($0) }
    }

    private func bytes(of span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    /// True for a name that is not a directory entry: empty, `.` or `..`.
    private static func isSpecial(_ name: Span<UInt8>) -> Bool {
        name.isEmpty || name.equals(".") || name.equals("..")
    }
}

private let slashByte = UInt8(ascii: "/")
private let dotByte = UInt8(ascii: ".")
