/// Invisible characters that web pages and word processors put into configurations.
enum InvisibleCharacter {
    /// Returns the Unicode number and name of such a character; nil for any other.
    static func name(of character: ArraySlice<UInt8>) -> String? {
        guard let scalar = String(decoding: character, as: UTF8.self).unicodeScalars.first
        else { return nil }
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: return "a control character (\(number(scalar)))"
        case 0x00A0: return "a no-break space (U+00A0)"
        case 0x00AD: return "a soft hyphen (U+00AD)"
        case 0x200B: return "a zero-width space (U+200B)"
        case 0x200C, 0x200D: return "a zero-width joiner (\(number(scalar)))"
        case 0x2000...0x200A, 0x202F, 0x205F, 0x3000: return "a wide space (\(number(scalar)))"
        case 0x2018, 0x2019: return "a curly single quote (\(number(scalar)))"
        case 0x201C...0x201E: return "a curly double quote (\(number(scalar)))"
        case 0x2028, 0x2029: return "a line separator (\(number(scalar)))"
        case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
            return "a mark of writing direction (\(number(scalar)))"
        case 0x2060: return "a word joiner (U+2060)"
        case 0xFEFF: return "a byte order mark (U+FEFF)"
        default: return nil
        }
    }

    private static func number(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
