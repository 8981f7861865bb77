import Configuration

/// The logs of requests and errors.
struct LogSettings {
    var accessLogs: AccessLogLevel?
    var logFileCache: LogFileCacheDraft?
    var errorLogs: [ErrorLogTarget]?
    var logsNotFound: Bool?
    var logsRewrites: Bool?
}

/// The `access_log`s of a level.
struct AccessLogLevel {
    var logs: [AccessLogDraft] = []
    /// True if one of them is `off`: the others of the level are ignored.
    var isOff = false
}

/// One `access_log`.
struct AccessLogDraft {
    /// The destination of lines.
    enum Destination {
        case file(String)
        /// A path with variables.
        case named(Word)
        case syslog(SyslogTarget)
    }

    let destination: Destination
    let format: String
    /// Whether its `log_format` precedes it, as nginx requires.
    let isFormatKnown: Bool
    /// The word that names the format, or else the log.
    let word: Word
    var buffering: LogBuffering?
    var condition: Condition?

    /// `if=`
    struct Condition {
        let text: [UInt8]
        let word: Word
    }
}

/// `open_log_file_cache`; nil for `off`.
struct LogFileCacheDraft {
    let settings: LogFileCacheSettings?
    /// The place of the directive, which identifies the cache: each cache has files of its own.
    let place: Place
}

/// A `log_format`: the words of its text, and the escaping of values.
struct LogFormatDraft {
    let words: [Word]
    let escaping: LogEscaping
}

