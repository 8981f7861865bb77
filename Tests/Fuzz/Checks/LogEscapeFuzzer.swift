import HTTP

@testable import Server

/// Client data in logs: printable, on one line, and without loss.
enum LogEscapeFuzzer {
    static func fuzz(_ bytes: Span<UInt8>) throws {
        let value = bytes.array
        let line = written(4 * value.count) { LogEscape.standard(bytes, into: &$0) }
        try require(!line.hasOverflowed, "an escape of more than four bytes")
        try require(line.bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "odd byte in a log")
        try require(!line.bytes.contains(0x22), "a quote in a log")
        try require(unescaped(line.bytes) == value, "\(line.bytes.text) is something else")
        let json = written(6 * value.count) { $0.append(json: bytes) }
        try require(!json.hasOverflowed, "an escape of more than six bytes")
        try require(json.bytes.allSatisfy { $0 >= 0x20 }, "control byte in a JSON string")
        try require(unescaped(json.bytes) == value, "\(json.bytes.text) is something else")
        let valid = written(6 * value.count) { LogEscape.validJSON(bytes, into: &$0) }
        try require(!valid.hasOverflowed, "an escape of more than six bytes")
        try require(valid.bytes.allSatisfy { $0 >= 0x20 }, "control byte in a JSON string")
        try require(
            String(validating: valid.bytes, as: UTF8.self) != nil, "a JSON string is not UTF-8")
        try require(unescaped(valid.bytes) == value, "\(valid.bytes.text) is something else")
        try require(
            bytes.text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "odd byte in an error log")
        try require(
            ErrorLogLine.escaped(value.text).unicodeScalars.allSatisfy {
                $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
            }, "control character in an error log")
    }

    /// Reverses `\xHH` and JSON escapes. Returns nil if a quote or backslash is not escaped.
    private static func unescaped(_ text: [UInt8]) -> [UInt8]? {
        var rest = text[...]
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte != 0x22 else { return nil }
            guard byte == 0x5C else {
                value.append(byte)
                continue
            }
            guard let kind = rest.popFirst() else { return nil }
            switch kind {
            case UInt8(ascii: "x"), UInt8(ascii: "u"):
                let length = kind == UInt8(ascii: "x") ? 2 : 4
                let digits = String(decoding: rest.prefix(length), as: UTF8.self)
                guard digits.utf8.count == length, let byte = UInt8(digits, radix: 16) else {
                    return nil
                }
                rest.removeFirst(length)
                value.append(byte)
            case UInt8(ascii: "n"): value.append(0x0A)
            case UInt8(ascii: "r"): value.append(0x0D)
            case UInt8(ascii: "t"): value.append(0x09)
            case UInt8(ascii: "b"): value.append(0x08)
            case UInt8(ascii: "f"): value.append(0x0C)
            case 0x22, 0x5C: value.append(kind)
            default: return nil
            }
        }
        return value
    }
}
