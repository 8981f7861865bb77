import Linux

/// Writes lines to their destinations: files, syslog servers, files whose names have variables. The
/// logger has one; without a master the only process has one itself.
final class LogWriter {
    private var outputs: [LogOutput]
    private let senders: [SyslogSender]
    private var named: VariableLogFiles
    /// For each of the plan's error logs, its destinations and their levels.
    private var errorLogs: [[ErrorDestination]]
    /// Error logs of another owner, which writes at once.
    private let ownErrorLogs: [ErrorLog]
    /// The number of `outputs` that are the plan's log files.
    private let fileCount: Int

    private struct ErrorDestination {
        let level: LogLevel
        let destination: Destination
    }

    private enum Destination: Equatable {
        case output(Int)
        case sender(Int)
    }

    /// Takes ownership of the open logs of a generation. Files whose names have variables are
    /// opened with the rights of `user`, the user of the workers; nil for this process's own user.
    init(_ logs: Logs, stderrDescriptor: Int32, namesAs user: Identity?) {
        let plan = logs.plan
        var outputs = LogWriter.files(of: logs)
        var senders = plan.syslogs.map { SyslogSender($0, hostname: plan.hostname) }
        fileCount = outputs.count
        ownErrorLogs = []
        errorLogs = logs.errors.map { log in
            log.takeOver().map { level, source in
                let destination: Destination
                switch source {
                case .file(let path, let descriptor):
                    destination = LogWriter.output(path, "\"\(path)\"", descriptor, &outputs)
                case .stderr:
                    let copy = (try? duplicate(stderrDescriptor)) ?? -1
                    destination = LogWriter.output("", "stderr", copy, &outputs)
                case .syslog(let sender):
                    senders.append(sender)
                    destination = .sender(senders.count &- 1)
                }
                return ErrorDestination(level: level, destination: destination)
            }
        }
        self.outputs = outputs
        self.senders = senders
        named = VariableLogFiles(plan.variableLogs, plan.logFileCaches, openedAs: user)
    }

    /// Creates a writer in a process without a logger, which writes its error logs as the master
    /// does.
    init(withoutLogger logs: Logs) {
        outputs = LogWriter.files(of: logs)
        fileCount = outputs.count
        senders = logs.plan.syslogs.map { SyslogSender($0, hostname: logs.plan.hostname) }
        errorLogs = []
        ownErrorLogs = logs.errors
        named = VariableLogFiles(
            logs.plan.variableLogs, logs.plan.logFileCaches, openedAs: nil)
    }

    private static func files(of logs: Logs) -> [LogOutput] {
        logs.plan.logFiles.indices.map { index in
            LogOutput(
                path: logs.plan.logFiles[index], name: logs.requests.name(index),
                descriptor: logs.requests.release(index),
                buffering: logs.plan.logBuffering[index])
        }
    }

    /// Lines of several logs for one file keep their order: the file has one output.
    private static func output(
        _ path: String, _ name: String, _ descriptor: Int32, _ outputs: inout [LogOutput]
    ) -> Destination {
        if let index = outputs.firstIndex(where: { $0.path == path && $0.name == name }) {
            if descriptor >= 0 { closeDescriptor(descriptor) }
            return .output(index)
        }
        outputs.append(
            LogOutput(path: path, name: name, descriptor: descriptor, buffering: nil))
        return .output(outputs.count &- 1)
    }

    // MARK: lines

    /// Writes a line. The record comes from a worker and may have invalid indexes.
    func write(_ record: LogRecord, _ line: Span<UInt8>, nowMs: Int64) {
        switch record.kind {
        case .access:
            guard record.target >= 0, record.target < fileCount else { return }
            outputs[record.target].add(line, nowMs: nowMs)
        case .syslog:
            guard senders.indices.contains(record.target) else { return }
            let sender = senders[record.target]
            sender.send(line, severity: sender.target.severity, at: Int64(record.detail))
        case .named: writeToVariableFile(record, line, nowMs: nowMs)
        case .error: write(line, record.level, to: record.errorLog, nowMs: nowMs)
        }
    }

    private func writeToVariableFile(_ record: LogRecord, _ bytes: Span<UInt8>, nowMs: Int64) {
        guard record.detail <= bytes.count else { return }
        let path = bytes.extracting(0..<record.detail)
        let fault = named.append(
            bytes.extracting(record.detail..<bytes.count), to: path.indices.map { path[$0] },
            log: record.target, nowMs: nowMs)
        if let fault { log(.crit, fault, in: record.errorLog, nowMs: nowMs) }
    }

