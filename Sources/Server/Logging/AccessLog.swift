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
