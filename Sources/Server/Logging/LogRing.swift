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
        // The Logger's.
        static let tail = 8
        /// How much of `lost` and of `tooLong` was told.
        static let toldLost = 9
        static let toldTooLong = 10
    }
    /// How many of them there are.
    static let words = 16

    let bytes: RingBytes
    private let words: SharedTable<UInt64>
    private let bell: LogBell

    init(_ bytes: RingBytes, _ words: SharedTable<UInt64>, _ bell: LogBell) {
        self.bytes = bytes
        self.words = words
        self.bell = bell
    }

    // MARK: the worker's end

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
    var isEmpty: Bool { words.acquire(at: Word.head) == words[Word.tail] }

    /// What waits now.
    func reader() -> Reader {
        Reader(self, from: words[Word.tail], to: words.acquire(at: Word.head))
    }

    /// All before `position` is done with.
    func commit(_ position: UInt64) { words.release(position, at: Word.tail) }

    /// How many lines were lost and not yet told of: for want of room, and for their length.
    var untold: (lost: UInt64, tooLong: UInt64) {
        (
            words.acquire(at: Word.lost) &- words[Word.toldLost],
            words.acquire(at: Word.tooLong) &- words[Word.toldTooLong]
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
        /// Where the bytes of the last record are, and how many.
        private(set) var lineStart: UInt64 = 0
        private(set) var lineCount = 0
        /// What is there are no records: all of it is passed over.
        private(set) var isBroken = false

        init(_ ring: LogRing, from tail: UInt64, to head: UInt64) {
            bytes = ring.bytes
            isBroken = head &- tail > UInt64(bytes.size) || head % 8 != 0
            position = isBroken ? head & ~7 : tail
            end = isBroken ? position : head
        }

        mutating func next() -> LogRecord? {
            guard position != end else { return nil }
            let waiting = end &- position
            guard waiting >= UInt64(LogRecord.size),
                let (record, count) = LogRecord.read(
                    bytes.number(at: position), bytes.number(at: position &+ 8)),
                count <= LogRing.longestRecord, LogRing.taken(count) <= waiting
            else {
                isBroken = true
                position = end
                return nil
            }
            lineStart = position &+ UInt64(LogRecord.size)
            lineCount = count
            position &+= LogRing.taken(count)
            return record
        }
    }
}
