import Glibc
import HTTP
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

/// Produces the body of a directory listing: names are read slice by slice, then the page is
/// written piece by piece, so that a large directory does not hold up the event loop. The names are
/// kept in memory to be sorted; the page is not.
public final class ListingBody {
    /// The result of a step.
    public enum Step {
        /// The number of bytes written; no more follow if `isLast`.
        case written(Int, isLast: Bool)
        /// Nothing was written: there are more names to read.
        case pending
        case failed(FileError)
    }

    /// The number of names read in one step, which takes about a millisecond.
    static let namesPerStep = 512
    /// The number of entries written in one piece.
    static let entriesPerPiece = 64

    private let style: DirectoryListing.Style
    private let links: LinkRule
    private var stream: DirectoryStream?
    private var listing: DirectoryListing
    private var writtenEntries = 0
    private var isAtTail = false
    /// The rendered part of the page; `taken` bytes of it were written to the caller's buffer.
    private var piece: [UInt8]
    private var taken = 0

    /// Creates the listing of a directory that is open as `directory`. Throws FileError if it is
    /// not a directory.
    public init(
        owning directory: consuming Descriptor, links: LinkRule, style: DirectoryListing.Style
    ) throws(FileError) {
        stream = try DirectoryStream(owning: directory)
        listing = DirectoryListing(order: style.order)
        self.style = style
        self.links = links
        switch style.format {
        case .html: piece = style.htmlHead()
        case .json, .jsonp: piece = style.jsonHead()
        case .xml: piece = style.xmlHead()
        }
    }

    /// Reads some names, or writes as much as fits into `room`.
    public func step(into room: UnsafeMutableRawBufferPointer) -> Step {
        if let error = readNames() { return .failed(error) }
        guard stream == nil else { return .pending }
        var written = 0
        while written < room.count {
            if taken == piece.count {
                if isAtTail { break }
                nextPiece()
            }
            let count = min(room.count &- written, piece.count &- taken)
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[written...])
            unsafe piece.withUnsafeBytes { source in
                unsafe target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[taken..<(taken &+ count)]))
            }
            taken &+= count
            written &+= count
        }
        return .written(written, isLast: isAtTail && taken == piece.count)
    }

    private func readNames() -> FileError? {
        guard var open = stream.take() else { return nil }
        do throws(FileError) {
            if try listing.readNames(from: &open, atMost: ListingBody.namesPerStep, links: links) {
                stream = consume open
            }
            return nil
        } catch {
            return error
        }
    }

    private func nextPiece() {
        taken = 0
        var entries: [DirectoryListing.Entry] = []
        var bytes = 0
        while entries.count < ListingBody.entriesPerPiece, let entry = listing.next() {
            entries.append(entry)
            bytes &+= entry.nameCount &* 9 &+ 256
        }
        guard !entries.isEmpty else {
            isAtTail = true
            switch style.format {
            case .html: piece = style.htmlTail(isEmpty: listing.count == 0)
            case .json, .jsonp: piece = style.jsonTail()
            case .xml: piece = style.xmlTail()
            }
            return
        }
        piece = ByteWriter.bytes(atMost: bytes) { page in
            for entry in entries { append(entry, to: &page) }
        }
    }

    private func append(_ entry: DirectoryListing.Entry, to page: inout ByteWriter) {
        let isFirst = writtenEntries == 0
        writtenEntries &+= 1
        listing.withName(of: entry) { name in
            switch style.format {
            case .html: style.appendHTML(entry, named: name, to: &page)
            case .json, .jsonp:
                style.appendJSON(entry, named: name, isFirst: isFirst, to: &page)
            case .xml: style.appendXML(entry, named: name, to: &page)
            }
        }
    }
}
