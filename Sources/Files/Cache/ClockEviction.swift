/// Chooses which slot of a full table is evicted: CLOCK with use counts. The hand goes round the
/// table and decrements the counts it passes; the first slot with a count of zero is evicted.
public struct ClockEviction {
    /// The highest use count of a slot, so the number of times the hand passes it.
    public static let maxUses: UInt8 = 3
    /// The maximum number of slots examined for one eviction. No request waits for a scan of the
    /// whole table.
    public static let maxStepsPerEviction = 64
    /// The maximum number of entries evicted for one new entry, which may be larger than many of
    /// them.
    public static let maxVictims = 64

    private var position = -1

    /// Creates a hand at the beginning of the table.
    public init() {}

    /// Returns the next of `count` slots to examine; nil if there are none.
    public mutating func step(of count: Int) -> Int? {
        guard count > 0 else { return nil }
        position = position &+ 1 < count ? position &+ 1 : 0
        return position
    }
}
