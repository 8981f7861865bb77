public import Linux

/// Individual deadlines of slots: a binary heap with the earliest on top.
///
/// For waits whose length differs from case to case (limit_rate, limit_req); fixed timeouts use
/// `Deadlines`, which are cheaper. A slot has at most one. Arming and cancelling take O(log n) of
/// the armed deadlines and allocate nothing: every slot has its element from the beginning, which
/// the kernel allocates when it is used.
public struct Timers: ~Copyable {
    @usableFromInline
    struct Entry: BitwiseCopyable {
        /// The position of the slot in the heap, plus one; 0 if it is not armed.
        @usableFromInline var position: UInt32
        @usableFromInline var deadlineMs: Int64
    }

    @usableFromInline var entries: SlotTable<Entry>
    /// The armed slots as a heap: none is later than its two children.
    @usableFromInline var heap: ZeroedStorage<UInt32>
    /// The number of armed slots.
    @inlinable public var count: Int { armed }
    @usableFromInline var armed = 0

    /// Creates room for `slots` slots, numbered from 0.
    public init(slots: Int) {
        entries = SlotTable(count: slots)
        heap = ZeroedStorage(count: slots)
    }

    /// Sets the deadline of `slot` to `deadlineMs` of the monotonic clock, replacing an earlier
    /// one.
    public mutating func arm(_ slot: Slot, atMs deadlineMs: Int64) {
        entries[slot].deadlineMs = deadlineMs
        if entries[slot].position == 0 {
            place(slot, at: armed)
            armed &+= 1
        }
        settle(Int(entries[slot].position) &- 1)
    }

    /// Removes the deadline of `slot`, if it has one.
    public mutating func cancel(_ slot: Slot) {
        guard entries[slot].position != 0 else { return }
        let position = Int(entries[slot].position) &- 1
        entries[slot].position = 0
        armed &-= 1
        guard position < count else { return }
        place(Slot(Int(heap[count])), at: position)
        settle(position)
    }

    /// Returns true if `slot` has a deadline.
    @inlinable
    public func isArmed(_ slot: Slot) -> Bool { entries[slot].position != 0 }

    /// Returns the earliest deadline, in milliseconds of the monotonic clock.
    public func earliestMs() -> Int64? { count > 0 ? deadline(at: 0) : nil }

    /// Removes and returns the slot with the earliest deadline, if that has expired; nil otherwise.
    @inlinable
    public mutating func popExpired(nowMs: Int64) -> Slot? {
        count > 0 ? popFirst(nowMs: nowMs) : nil
    }

    @usableFromInline
    mutating func popFirst(nowMs: Int64) -> Slot? {
        guard deadline(at: 0) <= nowMs else { return nil }
        let slot = Slot(Int(heap[0]))
        cancel(slot)
        return slot
    }

    private func deadline(at position: Int) -> Int64 {
        entries[Slot(Int(heap[position]))].deadlineMs
    }

    private mutating func place(_ slot: Slot, at position: Int) {
        heap[position] = UInt32(truncatingIfNeeded: slot.index)
        entries[slot].position = UInt32(truncatingIfNeeded: position &+ 1)
    }

    /// Moves the element at `position` up or down to its place in the heap.
    private mutating func settle(_ position: Int) {
        let slot = Slot(Int(heap[position]))
        let deadlineMs = entries[slot].deadlineMs
        var hole = position
        while hole > 0 {
            let parent = (hole &- 1) / 2
            guard deadlineMs < deadline(at: parent) else { break }
            place(Slot(Int(heap[parent])), at: hole)
            hole = parent
        }
        while let child = earlierChild(of: hole), deadline(at: child) < deadlineMs {
            place(Slot(Int(heap[child])), at: hole)
            hole = child
        }
        place(slot, at: hole)
    }

    private func earlierChild(of position: Int) -> Int? {
        let left = position &* 2 &+ 1
        guard left < count else { return nil }
        let right = left &+ 1
        return right < count && deadline(at: right) < deadline(at: left) ? right : left
    }
}

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

    @usableFromInline var entries: SlotTable<Entry>
    @usableFromInline var lists: ZeroedStorage<List>
    /// A lower bound of all deadlines, in milliseconds of the monotonic clock; Int64.max if there
    /// is none. The deadline it was set for may have been cancelled.
    @inlinable public var lowerBoundMs: Int64 { lowerBound }
    @usableFromInline var lowerBound = Int64.max

    /// Creates lists for `durationsMs`, and room for `slots` slots.
    public init(durationsMs: [Int64], slots: Int) {
        entries = SlotTable(count: slots)
        lists = ZeroedStorage(count: durationsMs.count)
        for index in durationsMs.indices { lists[index].durationMs = durationsMs[index] }
    }

    /// Sets the deadline of `slot` to one duration of `list` after `nowMs`, replacing an earlier
    /// one.
    @inlinable
    public mutating func arm(_ slot: Slot, list: Int, nowMs: Int64) {
        cancel(slot)
        let link = slot.link
        let last = lists[list].last
        entries[slot].list = UInt32(truncatingIfNeeded: list) &+ 1
        entries[slot].deadlineMs = nowMs &+ lists[list].durationMs
        entries[slot].previous = last
        entries[slot].next = 0
        if entries[slot].deadlineMs < lowerBound { lowerBound = entries[slot].deadlineMs }
        if last == 0 {
            lists[list].first = link
        } else {
            entries[Slot(link: last)].next = link
        }
        lists[list].last = link
    }

    /// Removes the deadline of `slot`, if it has one.
    @inlinable
    public mutating func cancel(_ slot: Slot) {
        let entry = entries[slot]
        guard entry.list != 0 else { return }
        let list = Int(entry.list) &- 1
        if entry.previous == 0 {
            lists[list].first = entry.next
        } else {
            entries[Slot(link: entry.previous)].next = entry.next
        }
        if entry.next == 0 {
            lists[list].last = entry.previous
        } else {
            entries[Slot(link: entry.next)].previous = entry.previous
        }
        entries[slot].list = 0
    }

    /// Returns true if `slot` has a deadline.
    @inlinable
    public func isArmed(_ slot: Slot) -> Bool { entries[slot].list != 0 }

    /// Returns the slot of a list that was armed first.
    public func oldest(in list: Int) -> Slot? {
        guard list >= 0, list < lists.count, lists[list].first != 0 else { return nil }
        return Slot(link: lists[list].first)
    }

    /// Returns the earliest deadline, in milliseconds of the monotonic clock.
    public func earliestMs() -> Int64? {
        var earliest: Int64?
        var index = 0
        while index < lists.count {
            let first = lists[index].first
            if first != 0 {
                let deadline = entries[Slot(link: first)].deadlineMs
                earliest = min(earliest ?? deadline, deadline)
            }
            index &+= 1
        }
        return earliest
    }

    /// Removes and returns one slot whose deadline has expired; nil if there is none.
    @inlinable
    public mutating func popExpired(nowMs: Int64) -> Slot? {
        nowMs < lowerBound ? nil : findExpired(nowMs: nowMs)
    }

    @usableFromInline
    mutating func findExpired(nowMs: Int64) -> Slot? {
        var index = 0
        while index < lists.count {
            let first = lists[index].first
            if first != 0, entries[Slot(link: first)].deadlineMs <= nowMs {
                let slot = Slot(link: first)
                cancel(slot)
                return slot
            }
            index &+= 1
        }
        lowerBound = earliestMs() ?? Int64.max
        return nil
    }
}
