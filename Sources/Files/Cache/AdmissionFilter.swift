import Linux

/// Admits a name to the cache at its second request. A crawl over a million files costs the cache
/// nothing.
struct AdmissionFilter: ~Copyable {
    private var seen: ZeroedStorage<UInt32>
    private let mask: Int

    /// Creates a filter that remembers about `count` names. Of names that share a cell, it
    /// remembers the latest.
    init(count: Int) {
        var size = 64
        while size < count { size &*= 2 }
        seen = ZeroedStorage(count: size)
        mask = size &- 1
    }

    /// Returns true if the name with this hash was seen before, and remembers it.
    mutating func admits(_ hash: UInt64) -> Bool {
        let place = Int(truncatingIfNeeded: hash) & mask
        let mark = UInt32(truncatingIfNeeded: hash &>> 32) | 1
        if seen[place] == mark { return true }
        seen[place] = mark
        return false
    }
}
