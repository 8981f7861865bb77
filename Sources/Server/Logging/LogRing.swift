import Linux

/// One worker's way to the Logger: a ring of records in shared memory with one process at each end.
///
/// The worker writes a record behind the head, then moves the head: it may be killed at any
/// instruction, and what the Logger sees are whole records. The Logger moves the tail once lines
/// are written, so that one that takes another's place goes on where that one was. Neither waits
/// for the other; what does not fit is counted.
///
/// The Logger believes nothing that it reads here: a worker may be anybody's by now.
struct LogRing: BitwiseCopyable {
    /// Bytes of a ring: at 15 MB/s, which a busy worker may reach, an eighth of a second.
    static let size = 1 << 21
    /// A line, its record included, that has more is given up.
    static let longestRecord = size / 2
    /// The Logger is woken out of its pause when so much waits.
    static let high = size / 4

    /// Where the numbers of a ring are; each end writes a cache line of its own.
    private enum Word {
        // The worker's.
        static let head = 0
        static let lost = 1
        static let tooLong = 2
        /// The tail as it was when it was last looked at.
        static let knownTail = 3
        /// At which head it is looked whether much waits.
        static let nextLook = 4
        /// The head when the worker that writes now began.
        static let start = 5
        // The Logger's.
        static let tail = 8
        /// How much of `lost` and of `tooLong` was told.
        static let toldLost = 9
        static let toldTooLong = 10
        // Of both: whether the Logger sleeps.
        static let asleep = 16
    }

    let bytes: RingBytes
    let words: SharedTable<UInt64>
    let bell: LogBell

    /// A ring in `memory`, which must live as long, whose worker wakes the Logger by `wakes`.
    init(in memory: RingMemory, wakes: Int32) {
        bytes = memory.bytes
        words = memory.words
        bell = LogBell(words, at: Word.asleep, descriptor: wakes)
    }

    /// True if these can be a ring's tail and head.
    private static func areSound(tail: UInt64, head: UInt64, size: Int) -> Bool {
        head &- tail <= UInt64(size) && head % 8 == 0
    }

    // MARK: the worker's end

    /// Begins to write where the worker before this one ended. That one may have left any numbers.
    func takeOver() {
        let tail = words.acquire(at: Word.tail)
        let head = words.acquire(at: Word.head)
        if !LogRing.areSound(tail: tail, head: head, size: bytes.size) {
            words.release((tail &+ 7) & ~7, at: Word.head)
        }
        words.release(words[Word.head], at: Word.start)
        words[Word.knownTail] = tail
        words[Word.nextLook] = 0
    }

    /// Adds a line. False when it is lost: there is no room, or it is too long.
    @discardableResult
    func put(_ record: LogRecord, _ line: Span<UInt8>) -> Bool {
        guard line.count <= LogRing.longestRecord &- LogRecord.size else {
            loseLongLine()
            return false
        }
        let head = words[Word.head]
        let next = head &+ LogRing.taken(line.count)
        if next &- words[Word.knownTail] > UInt64(bytes.size), !hasRoom(until: next) {
            return false
        }
        let numbers = record.numbers(count: line.count)
        bytes.store(numbers.0, at: head)
        bytes.store(numbers.1, at: head &+ 8)
        bytes.write(line, at: head &+ UInt64(LogRecord.size))
        words.release(next, at: Word.head)
        bell.ringIfAsleep()
        if next >= words[Word.nextLook] { look(next) }
        return true
    }

    /// Counts a line that is lost for its length.
    @inline(never)
    func loseLongLine() {
        words.release(words[Word.tooLong] &+ 1, at: Word.tooLong)
        bell.ringIfAsleep()
    }

    /// Whether the Logger has made room by now; counts a line that is lost when it has not.
    @inline(never)
    private func hasRoom(until next: UInt64) -> Bool {
        words[Word.knownTail] = words.acquire(at: Word.tail)
        if next &- words[Word.knownTail] <= UInt64(bytes.size) { return true }
        words.release(words[Word.lost] &+ 1, at: Word.lost)
        bell.ringIfAsleep()
        return false
    }

