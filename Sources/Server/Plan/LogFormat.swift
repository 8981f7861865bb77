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

    /// The format that every configuration knows.
    static let combined =
        "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
        + " \"$http_referer\" \"$http_user_agent\""

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
                LogEscape.escape(from: start, as: escaping, in: &writer)
            } else if !isFound, escaping == .standard {
                writer.append(byte: UInt8(ascii: "-"))
            }
        }
    }

    /// The tokens of a format: nginx takes a `$` that no name follows as it is, and knows no
    /// captures here.
    static func tokens(_ text: [UInt8]) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        var literal: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$"), let name = TemplateSyntax.variableName(at: &rest)
            else {
                literal.append(byte)
                continue
            }
            if !literal.isEmpty { tokens.append(.literal(literal)) }
            literal = []
            tokens.append(.name(name))
        }
        literal.append(UInt8(ascii: "\n"))
        tokens.append(.literal(literal))
        return tokens
    }
}

/// ``LogEscaping`` as a plain value.
enum LogEscapingCode: UInt8, BitwiseCopyable {
    case standard, json, none

    init(_ escaping: LogEscaping) {
        self =
            switch escaping {
            case .standard: .standard
            case .json: .json
            case .none: .none
            }
    }
}
