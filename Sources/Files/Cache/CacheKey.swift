import HTTP
import Linux

extension FileCache {
    /// The key of a cache entry: a path and the rules for opening it.
    struct Key {
        let path: CPath
        let count: Int
        let links: LinkRule
        let rootCount: Int
        let hash: UInt64

        init(_ path: CPath, count: Int, links: LinkRule, rootCount: Int, seed: UInt64) {
            self.path = path
            self.count = count
            self.links = links
            // Where every link is followed, the end of the root makes no difference.
            self.rootCount = links == .follow ? 0 : rootCount
            var hash = ByteHash(seed: seed)
            path.withBytes(count: count) { hash.add($0) }
            if links != .follow { hash.add(UInt64(truncatingIfNeeded: rootCount)) }
            self.hash = hash.value
        }
    }
}

extension FileError {
    /// True if the result holds until something on the path changes. False for temporary shortages
    /// and I/O errors.
    var isLasting: Bool { isMissing || isRefused }
}
