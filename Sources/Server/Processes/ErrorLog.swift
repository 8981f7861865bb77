import Configuration
import Linux

/// The destinations of one generation's messages: the `error_log` lines of a configuration, each
/// with its level. The master makes one write(2) per line, so that lines of several processes never
/// mix; other processes pass them to the logger.
public final class ErrorLog {
    /// The targets that could not be opened, in order; nothing is written to them.
    public private(set) var failures: [LogFailure] = []
    /// The descriptor for `stderr` targets: a worker's own descriptor 2 is the master's pipe.
    public var stderrDescriptor: Int32 = 2
    /// True while starting: messages of level warn and above are shown on stderr as well, as in
    /// nginx.
    public var showsOnStderr = false

    /// Collected messages of level error and above; nil while none are collected.
    private var collected: [String]?

    private var sinks: [Sink] = []
    /// The ring to the logger, in a process that has one.
    private var ring: (ring: LogRing, index: Int)?
    private let level: LogLevel?
    private let isBootstrap: Bool

    private struct Sink {
        let level: LogLevel
        var output: Output
    }

    /// The destination of a target.
    enum Output {
        case file(path: String, descriptor: Int32)
        case stderr
        case syslog(SyslogSender)

        var isStderr: Bool {
            if case .stderr = self { return true }
            return false
        }
    }

    /// Opens the files of `targets`, creating them; errors are in `failures`.
    public init(targets: [ErrorLogTarget]) {
        level = targets.map(\.level).max()
        isBootstrap = false
        for target in targets {
            sinks.append(Sink(level: target.level, output: open(target.destination)))
        }
    }

    /// Creates a log with the targets' levels, none of which is open.
    init(unopened targets: [ErrorLogTarget]) {
        level = targets.map(\.level).max()
        isBootstrap = false
    }

    private func open(_ destination: ErrorLogTarget.Destination) -> Output {
        switch destination {
        case .stderr: return .stderr
        case .syslog(let target): return .syslog(SyslogSender(target))
        case .file(let path):
            do throws(SystemError) {
                return .file(path: path, descriptor: try openForAppending(path).detach())
            } catch {
                failures.append(LogFailure(path: path, error: error))
                // Every message must go somewhere.
                return .stderr
            }
        }
    }

    /// Returns the log before a configuration is known: `apus: [emerg] message` on stderr, down to
    /// `level`.
    public static func bootstrap(level: LogLevel = .notice) -> ErrorLog {
        ErrorLog(bootstrapLevel: level)
    }

    private init(bootstrapLevel: LogLevel) {
        level = bootstrapLevel
        isBootstrap = true
    }

    deinit { close() }

    /// Closes all targets; nothing is written any more.
    func close() {
        for sink in sinks {
            if case .file(_, let descriptor) = sink.output { closeDescriptor(descriptor) }
        }
        sinks = []
    }

    /// Transfers ownership of the open targets, with their levels.
    func takeOver() -> [(level: LogLevel, output: Output)] {
        defer { sinks = [] }
        return sinks.map { ($0.level, $0.output) }
    }

    /// Sends lines to the logger from here on, as the log `index`; nothing is written here.
    func redirect(to ring: LogRing, as index: Int) {
        close()
        self.ring = (ring, index)
    }

    /// Returns true if a message of `level` is written at all: checked before the message is
    /// formatted.
    public func writes(_ level: LogLevel) -> Bool {
        if showsOnStderr && level <= .warn { return true }
        guard let lowest = self.level else { return false }
        return level <= lowest
    }

    /// True if a target is stderr: then a daemon keeps it.
    public var usesStderr: Bool { sinks.contains(where: \.output.isStderr) }

    /// Writes one line to each target that accepts `level`. If that fails, the line is lost without
    /// a message, except for syslog.
    public func write(_ level: LogLevel, _ message: @autoclosure () -> String) {
        guard writes(level) || collected != nil else { return }
        let message = message()
        if level <= .error { collected?.append(message) }
        guard writes(level) else { return }
        if isBootstrap {
            writeAll(stderrDescriptor, ErrorLogLine.startText(level, message))
            return
        }
        let line = Line(level, message)
        if let (ring, index) = ring {
            let bytes = Array(line.text.utf8)
            ring.put(LogRecord(kind: .error, level: level, errorLog: index), bytes.span)
            return
        }
        // A person at a terminal reads the short form, once.
        let isShown = showsOnStderr && level <= .warn
        for sink in sinks where level <= sink.level && !(isShown && sink.output.isStderr) {
            put(line, into: sink.output)
        }
        if isShown { writeAll(stderrDescriptor, ErrorLogLine.startText(level, message)) }
        reportLosses()
    }

