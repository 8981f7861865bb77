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

/// nginx's times (ngx_parse_time): numbers with units, each unit at most once, largest first.
public enum NginxTime {
    /// Parses milliseconds. Returns nil if invalid or too large for an Int. Units: `w d h m s ms`;
    /// a last number without a unit is seconds. As in nginx, `M` and `y` are not accepted here.
    public static func milliseconds(_ text: [UInt8]) -> Int? {
        var reader = Reader(text: text, isSeconds: false, lastStep: .month)
        return reader.read()
    }

    /// Parses seconds. Returns nil if invalid or too large for an Int. Units: `y M w d h m s`; a
    /// month is 30 days, a year 365.
    public static func seconds(_ text: [UInt8]) -> Int? {
        var reader = Reader(text: text, isSeconds: true, lastStep: .start)
        return reader.read()
    }

    private enum Step: Int {
        case start, year, month, week, day, hour, minute, second, millisecond, last
    }

    private struct Reader {
        let text: [UInt8]
        let isSeconds: Bool
        var lastStep: Step
        var at = 0

        mutating func read() -> Int? {
            var total = 0
            var value = 0
            var hasDigit = false
            while at < text.count {
                let byte = text[at]
                at += 1
                if ASCII.isDigit(byte) {
                    guard let next = NginxSize.appending(byte, to: value) else { return nil }
                    value = next
                    hasDigit = true
                    continue
                }
                guard let unit = unit(byte), let sum = adding(value, of: unit, to: total)
                else { return nil }
                total = sum
                value = 0
                while at < text.count, text[at] == ASCII.space { at += 1 }
            }
            guard hasDigit else { return nil }
            return adding(value, of: isSeconds ? 1 : 1000, to: total)
        }

        /// Returns the length of a unit, or nil if it is not allowed here.
        private mutating func unit(_ byte: UInt8) -> Int? {
            let second = isSeconds ? 1 : 1000
            switch byte {
            case UInt8(ascii: "y"): return take(.year, second * 31_536_000)
            case UInt8(ascii: "M"): return take(.month, second * 2_592_000)
            case UInt8(ascii: "w"): return take(.week, second * 604_800)
            case UInt8(ascii: "d"): return take(.day, second * 86_400)
            case UInt8(ascii: "h"): return take(.hour, second * 3600)
            case UInt8(ascii: "m") where at < text.count && text[at] == UInt8(ascii: "s"):
                at += 1
                return isSeconds ? nil : take(.millisecond, 1)
            case UInt8(ascii: "m"): return take(.minute, second * 60)
            case UInt8(ascii: "s"): return take(.second, second)
            case ASCII.space:
                guard lastStep.rawValue < Step.second.rawValue else { return nil }
                lastStep = .last
                return second
            default: return nil
            }
        }

        private mutating func take(_ step: Step, _ scale: Int) -> Int? {
            guard lastStep.rawValue < step.rawValue else { return nil }
            lastStep = step
            return scale
        }

        private func adding(_ value: Int, of scale: Int, to total: Int) -> Int? {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: scale)
            let (sum, overflow) = total.addingReportingOverflow(product)
            return tooLarge || overflow ? nil : sum
        }
    }
}
