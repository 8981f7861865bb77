/// Which slot of a full table gives way: the hand goes round, and the first one that was not used
/// since it came by last is taken (CLOCK, with counts). What is used often is passed a few times.
public struct ClockHand {
    /// How often a slot is passed at most.
    public static let mostUses: UInt8 = 3
    /// How many slots are looked at to find one that gives way: no request waits for all of them.
    public static let stepsAtOnce = 64
    /// How many give way to one newcomer, which may be larger than many of them.
    public static let mostVictims = 64

    private var position = -1

    /// A hand before the table's beginning.
    public init() {}

    /// The next of `count` slots to be looked at; nil when there are none.
    public mutating func step(of count: Int) -> Int? {
        guard count > 0 else { return nil }
        position = position &+ 1 < count ? position &+ 1 : 0
        return position
    }
}
