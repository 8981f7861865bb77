import Linux

/// The free slots of a table. The one that was given back last is taken first: its memory is warm.
struct FreeList: ~Copyable {
    private var next: ZeroedStorage<UInt32>
    /// The slot that is taken next, plus one; 0 when slots were never used only.
    private var first: UInt32 = 0
    private var neverUsed: Int = 0

    init(count: Int) { next = ZeroedStorage(count: count) }

    /// A free slot; nil when all are in use.
    mutating func take() -> Int? {
        if first != 0 {
            let slot = Int(first) &- 1
            first = next[slot]
            return slot
        }
        guard neverUsed < next.count else { return nil }
        neverUsed &+= 1
        return neverUsed &- 1
    }

    /// Takes a slot back.
    mutating func give(_ slot: Int) {
        next[slot] = first
        first = UInt32(truncatingIfNeeded: slot) &+ 1
    }
}
