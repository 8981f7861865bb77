import Files
import Linux

/// One file, pipe or terminal that lines are written to.
///
/// Bytes that it does not accept (the disk is full, the reader of a pipe is slow) are kept and
/// tried again, so that no line is truncated. When too much is pending, lines are dropped, counted
/// and reported.
struct LogOutput {
    /// The path; empty for a standard stream.
    let path: String
    /// The name in messages.
    let name: String
    /// The descriptor; -1 if it is not open.
    private(set) var descriptor: Int32

    private var lines: LineBuffer
    /// The bytes that could not be written yet, from `pendingStart` on, and the number of their
    /// lines.
    private var pending: [UInt8] = []
    private var pendingStart = 0
    private var pendingCount = 0
    private var lostCount = 0
    /// The error of the last write, until it is reported.
    private var fault: Int32 = 0
    private var isFaultReported = true
    private var isFailing = false
    /// True for a socket, which cannot be opened again.
    private var isSocket = false
    private var quietUntilMs = Int64.min
    /// The time at which pending bytes are tried again.
    private var retryMs = Int64.max

    /// The number of pending bytes from which lines are dropped.
    static let maxPendingBytes = 1 << 20
    /// The interval of reports about dropped lines, as in nginx.
    static let reportIntervalMs: Int64 = 60_000
    /// The pause before a failed write is tried again.
    private static let retryIntervalMs: Int64 = 500

    /// Creates an output that owns `descriptor`.
    init(path: String, name: String, descriptor: Int32, buffering: LogBuffering?) {
        self.path = path
        self.name = name
        self.descriptor = descriptor
        lines = LineBuffer(buffering)
        makeNonblocking()
    }

    /// Makes writes to a pipe, terminal or socket non-blocking. The flag belongs to the open file,
    /// which others may share, so the file is opened again.
    private mutating func makeNonblocking() {
        guard descriptor >= 0, case .success(let fileStatus) = fileStatus(of: descriptor),
            fileStatus.kind != .regular
        else { return }
        guard let again = reopenForAppending(descriptor) else {
            isSocket = true
            return
        }
        closeDescriptor(descriptor)
        descriptor = again
    }

    // MARK: lines

    /// True if bytes are pending.
    var hasPendingBytes: Bool { pendingStart < pending.count }
    /// True if pending bytes can be written as soon as a pipe is read.
    var isFullPipe: Bool { hasPendingBytes && fault == Errno.again }
    /// The time at which ``flush(nowMs:)`` is next called without a line; Int64.max for never.
    var dueMs: Int64 {
        let reportMs = hasReport ? quietUntilMs : Int64.max
        return min(lines.dueMs, retryMs, reportMs)
    }

    /// Adds a line.
    mutating func add(_ line: Span<UInt8>, nowMs: Int64) {
        guard descriptor >= 0 else { return }
        guard pending.count &- pendingStart <= LogOutput.maxPendingBytes else {
            lostCount &+= 1
            return
        }
        if lines.isFull(for: line) { writeLines(nowMs) }
        if lines.add(line, nowMs: nowMs) { writeLines(nowMs) }
    }

    /// Writes pending bytes, lines that are not buffered, and those whose flush time has expired.
    mutating func flush(nowMs: Int64) {
        if lines.buffering == nil || nowMs >= lines.dueMs {
            if !lines.isEmpty { return writeLines(nowMs) }
        }
        if hasPendingBytes { writePending(nowMs) }
    }

    /// Writes everything.
    mutating func flushAll(nowMs: Int64) {
        if !lines.isEmpty { writeLines(nowMs) } else if hasPendingBytes { writePending(nowMs) }
    }

    private mutating func writeLines(_ nowMs: Int64) {
        let count = lines.count
        var unwritten: [UInt8] = []
        var failure: Int32 = 0
        let isBehind = hasPendingBytes
        let (descriptor, isSocket) = (descriptor, isSocket)
        let isWhole = lines.flush { bytes in
            let written =
                isBehind ? 0 : LogOutput.write(bytes, to: descriptor, isSocket, &failure)
            if written < bytes.count {
                unwritten.append(bytes.extracting(written..<bytes.count))
            }
        }
        guard isWhole else {
            lostCount &+= count
            return failed(Errno.noMemory, nowMs)
        }
        if unwritten.isEmpty { return }
        pending.append(unwritten.span)
        pendingCount &+= count
        if isBehind { writePending(nowMs) } else { failed(failure, nowMs) }
    }

    private mutating func writePending(_ nowMs: Int64) {
        var failure: Int32 = 0
        pendingStart &+= LogOutput.write(
            pending.span.extracting(pendingStart..<pending.count), to: descriptor, isSocket,
            &failure)
        guard hasPendingBytes else { return dropPending() }
        // Written bytes are removed once they are more than the rest.
        if pendingStart > pending.count / 2 {
            pending.removeFirst(pendingStart)
            pendingStart = 0
        }
        failed(failure, nowMs)
    }

    private mutating func dropPending() {
        pending = []
        pendingStart = 0
        pendingCount = 0
        retryMs = Int64.max
        isFailing = false
    }

