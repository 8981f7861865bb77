import HTTP
import Linux

extension FileCache {
    /// What a path is looked up by.
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
            // Where links are followed anywhere, it does not matter where the root ends.
            self.rootCount = links == .follow ? 0 : rootCount
            var hash = ByteHash(seed: seed)
            path.withBytes(count: count) { hash.add($0) }
            if links != .follow { hash.add(UInt64(truncatingIfNeeded: rootCount)) }
            self.hash = hash.value
        }
    }
}

extension FileError {
    /// Whether it lasts until something on the path changes: not what is short for the moment, or
    /// broken.
    var isLasting: Bool { isMissing || isRefused }
}
