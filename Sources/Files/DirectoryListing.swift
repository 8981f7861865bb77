import Glibc
import Linux

/// The names in a directory and their kinds, sizes and times, as `autoindex` shows them.
///
/// Names are read in slices, so that a large directory does not hold up the event loop. Each slice
/// is sorted when it is read, and ``next()`` merges them.
public struct DirectoryListing {
    /// One name of the directory.
    @frozen
    public struct Entry: BitwiseCopyable, Sendable {
        /// The kind of the file; of a link's target where links are followed.
        public let kind: FileStatus.Kind
        /// The size in bytes.
        public let size: Int64
        /// mtime in seconds since 1970.
        public let modified: Int64
        let nameStart: Int
        let nameCount: Int
    }

    /// The order of the names. Directories come first; equal entries are in the order of their
    /// names.
    public struct Order: Equatable, Sendable {
        /// The column to sort by.
        public enum Key: Sendable {
            case name, size, modified
        }

        /// The column to sort by.
        public var key: Key
        /// Whether the largest comes first.
        public var isDescending: Bool

        /// Creates an order; the default is nginx's, by name.
        public init(key: Key = .name, isDescending: Bool = false) {
            self.key = key
            self.isDescending = isDescending
        }
    }

    /// A sorted slice, and how many of its entries ``next()`` has returned.
    private struct Run {
        var next: Int
        let end: Int
    }

    /// The number of names.
    public var count: Int { entries.count }

    private let order: Order
    private var entries: [Entry] = []
    private var names: [UInt8] = []
    /// The slices; while `isMerging`, a heap in which the first has the least entry.
    private var runs: [Run] = []
    private var isMerging = false

    /// Creates an empty listing.
    public init(order: Order = Order()) { self.order = order }

    /// Calls `body` with the bytes of an entry's name, as the file system has them.
    public func withName<Result>(of entry: Entry, _ body: (Span<UInt8>) -> Result) -> Result {
        let span = names.span
        let start = min(max(entry.nameStart, 0), span.count)
        let end = min(max(entry.nameStart &+ entry.nameCount, start), span.count)
        return body(span.extracting(start..<end))
    }

    /// Reads at most `count` names of `stream`. Returns false after the last one.
    ///
    /// As in nginx, names that begin with a dot are left out, a link shows its target (or itself if
    /// that is missing or a loop), and names that may not be read are left out. Unless links are
    /// followed, a link shows itself: its target may be outside the root.
    public mutating func readNames(
        from stream: inout DirectoryStream, atMost count: Int, links: LinkRule
    ) throws(FileError) -> Bool {
        let first = entries.count
        defer { sortRun(from: first) }
        for _ in 0..<max(count, 0) {
            switch stream.next() {
            case .end: return false
            case .failed(let code): throw FileError(code: code)
            case .name: break
            }
            let start = names.count
            stream.withName { name in
                guard name.count > 0, name[0] != UInt8(ascii: ".") else { return }
                unsafe name.withUnsafeBufferPointer { unsafe names.append(contentsOf: $0) }
            }
            guard names.count > start else { continue }
            guard let found = DirectoryListing.entry(in: stream, links: links) else {
                names.removeLast(names.count - start)
                continue
            }
            entries.append(
                Entry(
                    kind: found.kind, size: found.size, modified: found.modified,
                    nameStart: start, nameCount: names.count - start))
        }
        return true
    }

    private static func entry(
        in stream: borrowing DirectoryStream, links: LinkRule
    ) -> DirectoryStream.Entry? {
        let followsLinks = links == .follow
        switch stream.entry(followsLinks: followsLinks) {
        case .success(let entry): return entry
        case .failure(let error):
            // EACCES is left out, as in nginx. ENOENT is a link without a target, or a name that
            // was removed in the meantime: then the second stat finds nothing either.
            guard followsLinks, error.isMissing || error.isLinkLoop,
                case .success(let entry) = stream.entry(followsLinks: false)
            else { return nil }
            return entry
        }
    }

    private mutating func sortRun(from first: Int) {
        guard first < entries.count else { return }
        let order = self.order
        unsafe names.withUnsafeBufferPointer { names in
            entries[first...].sort {
                unsafe DirectoryListing.precedes($0, $1, order, in: names)
            }
        }
        runs.append(Run(next: first, end: entries.count))
    }

    // MARK: merging

    /// Returns the next entry in order; nil after the last one. After the first call, no more names
    /// can be read.
    public mutating func next() -> Entry? {
        if !isMerging {
            isMerging = true
            for index in (0..<runs.count / 2).reversed() { sink(index) }
        }
        guard let first = runs.first else { return nil }
        let entry = entries[first.next]
        if first.next &+ 1 < first.end {
            runs[0].next &+= 1
        } else {
            let last = runs.removeLast()
            if !runs.isEmpty { runs[0] = last }
        }
        sink(0)
        return entry
    }

    /// Moves the slice at `index` down the heap to its place.
    private mutating func sink(_ index: Int) {
        var index = index
        while true {
            var least = index
            let child = index &* 2 &+ 1
            if child < runs.count, precedes(child, least) { least = child }
            if child &+ 1 < runs.count, precedes(child &+ 1, least) { least = child &+ 1 }
            guard least != index else { return }
            runs.swapAt(index, least)
            index = least
        }
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let left = entries[runs[left].next]
        let right = entries[runs[right].next]
        return unsafe names.withUnsafeBufferPointer {
            unsafe DirectoryListing.precedes(left, right, order, in: $0)
        }
    }

    private static func precedes(
        _ left: Entry, _ right: Entry, _ order: Order, in names: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        let leftIsDirectory = left.kind == .directory
        guard leftIsDirectory == (right.kind == .directory) else { return leftIsDirectory }
        let (lesser, greater): (Int64, Int64)
        switch order.key {
        case .name:
            let comparison = unsafe compare(left, right, in: names)
            return order.isDescending ? comparison > 0 : comparison < 0
        case .size: (lesser, greater) = (left.size, right.size)
        case .modified: (lesser, greater) = (left.modified, right.modified)
        }
        if lesser == greater { return unsafe compare(left, right, in: names) < 0 }
        return order.isDescending ? lesser > greater : lesser < greater
    }

    /// Compares names as ngx_strcmp does: by bytes, and a prefix comes first.
    private static func compare(
        _ left: Entry, _ right: Entry, in names: UnsafeBufferPointer<UInt8>
    ) -> Int {
        guard let base = names.baseAddress else { return 0 }
        let common = min(left.nameCount, right.nameCount)
        let order = unsafe memcmp(base + left.nameStart, base + right.nameStart, common)
        return order != 0 ? Int(order) : left.nameCount &- right.nameCount
    }
}

extension FileError {
    /// True for ELOOP: links that form a loop.
    fileprivate var isLinkLoop: Bool { code == ELOOP }
}
