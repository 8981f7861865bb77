import Linux

/// Where the messages of one generation are written: the `error_log` lines of a configuration, each
/// with its level. The master makes one write(2) a line, so that lines of several processes never
/// mix; the others hand them to the Logger.
public final class ErrorLog {
    /// What could not be opened, in the order of the targets; those targets are silent.
    public private(set) var failures: [LogFailure] = []
    /// Where `stderr` targets write: a worker's own descriptor 2 is the master's pipe.
    public var stderrDescriptor: Int32 = 2
    /// While starting, messages of level warn and graver are shown on stderr too, as nginx does.
    public var showsOnStderr = false

    /// Grave messages, while somebody collects them.
    private var collected: [String]?

    private var sinks: [Sink] = []
    /// The way to the Logger, in a process that has one.
    private var ring: (ring: LogRing, index: Int)?
    private let level: LogLevel?
    private let isBootstrap: Bool

    private struct Sink {
        let level: LogLevel
        var output: Output
    }

    /// Where a target is written.
    enum Output {
        case file(path: String, descriptor: Int32)
        case stderr
        case syslog(SyslogSender)

        var isStderr: Bool {
            if case .stderr = self { return true }
            return false
        }
    }

    /// Opens the files of `targets`, creating them; what fails is in `failures`.
    public init(targets: [ErrorLogTarget]) {
        level = targets.map(\.level).max()
        isBootstrap = false
        for target in targets {
            sinks.append(Sink(level: target.level, output: open(target.destination)))
        }
    }

    /// A log that takes messages of the targets' levels and has none of the targets open.
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
                return .file(path: path, descriptor: try openForAppending(path).release())
            } catch {
                failures.append(LogFailure(path: path, error: error))
                // Whatever is to be said is said somewhere.
                return .stderr
            }
        }
    }

    /// The log before a configuration is known: `apus: [emerg] message` on stderr, down to `level`.
    public static func bootstrap(level: LogLevel = .notice) -> ErrorLog {
        ErrorLog(bootstrapLevel: level)
    }

    private init(bootstrapLevel: LogLevel) {
        level = bootstrapLevel
        isBootstrap = true
    }

    deinit { close() }

    /// Closes what is open; nothing is written any more.
    func close() {
        for sink in sinks {
            if case .file(_, let descriptor) = sink.output { closeDescriptor(descriptor) }
        }
        sinks = []
    }

    /// Gives away what is open, with the level from which on it is written.
    func takeOver() -> [(level: LogLevel, output: Output)] {
        defer { sinks = [] }
        return sinks.map { ($0.level, $0.output) }
    }

    /// From here on lines go to the Logger, which has this as the log `index`; nothing is written
    /// here.
    func redirect(to ring: LogRing, as index: Int) {
        close()
        self.ring = (ring, index)
    }

    /// Whether a message of `level` is written anywhere: asks before the message is made.
    public func writes(_ level: LogLevel) -> Bool {
        if showsOnStderr && level <= .warn { return true }
        guard let lowest = self.level else { return false }
        return level <= lowest
    }

    /// Whether a target is stderr: then a daemon keeps it.
    public var usesStderr: Bool { sinks.contains(where: \.output.isStderr) }

    /// Writes one line to each target that takes `level`. What cannot be written is lost: there is
    /// nowhere to say so, unless it was syslog that did not take it.
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

    /// Keeps messages of level error and graver, until they are taken.
    func collect() { collected = [] }

    /// What was kept.
    func takeCollected() -> [String] {
        defer { collected = nil }
        return collected ?? []
    }

    /// A message on its way.
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
            // As long as nginx's at most, and without the line's end: a datagram is a line.
            let bytes = Array(line.text.utf8.dropLast().prefix(ErrorLog.longestMessage))
            sender.send(bytes.span, severity: line.level.rawValue, at: line.seconds)
        }
    }

    /// NGX_MAX_ERROR_STR.
    static let longestMessage = 2048

    /// Tells of lines that a syslog server did not take, once a minute, wherever lines get through.
    private func reportLosses() {
        for sink in sinks {
            guard case .syslog(let sender) = sink.output, sender.reportDueMs != nil else {
                continue
            }
            let ways = sinks.filter { way in
                guard case .syslog(let other) = way.output else { return true }
                return other.works
            }
            guard !ways.isEmpty, let report = sender.takeReport(nowMs: Clock.monotonicMs()) else {
                continue
            }
            let line = Line(.alert, report)
            for way in ways where .alert <= way.level { put(line, into: way.output) }
        }
    }

    /// Opens the files anew by their names, for log rotation; a file that cannot be opened stays
    /// the old one, and the old one gets the message. Only regular files are reopened: a terminal
    /// or a pipe has no other file behind its name.
    public func reopen() {
        for index in sinks.indices {
            guard case .file(let path, let old) = sinks[index].output, isReopened(path, old) else {
                continue
            }
            do throws(SystemError) {
                let file = try openForAppending(path)
                sinks[index].output = .file(path: path, descriptor: file.release())
                closeDescriptor(old)
            } catch {
                write(.emerg, "\(error)")
            }
        }
    }
}

/// Whether an open log is a regular file, with a name that another one can have taken.
func isReopened(_ path: String, _ descriptor: Int32) -> Bool {
    guard standardStream(named: path) == nil, case .success(let facts) = facts(of: descriptor)
    else { return false }
    return facts.kind == .regular
}
