import Configuration
import HTTP

/// Compilation of logs: destinations and formats.
enum LogCompiler {
    // MARK: errors

    static func errorLog(_ targets: [ErrorLogTarget]?, _ compiler: inout PlanCompiler) -> Int32 {
        guard let targets else { return 0 }
        return compiler.parts.errorLogs.index(adding: targets)
    }

    // MARK: requests

    /// Returns the access logs of a level.
    static func accessLogs(_ settings: LogSettings, _ compiler: inout PlanCompiler) -> PlanTable<
        AccessLogPlan
    > {
        var compiled: [AccessLogPlan] = []
        if let level = settings.accessLogs {
            for log in level.logs {
                guard let format = format(log, &compiler) else { continue }
                compiled.append(accessLog(log, format, settings.logFileCache, &compiler))
            }
            // Errors in unused logs are errors nevertheless.
            if level.isOff { compiled = [] }
        } else if let format = format(named: "combined", &compiler) {
            let path = compiler.draft.paths.accessLog
            if !compiler.parts.logFiles.contains(path) { compiler.parts.defaultLogs.insert(path) }
            compiled.append(
                AccessLogPlan(destination: .file, target: logFile(path, &compiler), format: format))
        }
        return compiler.parts.arena.store(elements: compiled)
    }

    private static func accessLog(
        _ log: AccessLogDraft, _ format: Int32, _ cache: LogFileCacheDraft?,
        _ compiler: inout PlanCompiler
    ) -> AccessLogPlan {
        var plan: AccessLogPlan
        switch log.destination {
        case .file(let path):
            // A log that a directive names must be opened.
            compiler.parts.defaultLogs.remove(path)
            plan = AccessLogPlan(
                destination: .file, target: logFile(path, &compiler), format: format)
        case .syslog(let target):
            plan = AccessLogPlan(
                destination: .syslog, target: syslog(target, &compiler), format: format)
        case .named(let word):
            let path = compiler.draft.paths.absolute(word.bytes)
            let template = compiler.template(path, of: word)
            plan = AccessLogPlan(
                destination: .named, target: compiler.add(template), format: format)
            plan.named = namedLog(template, cache: logFileCache(cache, &compiler), &compiler)
        }
        if let condition = log.condition {
            plan.condition = compiler.add(compiler.template(condition.text, of: condition.word))
        }
        return plan
    }

    private static func logFile(_ path: String, _ compiler: inout PlanCompiler) -> Int32 {
        if let index = compiler.parts.logFiles.firstIndex(of: path) { return Int32(index) }
        compiler.parts.logBuffering.append(compiler.draft.logBuffering[path])
        return compiler.parts.logFiles.add(path)
    }

    private static func namedLog(_ template: Template, cache: Int32, _ compiler: inout PlanCompiler)
        -> Int32
    {
        let pieces = (0..<template.pieces.count).map { template.pieces[$0] }
        let log = VariableLog(
            pieces.map { piece in
                guard piece.source == .literal else { return nil }
                return piece.text.span.indices.map { piece.text.span[$0] }
            }, cache: Int(cache))
        return compiler.parts.variableLogs.index(adding: log)
    }

    private static func syslog(_ target: SyslogTarget, _ compiler: inout PlanCompiler) -> Int32 {
        return compiler.parts.syslogs.index(adding: target)
    }

    private static func logFileCache(_ cache: LogFileCacheDraft?, _ compiler: inout PlanCompiler)
        -> Int32
    {
        guard let cache, let settings = cache.settings else { return -1 }
        if let index = compiler.parts.logFileCaches.firstIndex(where: { $0.place == cache.place }) {
            return Int32(index)
        }
        return compiler.parts.logFileCaches.add((cache.place, settings))
    }

    // MARK: formats

