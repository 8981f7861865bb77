/// The free slots of a table. The slot that was released last is acquired first: its memory is in
/// the processor's cache.
public struct FreeList: ~Copyable {
    @usableFromInline var next: ZeroedStorage<UInt32>
    /// The next free slot plus one; 0 if only slots that were never used are free.
    @usableFromInline var first: UInt32 = 0
    /// The first slot that was never used.
    @usableFromInline var neverUsed = 0

    /// Creates a list of `count` free slots.
    public init(count: Int) { next = ZeroedStorage(count: count) }

    /// All slots that were ever used are below this one.
    public var end: Int { neverUsed }

    /// Returns a free slot; nil if all are in use.
    @inlinable
    public mutating func acquire() -> Int? {
        if first != 0 {
            let slot = Int(first) &- 1
            first = next[slot]
            return slot
        }
        guard neverUsed < next.count else { return nil }
        neverUsed &+= 1
        return neverUsed &- 1
    }

    /// Makes a slot free again.
    @inlinable
    public mutating func release(_ slot: Int) {
        next[slot] = first
        first = UInt32(truncatingIfNeeded: slot) &+ 1
    }
}
