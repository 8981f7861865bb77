import Files
import Glibc
import HTTP
import Linux

/// A cache of complete responses by server, path and accepted encodings.
@safe
struct AnswerCache: ~Copyable {
    private var answers: ZeroedStorage<Answer>
    private var slots: FreeList
    private var index: SlotIndex
    private var hand = ClockHand()
    private var sweeper = SweepHand()
    private let seed: UInt64
    private let mostBytes: Int64
    private(set) var byteCount: Int64 = 0

    init(entries: Int, bytes: Int64, seed: UInt64) {
        answers = ZeroedStorage(count: max(0, entries))
        slots = FreeList(count: max(0, entries))
        index = SlotIndex(slots: max(0, entries))
        mostBytes = bytes
        self.seed = seed
        isOn = entries > 0
    }

    deinit {
        for slot in 0..<slots.end { unsafe Glibc.free(answers[slot].memory) }
    }

    /// True if responses are cached.
    private(set) var isOn: Bool

    subscript(_ slot: Int) -> Answer {
        @inline(__always)
        unsafeAddress { unsafe answers.address(of: slot) }
        @inline(__always)
        unsafeMutableAddress { unsafe answers.mutableAddress(of: slot) }
    }

    @inline(__always)
    func hash(_ path: Span<UInt8>, _ variant: Answer.Variant) -> UInt64 {
        var hash = ByteHash(seed: seed)
        hash.add(variant.number)
        hash.add(path)
        return hash.value
    }

    /// Returns the slot of the response to a path; nil if there is none. Nothing changes, but a
    /// method that is not `mutating` would receive a copy of the struct.
    mutating func find(_ path: Span<UInt8>, _ variant: Answer.Variant, _ hash: UInt64) -> Int? {
        var cursor = index.start(hash)
        while let slot = index.next(hash, at: &cursor) {
            if answers[slot].hash == hash, answers[slot].variant == variant,
                Int(answers[slot].pathCount) == path.count,
                let memory = unsafe answers[slot].memory
            {
                let isEqual = unsafe path.withUnsafeBytes {
                    unsafe $0.isEmpty || memcmp($0.baseAddress!, memory, $0.count) == 0
                }
                if isEqual { return slot }
            }
        }
        return nil
    }

    /// Returns the head of a response.
    func head(_ slot: Int) -> Buffer {
        guard let memory = unsafe answers[slot].memory else { return .none }
        return unsafe Buffer(
            unsafe: memory + Int(answers[slot].pathCount),
            capacity: Int(answers[slot].headCount) &+ Int(answers[slot].bodyCount))
    }

    /// Stores the response to a path, in place of an older one. Nothing is stored if it takes too
    /// long to make room.
    mutating func keep(
        _ made: Answer, _ path: Span<UInt8>, head: Span<UInt8>, body: Span<UInt8>
    ) {
        let hash = hash(path, made.variant)
        if let old = find(path, made.variant, hash) { drop(old) }
        let size = path.count &+ head.count &+ body.count
        guard let slot = room(for: AnswerCache.answerCost &+ size) else { return }
        // Swift's own allocation would terminate the process if memory is short.
        guard let memory = unsafe malloc(max(1, size)) else { return slots.give(slot) }
        var answer = made
        unsafe answer.memory = memory
        answer.hash = hash
        answer.pathCount = UInt32(clamping: path.count)
        answer.headCount = UInt32(clamping: head.count)
        answer.bodyCount = UInt32(clamping: body.count)
        var writer = unsafe HeadWriter(unsafe: memory, capacity: size)
        writer.append(path)
        writer.append(head)
        writer.append(body)
        answers[slot] = answer
        index.insert(slot, hash)
        byteCount &+= Int64(AnswerCache.answerCost &+ size)
    }

    /// Removes a response.
    mutating func drop(_ slot: Int) {
        index.remove(slot, answers[slot].hash)
        byteCount &-= Int64(AnswerCache.answerCost &+ answers[slot].byteCount)
        unsafe Glibc.free(answers[slot].memory)
        answers[slot] = Answer()
        slots.give(slot)
    }

    /// Removes responses that were last sent before this second. Each call examines a part of the
    /// table.
    mutating func sweep(before second: Int64) {
        for slot in sweeper.slots(of: slots.end)
        where unsafe answers[slot].memory != nil && answers[slot].datedSecond < second {
            drop(slot)
        }
        sweeper.rest(of: slots.end, nowMs: 0, periodMs: 0)
    }

    /// Removes all responses, and caches nothing from then on.
    mutating func close() {
        isOn = false
        for slot in 0..<slots.end where unsafe answers[slot].memory != nil { drop(slot) }
    }

    /// Bytes of memory that a response uses in addition to its path, head and body: the entry, two
    /// cells of the index, and the overhead of malloc(3).
    static let answerCost = MemoryLayout<Answer>.stride &+ 2 &* 8 &+ 16

    private mutating func room(for size: Int) -> Int? {
        guard Int64(size) <= mostBytes / 4 else { return nil }
        var victims = 0
        while byteCount &+ Int64(size) > mostBytes {
            victims &+= 1
            guard victims <= ClockHand.mostVictims, dropOne() else { return nil }
        }
        if let slot = slots.take() { return slot }
        return dropOne() ? slots.take() : nil
    }

    private mutating func dropOne() -> Bool {
        for _ in 0..<ClockHand.stepsAtOnce {
            guard let slot = hand.step(of: slots.end) else { return false }
            guard unsafe answers[slot].memory != nil else { continue }
            if answers[slot].uses == 0 {
                drop(slot)
                return true
            }
            answers[slot].uses &-= 1
        }
        return false
    }
}
