import HTTP
import Linux

/// The access logs of a worker: formats lines and passes them to the logger, or without a master
/// writes them itself once per iteration of the event loop.
struct AccessLog: ~Copyable {
    /// The initial size of the line buffer: request lines and headers may be long.
    private static let lineSize = 65536
    /// The maximum length of a line; longer ones are dropped.
    private static let maxLineLength = LogRing.maxRecordSize

    private let ring: LogRing?
    private let writer: LogWriter?
    private var line: Buffer

    /// Creates the logs of a worker with a logger, or with a writer of its own; with neither, lines
    /// are dropped.
    init(_ ring: LogRing?, _ writer: LogWriter?) {
        self.ring = ring
        self.writer = writer
        line = .allocate(AccessLog.lineSize)
    }

    deinit { line.free() }

    // MARK: a line

    /// Returns a writer for a line, including its line end.
    func begin() -> ByteWriter { line.writer(from: 0) }

    /// Returns the line without its line end, for messages.
    func text(of writer: ByteWriter) -> String {
        line.span(from: 0, to: max(0, writer.count &- 1)).text
    }

    /// Enlarges the buffer for a line that did not fit. Returns false if the line is dropped.
    mutating func grow(for writer: ByteWriter) -> Bool {
        guard writer.hasOverflowed, line.capacity < AccessLog.maxLineLength else { return false }
        let larger = Buffer.allocate(max(line.capacity, AccessLog.lineSize) &* 2)
        guard !larger.isNone else { return false }
        line.free()
        line = larger
        return true
    }

    /// Adds the line to the log that the record names, optionally without its line end.
    mutating func add(
        _ written: ByteWriter, as record: LogRecord, withoutEnd: Bool = false, nowMs: Int64
    ) {
        if written.hasOverflowed {
            dropLine(nowMs)
        } else {
            let count = withoutEnd ? max(0, written.count &- 1) : written.count
            put(record, line.span(from: 0, to: count), nowMs)
        }
        if line.capacity > AccessLog.lineSize { shrinkLine() }
    }

    /// Adds the line to a file whose name has variables.
    mutating func add(
        _ written: ByteWriter, toFileNamed path: [UInt8], log: Int, errorLog: Int, nowMs: Int64
    ) {
        guard !written.hasOverflowed else { return dropLine(nowMs) }
        var bytes = path
        bytes.append(line.span(from: 0, to: written.count))
        put(
            LogRecord(kind: .named, errorLog: errorLog, target: log, detail: path.count),
            bytes.span, nowMs)
    }

    private func put(_ record: LogRecord, _ bytes: Span<UInt8>, _ nowMs: Int64) {
        if let ring {
            ring.put(record, bytes)
        } else {
            writer?.write(record, bytes, nowMs: nowMs)
        }
    }

    /// Drops a line that is too long, or for which memory is short.
    private func dropLine(_ nowMs: Int64) {
        ring?.countLongLine()
        writer?.log(
            .alert, "a log line of more than \(line.capacity) bytes was lost", nowMs: nowMs)
    }

    private mutating func shrinkLine() {
        let smaller = Buffer.allocate(AccessLog.lineSize)
        guard !smaller.isNone else { return }
        line.free()
        line = smaller
    }

    // MARK: writing without a logger

    /// The time at which ``flush(nowMs:)`` is next called without a request; Int64.max for never.
    var nextFlushMs: Int64 { writer?.dueMs ?? Int64.max }

    /// Writes lines that are not buffered, and those whose flush time has expired.
    func flush(nowMs: Int64) { writer?.flush(nowMs: nowMs) }

    /// Writes all lines: there may be no further call.
    func flushAll(nowMs: Int64) { writer?.flushAll(nowMs: nowMs) }

    /// Writes all lines and reports losses, before the worker exits.
    func finish(nowMs: Int64) { writer?.finish(nowMs: nowMs) }

    /// Reopens the files. Returns false if that is the task of the logger.
    func reopen(nowMs: Int64) -> Bool {
        writer?.reopen(nowMs: nowMs)
        return writer != nil
    }
}

/// The buffering of a log file: `buffer=`, `flush=` and `gzip=`.
struct LogBuffering: Equatable, Sendable {
    /// The size of the buffer in bytes.
    var size: Int
    /// The time after the first buffered line at which the buffer is flushed in any case; nil for
    /// never.
    var flushMs: Int64?
    /// The level of gzip compression; nil for plain lines. Each flush writes one member of the gzip
    /// file.
    var gzipLevel: Int?
}

/// An access log whose file name contains variables, with the rules that a name must meet.
///
/// A client chooses parts of the name, and the process that opens the file learns the name from a
/// less privileged one. So both check it: it must keep the constant text around the variables, and
/// variables must not add `..` components.
struct VariableLog: Equatable, Sendable {
    /// The constant text before the first variable: at least a slash.
    let prefix: [UInt8]
    /// The constant text after the last variable.
    let suffix: [UInt8]
    /// The number of `..` components in the configuration's own text.
    let upCount: Int
    /// The index of the plan's cache that keeps such files open; -1 for none.
    let cache: Int

