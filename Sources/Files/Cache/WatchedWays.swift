import Linux

/// Watches the way to a file: every directory that its path leads through, those of symbolic links'
/// targets included, and in each of them the name that comes next.
///
/// A way is gone once in every epoch, whatever it leads to: in between nothing on it has changed.
struct WatchedWays: ~Copyable {
    /// Where a path to a directory leads.
    struct Way {
        enum State {
            /// To a directory that is watched.
            case watched
            /// To nothing, or to no directory; when that changes, it will be told.
            case missing
            /// To where changes are not told of, or must not be asked for.
            case unwatched
        }

        var state: State
        /// The directory without links on the way to it; `/` is empty.
        var physical: [UInt8] = []
        /// Its place in the table.
        var place: Int32 = -1
        var epoch: UInt64 = 0
    }

    /// As many links may follow on each other as in the kernel (path_resolution(7)).
    private static let mostLinks = 40

    private var ways: [[UInt8]: Way] = [:]
    /// Whether the file system that a place is in tells of changes.
    private var isTold: [Int32: Bool] = [:]
    /// Watches of directories are kept until all are forgotten; more than this are too many.
    private let most: Int
    private(set) var isFull = false

    init(most: Int) { self.most = max(64, most) }

    mutating func reset() {
        ways.removeAll()
        isTold.removeAll()
        isFull = false
    }

    /// Watches the way to the directory of `path`, which is absolute, and the last name in it, with
    /// what that leads to when it is a link. The key of the name in the table, which something
    /// depends on then; nil when the way cannot be watched.
    mutating func watch(
        wayTo path: Span<UInt8>, _ feed: borrowing ChangeFeed, _ table: inout WatchTable
    ) -> UInt64? {
        guard path.count > 1, path[0] == UInt8(ascii: "/") else { return nil }
        var end = path.count
        // A slash at the end changes nothing of where the name is.
        while end > 1, path[end &- 1] == UInt8(ascii: "/") { end &-= 1 }
        var slash = end &- 1
        while slash > 0, path[slash] != UInt8(ascii: "/") { slash &-= 1 }
        let name = bytes(of: path, slash &+ 1, end)
        let directory = way(to: bytes(of: path, 0, slash), feed, &table, links: 0)
        switch directory.state {
        case .unwatched: return nil
        case .missing:
            // What is missing is depended on already; this name is none of any directory's.
            return WatchTable.noKey
        case .watched: break
        }
        guard !name.isEmpty else { return WatchTable.noKey }
        let key = table.key(of: ChangeFeed.hash(ofName: name.span), in: directory.place)
        table.depend(on: key)
        // What a link in the last place leads to has a way of its own.
        if case .success(let target?) = linkTarget(of: directory.physical + [slashByte] + name) {
            let end = follow(target, from: directory, feed, &table, links: 1)
            if case .unwatched = end.state {
                table.release(key)
                return nil
            }
        }
        return key
    }

    // MARK: the walk

    /// The way to a directory by its path, `/` being empty.
    private mutating func way(
        to path: [UInt8], _ feed: borrowing ChangeFeed, _ table: inout WatchTable, links: Int
    ) -> Way {
        if let known = ways[path], known.epoch == table.epoch { return known }
        let epoch = table.epoch
        var way: Way
        if let slash = path.lastIndex(of: slashByte) {
            let parent = self.way(to: Array(path[..<slash]), feed, &table, links: links)
            way = step(
                from: parent, Array(path[(slash &+ 1)...]), feed, &table, links: links)
        } else {
            way = enter([], feed, &table)
        }
        way.epoch = epoch
        if ways.count >= most { isFull = true } else { ways[path] = way }
        return way
    }

    /// One name further.
    private mutating func step(
        from way: Way, _ name: [UInt8], _ feed: borrowing ChangeFeed, _ table: inout WatchTable,
        links: Int
    ) -> Way {
        guard case .watched = way.state else { return way }
        switch name {
        case [], [dotByte]: return way
        case [dotByte, dotByte]:
            // There are no links in it, so that what stands before the last name is its parent.
            let end = way.physical.lastIndex(of: slashByte) ?? 0
            return self.way(to: Array(way.physical[..<end]), feed, &table, links: links)
        default: break
        }
        table.depend(on: table.key(of: ChangeFeed.hash(ofName: name.span), in: way.place))
        let path = way.physical + [slashByte] + name
        switch linkTarget(of: path) {
        case .success(nil): return enter(path, feed, &table)
        case .success(let target?):
            guard links < WatchedWays.mostLinks else { return Way(state: .missing) }
            return follow(target, from: way, feed, &table, links: links &+ 1)
        case .failure(let error):
            return Way(state: error.isMissing ? .missing : .unwatched)
        }
    }

    /// Where a link leads to that stands in the directory of `way`.
    private mutating func follow(
        _ target: [UInt8], from way: Way, _ feed: borrowing ChangeFeed,
        _ table: inout WatchTable, links: Int
    ) -> Way {
        var end =
            target.first == slashByte
            ? self.way(to: [], feed, &table, links: links) : way
        for name in target.split(separator: slashByte) {
            end = step(from: end, Array(name), feed, &table, links: links)
        }
        return end
    }

    /// Watches a directory that no link is on the way to.
    private mutating func enter(
        _ physical: [UInt8], _ feed: borrowing ChangeFeed, _ table: inout WatchTable
    ) -> Way {
        let path = physical.isEmpty ? [slashByte] : physical
        switch withCPath(path, { feed.watch(directory: $0) }) {
        case .failure(let error):
            // A file in a directory's place is no directory, and is told of by its name. Where the
            // kernel's limits are reached nothing is gained by beginning anew.
            return Way(state: error.isMissing ? .missing : .unwatched)
        case .success(let number):
            guard let place = table.take(number, isDirectory: true) else {
                isFull = true
                return Way(state: .unwatched)
            }
            let told: Bool
            if let known = isTold[place] {
                told = known
            } else {
                told = withCPath(path) { tellsChanges($0) }
                isTold[place] = told
            }
            // What was mounted on it meanwhile is another file system, and a new epoch.
            return Way(state: told ? .watched : .unwatched, physical: physical, place: place)
        }
    }

    private func linkTarget(of path: [UInt8]) -> Result<[UInt8]?, FileError> {
        withCPath(path) { Linux.linkTarget($0) }
    }

    private func bytes(of path: Span<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
        guard start < end else { return [] }
        return (start..<end).map { path[$0] }
    }
}

private let slashByte = UInt8(ascii: "/")
private let dotByte = UInt8(ascii: ".")