    /// Collects messages of level error and above until ``popCollected()``.
    func collect() { collected = [] }

    /// Returns the collected messages and stops collecting.
    func popCollected() -> [String] {
        defer { collected = nil }
        return collected ?? []
    }

    /// A formatted message.
    private struct Line {
        let level: LogLevel
        let seconds: Int64
        let text: String

        init(_ level: LogLevel, _ message: String) {
            self.level = level
            seconds = Clock.now().seconds
            text = ErrorLogLine.text(
                level, message, process: currentProcess(), at: seconds,
                offset: Clock.localOffset(at: seconds))
        }
    }

    private func put(_ line: Line, into output: Output) {
        switch output {
        case .file(_, let descriptor): writeAll(descriptor, line.text)
        case .stderr: writeAll(stderrDescriptor, line.text)
        case .syslog(let sender):
            // At most as long as nginx's, and without the line end: a datagram is a line.
            let bytes = Array(line.text.utf8.dropLast().prefix(ErrorLog.maxMessageLength))
            sender.send(bytes.span, severity: line.level.rawValue, at: line.seconds)
        }
    }

    /// The maximum length of a message: NGX_MAX_ERROR_STR.
    static let maxMessageLength = 2048

    /// Reports lines that a syslog server did not accept, once a minute, to the targets that work.
    private func reportLosses() {
        for sink in sinks {
            guard case .syslog(let sender) = sink.output, sender.reportDueMs != nil else {
                continue
            }
            let working = sinks.filter { sink in
                guard case .syslog(let other) = sink.output else { return true }
                return other.works
            }
            guard !working.isEmpty, let report = sender.popReport(nowMs: Clock.monotonicMs()) else {
                continue
            }
            let line = Line(.alert, report)
            for sink in working where .alert <= sink.level { put(line, into: sink.output) }
        }
    }

    /// Reopens the files by their names, for log rotation. If that fails, the old file stays and
    /// gets the message. Applies to regular files only: the name of a terminal or a pipe refers to
    /// the same one.
    public func reopen() {
        for index in sinks.indices {
            guard case .file(let path, let old) = sinks[index].output, isReopened(path, old) else {
                continue
            }
            do throws(SystemError) {
                let file = try openForAppending(path)
                sinks[index].output = .file(path: path, descriptor: file.detach())
                closeDescriptor(old)
            } catch {
                write(.emerg, "\(error)")
            }
        }
    }
}

/// Returns true if an open log is a regular file, whose name may refer to another file by now.
func isReopened(_ path: String, _ descriptor: Int32) -> Bool {
    guard standardStream(named: path) == nil,
        case .success(let fileStatus) = fileStatus(of: descriptor)
    else { return false }
    return fileStatus.kind == .regular
}

/// The format of a line in an error log, which is nginx's: `2026/11/21 10:00:00 [error] 123#123:
/// message`.
public enum ErrorLogLine {
    /// Formats a line with its line end. `seconds` are since 1970, `offset` is that of local time
    /// in seconds east.
    public static func text(
        _ level: LogLevel, _ message: String, process: Int32, at seconds: Int64, offset: Int64
    ) -> String {
        let time = Clock.calendarTime(seconds, offset: offset)
        return "\(time) [\(level.name)] \(process)#\(process): \(escaped(message))\n"
    }

    /// Formats a line for the terminal, before there is a log: `apus: [emerg] message`.
    public static func startText(_ level: LogLevel, _ message: String) -> String {
        "apus: [\(level.name)] \(escaped(message))\n"
    }

    /// Escapes a message, which may quote what a client sent and must stay one line.
    static func escaped(_ message: String) -> String { VisibleText.escaped(message) }
}

extension LogLevel {
    /// The name in configurations and log lines: `emerg` … `debug`.
    public var name: String {
        switch self {
        case .emerg: "emerg"
        case .alert: "alert"
        case .crit: "crit"
        case .error: "error"
        case .warn: "warn"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }

    /// Looks up the level of an `error_log` line; nil if there is none with that name.
    public init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }
}
