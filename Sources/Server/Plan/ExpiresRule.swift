import Configuration

/// A rule for the expiry of a response: one form of `expires`.
struct ExpiresRule: BitwiseCopyable, Equatable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        case off
        /// The beginning of 1970.
        case epoch
        /// The end of 2037.
        case max
        /// A time after the response.
        case access
        /// A time after the file's modification.
        case modified
        /// A time of day.
        case daily
    }

    let kind: Kind
    /// The time in seconds: a span, or a time of day.
    let seconds: Int64

    init(_ kind: Kind, seconds: Int64 = 0) {
        self.kind = kind
        self.seconds = seconds
    }

    /// An invalid text, with nginx's message.
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

    /// Parses `1h`, `+1h`, `-1`, `@15h30m`, `epoch`, `max` or `off`; after `modified` only a span.
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

    /// The values for a response.
    struct Expiry: Equatable {
        /// The time of Expires in seconds since 1970.
        let time: Int64
        /// The max-age of Cache-Control in seconds; nil for `no-cache`.
        let maxAge: Int64?
    }

    /// Returns the values at `now` for a file modified at `modified`, both in seconds since 1970;
    /// nil for content without a time. `localOffset` returns the offset of local time from UTC at a
    /// time.
    func expiry(
        now: Int64, modified: Int64?, localOffset: (Int64) -> Int64
    ) -> Expiry? {
        let time: Int64
        switch kind {
        case .off: return nil
        case .epoch: return Expiry(time: 1, maxAge: nil)
        case .max: return Expiry(time: 2_145_916_555, maxAge: 315_360_000)
        case .daily: time = nextTime(after: now, localOffset)
        case .access, .modified:
            if seconds == 0 { return Expiry(time: now, maxAge: 0) }
            let start = kind == .modified ? modified ?? now : now
            let (sum, overflow) = start.addingReportingOverflow(seconds)
            time = overflow ? (seconds < 0 ? .min : .max) : sum
        }
        let (age, overflow) = time.subtractingReportingOverflow(now)
        let isOver = seconds < 0 || time < now
        return Expiry(time: time, maxAge: isOver ? nil : overflow ? .max : age)
    }

    /// Returns the next time at which local clocks show the time of day.
    private func nextTime(after now: Int64, _ localOffset: (Int64) -> Int64) -> Int64 {
        let local = now &+ localOffset(now)
        let midnight = local &- (local % 86_400 &+ 86_400) % 86_400
        for day in [Int64(0), 1] {
            let wanted = midnight &+ day &* 86_400 &+ seconds
            // The offset may have changed by then.
            let time = wanted &- localOffset(wanted &- localOffset(now))
            if time > now { return time }
        }
        return now &+ 86_400
    }
}
