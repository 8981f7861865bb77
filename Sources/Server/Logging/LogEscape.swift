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
        case .json: writer.append(json: value.span)
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
                writer.append(hexadecimalByte: byte)
            } else {
                writer.append(byte: byte)
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
                writer.append(jsonUnicode: value[index])
            } else {
                writer.append(json: value.slice(from: index, to: end))
            }
            index = end
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
