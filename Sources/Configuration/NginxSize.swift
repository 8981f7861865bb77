/// nginx's sizes and numbers (ngx_parse_size, ngx_parse_offset, ngx_atoi).
public enum NginxSize {
    /// Bytes from digits and an optional `k` or `m`; nil when it is neither, or more than an Int.
    public static func size(_ text: [UInt8]) -> Int? { scaled(text, allowsGiga: false) }

    /// Bytes from digits and an optional `k`, `m` or `g`; nil as for ``size(_:)``.
    public static func offset(_ text: [UInt8]) -> Int? { scaled(text, allowsGiga: true) }

    /// A number of one digit or more and nothing else; nil when it is not, or more than an Int.
    public static func integer(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var value = 0
        for byte in digits {
            guard ASCII.isDigit(byte), let next = appending(byte, to: value) else { return nil }
            value = next
        }
        return value
    }

    /// `value * 10 + digit`, or nil when that is more than an Int.
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
