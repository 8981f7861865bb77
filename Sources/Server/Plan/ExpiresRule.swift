import Configuration

/// When an answer expires: a form of `expires`.
struct ExpiresRule: BitwiseCopyable, Equatable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case off
        /// At the beginning of 1970.
        case epoch
        /// At the end of 2037.
        case max
        /// So long after the answer.
        case access
        /// So long after the file was changed.
        case modified
        /// At a time of the day.
        case daily
    }

    let kind: Kind
    /// Seconds: a span of time, or the time of the day.
    let seconds: Int64

    init(_ kind: Kind, seconds: Int64 = 0) {
        self.kind = kind
        self.seconds = seconds
    }

    /// Why a text is no form of `expires`, in nginx's words.
    enum Invalid: Error {
        case value, dailyBesideModified, dailyTooLarge

        var message: String {
            switch self {
            case .value: "invalid value"
            case .dailyBesideModified:
                "daily time cannot be used with \"modified\" parameter"
            case .dailyTooLarge: "daily time value must be less than 24 hours"
            }
        }
    }

    /// Reads `1h`, `+1h`, `-1`, `@15h30m`, `epoch`, `max` or `off`; behind `modified` a span only.
    static func parse(
        _ text: [UInt8], fromModified: Bool
    ) throws(Invalid) -> ExpiresRule {
        if !fromModified {
            switch String(decoding: text, as: UTF8.self) {
            case "epoch": return ExpiresRule(.epoch)
            case "max": return ExpiresRule(.max)
            case "off": return ExpiresRule(.off)
            default: break
            }
        }
        let isDaily = text.first == UInt8(ascii: "@")
        if isDaily, fromModified { throw .dailyBesideModified }
        let isBefore = text.first == UInt8(ascii: "-")
        let hasSign = isDaily || isBefore || text.first == UInt8(ascii: "+")
        guard let seconds = NginxTime.seconds(Array(hasSign ? text[1...] : text[...])) else {
            throw .value
        }
        if isDaily, seconds > 86_400 { throw .dailyTooLarge }
        return ExpiresRule(
            isDaily ? .daily : fromModified ? .modified : .access,
            seconds: isBefore ? 0 &- Int64(seconds) : Int64(seconds))
    }

    /// What is said of an answer.
    struct Answer: Equatable {
        /// Seconds since 1970.
        let time: Int64
        /// Seconds for Cache-Control's max-age; nil for `no-cache`.
        let maxAge: Int64?
    }

    /// What is said at `now` of a file of that time, both in seconds since 1970; nil for a content
    /// that has none. `localOffset` is how far local time is ahead of UTC at a time.
    func answer(
        now: Int64, modified: Int64?, localOffset: (Int64) -> Int64
    ) -> Answer? {
        let time: Int64
        switch kind {
        case .off: return nil
        case .epoch: return Answer(time: 1, maxAge: nil)
        case .max: return Answer(time: 2_145_916_555, maxAge: 315_360_000)
        case .daily: time = nextTime(after: now, localOffset)
        case .access, .modified:
            if seconds == 0 { return Answer(time: now, maxAge: 0) }
            let start = kind == .modified ? modified ?? now : now
            let (sum, overflow) = start.addingReportingOverflow(seconds)
            time = overflow ? (seconds < 0 ? .min : .max) : sum
        }
        let (age, overflow) = time.subtractingReportingOverflow(now)
        let isOver = seconds < 0 || time < now
        return Answer(time: time, maxAge: isOver ? nil : overflow ? .max : age)
    }

    /// The next moment at which local clocks show the time of the day.
    private func nextTime(after now: Int64, _ localOffset: (Int64) -> Int64) -> Int64 {
        let local = now &+ localOffset(now)
        let midnight = local &- (local % 86_400 &+ 86_400) % 86_400
        for day in [Int64(0), 1] {
            let wanted = midnight &+ day &* 86_400 &+ seconds
            // The offset may be another one by then.
            let time = wanted &- localOffset(wanted &- localOffset(now))
            if time > now { return time }
        }
        return now &+ 86_400
    }
}
