/// One loaded file of the configuration: its name, its bytes, and the offsets of its lines.
public struct SourceText: Hashable, Sendable {
    /// The name of the file in messages, usually its absolute path.
    public let name: String
    /// The file's content, as loaded.
    public let bytes: [UInt8]
    /// The offset of each line's first byte; never empty. A byte order mark is before the first.
    let lineStarts: [Int]

    /// Creates a text from a file that was read.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        var starts = [SourceText.hasByteOrderMark(bytes) ? 3 : 0]
        for index in bytes.indices where bytes[index] == ASCII.lineFeed {
            starts.append(index + 1)
        }
        lineStarts = starts
    }

    /// The offset where the text begins: after the byte order mark, if there is one.
    var start: Int { lineStarts[0] }

    /// Returns the number of the line, from 0, that holds a byte; an offset past the end is on the
    /// last line.
    public func line(at offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// Returns the bytes of a line (from 0), without its line end.
    public func bytes(ofLine line: Int) -> ArraySlice<UInt8> {
        let isLast = line + 1 >= lineStarts.count
        var end = isLast ? bytes.count : lineStarts[line + 1] - 1
        let start = min(lineStarts[line], end)
        if end > start, bytes[end - 1] == ASCII.carriageReturn { end -= 1 }
        return bytes[start..<end]
    }

    private static func hasByteOrderMark(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
    }
}

/// All files of a configuration in the order in which they were first loaded (the output of `-T`).
public struct Sources: Hashable, Sendable {
    /// The files. ``Place/source`` is an index into them.
    public private(set) var files: [SourceText] = []

    /// Creates an empty list.
    public init() {}

    /// Adds a file. Returns its index.
    public mutating func add(_ file: SourceText) -> Int {
        files.append(file)
        return files.count - 1
    }

    /// Returns the file, line and column of a place; nil if there is no such file.
    public func position(of place: Place) -> Position? {
        guard files.indices.contains(place.source) else { return nil }
        let file = files[place.source]
        let line = file.line(at: place.offset)
        let start = file.lineStarts[line]
        let end = min(max(place.offset, start), file.bytes.count)
        let column = start < end ? countCharacters(file.bytes[start..<end]) : 0
        return Position(name: file.name, line: line + 1, column: column + 1)
    }
}

/// Returns the number of Unicode scalars in UTF-8: the bytes that do not continue one.
func countCharacters(_ bytes: ArraySlice<UInt8>) -> Int {
    var count = 0
    for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
    return count
}

/// A position in the text of a configuration: a file and a byte offset in it.
///
/// Line and column are computed on demand (``Sources/position(of:)``): most places are never shown.
public struct Place: Hashable, Sendable {
    /// The file's index in ``Sources``.
    public let source: Int
    /// The byte's offset from the start of the file; the file's length is a valid offset (its end).
    public let offset: Int

    /// Creates a place at a byte of a file.
    public init(source: Int, offset: Int) {
        self.source = source
        self.offset = offset
    }

    /// Returns the place `count` bytes further on in the same file.
    func advanced(by count: Int) -> Place {
        Place(source: source, offset: offset &+ count)
    }
}

/// A place as people read it.
public struct Position: Hashable, Sendable {
    /// The name of the file (``SourceText/name``).
    public let name: String
    /// The line, from 1.
    public let line: Int
    /// The column, from 1, counted in characters (Unicode scalars; a tab is one).
    public let column: Int
}

/// The bytes with a meaning in nginx's configuration language.
enum ASCII {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let semicolon = UInt8(ascii: ";")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let closeParenthesis = UInt8(ascii: ")")
    static let sharp = UInt8(ascii: "#")
    static let backslash = UInt8(ascii: "\\")
    static let dollar = UInt8(ascii: "$")
    static let doubleQuote = UInt8(ascii: "\"")
    static let singleQuote = UInt8(ascii: "'")

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == lineFeed || byte == carriageReturn
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// Returns true if two texts are the same, ignoring the case of ASCII letters.
    static func equalsIgnoringCase(_ left: [UInt8], _ right: String) -> Bool {
        left.elementsEqual(right.utf8) { lowercased($0) == lowercased($1) }
    }
}

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
        "U+" + VisibleText.hexadecimal(scalar.value, digits: 4)
    }
}

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
                for byte in String(scalar).utf8 {
                    result += "\\x" + hexadecimal(UInt32(byte), digits: 2)
                }
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

    /// Returns a number in hexadecimal: upper case, with leading zeros up to `digits`.
    public static func hexadecimal(_ number: UInt32, digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
