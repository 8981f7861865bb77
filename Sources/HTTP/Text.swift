// Digits, escapes, byte order and searches: the one implementation of each, for all modules above.

extension UInt8 {
    /// The value of a decimal digit.
    @inlinable
    public var decimalDigit: UInt8? {
        let digit = self &- 0x30
        return digit < 10 ? digit : nil
    }

    /// The value of a hexadecimal digit in either case.
    @inlinable
    public var hexadecimalDigit: UInt8? {
        let digit = self &- 0x30
        if digit < 10 { return digit }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension Int64 {
    /// Appends a decimal digit to a non-negative number. Returns false, and leaves the number
    /// unchanged, on overflow.
    @inlinable
    mutating func appendDecimalDigit(_ digit: UInt8) -> Bool {
        let (tens, overflow) = multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(Int64(digit))
        guard !overflow, !carry else { return false }
        self = sum
        return true
    }
}

extension Span where Element == UInt8 {
    /// Returns the value of decimal digits; nil if there are none, if there is another byte, or if
    /// the number is larger than `Int64.max`.
    public func decimalValue() -> Int64? {
        guard count > 0 else { return nil }
        var value: Int64 = 0
        for index in 0..<count {
            guard let digit = self[index].decimalDigit,
                value.appendDecimalDigit(digit)
            else { return nil }
        }
        return value
    }
}

/// Numbers, dates and times.
extension ByteWriter {
    /// Appends a number in decimal.
    @inlinable
    public mutating func append(decimal number: Int64) {
        if number < 0 { append(byte: 0x2d) }
        append(digitsOf: number.magnitude, base: 10)
    }

    /// Appends a number as two digits; larger numbers modulo 100.
    @inlinable
    public mutating func append(twoDigits number: Int) {
        guard let place = unsafe reserve(2) else { return }
        let clamped = UInt8(truncatingIfNeeded: number.magnitude % 100)
        unsafe place.storeBytes(of: 0x30 &+ clamped / 10, as: UInt8.self)
        unsafe place.storeBytes(of: 0x30 &+ clamped % 10, toByteOffset: 1, as: UInt8.self)
    }

    /// Appends a number in hexadecimal: lower case, no leading zeros.
    @inlinable
    public mutating func append(hexadecimal number: UInt64) {
        append(digitsOf: number, base: 16)
    }

    @inlinable
    mutating func append(digitsOf number: UInt64, base: UInt64) {
        var length = 1
        var rest = number / base
        while rest > 0 {
            length &+= 1
            rest /= base
        }
        guard let place = unsafe reserve(length) else { return }
        rest = number
        while length > 0 {
            length &-= 1
            let digit = UInt8(truncatingIfNeeded: rest % base)
            unsafe place.storeBytes(
                of: digit &+ (digit < 10 ? 0x30 : 0x57), toByteOffset: length, as: UInt8.self)
            rest /= base
        }
    }

    /// Appends a status code with at least three digits.
    @inlinable
    public mutating func append(status: Int) {
        if status < 100 { append(byte: 0x30) }
        if status < 10 { append(byte: 0x30) }
        append(decimal: Int64(status))
    }

    /// Appends seconds with three decimals.
    public mutating func append(seconds: Int64, milliseconds: Int64) {
        append(decimal: seconds)
        append(byte: 0x2E)
        append(decimal: milliseconds / 100)
        append(twoDigits: Int(milliseconds % 100))
    }

    /// Appends a byte as two hexadecimal digits in upper case.
    public mutating func append(hexadecimalByte byte: UInt8) {
        append(byte: ByteWriter.upperCaseDigit(byte >> 4))
        append(byte: ByteWriter.upperCaseDigit(byte & 15))
    }

    private static func upperCaseDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x37 &+ value
    }

    /// Appends a year as four digits; years outside of 0 to 9999 modulo 10,000.
    public mutating func append(year: Int) {
        append(twoDigits: year / 100)
        append(twoDigits: year % 100)
    }

    /// Appends the date in the form `2026-11-21`.
    public mutating func append(dateOf time: CivilTime) {
        append(year: time.year)
        append(byte: 0x2D)
        append(twoDigits: time.month)
        append(byte: 0x2D)
        append(twoDigits: time.day)
    }

    /// Appends the time of day in the form `10:00:00`.
    public mutating func append(timeOf time: CivilTime) {
        append(twoDigits: time.hour)
        append(byte: 0x3A)
        append(twoDigits: time.minute)
        append(byte: 0x3A)
        append(twoDigits: time.second)
    }

    /// Returns the bytes that `write` writes, at most `limit`. Memory that it does not write to is
    /// never touched, so that the limit may be generous.
    public static func bytes(atMost limit: Int, _ write: (inout ByteWriter) -> Void) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: limit) { memory, count in
            guard let start = memory.baseAddress else { return }
            var writer = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
            write(&writer)
            count = writer.count
        }
    }
}

