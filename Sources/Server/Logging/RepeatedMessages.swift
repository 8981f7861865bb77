/// Keeps one failure from filling the error log: of messages of one kind so many are written in a
/// minute, then they are counted, and the count is written when the minute is over.
///
/// A kind is a log, a level, and what a message says beside what stands in quotes and its numbers:
/// `open() "/a" failed (5: Input/output error)` is one whatever the file.
final class RepeatedMessages {
    /// How long messages of a kind are counted.
    static let intervalMs: Int64 = 60_000
    /// How many of level crit and graver are written in that time: they tell of the machine.
    static let graveLimit = 10
    /// How many of level error are: those tell of requests.
    static let errorLimit = 1000
    /// How many kinds are told apart; what there is no room for is written.
    private static let kinds = 64

    private struct Kind {
        let log: Int
        let level: LogLevel
        let untilMs: Int64
        var count = 0
        /// The last one that was not written.
        var last = ""
    }

    private var seen: [UInt64: Kind] = [:]
    /// When the next count is to be written; Int64.max for none.
    private(set) var dueMs = Int64.max

    /// A line that says how many were not written.
    struct Report: Equatable {
        /// Which of the error logs.
        let log: Int
        let level: LogLevel
        let text: String
    }

    /// Whether a message is written; if not, it is counted.
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

    /// The counts whose minute is over, or all of them.
    func takeReports(nowMs: Int64, all: Bool = false) -> [Report] {
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
        level <= .crit ? graveLimit : errorLimit
    }

    /// A new kind; one whose time is over gives way where there are too many.
    private func makeRoom(_ level: LogLevel, _ log: Int, _ nowMs: Int64) -> Kind? {
        if seen.count >= RepeatedMessages.kinds {
            seen = seen.filter { nowMs < $0.value.untilMs || !$0.value.last.isEmpty }
            guard seen.count < RepeatedMessages.kinds else { return nil }
        }
        return Kind(log: log, level: level, untilMs: nowMs &+ RepeatedMessages.intervalMs)
    }

    /// FNV-1a over what makes the kind.
    private static func key(_ level: LogLevel, _ message: String, _ log: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        mix(level.rawValue)
        mix(UInt8(truncatingIfNeeded: log))
        var isQuoted = false
        for byte in message.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte &- UInt8(ascii: "0") > 9 { mix(byte) }
        }
        return hash
    }
}