    /// Compiles all formats and the logs of the http level, so that errors are reported even if
    /// nothing uses them.
    static func compileLogs(of http: LevelSettings, _ compiler: inout PlanCompiler) {
        for name in compiler.draft.logFormats.keys.sorted() { _ = format(named: name, &compiler) }
        if http.logs.accessLogs != nil { _ = accessLogs(http.logs, &compiler) }
    }

    private static func format(_ log: AccessLogDraft, _ compiler: inout PlanCompiler) -> Int32? {
        if log.isFormatKnown { return format(named: log.format, &compiler) }
        var help: [String] = []
        if compiler.draft.logFormats[log.format] != nil {
            help = ["its log_format must precede it"]
        } else if let nearest = Suggestion.nearest(
            to: log.format, among: ["combined", "json"] + compiler.draft.logFormats.keys.sorted())
        {
            help = ["did you mean \"\(nearest)\"?"]
        }
        compiler.report(
            Diagnostic(
                .error, "unknown log format \"\(log.format)\"", at: log.word.place,
                length: log.word.length, help: help))
        return nil
    }

    /// Returns the index of a format of the configuration, or a predefined one.
    private static func format(named name: String, _ compiler: inout PlanCompiler) -> Int32? {
        if let index = compiler.formatIndexes[name] { return index }
        var parsed: [TemplateToken] = []
        var words: [Word?] = []
        let escaping: LogEscapingCode
        if let format = compiler.draft.logFormats[name] {
            escaping = LogEscapingCode(format.escaping)
            for word in format.words {
                for token in tokens(of: word, &compiler) {
                    parsed.append(token)
                    words.append(word)
                }
            }
        } else if let format = LogFormat.predefined(name) {
            escaping = format.escaping
            parsed = (try? LogFormat.tokens(Array(format.text.utf8))) ?? []
            words = parsed.map { _ in nil }
        } else {
            return nil
        }
        let pieces = pieces(of: parsed, words, &compiler)
        compiler.formatIndexes[name] = compiler.parts.formats.add(
            LogFormat(pieces: compiler.parts.arena.store(elements: pieces), escaping: escaping))
        return compiler.formatIndexes[name]
    }

    /// Splits one argument of a format into tokens.
    private static func tokens(of word: Word, _ compiler: inout PlanCompiler) -> [TemplateToken] {
        do {
            return try LogFormat.tokens(word.bytes)
        } catch {
            compiler.report(
                Diagnostic(
                    .error, "invalid parameter \"\(word.text)\"", at: word.place,
                    length: word.length, help: ["a name of letters, digits and _ follows a $"]))
            return []
        }
    }

    /// Joins adjacent literals; the line end is part of the last one.
    private static func pieces(
        of tokens: [TemplateToken], _ words: [Word?], _ compiler: inout PlanCompiler
    ) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var text: [UInt8] = []
        for (token, word) in zip(tokens, words) {
            switch token {
            case .literal(let bytes): text += bytes
            case .name(let name):
                if !text.isEmpty { pieces.append(compiler.literal(text)) }
                text = []
                if let piece = compiler.variable(name) {
                    pieces.append(piece)
                } else {
                    compiler.reportUnknown(name, at: word)
                }
            case .capture: break
            }
        }
        text.append(UInt8(ascii: "\n"))
        pieces.append(compiler.literal(text))
        return pieces
    }
}

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
            if piece.source == .literal {
                writer.append(piece.text.span)
                continue
            }
            let start = writer.count
            let isFound = value(piece, &writer)
            if writer.count > start {
                // 000 is no number in JSON.
                if escaping == .validJSON, piece.source == .status {
                    LogFormat.dropZeros(from: start, in: &writer)
                }
                if !piece.traits.contains(.numberOrTime) {
                    LogEscape.escape(from: start, as: escaping, in: &writer)
                }
            } else if !isFound, escaping == .standard {
                writer.append(byte: UInt8(ascii: "-"))
            }
        }
    }

    private static func dropZeros(from start: Int, in writer: inout ByteWriter) {
        let number = writer.bytes.slice(from: start, to: writer.count).decimalValue() ?? 0
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