    private mutating func failed(_ code: Int32, _ nowMs: Int64) {
        // A pipe that is full for a moment is not reported unless lines are lost.
        if !isFailing || fault != code { isFaultReported = code == Errno.again }
        fault = code
        isFailing = true
        retryMs = nowMs &+ LogOutput.retryIntervalMs
    }

    /// Writes `bytes`. Returns the number written, and errno(3) if that is not all.
    private static func write(
        _ bytes: Span<UInt8>, to descriptor: Int32, _ isSocket: Bool, _ failure: inout Int32
    ) -> Int {
        var done = 0
        while done < bytes.count {
            let rest = bytes.extracting(done..<bytes.count)
            let result = unsafe rest.withUnsafeBytes {
                isSocket ? unsafe sendAtOnce(descriptor, $0) : unsafe Linux.write(descriptor, $0)
            }
            switch result {
            case .bytes(let count) where count > 0: done &+= count
            case .bytes: failure = Errno.ioError
            case .wouldBlock: failure = Errno.again
            case .failed(let code): failure = code
            }
            if failure != 0 { return done }
        }
        return done
    }

    // MARK: reports of failures

    private var hasReport: Bool { lostCount > 0 || !isFaultReported }

    /// Returns a report about errors and losses, at most once a minute unless it `isLast`.
    mutating func popReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard hasReport, isLast || nowMs >= quietUntilMs else { return nil }
        quietUntilMs = nowMs &+ LogOutput.reportIntervalMs
        isFaultReported = true
        let reason = SystemError("write() to", name, code: fault)
        guard lostCount > 0 else { return "\(reason): buffering its lines and retrying" }
        let lost = lostCount == 1 ? "1 line of \(name) was" : "\(lostCount) lines of \(name) were"
        lostCount = 0
        return "\(lost) lost, the last error: \(reason)"
    }

    /// Drops all pending lines.
    mutating func giveUp() {
        guard hasPendingBytes else { return }
        // The number of compressed lines that were written is unknown.
        var ends = 0
        for byte in pending[pendingStart...] where byte == UInt8(ascii: "\n") { ends &+= 1 }
        lostCount &+= lines.buffering?.gzipLevel == nil ? ends : pendingCount
        dropPending()
    }

    // MARK: another file

    /// Opens the file again by its name, after everything was written to the old one. If that
    /// fails, the old one stays. Applies to regular files only: the name of a pipe refers to the
    /// same pipe.
    mutating func reopen() throws(SystemError) {
        guard !path.isEmpty, descriptor < 0 || isReopened(path, descriptor) else { return }
        let file = try openForAppending(path)
        giveUp()
        if descriptor >= 0 { closeDescriptor(descriptor) }
        descriptor = file.detach()
        makeNonblocking()
    }
}

/// The lines that wait to be written to one file.
struct LineBuffer {
    /// The buffering parameters; nil to write lines as soon as all that have arrived are collected.
    let buffering: LogBuffering?
    /// The time at which they must be written; Int64.max for none.
    private(set) var dueMs = Int64.max
    /// The number of lines.
    private(set) var count = 0
    private var bytes: [UInt8] = []

    /// The maximum number of bytes that are collected without buffering.
    private static let maxBytes = 65536

    /// The end of a line.
    static let end = UInt8(ascii: "\n")

    init(_ buffering: LogBuffering?) { self.buffering = buffering }

    var isEmpty: Bool { count == 0 }

    /// Returns true if a line does not fit after those that wait, which must be written first.
    func isFull(for line: Span<UInt8>) -> Bool {
        guard let buffering, !isEmpty else { return false }
        return line.count > buffering.size &- bytes.count
    }

    /// Adds a line. Returns true if the lines must be written at once.
    mutating func add(_ line: Span<UInt8>, nowMs: Int64) -> Bool {
        if isEmpty, let flushMs = buffering?.flushMs { dueMs = nowMs &+ flushMs }
        bytes.append(line)
        count &+= 1
        // A hostile worker may omit the line end: the next line is another worker's.
        if bytes.last != LineBuffer.end { bytes.append(LineBuffer.end) }
        return bytes.count > (buffering?.size ?? LineBuffer.maxBytes)
    }

    /// Passes the lines in the format of the file to `write`. Returns false if memory is short and
    /// the lines are lost.
    mutating func flush(_ write: (Span<UInt8>) -> Void) -> Bool {
        defer {
            bytes.removeAll(keepingCapacity: true)
            count = 0
            dueMs = Int64.max
        }
        guard let level = buffering?.gzipLevel, !bytes.isEmpty else {
            write(bytes.span)
            return true
        }
        guard let member = Gzip.member(of: bytes, level: level) else { return false }
        write(member.span)
        return true
    }
}

extension Gzip {
    /// Returns `bytes` as a complete gzip file; nil if memory is short.
    static func member(of bytes: [UInt8], level: Int) -> [UInt8]? {
        guard let encoder = Gzip(level: level, sizeHint: Int64(bytes.count)) else { return nil }
        var member: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        var done = 0
        while true {
            var output = chunk.mutableSpan
            let input = bytes.span.extracting(done..<bytes.count)
            let progress = encoder.compress(input, into: &output, finish: true)
            guard !progress.isBroken else { return nil }
            done &+= progress.consumed
            member.append(chunk.span.extracting(0..<progress.produced))
            if progress.isFinished { return member }
        }
    }
}
