/// The date formats of HTTP (RFC 9110, section 5.6.7).
public enum HTTPDate {
    /// Writes the 29 bytes of an IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT`. Years outside of 0
    /// to 9999 become the first or last second of that range.
    public static func write(_ secondsSince1970: Int64, into writer: inout ByteWriter) {
        let time = CivilTime(secondsSince1970)
        writer.append(time.weekdayName)
        writer.append(", ")
        writer.append(twoDigits: time.day)
        writer.append(byte: 0x20)
        writer.append(time.monthName)
        writer.append(byte: 0x20)
        writer.append(year: time.year)
        writer.append(byte: 0x20)
        writer.append(timeOf: time)
        writer.append(" GMT")
    }

    /// Returns the seconds since 1970 of a date in one of the three formats that a server must
    /// accept: IMF-fixdate, RFC 850, asctime. As in nginx the name of the weekday and the zone are
    /// ignored, and a two-digit year below 70 is in this century. Returns nil if the text is no
    /// date.
    public static func parse(_ text: Span<UInt8>) -> Int64? {
        var reader = DateReader(text)
        return reader.read()
    }
}

/// Parses a date from left to right. Every step returns nil if the text does not match.
private struct DateReader: ~Escapable {
    private let text: Span<UInt8>
    private var position = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) {
        self.text = text
    }

    mutating func read() -> Int64? {
        while position < text.count, text[position] != 0x2C, text[position] != 0x20 {
            position &+= 1
        }
        guard position < text.count else { return nil }
        let isASCTime = text[position] == 0x20
        position &+= 1
        while position < text.count, text[position] == 0x20 { position &+= 1 }
        return isASCTime ? readASCTime() : readDayFirst()
    }

    /// Parses `06 Nov 1994 08:49:37 GMT` or `06-Nov-94 08:49:37 GMT`.
    private mutating func readDayFirst() -> Int64? {
        guard let day = readTwoDigits(), position < text.count else { return nil }
        let separator = text[position]
        guard separator == 0x20 || separator == 0x2D else { return nil }
        position &+= 1
        guard let month = readMonth(), skip(separator) else { return nil }
        var year: Int
        if separator == 0x20 {
            guard let fourDigits = readFourDigits() else { return nil }
            year = fourDigits
        } else {
            guard let twoDigits = readTwoDigits() else { return nil }
            year = twoDigits &+ (twoDigits < 70 ? 2000 : 1900)
        }
        guard skip(0x20), let clock = readClock() else { return nil }
        return DateReader.seconds(year: year, month: month, day: day, clock: clock)
    }

    /// Parses `Nov  6 08:49:37 1994`, after the weekday.
    private mutating func readASCTime() -> Int64? {
        guard let month = readMonth(), skip(0x20) else { return nil }
        if position < text.count, text[position] == 0x20 { position &+= 1 }
        guard var day = readDigit() else { return nil }
        if let second = readDigit() { day = day &* 10 &+ second }
        guard skip(0x20), let clock = readClock(), skip(0x20), let year = readFourDigits() else {
            return nil
        }
        return DateReader.seconds(year: year, month: month, day: day, clock: clock)
    }

    /// Parses a clock time. Returns the seconds of the day.
    private mutating func readClock() -> Int? {
        guard let hour = readTwoDigits(), skip(0x3A), let minute = readTwoDigits(), skip(0x3A),
            let second = readTwoDigits(), hour < 24, minute < 60, second < 60
        else { return nil }
        return hour &* 3600 &+ minute &* 60 &+ second
    }

    /// Parses the name of a month, compared as one number of three bytes. Returns its number.
    private mutating func readMonth() -> Int? {
        guard text.count &- position >= 3 else { return nil }
        let name =
            UInt32(text[position].asciiLowercased) << 16
            | UInt32(text[position &+ 1].asciiLowercased) << 8
            | UInt32(text[position &+ 2].asciiLowercased)
        position &+= 3
        switch name {
        case 0x6A616E: return 1
        case 0x666562: return 2
        case 0x6D6172: return 3
        case 0x617072: return 4
        case 0x6D6179: return 5
        case 0x6A756E: return 6
        case 0x6A756C: return 7
        case 0x617567: return 8
        case 0x736570: return 9
        case 0x6F6374: return 10
        case 0x6E6F76: return 11
        case 0x646563: return 12
        default: return nil
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position &+= 1
        return true
    }

    private mutating func readDigit() -> Int? {
        guard position < text.count, let digit = text[position].decimalDigit else { return nil }
        position &+= 1
        return Int(digit)
    }

    private mutating func readTwoDigits() -> Int? {
        guard let tens = readDigit(), let ones = readDigit() else { return nil }
        return tens &* 10 &+ ones
    }

    private mutating func readFourDigits() -> Int? {
        guard let hundreds = readTwoDigits(), let rest = readTwoDigits() else { return nil }
        return hundreds &* 100 &+ rest
    }

    private static func seconds(year: Int, month: Int, day: Int, clock: Int) -> Int64? {
        let lengths: InlineArray<12, Int> = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = month == 2 && isLeap ? 29 : lengths[month &- 1]
        guard day >= 1, day <= length else { return nil }
        return Int64(CivilTime.days(year: year, month: month, day: day) &* 86_400 &+ clock)
    }
}

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
