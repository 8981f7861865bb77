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
        writer.append(twoDigits: time.year / 100)
        writer.append(twoDigits: time.year % 100)
        writer.append(byte: 0x20)
        writer.append(twoDigits: time.hour)
        writer.append(byte: 0x3A)
        writer.append(twoDigits: time.minute)
        writer.append(byte: 0x3A)
        writer.append(twoDigits: time.second)
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
