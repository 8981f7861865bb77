import HTTP
import Linux

/// The access logs of a worker. Lines are gathered while the loop turns and written once a turn: a
/// busy worker makes one write(2) for many requests, and a line is never later than its turn.
/// Where the configuration buffers, they wait for their buffer to fill, or for their time.
struct AccessLog: ~Copyable {
    /// Room for a line at first: a request line and fields may be long.
    private static let lineSize = 65536
    /// A line that needs more than this is given up.
    private static let longestLine = 1 << 30
    /// How often a file that cannot be written is complained of, as in nginx.
    private static let complaintIntervalMs: Int64 = 60_000

    private let files: LogFiles
    private let errorLog: ErrorLog
    private var gathered: [GatheredLines]
    private let senders: [SyslogSender]
    private var named: NamedLogFiles
    /// The files that the configuration does not buffer have lines.
    private var isDirty = false
    /// When something is to be written, or told, at the latest.
    private var dueMs = Int64.max
    /// Until when nothing more is said of a file that cannot be written.
    private var silentUntilMs: [Int64]
    private var line: Buffer

    init(_ files: LogFiles, _ plan: Plan, errorLog: ErrorLog) {
        self.files = files
        self.errorLog = errorLog
        gathered = plan.logBuffering.map { GatheredLines($0) }
        silentUntilMs = plan.logFiles.map { _ in Int64.min }
        senders = plan.syslogs.map { SyslogSender($0, hostname: plan.hostname) }
        named = NamedLogFiles(plan.logFileCaches, errorLog: errorLog)
        line = .allocate(AccessLog.lineSize)
    }

    deinit { line.free() }

    // MARK: a line

    /// Where a line is written, its end included, before it is added.
    func begin() -> HeadWriter { line.writer(from: 0) }

    /// The line, without its end, for messages.
    func text(of writer: HeadWriter) -> String {
        line.span(from: 0, to: max(0, writer.count &- 1)).text
    }

    /// Makes room for a line that did not fit; false when it is given up.
    mutating func grow(for writer: HeadWriter) -> Bool {
        guard writer.hasOverflowed, line.capacity < AccessLog.longestLine else { return false }
        let larger = Buffer.allocate(max(line.capacity, AccessLog.lineSize) &* 2)
        guard !larger.isNone else { return false }
        line.free()
        line = larger
        return true
    }

    /// Adds the line to a file.
    mutating func add(_ writer: HeadWriter, to file: Int, nowMs: Int64) {
        guard gathered.indices.contains(file), !writer.hasOverflowed else { return }
        let bytes = line.span(from: 0, to: writer.count)
        if gathered[file].isFull(for: bytes) { write(file) }
        let isDue = gathered[file].add(bytes, nowMs: nowMs)
        if isDue { write(file) }
        if gathered[file].buffering == nil { isDirty = true }
        dueMs = min(dueMs, gathered[file].dueMs)
    }

    /// Sends the line to a syslog server.
    mutating func send(_ writer: HeadWriter, to server: Int, at seconds: Int64) {
        guard senders.indices.contains(server), !writer.hasOverflowed else { return }
        let sender = senders[server]
        // The line's end is the datagram's.
        let bytes = line.span(from: 0, to: writer.count &- 1)
        sender.send(bytes, severity: sender.target.severity, at: seconds)
        if let reportMs = sender.reportDueMs { dueMs = min(dueMs, reportMs) }
    }

    /// Appends the line to a file that is named by the request; an error for the error log.
    mutating func add(
        _ writer: HeadWriter, toFileNamed path: [UInt8], cache: Int, nowMs: Int64
    ) -> String? {
        guard !writer.hasOverflowed else { return nil }
        return named.append(
            line.span(from: 0, to: writer.count), to: path, cache: cache, nowMs: nowMs)
    }

    // MARK: writing

    /// When ``flush(nowMs:)`` is wanted without a request; Int64.max when it is not.
    var nextFlushMs: Int64 { dueMs }

    /// Writes what is not buffered, and what has waited long enough.
    mutating func flush(nowMs: Int64) {
        if line.capacity > AccessLog.lineSize { shrinkLine() }
        if isDirty {
            isDirty = false
            for index in gathered.indices where gathered[index].buffering == nil { write(index) }
        }
        guard nowMs >= dueMs else { return }
        for index in gathered.indices where nowMs >= gathered[index].dueMs { write(index) }
        for sender in senders {
            if let report = sender.takeReport(nowMs: nowMs) { errorLog.write(.alert, report) }
        }
        dueMs = min(
            gathered.lazy.map(\.dueMs).min() ?? Int64.max,
            senders.lazy.compactMap(\.reportDueMs).min() ?? Int64.max)
    }

    /// Writes everything: nobody may come back to it.
    mutating func flushAll() {
        for index in gathered.indices { write(index) }
        isDirty = false
        dueMs = senders.lazy.compactMap(\.reportDueMs).min() ?? Int64.max
    }

    /// Writes everything and tells what was lost: the worker ends.
    mutating func finish() {
        flushAll()
        for sender in senders {
            if let report = sender.takeReport(nowMs: 0, isLast: true) {
                errorLog.write(.alert, report)
            }
        }
    }

    /// The files have other names now: those that requests name are opened anew.
    mutating func forgetNamedFiles() { named.closeAll() }

    private mutating func shrinkLine() {
        let smaller = Buffer.allocate(AccessLog.lineSize)
        guard !smaller.isNone else { return }
        line.free()
        line = smaller
    }

    /// Writes the lines of one file. What does not go in is lost, and the error log says so.
    private mutating func write(_ index: Int) {
        guard !gathered[index].isEmpty,
            let fault = gathered[index].write(to: files.descriptor(index))
        else { return }
        let now = Clock.monotonicMs()
        guard now >= silentUntilMs[index] else { return }
        silentUntilMs[index] = now &+ AccessLog.complaintIntervalMs
        let name = files.name(index)
        switch fault {
        case .incomplete(let written, let count):
            errorLog.write(.alert, "write() to \(name) was incomplete: \(written) of \(count)")
        case .failed(let code):
            errorLog.write(.alert, SystemError("write() to", name, code: code).description)
        }
    }
}
