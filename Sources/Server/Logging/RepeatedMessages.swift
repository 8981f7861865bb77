import Configuration
import HTTP
import Linux

/// Keeps one failure from filling the error log: a limited number of messages of one kind is
/// written in a minute, the others are counted, and the count is written at the end of the minute.
///
/// The kind of a message about a request is its place in the source and the number of the error. It
/// is known before the message is formatted, and a response whose message was only counted may be
/// cached (``ResponseRecording``). The kind of any other message is its text without quoted parts
/// and numbers.
final class RepeatedMessages {
    /// The time in which messages of a kind are counted.
    static let intervalMs: Int64 = 60_000
    /// The limit for level crit and above, which concern the machine.
    static let severeLimit = 10
    /// The limit for level error, which concerns requests.
    static let errorLimit = 1000
    /// The number of kinds that are distinguished; messages of others are written.
    private static let maxKinds = 64

    /// A kind of message in its minute, for a cached response that causes it.
    struct Reference: BitwiseCopyable, Equatable {
        /// The index in the table, and the number of the entry, which is new in each minute; 0 for
        /// none.
        fileprivate(set) var place: Int32 = 0
        fileprivate(set) var number: UInt32 = 0

        static var none: Reference { Reference() }
    }

    private struct Kind {
        let key: UInt64
        let log: Int
        let level: LogLevel
        let number: UInt32
        let untilMs: Int64
        var count = 0
        /// The first message that was not written.
        var example: String?
    }

    private var kinds: [Kind] = []
    private var lastNumber: UInt32 = 0
    /// The time at which the next count is written; Int64.max for none.
    private(set) var dueMs = Int64.max

    /// The number of messages about requests that were written.
    private(set) var writtenCount: UInt64 = 0
    /// The number of those that were counted, and the last one's kind.
    private(set) var countedCount: UInt64 = 0
    private(set) var lastCounted = Reference.none

    /// A line with the number of messages that were not written.
    struct Report: Equatable {
        /// The index of the error log.
        let log: Int
        let level: LogLevel
        let text: String
    }

    /// The kind of a message in the source.
    struct Source {
        let file: StaticString
        let line: UInt
        /// The number of an error, where messages of one place differ by it.
        let code: Int32
    }

    /// Returns true if a message about a request is to be written; counts it otherwise.
    func admits(
        _ level: LogLevel, _ source: Source, log: Int, nowMs: Int64, _ message: () -> String
    ) -> Bool {
        var hash = RepeatedMessages.hash(level, log)
        hash.add(unsafe UInt64(UInt(bitPattern: source.file.utf8Start)))
        hash.add(UInt64(source.line) << 32 | UInt64(UInt32(bitPattern: source.code)))
        let place = level <= .error ? count(hash.value, level, log, nowMs, message) : nil
        guard let place else {
            writtenCount &+= 1
            return true
        }
        countedCount &+= 1
        lastCounted = Reference(place: Int32(place), number: kinds[place].number)
        return false
    }

    /// Returns true if a message that belongs to no request is to be written; counts it otherwise.
    func admits(_ level: LogLevel, _ message: String, log: Int, nowMs: Int64) -> Bool {
        guard level <= .error else { return true }
        var hash = RepeatedMessages.hash(level, log)
        var isQuoted = false
        for byte in message.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte &- UInt8(ascii: "0") > 9 { hash.add(UInt64(byte)) }
        }
        return count(hash.value, level, log, nowMs) { message } == nil
    }

    /// Counts the message of a cached response. Returns false if it is to be written: its minute is
    /// over.
    @inline(never)
    func countAgain(_ reference: Reference, nowMs: Int64) -> Bool {
        let place = Int(reference.place)
        guard place < kinds.count, kinds[place].number == reference.number,
            nowMs < kinds[place].untilMs
        else { return false }
        kinds[place].count &+= 1
        return true
    }

    /// Removes and returns the counts whose minute is over, or all of them.
    func popReports(nowMs: Int64, all: Bool = false) -> [Report] {
        guard all || nowMs >= dueMs else { return [] }
        dueMs = Int64.max
        let (ended, rest) = (
            kinds.filter { all || nowMs >= $0.untilMs },
            kinds.filter { !all && nowMs < $0.untilMs }
        )
        kinds = rest
        for kind in rest where kind.example != nil { dueMs = min(dueMs, kind.untilMs) }
        return ended.compactMap { kind in
            guard let example = kind.example else { return nil }
            let count = kind.count &- RepeatedMessages.limit(kind.level)
            return Report(
                log: kind.log, level: kind.level,
                text: "\(count) more like this within a minute: \(example)")
        }
    }

    private static func limit(_ level: LogLevel) -> Int {
        level <= .crit ? severeLimit : errorLimit
    }

    private static func hash(_ level: LogLevel, _ log: Int) -> FNV1a {
        var hash = FNV1a()
        hash.add(UInt64(level.rawValue))
        hash.add(UInt64(UInt32(truncatingIfNeeded: log)))
        return hash
    }

    /// Counts a message. Returns the index of its kind if it is beyond the limit; nil if it is to
    /// be written.
    private func count(
        _ key: UInt64, _ level: LogLevel, _ log: Int, _ nowMs: Int64, _ message: () -> String
    ) -> Int? {
        guard let place = place(of: key, level, log, nowMs) else { return nil }
        kinds[place].count &+= 1
        guard kinds[place].count > RepeatedMessages.limit(level) else { return nil }
        if kinds[place].example == nil {
            kinds[place].example = message()
            dueMs = min(dueMs, kinds[place].untilMs)
        }
        return place
    }

    /// Returns the index of a kind. A new one takes the place of one whose minute is over; nil if
    /// there is none.
    private func place(of key: UInt64, _ level: LogLevel, _ log: Int, _ nowMs: Int64) -> Int? {
        var free: Int?
        for place in kinds.indices {
            let isOver = nowMs >= kinds[place].untilMs && kinds[place].example == nil
            if kinds[place].key == key, !isOver { return place }
            if isOver { free = place }
        }
        lastNumber &+= 1
        let kind = Kind(
            key: key, log: log, level: level, number: max(1, lastNumber),
            untilMs: nowMs &+ RepeatedMessages.intervalMs)
        if let free {
            kinds[free] = kind
            return free
        }
        guard kinds.count < RepeatedMessages.maxKinds else { return nil }
        kinds.append(kind)
        return kinds.count &- 1
    }
}