    /// Wakes the Logger when much waits, once for each time that so much has come.
    @inline(never)
    private func look(_ head: UInt64) {
        let tail = words.acquire(at: Word.tail)
        let isMuch = head &- tail >= UInt64(LogRing.high)
        words[Word.nextLook] = (isMuch ? head : tail) &+ UInt64(LogRing.high)
        if isMuch { bell.ring() }
    }

    /// The bytes that a line takes, with its record and what makes the next one aligned.
    private static func taken(_ count: Int) -> UInt64 {
        UInt64((count &+ LogRecord.size &+ 7) & ~7)
    }

    // MARK: the Logger's end

    /// Whether something waits.
    var isEmpty: Bool { words.acquire(at: Word.head) == words.acquire(at: Word.tail) }

    /// What waits now.
    func reader() -> Reader {
        // In this order: a start that is read after the head may be behind it, and is not used.
        let (tail, head) = (words.acquire(at: Word.tail), words.acquire(at: Word.head))
        return Reader(self, from: tail, to: head, start: words.acquire(at: Word.start))
    }

    /// All before `position` is done with.
    func commit(_ position: UInt64) { words.release(position, at: Word.tail) }

    /// How many lines were lost and not yet told of: for want of room, and for their length.
    var untold: (lost: UInt64, tooLong: UInt64) {
        (
            words.acquire(at: Word.lost) &- words.acquire(at: Word.toldLost),
            words.acquire(at: Word.tooLong) &- words.acquire(at: Word.toldTooLong)
        )
    }

    /// They are told of.
    func told(_ counts: (lost: UInt64, tooLong: UInt64)) {
        words[Word.toldLost] &+= counts.lost
        words[Word.toldTooLong] &+= counts.tooLong
    }

    /// Walks over the records that waited at one moment.
    struct Reader {
        private let bytes: RingBytes
        /// All records before it were read.
        private(set) var position: UInt64
        private let end: UInt64
        /// Where the records of the worker that writes now begin. What the one before it left may
        /// be anything.
        private var start: UInt64
        /// Where the bytes of the last record are, and how many.
        private(set) var lineStart: UInt64 = 0
        private(set) var lineCount = 0
        /// Not all that is there are records: what is none is passed over.
        private(set) var isBroken = false

        init(_ ring: LogRing, from tail: UInt64, to head: UInt64, start: UInt64) {
            bytes = ring.bytes
            end = head
            self.start = start
            position = tail
            guard !LogRing.areSound(tail: tail, head: head, size: bytes.size) else { return }
            isBroken = true
            let isUsable = LogRing.areSound(tail: start, head: head, size: bytes.size)
            position = isUsable ? start : head
            self.start = head
        }

        /// Goes on where the records of the worker that writes now begin, or at the end.
        private mutating func skip() {
            isBroken = true
            let isAhead = start != position && start &- position <= end &- position
            position = isAhead && start % 8 == 0 ? start : end
            // Once: if these are no records either, nothing is.
            start = end
        }

        mutating func next() -> LogRecord? {
            while position != end {
                if let record = read() { return record }
                skip()
            }
            return nil
        }

        private mutating func read() -> LogRecord? {
            // No record of the worker before goes beyond the start of the one that writes now.
            let ahead = start &- position
            let isAhead = ahead != 0 && ahead <= end &- position
            let waiting = isAhead ? ahead : end &- position
            guard waiting >= UInt64(LogRecord.size),
                let (record, count) = LogRecord.read(
                    bytes.number(at: position), bytes.number(at: position &+ 8)),
                count <= LogRing.longestRecord, LogRing.taken(count) <= waiting
            else { return nil }
            lineStart = position &+ UInt64(LogRecord.size)
            lineCount = count
            position &+= LogRing.taken(count)
            return record
        }
    }
}
