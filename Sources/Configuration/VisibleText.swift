/// Text that is safe to show on a terminal and to write into a log.
///
/// A message may quote what a client sent, the name of a file or a word of the configuration.
/// Control characters in it could move the cursor, change colours or begin a new line; format
/// characters could reorder or hide the text around them.
public enum VisibleText {
    /// Returns `text` with its invisible characters as escapes: each byte of their UTF-8 form is
    /// written as `\xHH`. With `keepingTabs`, tabs stay.
    public static func escaped(_ text: String, keepingTabs: Bool = false) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isInvisible(scalar), !(keepingTabs && scalar == "\t") {
                for byte in String(scalar).utf8 { result += "\\x" + hexadecimal(byte) }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// True if `scalar` has no glyph of its own, or changes how others are shown: the control
    /// characters C0, DEL and C1 (category Cc), format characters such as bidirectional controls,
    /// zero-width characters and tags (Cf), and the separators of lines and paragraphs (Zl, Zp).
    public static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }
}
