public import Linux

/// Deadlines of slots at any time: a binary heap, whose top is the earliest.
///
/// For what waits as long as its own case says (limit_rate, limit_req); timeouts that a
/// configuration fixes are `Deadlines`, which are cheaper. A slot has at most one. Arming and
/// cancelling take O(log n) of those that are armed, and no memory: every slot has its place from
/// the beginning, which the kernel backs once it is used.
public struct Timers: ~Copyable {
    @usableFromInline
    struct Entry: BitwiseCopyable {
        /// Where the slot stands in the heap, plus one; 0 when it is not armed.
        @usableFromInline var position: UInt32
        @usableFromInline var deadlineMs: Int64
    }

    @usableFromInline var entries: ZeroedStorage<Entry>
    /// The armed slots; none is later than those at twice its place plus one and plus two.
    @usableFromInline var heap: ZeroedStorage<UInt32>
    /// How many slots are armed.
    @inlinable public var count: Int { armed }
    @usableFromInline var armed = 0

    /// Room for `slots` slots, numbered from 0.
    public init(slots: Int) {
        entries = ZeroedStorage(count: slots)
        heap = ZeroedStorage(count: slots)
    }

    /// Has `slot` expire at `deadlineMs` of the monotonic clock, in place of the deadline that it
    /// had.
    public mutating func arm(_ slot: Int, atMs deadlineMs: Int64) {
        entries[slot].deadlineMs = deadlineMs
        if entries[slot].position == 0 {
            place(slot, at: armed)
            armed &+= 1
        }
        settle(Int(entries[slot].position) &- 1)
    }

    /// Takes the deadline of `slot` away, if it has one.
    public mutating func cancel(_ slot: Int) {
        guard entries[slot].position != 0 else { return }
        let position = Int(entries[slot].position) &- 1
        entries[slot].position = 0
        armed &-= 1
        guard position < count else { return }
        place(Int(heap[count]), at: position)
        settle(position)
    }

    /// Whether `slot` has a deadline.
    @inlinable
    public func isArmed(_ slot: Int) -> Bool { entries[slot].position != 0 }

    /// The earliest deadline, in milliseconds of the monotonic clock.
    public func earliestMs() -> Int64? { count > 0 ? deadline(at: 0) : nil }

    /// Takes the slot whose deadline came first, once it has come; nil when there is none.
    @inlinable
    public mutating func takeExpired(nowMs: Int64) -> Int? {
        count > 0 ? takeFirst(nowMs: nowMs) : nil
    }

    @usableFromInline
    mutating func takeFirst(nowMs: Int64) -> Int? {
        guard deadline(at: 0) <= nowMs else { return nil }
        let slot = Int(heap[0])
        cancel(slot)
        return slot
    }

    private func deadline(at position: Int) -> Int64 { entries[Int(heap[position])].deadlineMs }

    private mutating func place(_ slot: Int, at position: Int) {
        heap[position] = UInt32(truncatingIfNeeded: slot)
        entries[slot].position = UInt32(truncatingIfNeeded: position &+ 1)
    }

    /// Moves what stands at `position` up or down to where it belongs.
    private mutating func settle(_ position: Int) {
        let slot = Int(heap[position])
        let deadlineMs = entries[slot].deadlineMs
        var hole = position
        while hole > 0 {
            let parent = (hole &- 1) / 2
            guard deadlineMs < deadline(at: parent) else { break }
            place(Int(heap[parent]), at: hole)
            hole = parent
        }
        while let child = earlierChild(of: hole), deadline(at: child) < deadlineMs {
            place(Int(heap[child]), at: hole)
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