/// Escapes.
extension ByteWriter {
    /// Appends a byte as `%XX` (RFC 3986, section 2.1).
    public mutating func append(percentEncoded byte: UInt8) {
        append(byte: 0x25)
        append(hexadecimalByte: byte)
    }

    /// Appends a field's value; what would end it is a space.
    @inlinable
    public mutating func append(fieldValue: Span<UInt8>) {
        for index in fieldValue.indices {
            let byte = fieldValue[index]
            append(byte: byte == 0 || byte == 0x0A || byte == 0x0D ? 0x20 : byte)
        }
    }

    /// Appends text as in a JSON string: the escapes that RFC 8259 requires (section 7), and no
    /// more.
    public mutating func append(json text: Span<UInt8>) {
        for index in 0..<text.count {
            switch text[index] {
            case 0x22: append("\\\"")
            case 0x5C: append("\\\\")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0C: append("\\f")
            case 0x0D: append("\\r")
            case let byte where byte < 0x20: append(jsonUnicode: byte)
            case let byte: append(byte: byte)
            }
        }
    }

    /// Appends `\u00XX`: the character of a byte in ISO 8859-1, in a JSON string.
    public mutating func append(jsonUnicode byte: UInt8) {
        append("\\u00")
        append(hexadecimalByte: byte)
    }

    /// Appends text for HTML, including attribute values.
    public mutating func append(html text: Span<UInt8>) { append(text, apostrophe: "&#39;") }

    /// Appends text for XML, in which the apostrophe is unchanged as in nginx.
    public mutating func append(xml text: Span<UInt8>) { append(text, apostrophe: "'") }

    private mutating func append(_ text: Span<UInt8>, apostrophe: StaticString) {
        for index in 0..<text.count {
            switch text[index] {
            case 0x26: append("&amp;")
            case 0x3C: append("&lt;")
            case 0x3E: append("&gt;")
            case 0x22: append("&quot;")
            case 0x27: append(apostrophe)
            case let byte: append(byte: byte)
            }
        }
    }
}

/// Numbers in messages and records, the least significant byte first.
extension Array where Element == UInt8 {
    /// Appends a number as eight bytes.
    public mutating func append(littleEndian number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension Span where Element == UInt8 {
    /// Returns the eight bytes at `start` as a number; nil if there are fewer.
    public func littleEndian(at start: Int) -> UInt64? {
        guard start >= 0, count &- start >= 8 else { return nil }
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | UInt64(self[start &+ 7 &- index]) }
        return number
    }
}

/// Searches `count` sorted elements by bisection. `order` is negative for an element before the
/// wanted one, positive for one after it, and 0 for the wanted one. Returns the index of the wanted
/// element, or of the first one after it.
@inlinable @inline(__always)
public func bisect(
    _ count: Int, _ order: (Int) -> Int
) -> (index: Int, isFound: Bool) {
    var low = 0
    var high = count
    while low < high {
        let middle = (low &+ high) / 2
        let place = order(middle)
        if place == 0 { return (middle, true) }
        if place < 0 { low = middle &+ 1 } else { high = middle }
    }
    return (low, false)
}
