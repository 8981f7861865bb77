/// The free slots of a table. The one that was given back last is taken first: its memory is warm.
public struct FreeList: ~Copyable {
    @usableFromInline var next: ZeroedStorage<UInt32>
    /// The slot that is taken next, plus one; 0 when slots were never used only.
    @usableFromInline var first: UInt32 = 0
    /// Slots from here on were never taken.
    @usableFromInline var neverUsed = 0

    /// All of `count` slots are free.
    public init(count: Int) { next = ZeroedStorage(count: count) }

    /// All slots that were ever taken are below this one.
    public var end: Int { neverUsed }

    /// A free slot; nil when all are in use.
    @inlinable
    public mutating func take() -> Int? {
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
    @inlinable
    public mutating func give(_ slot: Int) {
        next[slot] = first
        first = UInt32(truncatingIfNeeded: slot) &+ 1
    }
}
