import Linux

/// Keeps one failure from filling the error log: a limited number of messages of one kind is
/// written in a minute, the others are counted, and the count is written at the end of the minute.
///
/// A kind is a log, a level, and the text of a message without its quoted parts and numbers:
/// `open() "/a" failed (5: Input/output error)` is one kind whatever the file.
final class RepeatedMessages {
    /// The time in which messages of a kind are counted.
    static let intervalMs: Int64 = 60_000
    /// The limit for level crit and above, which concern the machine.
    static let severeLimit = 10
    /// The limit for level error, which concerns requests.
    static let errorLimit = 1000
    /// The number of kinds that are distinguished; messages of others are written.
    private static let kinds = 64

    private struct Kind {
        let log: Int
        let level: LogLevel
        let untilMs: Int64
        var count = 0
        /// The last message that was not written.
        var last = ""
    }

    private var seen: [UInt64: Kind] = [:]
    /// The time at which the next count is written; Int64.max for none.
    private(set) var dueMs = Int64.max

    /// A line with the number of messages that were not written.
    struct Report: Equatable {
        /// The index of the error log.
        let log: Int
        let level: LogLevel
        let text: String
    }

    /// Returns true if a message is to be written; counts it otherwise.
    func admits(_ level: LogLevel, _ message: String, log: Int, nowMs: Int64) -> Bool {
        guard level <= .error else { return true }
        let key = RepeatedMessages.key(level, message, log)
        if let kind = seen[key], nowMs >= kind.untilMs, kind.last.isEmpty { seen[key] = nil }
        guard var kind = seen[key] ?? makeRoom(level, log, nowMs) else { return true }
        kind.count &+= 1
        let limit = RepeatedMessages.limit(level)
        if kind.count > limit {
            kind.last = message
            dueMs = min(dueMs, kind.untilMs)
        }
        seen[key] = kind
        return kind.count <= limit
    }

    /// Removes and returns the counts whose minute is over, or all of them.
    func popReports(nowMs: Int64, all: Bool = false) -> [Report] {
        guard all || nowMs >= dueMs else { return [] }
        dueMs = Int64.max
        var reports: [Report] = []
        for (key, kind) in seen {
            guard all || nowMs >= kind.untilMs else {
                if !kind.last.isEmpty { dueMs = min(dueMs, kind.untilMs) }
                continue
            }
            seen[key] = nil
            let count = kind.count &- RepeatedMessages.limit(kind.level)
            guard count > 0 else { continue }
            reports.append(
                Report(
                    log: kind.log, level: kind.level,
                    text: "\(count) more like this within a minute: \(kind.last)"))
        }
        return reports
    }

    private static func limit(_ level: LogLevel) -> Int {
        level <= .crit ? severeLimit : errorLimit
    }

    /// Adds a kind, in place of one whose minute is over if there are too many.
    private func makeRoom(_ level: LogLevel, _ log: Int, _ nowMs: Int64) -> Kind? {
        if seen.count >= RepeatedMessages.kinds {
            seen = seen.filter { nowMs < $0.value.untilMs || !$0.value.last.isEmpty }
            guard seen.count < RepeatedMessages.kinds else { return nil }
        }
        return Kind(log: log, level: level, untilMs: nowMs &+ RepeatedMessages.intervalMs)
    }

    /// Returns the FNV-1a hash of what distinguishes a kind.
    private static func key(_ level: LogLevel, _ message: String, _ log: Int) -> UInt64 {
        var hash = FNV1a()
        hash.add(UInt64(level.rawValue))
        hash.add(UInt64(UInt8(truncatingIfNeeded: log)))
        var isQuoted = false
        for byte in message.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte &- UInt8(ascii: "0") > 9 { hash.add(UInt64(byte)) }
        }
        return hash.value
    }
}
