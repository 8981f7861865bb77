/// A list of slots of a table, in the order in which they were appended. Its links are stored in
/// ``SlotLinks``, so that a slot is appended, unlinked and found in constant time.
public struct SlotList: Equatable, Sendable {
    /// The slot that was appended first; nil if the list is empty.
    public fileprivate(set) var first: Int?
    fileprivate var last: Int?
    /// The number of slots in the list.
    public fileprivate(set) var count = 0

    /// Creates an empty list.
    public init() {}

    /// True if the list has no slots.
    public var isEmpty: Bool { count == 0 }
}

/// The links of the ``SlotList``s over one table. A slot is in one of them at most. The memory
/// grows with the highest slot that was ever linked.
public struct SlotLinks {
    private struct Entry {
        var next: Int32 = -1
        var previous: Int32 = -1
        var isLinked = false
    }

    private var entries: [Entry] = []

    /// Creates links for empty lists.
    public init() {}

    /// True if `slot` is in a list.
    public func contains(_ slot: Int) -> Bool {
        entries.indices.contains(slot) && entries[slot].isLinked
    }

    /// Returns the slot that follows `slot` in its list; nil at the end.
    public func next(after slot: Int) -> Int? {
        guard contains(slot), entries[slot].next >= 0 else { return nil }
        return Int(entries[slot].next)
    }

    /// Appends `slot`, which must be in no list.
    public mutating func append(_ slot: Int, to list: inout SlotList) {
        link(slot, after: list.last, before: nil, of: &list)
    }

    /// Inserts `slot`, which must be in no list, at the front.
    public mutating func prepend(_ slot: Int, to list: inout SlotList) {
        link(slot, after: nil, before: list.first, of: &list)
    }

    /// Unlinks `slot` from `list`, which must be its list; does nothing if it is in none.
    public mutating func remove(_ slot: Int, from list: inout SlotList) {
        guard contains(slot) else { return }
        let (next, previous) = (entries[slot].next, entries[slot].previous)
        if previous >= 0 {
            entries[Int(previous)].next = next
        } else {
            list.first = next >= 0 ? Int(next) : nil
        }
        if next >= 0 {
            entries[Int(next)].previous = previous
        } else {
            list.last = previous >= 0 ? Int(previous) : nil
        }
        list.count &-= 1
        entries[slot] = Entry()
    }

    /// Unlinks the first slot of `list` and returns it; nil if there is none.
    public mutating func popFirst(of list: inout SlotList) -> Int? {
        guard let first = list.first else { return nil }
        remove(first, from: &list)
        return first
    }

    private mutating func link(
        _ slot: Int, after previous: Int?, before next: Int?, of list: inout SlotList
    ) {
        precondition(slot >= 0 && !contains(slot), "a slot is in one list at most")
        while entries.count <= slot { entries.append(Entry()) }
        entries[slot] = Entry(
            next: Int32(truncatingIfNeeded: next ?? -1),
            previous: Int32(truncatingIfNeeded: previous ?? -1), isLinked: true)
        let link = Int32(truncatingIfNeeded: slot)
        if let previous { entries[previous].next = link } else { list.first = slot }
        if let next { entries[next].previous = link } else { list.last = slot }
        list.count &+= 1
    }
}
