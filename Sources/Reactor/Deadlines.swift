public import Linux

/// Deadlines of slots, in one doubly linked list for each distinct duration.
///
/// Deadlines of one duration expire in the order in which they were armed, so each list is always
/// sorted: arming appends, cancelling unlinks, and only the heads are examined. A slot has at most
/// one deadline.
public struct Deadlines: ~Copyable {
    /// Links are slots plus one, so that zeroed memory means: in no list.
    @usableFromInline
    struct Entry: BitwiseCopyable {
        @usableFromInline var next: UInt32
        @usableFromInline var previous: UInt32
        @usableFromInline var list: UInt32
        @usableFromInline var deadlineMs: Int64
    }

    @usableFromInline
    struct List: BitwiseCopyable {
        @usableFromInline var first: UInt32
        @usableFromInline var last: UInt32
        @usableFromInline var durationMs: Int64
    }

    @usableFromInline var entries: ZeroedStorage<Entry>
    @usableFromInline var lists: ZeroedStorage<List>
    /// A lower bound of all deadlines, in milliseconds of the monotonic clock; Int64.max if there
    /// is none. The deadline it was set for may have been cancelled.
    @inlinable public var lowerBoundMs: Int64 { lowerBound }
    @usableFromInline var lowerBound = Int64.max

    /// Creates lists for `durationsMs`, and room for `slots` slots.
    public init(durationsMs: [Int64], slots: Int) {
        entries = ZeroedStorage(count: slots)
        lists = ZeroedStorage(count: durationsMs.count)
        for index in durationsMs.indices { lists[index].durationMs = durationsMs[index] }
    }

    /// Sets the deadline of `slot` to one duration of `list` after `nowMs`, replacing an earlier
    /// one.
    @inlinable
    public mutating func arm(_ slot: Int, list: Int, nowMs: Int64) {
        cancel(slot)
        let link = UInt32(truncatingIfNeeded: slot) &+ 1
        let last = lists[list].last
        entries[slot].list = UInt32(truncatingIfNeeded: list) &+ 1
        entries[slot].deadlineMs = nowMs &+ lists[list].durationMs
        entries[slot].previous = last
        entries[slot].next = 0
        if entries[slot].deadlineMs < lowerBound { lowerBound = entries[slot].deadlineMs }
        if last == 0 {
            lists[list].first = link
        } else {
            entries[Int(last) &- 1].next = link
        }
        lists[list].last = link
    }

    /// Removes the deadline of `slot`, if it has one.
    @inlinable
    public mutating func cancel(_ slot: Int) {
        let entry = entries[slot]
        guard entry.list != 0 else { return }
        let list = Int(entry.list) &- 1
        if entry.previous == 0 {
            lists[list].first = entry.next
        } else {
            entries[Int(entry.previous) &- 1].next = entry.next
        }
        if entry.next == 0 {
            lists[list].last = entry.previous
        } else {
            entries[Int(entry.next) &- 1].previous = entry.previous
        }
        entries[slot].list = 0
    }

    /// Returns true if `slot` has a deadline.
    @inlinable
    public func isArmed(_ slot: Int) -> Bool { entries[slot].list != 0 }

    /// Returns the slot of a list that was armed first.
    public func oldest(in list: Int) -> Int? {
        guard list >= 0, list < lists.count, lists[list].first != 0 else { return nil }
        return Int(lists[list].first) &- 1
    }

    /// Returns the earliest deadline, in milliseconds of the monotonic clock.
    public func earliestMs() -> Int64? {
        var earliest: Int64?
        var index = 0
        while index < lists.count {
            let first = lists[index].first
            if first != 0 {
                let deadline = entries[Int(first) &- 1].deadlineMs
                earliest = min(earliest ?? deadline, deadline)
            }
            index &+= 1
        }
        return earliest
    }

    /// Removes and returns one slot whose deadline has expired; nil if there is none.
    @inlinable
    public mutating func popExpired(nowMs: Int64) -> Int? {
        nowMs < lowerBound ? nil : findExpired(nowMs: nowMs)
    }

    @usableFromInline
    mutating func findExpired(nowMs: Int64) -> Int? {
        var index = 0
        while index < lists.count {
            let first = lists[index].first
            if first != 0, entries[Int(first) &- 1].deadlineMs <= nowMs {
                let slot = Int(first) &- 1
                cancel(slot)
                return slot
            }
            index &+= 1
        }
        lowerBound = earliestMs() ?? Int64.max
        return nil
    }
}
