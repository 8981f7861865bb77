/// ASCII helpers for reading HTTP in place, over the received bytes.
extension Span where Element == UInt8 {
    /// Returns the bytes of an extent; parts outside of the span are cut off.
    @inlinable
    @_lifetime(copy self)
    public func slice(_ extent: ByteExtent) -> Span<UInt8> {
        slice(from: Int(extent.offset), to: extent.end)
    }

    /// Returns the bytes from `start` to `end`, exclusive; parts outside of the span are cut off.
    @inlinable
    @_lifetime(copy self)
    public func slice(from start: Int, to end: Int) -> Span<UInt8> {
        let upper = end < count ? (end > 0 ? end : 0) : count
        let lower = start < upper ? (start > 0 ? start : 0) : upper
        return extracting(lower..<upper)
    }

    /// True if the bytes are a token (RFC 9110, section 5.6.2).
    var isToken: Bool {
        for index in indices where !self[index].isTokenByte { return false }
        return count > 0
    }

    /// Returns true if the bytes are exactly those of `text`.
    @inlinable
    public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.byte(at: index) {
            return false
        }
        return true
    }

    /// Returns true if the bytes are those of `text`, which is in lower case, ignoring the case of
    /// ASCII letters.
    @inlinable
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && startsIgnoringCase(text)
    }

    /// Returns true if the span begins with `text`, which is in lower case, ignoring the case of
    /// ASCII letters.
    @inlinable
    public func startsIgnoringCase(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        for index in 0..<length where self[index].asciiLowercased != text.byte(at: index) {
            return false
        }
        return true
    }

    /// Returns true if both spans have the same bytes.
    @inlinable
    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] {
            return false
        }
        return true
    }

    /// Returns the index of the first `byte` at or after `start`, or nil.
    @inlinable
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start > 0 ? start : 0
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Returns the bytes without the spaces and tabs around them (OWS of RFC 9110, section 5.6.3).
    @inlinable
    @_lifetime(copy self)
    public func trimmed() -> Span<UInt8> {
        var start = 0
        var end = count
        while start < end, self[start].isOptionalWhitespace { start &+= 1 }
        while end > start, self[end &- 1].isOptionalWhitespace { end &-= 1 }
        return extracting(start..<end)
    }

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

extension UInt8 {
    /// True for a space or a tab.
    @inlinable
    var isOptionalWhitespace: Bool { self == 0x20 || self == 0x09 }

    /// The lower case of an ASCII letter; every other byte unchanged.
    @inlinable
    public var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a decimal digit.
    @inlinable
    var decimalDigit: UInt8? {
        let digit = self &- 0x30
        return digit < 10 ? digit : nil
    }

    /// The value of a hexadecimal digit in either case.
    @inlinable
    var hexadecimalDigit: UInt8? {
        let digit = self &- 0x30
        if digit < 10 { return digit }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// Whether the byte is an ASCII letter.
    @inlinable
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

extension StaticString {
    /// Returns the byte at `index`, which must be less than `utf8CodeUnitCount`.
    @inlinable
    func byte(at index: Int) -> UInt8 { unsafe utf8Start[index] }
}