/// access_log, log_format, open_log_file_cache, error_log, log_not_found and rewrite_log.
enum LogDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "access_log",
            in: [.http, .server, .location, .ifInLocation, .limitExcept], takes: .atLeast(1),
            repeats: .yes, default: "access.log combined",
            "Sets the log for requests, its format and its condition; off disables logging.",
            inherit: DirectiveRow.inheriting(\.scope.logs.accessLogs),
            apply: { (draft, use) throws(Diagnostic) in try addAccessLog(use, into: &draft) }
        ).evaluating(.accessLog),
        .row(
            "log_format", in: .http, takes: .atLeast(2), repeats: .yes, default: "combined",
            "Defines a named format for access logs."
        ) { (draft, use) throws(Diagnostic) in try parseFormat(use, into: &draft) },
        .setting(
            "open_log_file_cache", in: .httpServerLocation, takes: .between(1, 4), default: "off",
            "Caches open log files whose names have variables.",
            sets: \.scope.logs.logFileCache,
            read: { (use) throws(Diagnostic) in try logFileCache(use) }),
        .row(
            "error_log", in: [.main, .http, .server, .location], takes: .atLeast(1),
            repeats: .yes, default: "error.log error",
            "Sets the log for errors, and its level.",
            inherit: DirectiveRow.inheriting(\.scope.logs.errorLogs),
            apply: { (draft, use) throws(Diagnostic) in try addErrorLog(use, into: &draft) }),
        .flag(
            "log_not_found", in: .httpServerLocation, sets: \.scope.logs.logsNotFound,
            default: "on", "Logs missing files to the error log."),
        .flag(
            "rewrite_log", in: [.http, .server, .ifInServer, .location, .ifInLocation],
            sets: \.scope.logs.logsRewrites, default: "off",
            "Logs rewrites to the error log at level notice."),
    ]

    // MARK: access_log

    private static func addAccessLog(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        var level = draft.scope.logs.accessLogs ?? AccessLogLevel()
        if try use.text(0) == "off" {
            guard use.arguments.count == 1 else {
                throw use.fail("invalid parameter \"\(try use.text(1))\"", at: 1)
            }
            level.isOff = true
        } else {
            level.logs.append(try accessLog(use, into: &draft))
        }
        draft.scope.logs.accessLogs = level
    }

    private static func accessLog(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) -> AccessLogDraft {
        let destination = try destination(use, draft.paths)
        let hasFormat = use.arguments.count > 1
        let format = hasFormat ? try use.text(1) : "combined"
        var log = AccessLogDraft(
            destination: destination, format: format,
            isFormatKnown: LogFormat.predefined(format) != nil
                || draft.logFormats[format] != nil,
            word: try use.word(hasFormat ? 1 : 0))
        var buffering = BufferingReader()
        for index in use.arguments.indices.dropFirst(2) {
            let word = try use.word(index)
            if word.text.hasPrefix("if=") {
                log.condition = AccessLogDraft.Condition(
                    text: Array(word.bytes.dropFirst(3)), word: word)
            } else if !(try buffering.take(use, index)) {
                throw use.fail("invalid parameter \"\(word.text)\"", at: index)
            }
        }
        log.buffering = try buffering.checked(for: destination, use)
        if case .file(let path) = destination, let wanted = log.buffering {
            guard draft.logBuffering[path] ?? wanted == wanted else {
                throw use.fail(
                    "access_log \"\(path)\" already defined with conflicting parameters", at: 0)
            }
            draft.logBuffering[path] = wanted
        }
        return log
    }

    private static func destination(
        _ use: DirectiveUse, _ paths: Paths
    ) throws(Diagnostic) -> AccessLogDraft.Destination {
        let text = try use.text(0)
        if text.hasPrefix("syslog:") { return .syslog(try syslog(use)) }
        if text.utf8.contains(UInt8(ascii: "$")) { return .named(try use.word(0)) }
        return .file(paths.absolute(text))
    }

    /// Parses `buffer=`, `flush=` and `gzip`.
    private struct BufferingReader {
        var size = 0
        var flushMs: Int64?
        var gzipLevel: Int?

        /// Parses a parameter. Returns false if it is none of these.
        mutating func take(_ use: DirectiveUse, _ index: Int) throws(Diagnostic) -> Bool {
            let text = try use.text(index)
            if text.hasPrefix("buffer=") {
                guard let size = NginxSize.size(Array(text.utf8.dropFirst(7))), size > 0 else {
                    throw use.fail("invalid buffer size \"\(text.dropFirst(7))\"", at: index)
                }
                self.size = size
            } else if text.hasPrefix("flush=") {
                let time = NginxTime.milliseconds(Array(text.utf8.dropFirst(6)))
                guard let time, time > 0 else {
                    throw use.fail("invalid flush time \"\(text.dropFirst(6))\"", at: index)
                }
                // A deadline is this long after the current time: the sum must not overflow.
                flushMs = min(Int64(time), 1 << 52)
            } else if text == "gzip" || text.hasPrefix("gzip=") {
                let level =
                    text == "gzip" ? 1 : NginxSize.integer(Array(text.utf8.dropFirst(5))[...])
                guard let level, (1...9).contains(level) else {
                    throw use.fail(
                        "invalid compression level \"\(text.dropFirst(5))\"", at: index)
                }
                gzipLevel = level
                if size == 0 { size = 65536 }
            } else {
                return false
            }
            return true
        }

        /// Returns the buffering; nil if there were no parameters.
        func checked(
            for destination: AccessLogDraft.Destination, _ use: DirectiveUse
        ) throws(Diagnostic) -> LogBuffering? {
            guard size > 0 else {
                guard flushMs == nil else {
                    throw use.fail("no buffer is defined for access_log \"\(try use.text(0))\"")
                }
                return nil
            }
            switch destination {
            case .file: break
            case .named: throw use.fail("buffered logs cannot have variables in name", at: 0)
            case .syslog: throw use.fail("logs to syslog cannot be buffered", at: 0)
            }
            return LogBuffering(size: size, flushMs: flushMs, gzipLevel: gzipLevel)
        }
    }

    /// Parses the text after `syslog:` in the first argument.
    private static func syslog(_ use: DirectiveUse) throws(Diagnostic) -> SyslogTarget {
        do throws(SyslogFault) {
            return try SyslogTarget.parse(String(text(use).dropFirst("syslog:".count)))
        } catch {
            throw use.fail(error.message, at: 0, help: error.help.map { [$0] } ?? [])
        }
    }

    private static func text(_ use: DirectiveUse) -> String { use.arguments.first?.text ?? "" }

    // MARK: log_format, open_log_file_cache

    private static func parseFormat(
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
                throw use.fail(
                    "unknown log format escaping \"\(name)\"", at: 1,
                    help: ["it must be default, json or none"])
            }
            escaping = known
            first = 2
        }
        draft.logFormats[name] = LogFormatDraft(
            words: Array(use.arguments.dropFirst(first)), escaping: escaping)
    }

    private static func logFileCache(_ use: DirectiveUse) throws(Diagnostic) -> LogFileCacheDraft {
        var settings = LogFileCacheSettings(max: 0)
        var isOff = false
        for index in use.arguments.indices {
            let text = try use.text(index)
            func invalid() -> Diagnostic {
                use.fail("invalid \"open_log_file_cache\" parameter \"\(text)\"", at: index)
            }
            func seconds() throws(Diagnostic) -> Int64 {
                let digits = text.utf8.drop { $0 != UInt8(ascii: "=") }.dropFirst()
                guard let time = NginxTime.seconds(Array(digits)) else { throw invalid() }
                return min(Int64(time), 1 << 40) &* 1000
            }
            func number() throws(Diagnostic) -> Int {
                let digits = text.utf8.drop { $0 != UInt8(ascii: "=") }.dropFirst()
                guard let number = NginxSize.integer(Array(digits)[...]) else { throw invalid() }
                return number
            }
            if text.hasPrefix("max=") {
                settings.max = try number()
            } else if text.hasPrefix("inactive=") {
                settings.inactiveMs = try seconds()
            } else if text.hasPrefix("min_uses=") {
                settings.minUses = try number()
            } else if text.hasPrefix("valid=") {
                settings.validMs = try seconds()
            } else if text == "off" {
                isOff = true
            } else {
                throw invalid()
            }
        }
        if isOff { return LogFileCacheDraft(settings: nil, place: use.place) }
        guard settings.max > 0 else {
            throw use.fail("\"open_log_file_cache\" must have \"max\" parameter")
        }
        return LogFileCacheDraft(settings: settings, place: use.place)
    }

    // MARK: error_log

    private static func addErrorLog(
        _ use: DirectiveUse, into draft: inout Draft
    ) throws(Diagnostic) {
        let path = try use.text(0)
        let destination: ErrorLogTarget.Destination
        if path.hasPrefix("memory:") {
            throw use.fail(
                "an error log in memory can be read only with a debugger, and is not supported",
                at: 0,
                help: ["write it to a file, to stderr or to syslog"])
        } else if path.hasPrefix("syslog:") {
            destination = .syslog(try syslog(use))
        } else {
            destination = path == "stderr" ? .stderr : .file(draft.paths.absolute(path))
        }
        let target = ErrorLogTarget(destination, level: try level(use))
        draft.scope.logs.errorLogs = (draft.scope.logs.errorLogs ?? []) + [target]
    }

    /// The debug levels of nginx's modules: several may be given, and all mean `debug` here.
    private static let debugLevels: Set<String> = [
        "debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail",
        "debug_stream",
    ]

    private static func level(_ use: DirectiveUse) throws(Diagnostic) -> LogLevel {
        var level: LogLevel?
        for index in use.arguments.indices.dropFirst() {
            let name = try use.text(index)
            let isModule = debugLevels.contains(name)
            if let known = LogLevel(name: name) {
                guard level == nil else {
                    throw use.fail("duplicate log level \"\(name)\"", at: index)
                }
                level = known
            } else if isModule, level ?? .debug == .debug {
                level = .debug
            } else {
                let names = LogLevel.allCases.map(\.name)
                let nearest = Suggestion.nearest(to: name, among: names)
                throw use.fail(
                    "invalid log level \"\(name)\"", at: index,
                    help: nearest.map { ["did you mean \"\($0)\"?"] }
                        ?? ["it must be one of \(names.joined(separator: " "))"])
            }
        }
        return level ?? .error
    }
}
