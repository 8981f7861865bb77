import HTTP
import Linux

/// The access logs of a worker: where a line is made, and its way to who writes it. That is the
/// Logger; without a master, the worker itself, once a turn of its loop.
struct AccessLog: ~Copyable {
    /// Room for a line at first: a request line and fields may be long.
    private static let lineSize = 65536
    /// A line that needs more than this is given up.
    private static let longestLine = LogRing.longestRecord

    private let ring: LogRing?
    private let writer: LogWriter?
    private var line: Buffer

    /// The logs of a worker with a Logger, or with a writer of its own; with neither, lines are
    /// written nowhere.
    init(_ ring: LogRing?, _ writer: LogWriter?) {
        self.ring = ring
        self.writer = writer
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

    /// Adds the line to where the record says; without its end, if so.
    mutating func add(
        _ written: HeadWriter, as record: LogRecord, withoutEnd: Bool = false, nowMs: Int64
    ) {
        if written.hasOverflowed {
            lose(nowMs)
        } else {
            let count = withoutEnd ? max(0, written.count &- 1) : written.count
            put(record, line.span(from: 0, to: count), nowMs)
        }
        if line.capacity > AccessLog.lineSize { shrinkLine() }
    }

    /// Adds the line to a file that is named by the request.
    mutating func add(
        _ written: HeadWriter, toFileNamed path: [UInt8], log: Int, errorLog: Int, nowMs: Int64
    ) {
        guard !written.hasOverflowed else { return lose(nowMs) }
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
            writer?.take(record, bytes, nowMs: nowMs)
        }
    }

    /// The line is too long, or memory is short.
    private func lose(_ nowMs: Int64) {
        ring?.loseLongLine()
        writer?.say(
            .alert, "a log line of more than \(line.capacity) bytes was lost", nowMs: nowMs)
    }

    private mutating func shrinkLine() {
        let smaller = Buffer.allocate(AccessLog.lineSize)
        guard !smaller.isNone else { return }
        line.free()
        line = smaller
    }

    // MARK: writing, where there is no Logger

    /// When ``flush(nowMs:)`` is wanted without a request; Int64.max when it is not.
    var nextFlushMs: Int64 { writer?.dueMs ?? Int64.max }

    /// Writes what is not buffered, and what has waited long enough.
    func flush(nowMs: Int64) { writer?.flush(nowMs: nowMs) }

    /// Writes everything: nobody may come back to it.
    func flushAll(nowMs: Int64) { writer?.flushAll(nowMs: nowMs) }

    /// Writes everything and tells what was lost: the worker ends.
    func finish(nowMs: Int64) { writer?.finish(nowMs: nowMs) }

    /// The files have other names now; false when it is the Logger's to open them.
    func reopen(nowMs: Int64) -> Bool {
        writer?.reopen(nowMs: nowMs)
        return writer != nil
    }
}
