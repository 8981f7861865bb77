import HTTP

/// Escaping of bytes from clients in logs.
enum LogEscape {
    /// Escapes the bytes written from `start` on.
    static func escape(from start: Int, as escaping: LogEscapingCode, in writer: inout ByteWriter) {
        guard escaping != .none,
            !writer.bytes.slice(from: start, to: writer.count).isPlainText
        else { return }
        let written = writer.bytes.slice(from: start, to: writer.count)
        let value = written.indices.map { written[$0] }
        writer.truncate(to: start)
        switch escaping {
        case .none: writer.append(value.span)
        case .standard: standard(value.span, into: &writer)
        case .json: json(value.span, into: &writer)
        case .validJSON: validJSON(value.span, into: &writer)
        }
    }

    /// Escapes as nginx does by default: `"`, `\` and all but printable ASCII as \xHH.
    static func standard(_ value: Span<UInt8>, into writer: inout ByteWriter) {
        for index in value.indices {
            let byte = value[index]
            if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"")
                || byte == UInt8(ascii: "\\")
            {
                writer.append("\\x")
                hexadecimal(byte, uppercase: true, into: &writer)
            } else {
                writer.append(byte: byte)
            }
        }
    }

    /// Escapes as in a JSON string (RFC 8259, section 7).
    static func json(_ value: Span<UInt8>, into writer: inout ByteWriter) {
        for index in value.indices {
            let byte = value[index]
            switch byte {
            case UInt8(ascii: "\""): writer.append("\\\"")
            case UInt8(ascii: "\\"): writer.append("\\\\")
            case UInt8(ascii: "\n"): writer.append("\\n")
            case UInt8(ascii: "\r"): writer.append("\\r")
            case UInt8(ascii: "\t"): writer.append("\\t")
            case 0x08: writer.append("\\b")
            case 0x0C: writer.append("\\f")
            case 0..<0x20:
                writer.append("\\u00")
                hexadecimal(byte, uppercase: true, into: &writer)
            default: writer.append(byte: byte)
            }
        }
    }

    /// Escapes as in a JSON string, and makes the result valid UTF-8: a byte that is not part of a
    /// character becomes \u00XX, its character in ISO 8859-1.
    static func validJSON(_ value: Span<UInt8>, into writer: inout ByteWriter) {
        var index = 0
        while index < value.count {
            let length = UTF8Sequence.length(in: value, at: index)
            let end = index &+ max(length, 1)
            if length == 0 {
                writer.append("\\u00")
                hexadecimal(value[index], uppercase: true, into: &writer)
            } else {
                json(value.slice(from: index, to: end), into: &writer)
            }
            index = end
        }
    }

    private static func hexadecimal(
        _ byte: UInt8, uppercase: Bool, into writer: inout ByteWriter
    ) {
        for digit in [byte >> 4, byte & 15] {
            let letter: UInt8 = uppercase ? UInt8(ascii: "A") : UInt8(ascii: "a")
            writer.append(byte: digit < 10 ? UInt8(ascii: "0") &+ digit : letter &+ digit &- 10)
        }
    }
}

/// UTF-8 as defined by RFC 3629: no surrogates, no overlong forms.
enum UTF8Sequence {
    /// Returns the length of the character at `index`; 0 if there is none.
    static func length(in bytes: Span<UInt8>, at index: Int) -> Int {
        guard index >= 0, index < bytes.count else { return 0 }
        let first = bytes[index]
        if first < 0x80 { return 1 }
        let (length, second) = shape(of: first)
        guard length > 0, index &+ length <= bytes.count,
            second.contains(bytes[index &+ 1])
        else { return 0 }
        for offset in 2..<max(length, 2) where bytes[index &+ offset] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// Returns the length that a first byte announces, and the range of the second byte (RFC 3629,
    /// section 4).
    private static func shape(of first: UInt8) -> (length: Int, second: ClosedRange<UInt8>) {
        switch first {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        default: (0, 0x80...0xBF)
        }
    }
}
