import HTTP

/// The escaping of values in a log line.
enum LogEscaping: String, Sendable {
    /// Quotes, backslashes and bytes that are not printable ASCII become \xHH.
    case standard = "default"
    /// JSON string escapes.
    case json
    case none
}

/// A `log_format`, compiled.
struct LogFormat: BitwiseCopyable {
    let pieces: PlanTable<TemplatePiece>
    let escaping: LogEscapingCode

    /// Writes a line; `value` writes the value of a piece, and returns false if it has none. nginx
    /// writes `-` then, if values are escaped for people.
    func write(
        into writer: inout ByteWriter, value: (TemplatePiece, inout ByteWriter) -> Bool
    ) {
        for index in 0..<pieces.count {
            let piece = pieces[index]
            if piece.variable == .literal {
                writer.append(piece.text.span)
                continue
            }
            let start = writer.count
            let isFound = value(piece, &writer)
            if writer.count > start {
                // 000 is no number in JSON.
                if escaping == .validJSON, piece.variable == .status {
                    LogFormat.dropZeros(from: start, in: &writer)
                }
                if !piece.variable.isNumberOrTime {
                    LogEscape.escape(from: start, as: escaping, in: &writer)
                }
            } else if !isFound, escaping == .standard {
                writer.append(byte: UInt8(ascii: "-"))
            }
        }
    }

    private static func dropZeros(from start: Int, in writer: inout ByteWriter) {
        let digits = writer.bytes.slice(from: start, to: writer.count)
        var number: Int64 = 0
        for index in digits.indices { number = number &* 10 &+ Int64(digits[index] &- 0x30) }
        writer.truncate(to: start)
        writer.append(decimal: number)
    }

    /// Returns the tokens of one argument of a format; as in nginx there are no captures.
    static func tokens(_ text: [UInt8]) throws(InvalidVariableName) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        var literal: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$") else {
                literal.append(byte)
                continue
            }
            guard let name = TemplateSyntax.variableName(at: &rest) else {
                throw InvalidVariableName()
            }
            if !literal.isEmpty { tokens.append(.literal(literal)) }
            literal = []
            tokens.append(.name(name))
        }
        if !literal.isEmpty { tokens.append(.literal(literal)) }
        return tokens
    }
}

/// Predefined formats.
extension LogFormat {
    /// The format `combined` of nginx.
    static let combined =
        "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
        + " \"$http_referer\" \"$http_user_agent\""

    /// The format `json`: one JSON object per line, always valid; empty values are `""`. A
    /// `log_format json` of the configuration replaces it.
    static let json =
        #"{"time":"$time_iso8601","remote_addr":"$remote_addr","remote_user":"$remote_user","#
        + #""method":"$request_method","host":"$host","uri":"$request_uri","#
        + #""protocol":"$server_protocol","status":$status,"#
        + #""body_bytes_sent":$body_bytes_sent,"request_time":$request_time,"#
        + #""referer":"$http_referer","user_agent":"$http_user_agent","#
        + #""request_id":"$request_id"}"#

    /// Returns the text and the escaping of a predefined format; nil if there is none.
    static func predefined(_ name: String) -> (text: String, escaping: LogEscapingCode)? {
        switch name {
        case "combined": (combined, .standard)
        case "json": (json, .validJSON)
        default: nil
        }
    }
}

/// ``LogEscaping`` as a plain value.
enum LogEscapingCode: UInt8, BitwiseCopyable {
    case standard, json, none
    /// JSON string escapes as in ``json``, and the output is valid UTF-8 for any input.
    case validJSON

    init(_ escaping: LogEscaping) {
        self =
            switch escaping {
            case .standard: .standard
            case .json: .json
            case .none: .none
            }
    }
}
