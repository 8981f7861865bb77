/// A user and a password from an Authorization header (RFC 7617).
public struct BasicCredentials: Equatable, Sendable {
    /// The bytes before the first colon; never empty.
    public let user: [UInt8]
    /// The bytes after the first colon.
    public let password: [UInt8]

    /// Parses the value of the header: the scheme in any case, spaces, base 64 of `user:password`.
    /// Returns nil for another scheme, invalid base 64, a missing colon, or an empty user: nginx
    /// then proceeds as if the header were missing.
    public init?(authorization value: Span<UInt8>) {
        guard value.startsIgnoringCase("basic ") else { return nil }
        var start = 6
        while start < value.count, value[start] == UInt8(ascii: " ") { start &+= 1 }
        guard let bytes = Base64.decode(value.slice(from: start, to: value.count)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0
        else { return nil }
        user = Array(bytes[..<colon])
        password = Array(bytes[(colon &+ 1)...])
    }
}

/// Base 64 (RFC 4648) as nginx reads and writes it.
public enum Base64 {
    /// The two characters that follow letters and digits.
    public enum Alphabet: Sendable {
        /// `+` and `/` (RFC 4648, section 4).
        case standard
        /// `-` and `_` (RFC 4648, section 5).
        case url
    }

    /// Returns the decoded bytes; nil if `text` has another character, or one too few. The first
    /// `=` ends it, and the rest is ignored.
    public static func decode(
        _ text: Span<UInt8>, _ alphabet: Alphabet = .standard
    ) -> [UInt8]? {
        let count = text.firstIndex(of: UInt8(ascii: "=")) ?? text.count
        guard count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 4 &* 3 &+ 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for index in 0..<count {
            guard let value = value(of: text[index], alphabet) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount &+= 6
            if bitCount >= 8 {
                bitCount &-= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return bytes
    }

    /// Encodes bytes in the standard alphabet, padded with `=`.
    public static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count &+ 2) / 3 &* 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count &- index
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index &+ 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index &+ 2]) }
            text.append(character(of: group >> 18))
            text.append(character(of: group >> 12))
            text.append(left > 1 ? character(of: group >> 6) : UInt8(ascii: "="))
            text.append(left > 2 ? character(of: group) : UInt8(ascii: "="))
            index &+= 3
        }
        return text
    }

    private static func value(of byte: UInt8, _ alphabet: Alphabet) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte &- UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte &- UInt8(ascii: "a") &+ 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0") &+ 52
        case UInt8(ascii: "+"): alphabet == .standard ? 62 : nil
        case UInt8(ascii: "/"): alphabet == .standard ? 63 : nil
        case UInt8(ascii: "-"): alphabet == .url ? 62 : nil
        case UInt8(ascii: "_"): alphabet == .url ? 63 : nil
        default: nil
        }
    }

    private static func character(of bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 63)
        switch value {
        case 0..<26: return value &+ UInt8(ascii: "A")
        case 26..<52: return value &- 26 &+ UInt8(ascii: "a")
        case 52..<62: return value &- 52 &+ UInt8(ascii: "0")
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }
}
