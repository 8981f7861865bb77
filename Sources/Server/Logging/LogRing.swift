import Linux

/// The queue of log lines from one worker to the logger: a ring of records in shared memory with
/// one process at each end.
///
/// The worker writes a record after the head, then moves the head: it may be killed at any
/// instruction, and the logger sees complete records only. The logger moves the tail after lines
/// are written, so that its successor continues there if it dies. Neither waits for the other;
/// lines that do not fit are counted.
///
/// The logger trusts nothing that it reads here: the worker may have been taken over.
struct LogRing: BitwiseCopyable {
    /// The size of a ring: an eighth of a second of a busy worker's 15 MB/s.
    static let size = 1 << 21
    /// The maximum size of a line with its record; longer ones are dropped.
    static let maxRecordSize = size / 2
    /// The amount at which the logger is woken out of its pause.
    static let wakeThreshold = size / 4

    /// The indexes of a ring's numbers; each end writes a cache line of its own.
    private enum Word {
        // Written by the worker.
        static let head = 0
        static let lost = 1
        static let tooLong = 2
        /// The tail when it was last read.
        static let cachedTail = 3
        /// The head at which the amount is next checked.
        static let nextCheck = 4
        /// The head when the current worker started.
        static let start = 5
        // Written by the logger.
        static let tail = 8
        /// The parts of `lost` and `tooLong` that were reported.
        static let reportedLost = 9
        static let reportedTooLong = 10
        // Written by both: whether the logger sleeps.
        static let asleep = 16
    }

    let bytes: RingBytes
    let words: SharedTable<UInt64>
    let wakeup: LogWakeup

    /// Creates a ring in `memory`, which must live as long; its worker wakes the logger by `wakes`.
    init(in memory: RingMemory, wakes: Int32) {
        bytes = memory.bytes
        words = memory.words
        wakeup = LogWakeup(words, at: Word.asleep, descriptor: wakes)
    }

    /// Returns true if these can be a ring's tail and head.
    private static func areValid(tail: UInt64, head: UInt64, size: Int) -> Bool {
        head &- tail <= UInt64(size) && head % 8 == 0
    }

    // MARK: the worker's side

    /// Starts writing where the previous worker stopped. That one may have left any numbers.
    func takeOver() {
        let tail = words.acquire(at: Word.tail)
        let head = words.acquire(at: Word.head)
        if !LogRing.areValid(tail: tail, head: head, size: bytes.size) {
            words.release((tail &+ 7) & ~7, at: Word.head)
        }
        words.release(words[Word.head], at: Word.start)
        words[Word.cachedTail] = tail
        words[Word.nextCheck] = 0
    }

    /// Adds a line. Returns false if it is lost: there is no room, or it is too long.
    @discardableResult
    func put(_ record: LogRecord, _ line: Span<UInt8>) -> Bool {
        guard line.count <= LogRing.maxRecordSize &- LogRecord.size else {
            countLongLine()
            return false
        }
        let head = words[Word.head]
        let next = head &+ LogRing.taken(line.count)
        if next &- words[Word.cachedTail] > UInt64(bytes.size), !hasRoom(until: next) {
            return false
        }
        let numbers = record.numbers(count: line.count)
        bytes.store(numbers.0, at: head)
        bytes.store(numbers.1, at: head &+ 8)
        bytes.write(line, at: head &+ UInt64(LogRecord.size))
        words.release(next, at: Word.head)
        wakeup.wakeIfAsleep()
        if next >= words[Word.nextCheck] { wakeAtThreshold(next) }
        return true
    }

    /// Counts a line that is lost because it is too long.
    @inline(never)
    func countLongLine() {
        words.release(words[Word.tooLong] &+ 1, at: Word.tooLong)
        wakeup.wakeIfAsleep()
    }

    /// Returns true if there is room by now; counts a lost line otherwise.
    @inline(never)
    private func hasRoom(until next: UInt64) -> Bool {
        words[Word.cachedTail] = words.acquire(at: Word.tail)
        if next &- words[Word.cachedTail] <= UInt64(bytes.size) { return true }
        words.release(words[Word.lost] &+ 1, at: Word.lost)
        wakeup.wakeIfAsleep()
        return false
    }

    /// Wakes the logger if much is waiting, once for each such amount.
    @inline(never)
    private func wakeAtThreshold(_ head: UInt64) {
        let tail = words.acquire(at: Word.tail)
        let exceedsThreshold = head &- tail >= UInt64(LogRing.wakeThreshold)
        words[Word.nextCheck] = (exceedsThreshold ? head : tail) &+ UInt64(LogRing.wakeThreshold)
        if exceedsThreshold { wakeup.wakeReader() }
    }

    /// Returns the bytes that a line occupies, with its record and alignment.
    private static func taken(_ count: Int) -> UInt64 {
        UInt64((count &+ LogRecord.size &+ 7) & ~7)
    }

    // MARK: the logger's side

    /// True if nothing is waiting.
    var isEmpty: Bool { words.acquire(at: Word.head) == words.acquire(at: Word.tail) }

    /// Returns a reader of the records that are waiting now.
    func reader() -> Reader {
        // In this order: a start that is read after the head may be after it, and is ignored.
        let (tail, head) = (words.acquire(at: Word.tail), words.acquire(at: Word.head))
        return Reader(self, from: tail, to: head, start: words.acquire(at: Word.start))
    }

    /// Frees everything before `position`.
    func commit(_ position: UInt64) { words.release(position, at: Word.tail) }

    /// The numbers of lost lines that were not reported yet: for lack of room, and because they
    /// were too long.
    var unreportedLosses: (lost: UInt64, tooLong: UInt64) {
        (
            words.acquire(at: Word.lost) &- words.acquire(at: Word.reportedLost),
            words.acquire(at: Word.tooLong) &- words.acquire(at: Word.reportedTooLong)
        )
    }

