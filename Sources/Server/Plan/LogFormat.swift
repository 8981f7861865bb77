/// How values are written into a log line.
enum LogEscaping: String, Sendable {
    /// Quotes, backslashes and bytes that are not printable ASCII as \xHH.
    case standard = "default"
    /// As in a JSON string.
    case json
    case none
}

/// A piece of a line: bytes as they are, or a variable.
struct LogPiece: BitwiseCopyable {
    let variable: Variable
    /// The bytes of a literal; the name of a field, an argument or a cookie.
    let text: PlanBytes
}

/// A `log_format`, compiled.
struct LogFormat: BitwiseCopyable {
    let pieces: PlanTable<LogPiece>
    let escaping: LogEscapingCode
    /// It names fields of the answer, whose head must be kept until the line is written.
    let usesSentFields: Bool

    /// The format that every configuration knows.
    static let combined =
        "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
        + " \"$http_referer\" \"$http_user_agent\""

    /// What `text` says, in the arena; the name of a variable that nobody knows is thrown.
    static func compile(
        _ text: String, escaping: LogEscaping, in arena: Arena
    ) throws(UnknownVariable) -> LogFormat {
        var pieces: [LogPiece] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$"), let name = variableName(at: &rest) else {
                literal.append(byte)
                continue
            }
            if !literal.isEmpty {
                pieces.append(LogPiece(variable: .literal, text: arena.store(literal)))
                literal = []
            }
            guard let known = Variable.named(name) else { throw UnknownVariable(name: name) }
            pieces.append(LogPiece(variable: known.variable, text: arena.store(known.rest)))
        }
        literal.append(UInt8(ascii: "\n"))
        pieces.append(LogPiece(variable: .literal, text: arena.store(literal)))
        return LogFormat(
            pieces: arena.store(elements: pieces), escaping: LogEscapingCode(escaping),
            usesSentFields: pieces.contains { $0.variable == .sentField })
    }

    /// `name` or `{name}`, taken off; nil when no name stands there.
    private static func variableName(at rest: inout ArraySlice<UInt8>) -> String? {
        var copy = rest
        let isBraced = copy.first == UInt8(ascii: "{")
        if isBraced { copy.removeFirst() }
        let name = copy.prefix { byte in
            byte == UInt8(ascii: "_") || (byte | 0x20) &- UInt8(ascii: "a") < 26
                || byte &- UInt8(ascii: "0") < 10
        }
        copy = copy.dropFirst(name.count)
        if isBraced {
            guard copy.first == UInt8(ascii: "}") else { return nil }
            copy.removeFirst()
        }
        guard !name.isEmpty else { return nil }
        rest = copy
        return String(decoding: name, as: UTF8.self)
    }
}

/// A log format names a variable that does not exist.
struct UnknownVariable: Error {
    let name: String
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
