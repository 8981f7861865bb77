import Glibc
import Linux

/// The names in a directory and what they are: what `autoindex` shows.
///
/// Read in slices, so that a directory with many entries does not hold the loop; then sorted, and
/// written in one of the formats of `autoindex_format`.
public struct DirectoryListing {
    /// One name.
    @frozen
    public struct Entry: BitwiseCopyable, Sendable {
        /// Kind of the file, of a link's target where links are followed.
        public let kind: FileFacts.Kind
        /// Bytes.
        public let size: Int64
        /// mtime in seconds since 1970.
        public let modified: Int64
        let nameStart: Int
        let nameCount: Int
    }

    /// In the order in which they are shown, once ``sort()`` was called.
    public private(set) var entries: [Entry] = []
    private var names: [UInt8] = []

    /// How long all names are together.
    var nameBytes: Int { names.count }

    /// An empty listing.
    public init() {}

    /// Reads all of a directory that is open as `directory`, and sorts it. FileError: the directory
    /// is none, or its names cannot be read.
    public static func read(
        owning directory: consuming Descriptor, links: LinkRule
    ) throws(FileError) -> DirectoryListing {
        var listing = DirectoryListing()
        var stream = try DirectoryStream(owning: directory)
        while try listing.take(from: &stream, atMost: 4096, links: links) {}
        listing.sort()
        return listing
    }

    /// The bytes of the name of `entry`, as the file system has them.
    public func withName<Result>(of entry: Entry, _ body: (Span<UInt8>) -> Result) -> Result {
        let span = names.span
        let start = min(max(entry.nameStart, 0), span.count)
        let end = min(max(entry.nameStart &+ entry.nameCount, start), span.count)
        return body(span.extracting(start..<end))
    }

    /// Takes in at most `count` names of `stream`; false when there are no more.
    ///
    /// As in nginx, names that begin with a dot are left out, a link shows what its target is (the
    /// link itself when that is missing or a loop), and what may not be looked at is left out.
    /// Unless links are followed, a link shows itself: what it points at may be outside.
    public mutating func take(
        from stream: inout DirectoryStream, atMost count: Int, links: LinkRule
    ) throws(FileError) -> Bool {
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
            // has gone since: then the second look finds nothing either.
            guard followsLinks, error.isMissing || error.isLoop,
                case .success(let entry) = stream.entry(followsLinks: false)
            else { return nil }
            return entry
        }
    }

    /// Directories first, then by the bytes of the names, as in nginx.
    public mutating func sort() {
        let names = self.names
        unsafe names.withUnsafeBufferPointer { names in
            var sorted = entries
            entries = []
            sorted.sort { left, right in
                let leftIsDirectory = left.kind == .directory
                guard leftIsDirectory == (right.kind == .directory) else { return leftIsDirectory }
                return unsafe DirectoryListing.precedes(left, right, in: names)
            }
            entries = sorted
        }
    }
}

extension DirectoryListing {
    /// As ngx_strcmp orders names: by bytes, the shorter of two that begin alike first.
    private static func precedes(
        _ left: Entry, _ right: Entry, in names: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard let base = names.baseAddress else { return false }
        let common = min(left.nameCount, right.nameCount)
        let order = unsafe memcmp(base + left.nameStart, base + right.nameStart, common)
        return order != 0 ? order < 0 : left.nameCount < right.nameCount
    }
}

extension FileError {
    /// ELOOP: links that lead in a circle.
    fileprivate var isLoop: Bool { code == ELOOP }
}