    /// Records that losses were reported.
    func markReported(_ counts: (lost: UInt64, tooLong: UInt64)) {
        words[Word.reportedLost] &+= counts.lost
        words[Word.reportedTooLong] &+= counts.tooLong
    }

    /// Iterates over the records that were waiting at one moment.
    struct Reader {
        private let bytes: RingBytes
        /// The position after the last record that was read.
        private(set) var position: UInt64
        private let end: UInt64
        /// The position where the records of the current worker start. Those of the previous one
        /// may be anything.
        private var start: UInt64
        /// The position and length of the last record's line.
        private(set) var lineStart: UInt64 = 0
        private(set) var lineCount = 0
        /// True if there were invalid records, which are skipped.
        private(set) var isBroken = false

        init(_ ring: LogRing, from tail: UInt64, to head: UInt64, start: UInt64) {
            bytes = ring.bytes
            end = head
            self.start = start
            position = tail
            guard !LogRing.areValid(tail: tail, head: head, size: bytes.size) else { return }
            isBroken = true
            let isUsable = LogRing.areValid(tail: start, head: head, size: bytes.size)
            position = isUsable ? start : head
            self.start = head
        }

        /// Continues with the records of the current worker, or at the end.
        private mutating func skip() {
            isBroken = true
            let isAhead = start != position && start &- position <= end &- position
            position = isAhead && start % 8 == 0 ? start : end
            // Once: if these records are invalid too, none is valid.
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
            // No record of the previous worker extends beyond the start of the current one.
            let ahead = start &- position
            let isAhead = ahead != 0 && ahead <= end &- position
            let waiting = isAhead ? ahead : end &- position
            guard waiting >= UInt64(LogRecord.size),
                let (record, count) = LogRecord.read(
                    bytes.loadNumber(at: position), bytes.loadNumber(at: position &+ 8)),
                count <= LogRing.maxRecordSize, LogRing.taken(count) <= waiting
            else { return nil }
            lineStart = position &+ UInt64(LogRecord.size)
            lineCount = count
            position &+= LogRing.taken(count)
            return record
        }
    }
}

/// The header of a line in a ring: its destination.
struct LogRecord: BitwiseCopyable, Equatable {
    /// The kind of line, and where it is written.
    enum Kind: UInt8, BitwiseCopyable, CaseIterable {
        /// A request's line for one of the plan's log files.
        case access
        /// A request's line, without its line end, for one of the plan's syslog servers.
        case syslog
        /// A request's line for a file whose name has variables: the name, then the line.
        case named
        /// A line for one of the plan's error logs.
        case error
    }

    let kind: Kind
    /// The level of an error.
    var level: LogLevel = .error
    /// The index of the error log that it is for, or that reports if the file cannot be opened.
    var errorLog: Int = 0
    /// The index of the plan's log file, syslog server or ``VariableLog``.
    var target: Int = 0
    /// The length of the name, or the time of a syslog message in seconds since 1970.
    var detail: Int = 0

    /// The size in bytes.
    static let size = 16

    /// Encodes the record of a line of `count` bytes as two numbers.
    func numbers(count: Int) -> (UInt64, UInt64) {
        let first =
            UInt64(UInt32(truncatingIfNeeded: count)) | UInt64(kind.rawValue) << 32
            | UInt64(level.rawValue) << 40 | UInt64(UInt16(truncatingIfNeeded: errorLog)) << 48
        let second =
            UInt64(UInt32(truncatingIfNeeded: target)) | UInt64(UInt32(truncatingIfNeeded: detail))
            << 32
        return (first, second)
    }

    /// Decodes a record and the length of its line from two numbers; nil if they are invalid.
    static func read(_ first: UInt64, _ second: UInt64) -> (record: LogRecord, count: Int)? {
        guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: first >> 32)),
            let level = LogLevel(rawValue: UInt8(truncatingIfNeeded: first >> 40))
        else { return nil }
        let record = LogRecord(
            kind: kind, level: level, errorLog: Int(UInt16(truncatingIfNeeded: first >> 48)),
            target: Int(Int32(truncatingIfNeeded: second)), detail: Int(second >> 32))
        return (record, Int(UInt32(truncatingIfNeeded: first)))
    }
}

/// Wakes the logger for one worker: only if it sleeps, so that a busy worker makes no system call
/// for its lines. Consists of a word in the worker's ring and a pipe.
///
/// Each worker has its own: with a shared one, a hostile worker could keep the logger from being
/// woken for the lines of others.
struct LogWakeup: BitwiseCopyable {
    /// A word that is 1 while the logger sleeps until it is woken.
    private let words: SharedTable<UInt64>
    private let place: Int
    /// The pipe's write end; -1 in a process that has none.
    let descriptor: Int32

    init(_ words: SharedTable<UInt64>, at place: Int, descriptor: Int32) {
        self.words = words
        self.place = place
        self.descriptor = descriptor
    }

    // MARK: workers

    /// Wakes the logger if it sleeps, after a line was added.
    @inline(__always)
    func wakeIfAsleep() {
        fence()
        if words.acquire(at: place) != 0 { wake() }
    }

    @inline(never)
    private func wake() {
        if words.exchange(0, at: place) != 0 { wakeReader() }
    }

    /// Wakes the logger even out of a pause.
    func wakeReader() { wakePipe(descriptor) }

    // MARK: the logger

    /// Announces that the logger sleeps. It must read the ring once more after this: lines may have
    /// been added in between.
    func announceSleep() {
        words.release(1, at: place)
        fence()
    }

    /// Announces that the logger is awake.
    func announceAwake() { words.release(0, at: place) }
}
