import Configuration

/// Where requests and errors are written.
struct LogSettings {
    /// nil: not set; empty: `access_log off`.
    var accessLogs: [AccessLogDraft]?
    var errorLogs: [ErrorLogTarget]?
    var logsNotFound: Bool?
}

/// One `access_log`.
struct AccessLogDraft: Sendable {
    let path: String
    let format: String
    let word: Word
}

/// A `log_format`: its text in pieces, and how values are escaped.
struct LogFormatDraft {
    let text: String
    let escaping: LogEscaping
    let word: Word
}

/// access_log, log_format and error_log.
enum LogDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "access_log",
            in: [.http, .server, .location, .ifInLocation, .limitExcept], takes: .atLeast(1),
            repeats: .yes, default: "access.log combined",
            "The file that each request is written to, and its format; off for none.",
            inherit: { (child, parent) in
                child.scope.logs.accessLogs =
                    child.scope.logs.accessLogs ?? parent.scope.logs.accessLogs
            },
            apply: { (draft, use) throws(Diagnostic) in try takeAccessLog(use, into: &draft) }),
        .row(
            "log_format", in: .http, takes: .atLeast(2), repeats: .yes, default: "combined",
            "A named format of lines in an access log."
        ) { (draft, use) throws(Diagnostic) in try takeFormat(use, into: &draft) },
        .row(
            "error_log", in: [.main, .http, .server, .location], takes: .atLeast(1),
            repeats: .yes, default: "error.log error",
            "The file that errors are written to, and from which level on.",
            inherit: { (child, parent) in
                child.scope.logs.errorLogs =
                    child.scope.logs.errorLogs ?? parent.scope.logs.errorLogs
            },
            apply: { (draft, use) throws(Diagnostic) in try takeErrorLog(use, into: &draft) }),
        .flag(
            "log_not_found", in: .httpServerLocation, sets: \.scope.logs.logsNotFound,
            default: "on", "Whether files that are not there are written to the error log."),
    ]

    private static func takeAccessLog(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        let path = try use.text(0)
        if path == "off" {
            guard use.arguments.count == 1 else {
                throw use.fail("invalid parameter \"\(try use.text(1))\"", at: 1)
            }
            draft.scope.logs.accessLogs = []
            return
        }
        guard !path.hasPrefix("syslog:"), !path.utf8.contains(UInt8(ascii: "$")) else {
            throw use.fail("an access log is written to a file only, so far", at: 0)
        }
        var format = "combined"
        for index in use.arguments.indices.dropFirst() {
            let text = try use.text(index)
            if index == 1, !text.contains("=") {
                format = text
            } else if !text.hasPrefix("buffer="), !text.hasPrefix("flush=") {
                throw use.fail("invalid parameter \"\(text)\"", at: index)
            }
        }
        let word = use.arguments.count > 1 ? try use.word(1) : try use.word(0)
        let log = AccessLogDraft(
            path: draft.paths.absolute(path), format: format, word: word)
        draft.scope.logs.accessLogs = (draft.scope.logs.accessLogs ?? []) + [log]
    }

    private static func takeFormat(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        let name = try use.text(0)
        guard draft.logFormats[name] == nil, name != "combined" else {
            throw use.fail("duplicate \"log_format\" name \"\(name)\"", at: 0)
        }
        var escaping = LogEscaping.standard
        var first = 1
        if try use.text(1).hasPrefix("escape=") {
            let name = try use.text(1).dropFirst(7)
            guard let known = LogEscaping(rawValue: String(name)) else {
                throw use.fail("unknown log format escaping \"\(name)\"", at: 1)
            }
            escaping = known
            first = 2
        }
        guard first < use.arguments.count else {
            throw use.fail("invalid number of arguments in \"log_format\" directive")
        }
        let text = use.arguments[first...].map(\.text).joined()
        draft.logFormats[name] = LogFormatDraft(
            text: text, escaping: escaping, word: try use.word(first))
    }

    private static func takeErrorLog(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        let path = try use.text(0)
        guard !path.hasPrefix("syslog:"), !path.hasPrefix("memory:") else {
            throw use.fail("an error log is written to a file or to stderr only, so far", at: 0)
        }
        guard use.arguments.count <= 2 else {
            throw use.fail("invalid number of arguments in \"error_log\" directive")
        }
        var level = LogLevel.error
        if use.arguments.count > 1 {
            level = try use.oneOf(1, LogLevel.allCases.map { ($0.name, $0) })
        }
        let target = ErrorLogTarget(
            path: path == "stderr" ? path : draft.paths.absolute(path), level: level)
        draft.scope.logs.errorLogs = (draft.scope.logs.errorLogs ?? []) + [target]
    }
}
