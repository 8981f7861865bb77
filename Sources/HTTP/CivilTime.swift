/// A point in time as calendar date and clock time in UTC. Pure arithmetic: no time zone database.
public struct CivilTime: BitwiseCopyable, Sendable, Equatable {
    /// 0 to 9999.
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    /// 0 to 23.
    public let hour: Int
    /// 0 to 59.
    public let minute: Int
    /// 0 to 59; there are no leap seconds in seconds since 1970.
    public let second: Int
    /// 0 is Sunday.
    public let weekday: Int

    /// Converts seconds since 1970. Times outside of the years 0 to 9999 become the first or the
    /// last second of that range. For a time zone, add its offset.
    public init(_ secondsSince1970: Int64) {
        let clamped = Int(max(-62_167_219_200, min(secondsSince1970, 253_402_300_799)))
        var days = clamped / 86_400
        var rest = clamped % 86_400
        if rest < 0 {
            rest &+= 86_400
            days &-= 1
        }
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        // 1970 began on a Thursday; the weeks before it are made positive.
        weekday = (days &+ 4 &+ 7 &* 200_000) % 7
        // Years that begin in March have their leap day last. An era is 400 of them.
        let fromEra = days &+ 719_468
        let era = (fromEra >= 0 ? fromEra : fromEra &- 146_096) / 146_097
        let dayOfEra = fromEra &- era &* 146_097
        let leaps = dayOfEra / 1460 &- dayOfEra / 36_524 &+ dayOfEra / 146_096
        let yearOfEra = (dayOfEra &- leaps) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let shifted = (5 &* dayOfYear &+ 2) / 153
        day = dayOfYear &- (153 &* shifted &+ 2) / 5 &+ 1
        month = shifted < 10 ? shifted &+ 3 : shifted &- 9
        year = yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0)
    }

    /// Returns the days from the start of 1970 to a valid day of the Gregorian calendar.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year &- 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear &- 399) / 400
        let yearOfEra = shiftedYear &- era &* 400
        let shiftedMonth = month > 2 ? month &- 3 : month &+ 9
        let dayOfYear = (153 &* shiftedMonth &+ 2) / 5 &+ day &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* 146_097 &+ dayOfEra &- 719_468
    }

    /// The English name of the weekday, three letters.
    public var weekdayName: StaticString {
        switch weekday {
        case 0: return "Sun"
        case 1: return "Mon"
        case 2: return "Tue"
        case 3: return "Wed"
        case 4: return "Thu"
        case 5: return "Fri"
        default: return "Sat"
        }
    }

    /// The English name of the month, three letters.
    public var monthName: StaticString {
        switch month {
        case 1: return "Jan"
        case 2: return "Feb"
        case 3: return "Mar"
        case 4: return "Apr"
        case 5: return "May"
        case 6: return "Jun"
        case 7: return "Jul"
        case 8: return "Aug"
        case 9: return "Sep"
        case 10: return "Oct"
        case 11: return "Nov"
        default: return "Dec"
        }
    }
}
