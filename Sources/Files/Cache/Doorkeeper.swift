import Linux

/// Who asks for the first time is not let in: a crawl over a million files costs the cache nothing,
/// and what is asked for twice is in from the second time on.
struct Doorkeeper: ~Copyable {
    private var seen: ZeroedStorage<UInt32>
    private let mask: Int

    /// Remembers about `count` names, the latest of those that share a place.
    init(count: Int) {
        var size = 64
        while size < count { size &*= 2 }
        seen = ZeroedStorage(count: size)
        mask = size &- 1
    }

    /// Whether the name of a hash was here before; it has been from now on.
    mutating func knows(_ hash: UInt64) -> Bool {
        let place = Int(truncatingIfNeeded: hash) & mask
        let mark = UInt32(truncatingIfNeeded: hash &>> 32) | 1
        if seen[place] == mark { return true }
        seen[place] = mark
        return false
    }
}
