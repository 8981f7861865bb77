import HTTP

/// How values are written into a log line.
enum LogEscaping: String, Sendable {
    /// Quotes, backslashes and bytes that are not printable ASCII as \xHH.
    case standard = "default"
    /// As in a JSON string.
    case json
    case none
}

/// A `log_format`, compiled.
struct LogFormat: BitwiseCopyable {
    let pieces: PlanTable<TemplatePiece>
    let escaping: LogEscapingCode

    /// Writes a line; `value` writes what a piece stands for, as it is, and says whether there is
    /// such a value. nginx writes `-` for none where values are escaped for people.
    func write(
        into writer: inout HeadWriter, value: (TemplatePiece, inout HeadWriter) -> Bool
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

    private static func dropZeros(from start: Int, in writer: inout HeadWriter) {
        let digits = writer.bytes.slice(from: start, to: writer.count)
        var number: Int64 = 0
        for index in digits.indices { number = number &* 10 &+ Int64(digits[index] &- 0x30) }
        writer.truncate(to: start)
        writer.append(decimal: number)
    }

    /// The tokens of one argument of a format; nginx knows no captures here.
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

/// The formats that every configuration knows.
extension LogFormat {
    /// nginx's.
    static let combined =
        "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
        + " \"$http_referer\" \"$http_user_agent\""

    /// A JSON object a line, always valid: values that are empty are `""`. A `log_format json` of
    /// the configuration takes its place.
    static let json =
        #"{"time":"$time_iso8601","remote_addr":"$remote_addr","remote_user":"$remote_user","#
        + #""method":"$request_method","host":"$host","uri":"$request_uri","#
        + #""protocol":"$server_protocol","status":$status,"#
        + #""body_bytes_sent":$body_bytes_sent,"request_time":$request_time,"#
        + #""referer":"$http_referer","user_agent":"$http_user_agent","#
        + #""request_id":"$request_id"}"#

    /// The text and the escapes of a format that needs no `log_format`; nil when there is none.
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
    /// ``json``, and UTF-8 whatever came.
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