    /// The longest name that open(2) accepts, without its final zero byte.
    static let maxNameLength = 4095

    /// The rules of a name that consists of `parts`; nil stands for a variable.
    init(_ parts: [[UInt8]?], cache: Int) {
        let isConstant = !parts.contains { $0 == nil }
        prefix = parts.prefix { $0 != nil }.flatMap { $0 ?? [] }
        let last = isConstant ? [] : parts.reversed().prefix { $0 != nil }.reversed()
        suffix = last.flatMap { $0 ?? [] }
        // A byte that is no dot stands for each variable: two of them never form a component.
        upCount = VariableLog.upCount(in: parts.flatMap { $0 ?? [UInt8(ascii: "x")] })
        self.cache = cache
    }

    /// True if `name` is one that the configuration allows.
    func allows(_ name: [UInt8]) -> Bool {
        name.count >= prefix.count + suffix.count && !name.contains(0)
            && name.starts(with: prefix) && name.suffix(suffix.count).elementsEqual(suffix)
            && VariableLog.upCount(in: name) <= upCount
    }

    /// Returns the number of `..` components of a path.
    private static func upCount(in path: [UInt8]) -> Int {
        let up = [UInt8](repeating: UInt8(ascii: "."), count: 2)
        return path.split(separator: UInt8(ascii: "/")).count { $0.elementsEqual(up) }
    }
}

/// Log files whose names contain variables: opened for each line, or kept open in a cache
/// (`open_log_file_cache`). As in nginx they are opened with the rights of the workers, because
/// clients influence the name.
struct VariableLogFiles: ~Copyable {
    private let logs: [VariableLog]
    private var caches: [LogFileCache]
    private let user: Identity?
    private var lostCount = 0
    /// The number of lines dropped since the last report because no log allows their file name.
    private var refusedCount = 0
    /// The error of the last lost line.
    private var fault = SystemError("write()", code: Errno.again)
    /// The time until which errors of these files are not reported again.
    private var quietUntilMs = Int64.min

    init(_ logs: [VariableLog], _ caches: [LogFileCacheSettings], openedAs user: Identity?) {
        self.logs = logs
        self.caches = caches.map { LogFileCache($0, openedAs: user) }
        self.user = user
    }

    deinit { for cache in caches { cache.closeEverything() } }

    /// Appends a line to the file `path` of the log with index `log`. Returns a message for the
    /// request's error log if the file cannot be opened.
    ///
    /// Both numbers and the name come from a worker, which may be hostile: nothing is opened that
    /// the configuration does not allow.
    mutating func append(
        _ line: Span<UInt8>, to path: [UInt8], log: Int, nowMs: Int64
    ) -> String? {
        guard logs.indices.contains(log), logs[log].allows(path) else {
            refusedCount &+= 1
            return nil
        }
        guard path.count <= VariableLog.maxNameLength else {
            let beginning = Array(path.prefix(256)).span.text
            return SystemError("open()", "\"\(beginning)...\"", code: Errno.nameTooLong).description
        }
        let cache = logs[log].cache
        let opened =
            caches.indices.contains(cache)
            ? caches[cache].file(path, nowMs: nowMs) : LogFileCache.open(path, as: user)
        switch opened {
        case .success(let file):
            write(line, to: file.descriptor, path)
            if !file.isCached { closeDescriptor(file.descriptor) }
            return nil
        case .failure(let error):
            return SystemError("open()", "\"\(path.span.text)\"", code: error.code).description
        }
    }

    /// Closes all files: they may have been moved away.
    mutating func closeAll() {
        for index in caches.indices { caches[index].closeAll() }
    }

    private mutating func write(_ line: Span<UInt8>, to descriptor: Int32, _ path: [UInt8]) {
        // In one call, so that it is not mixed with other lines; with its line end, as in other
        // logs.
        var whole = line.indices.map { line[$0] }
        if whole.last != LineBuffer.end { whole.append(LineBuffer.end) }
        let result = unsafe whole.withUnsafeBytes { unsafe Linux.write(descriptor, $0) }
        if case .bytes(whole.count) = result { return }
        lostCount &+= 1
        let code: Int32 = if case .failed(let code) = result { code } else { Errno.again }
        fault = SystemError("write() to", "\"\(path.span.text)\"", code: code)
    }

    /// The time at which losses are reported; nil if there are none.
    var reportDueMs: Int64? { lostCount > 0 || refusedCount > 0 ? quietUntilMs : nil }

    /// Returns a report about lost lines, at most once a minute unless it `isLast`.
    mutating func popReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard lostCount > 0 || refusedCount > 0, isLast || nowMs >= quietUntilMs else {
            return nil
        }
        quietUntilMs = nowMs &+ LogOutput.reportIntervalMs
        if refusedCount > 0 {
            let lines = refusedCount == 1 ? "1 log line" : "\(refusedCount) log lines"
            refusedCount = 0
            return "\(lines) dropped: a worker sent a file name that no \"access_log\" allows"
        }
        let lines = lostCount == 1 ? "1 line was" : "\(lostCount) lines were"
        lostCount = 0
        return "\(lines) lost, the last error: \(fault)"
    }
}