    private func write(
        _ line: Span<UInt8>, _ level: LogLevel, to log: Int, whereItWorks: Bool = false,
        nowMs: Int64
    ) {
        guard errorLogs.indices.contains(log) else { return }
        for target in errorLogs[log] where level <= target.level {
            switch target.destination {
            case .output(let index): outputs[index].add(line, nowMs: nowMs)
            case .sender(let index):
                if whereItWorks, !senders[index].works { continue }
                // At most as long as nginx's, and without the line end: a datagram is a line.
                let count = max(0, min(line.count &- 1, ErrorLog.maxMessageLength))
                senders[index].send(
                    line.extracting(0..<count), severity: level.rawValue,
                    at: Clock.now().seconds)
            }
        }
    }

    /// Writes a message of this process itself; with `whereItWorks`, not to the output that lost
    /// lines.
    func log(
        _ level: LogLevel, _ message: String, in log: Int = 0, whereItWorks: Bool = false,
        nowMs: Int64
    ) {
        if ownErrorLogs.indices.contains(log) { return ownErrorLogs[log].write(level, message) }
        let seconds = Clock.now().seconds
        let text = ErrorLogLine.text(
            level, message, process: currentProcess(), at: seconds,
            offset: Clock.localOffset(at: seconds))
        let line = Array(text.utf8)
        write(line.span, level, to: log, whereItWorks: whereItWorks, nowMs: nowMs)
    }

    // MARK: writing

    /// The time at which ``flush(nowMs:)`` is next called without a line; Int64.max for never.
    var dueMs: Int64 {
        var due = named.reportDueMs ?? Int64.max
        for index in outputs.indices { due = min(due, outputs[index].dueMs) }
        for sender in senders { due = min(due, sender.reportDueMs ?? Int64.max) }
        return due
    }

    /// The descriptors, such as pipes, that have not accepted all bytes but may do so soon.
    var waitsFor: [Int32] {
        outputs.indices.filter { outputs[$0].isFullPipe }.map { outputs[$0].descriptor }
            + senders.compactMap(\.awaited)
    }

    /// Writes lines that are not buffered, and those whose flush time has expired; reports errors.
    /// Errors of a request precede its own line: error logs are the last of the outputs.
    func flush(nowMs: Int64) {
        for index in outputs.indices.reversed() { outputs[index].flush(nowMs: nowMs) }
        for sender in senders { sender.sendPending() }
        report(nowMs: nowMs)
    }

    /// Writes all lines: there may be no further call.
    func flushAll(nowMs: Int64) {
        for index in outputs.indices.reversed() { outputs[index].flushAll(nowMs: nowMs) }
        for sender in senders { sender.sendPending() }
        report(nowMs: nowMs)
    }

    /// Writes all lines and reports losses, for the last time.
    func finish(nowMs: Int64) {
        flushAll(nowMs: nowMs)
        for index in outputs.indices { outputs[index].giveUp() }
        for sender in senders { sender.giveUp() }
        report(nowMs: nowMs, isLast: true)
        for index in outputs.indices { outputs[index].flushAll(nowMs: nowMs) }
    }

    private func report(nowMs: Int64, isLast: Bool = false) {
        var reports: [String] = []
        for index in outputs.indices {
            if let text = outputs[index].popReport(nowMs: nowMs, isLast: isLast) {
                reports.append(text)
            }
        }
        for sender in senders {
            if let text = sender.popReport(nowMs: nowMs, isLast: isLast) { reports.append(text) }
        }
        if let text = named.popReport(nowMs: nowMs, isLast: isLast) { reports.append(text) }
        guard !reports.isEmpty else { return }
        for text in reports { log(.alert, text, whereItWorks: true, nowMs: nowMs) }
        for index in outputs.indices { outputs[index].flush(nowMs: nowMs) }
    }

    /// Reopens the files: lines that are waiting go to the old ones first.
    func reopen(nowMs: Int64) {
        flushAll(nowMs: nowMs)
        named.closeAll()
        for index in outputs.indices {
            do throws(SystemError) {
                try outputs[index].reopen()
            } catch {
                log(.emerg, error.description, nowMs: nowMs)
            }
        }
        flush(nowMs: nowMs)
    }
}
