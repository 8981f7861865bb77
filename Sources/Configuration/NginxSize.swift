/// nginx's sizes and numbers (ngx_parse_size, ngx_parse_offset, ngx_atoi).
public enum NginxSize {
    /// Parses bytes: digits with an optional `k` or `m`. Returns nil if invalid or too large for an
    /// Int.
    public static func size(_ text: [UInt8]) -> Int? { scaled(text, allowsGiga: false) }

    /// Parses bytes: digits with an optional `k`, `m` or `g`. Returns nil if invalid or too large
    /// for an Int.
    public static func offset(_ text: [UInt8]) -> Int? { scaled(text, allowsGiga: true) }

    /// Parses a number of one or more digits. Returns nil if invalid or too large for an Int.
    public static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var value = 0
        for byte in digits {
            guard ASCII.isDigit(byte), let next = appending(byte, to: value) else { return nil }
            value = next
        }
        return value
    }

    /// Returns `value * 10 + digit`, or nil on overflow.
    static func appending(_ digit: UInt8, to value: Int) -> Int? {
        let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflow) = tenfold.addingReportingOverflow(Int(digit &- UInt8(ascii: "0")))
        return tooLarge || overflow ? nil : sum
    }

    private static func scaled(_ text: [UInt8], allowsGiga: Bool) -> Int? {
        let scale: Int
        switch text.last {
        case UInt8(ascii: "k"), UInt8(ascii: "K"): scale = 1 << 10
        case UInt8(ascii: "m"), UInt8(ascii: "M"): scale = 1 << 20
        case UInt8(ascii: "g"), UInt8(ascii: "G"):
            guard allowsGiga else { return nil }
            scale = 1 << 30
        default: return integer(text[...])
        }
        guard let number = integer(text.dropLast()) else { return nil }
        let (size, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : size
    }
}
