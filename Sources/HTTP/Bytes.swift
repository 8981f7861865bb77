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
}

extension UInt8 {
    /// True for a space or a tab.
    @inlinable
    var isOptionalWhitespace: Bool { self == 0x20 || self == 0x09 }

    /// The lower case of an ASCII letter; every other byte unchanged.
    @inlinable
    public var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// Whether the byte is an ASCII letter.
    @inlinable
    var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

extension StaticString {
    /// Returns the byte at `index`, which must be less than `utf8CodeUnitCount`.
    @inlinable
    func byte(at index: Int) -> UInt8 { unsafe utf8Start[index] }
}

/// A range of bytes in a buffer that may move. Extents stay valid when the bytes are copied to a
/// larger buffer; pointers would not.
@frozen
public struct ByteExtent: BitwiseCopyable, Sendable, Equatable {
    /// The offset of the first byte from the start of the buffer.
    public var offset: UInt32
    /// The number of bytes.
    public var count: UInt32

    /// Creates a range of `count` bytes at `offset`.
    @inlinable
    public init(offset: UInt32, count: UInt32) {
        self.offset = offset
        self.count = count
    }

    /// Creates a range from `start` to `end`, exclusive; empty if `end` is not after `start`.
    @inlinable
    init(from start: Int, to end: Int) {
        offset = UInt32(truncatingIfNeeded: start)
        count = UInt32(truncatingIfNeeded: end > start ? end &- start : 0)
    }

    /// The offset after the last byte.
    @inlinable
    public var end: Int { Int(offset) &+ Int(count) }

    /// Whether the range has no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// An empty range at the start.
    @inlinable
    public static var empty: ByteExtent { ByteExtent(offset: 0, count: 0) }
}

/// A set of ASCII bytes: one test instead of a chain of comparisons.
struct ByteSet: BitwiseCopyable {
    private let low: UInt64
    private let high: UInt64

    /// Creates a set from one bit for each byte below 64, and for each from there to 127.
    @inline(__always)
    init(_ low: UInt64, _ high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Returns true if the byte is in the set; never for bytes that are not ASCII.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let bits = byte & 64 == 0 ? low : high
        return byte < 128 && bits &>> UInt64(truncatingIfNeeded: byte) & 1 != 0
    }

    // Written as bits: the compiler would otherwise compute them for every byte.

    /// Letters, digits and -._~%!$&'()*+,;= : the bytes of a registered name (RFC 3986, section
    /// 3.2.2).
    static var registeredName: ByteSet {
        ByteSet(0x2BFF_7FF2_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    /// Letters, digits and -._~ (RFC 3986, section 2.3).
    static var unreserved: ByteSet {
        ByteSet(0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    }

    /// Unreserved bytes and !$'()*,/:=@[] : the bytes that nginx's NGX_ESCAPE_ARGS does not escape.
    static var arguments: ByteSet {
        ByteSet(0x27FF_F792_0000_0000, 0x47FF_FFFE_AFFF_FFFF)
    }

    /// Unreserved bytes and !$&'()*+,/:;=@[] : the bytes that nginx's NGX_ESCAPE_URI does not
    /// escape.
    static var uri: ByteSet {
        ByteSet(0x2FFF_FFD2_0000_0000, 0x47FF_FFFE_AFFF_FFFF)
    }
}

/// A hash that clients cannot predict: words are folded in by a multiplication whose halves are
/// added (as in wyhash), starting from a secret seed.
@frozen
public struct ByteHash: BitwiseCopyable, Sendable {
    /// The hash of everything folded in so far.
    public private(set) var value: UInt64

    /// Creates a hash with a secret seed.
    @inline(__always)
    public init(seed: UInt64) { value = seed ^ 0x9E37_79B9_7F4A_7C15 }

    /// Folds a number in.
    @inline(__always)
    public mutating func add(_ number: UInt64) {
        let product = (value ^ number).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        value = product.high ^ product.low
    }

    /// Folds bytes and their number in.
    public mutating func add(_ bytes: Span<UInt8>) {
        let count = bytes.count
        add(UInt64(truncatingIfNeeded: count))
        var index = 0
        while index &+ 8 <= count {
            unsafe add(bytes.word(unchecked: index))
            index &+= 8
        }
        guard index < count else { return }
        if count >= 8 {
            // The last eight overlap those before them, which does no harm.
            unsafe add(bytes.word(unchecked: count &- 8))
            return
        }
        if count >= 4 {
            // Two halves that overlap.
            add(
                UInt64(unsafe bytes.halfWord(unchecked: 0)) &<< 32
                    | UInt64(unsafe bytes.halfWord(unchecked: count &- 4)))
            return
        }
        var word: UInt64 = 0
        while index < count {
            word = word &<< 8 | UInt64(unsafe bytes[unchecked: index])
            index &+= 1
        }
        add(word)
    }
}
