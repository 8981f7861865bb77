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

    private var lines: GatheredLines
    /// The bytes that could not be written yet, from `owedStart` on, and the number of their lines.
    private var owed: [UInt8] = []
    private var owedStart = 0
    private var owedCount = 0
    private var lostCount = 0
    /// The error of the last write, until it is reported.
    private var fault: Int32 = 0
    private var isFaultTold = true
    private var isFailing = false
    /// True for a socket, which cannot be opened again.
    private var isSocket = false
    private var silentUntilMs = Int64.min
    /// The time at which pending bytes are tried again.
    private var retryMs = Int64.max

    /// The number of pending bytes from which lines are dropped.
    static let mostOwed = 1 << 20
    /// The interval of reports about dropped lines, as in nginx.
    static let reportIntervalMs: Int64 = 60_000
    /// The pause before a failed write is tried again.
    private static let retryIntervalMs: Int64 = 500

    /// Creates an output that owns `descriptor`.
    init(path: String, name: String, descriptor: Int32, buffering: LogBuffering?) {
        self.path = path
        self.name = name
        self.descriptor = descriptor
        lines = GatheredLines(buffering)
        makeImpatient()
    }

    /// Makes writes to a pipe, terminal or socket non-blocking. The flag belongs to the open file,
    /// which others may share, so the file is opened again.
    private mutating func makeImpatient() {
        guard descriptor >= 0, case .success(let facts) = facts(of: descriptor),
            facts.kind != .regular
        else { return }
        guard let again = openForAppendingAgain(descriptor) else {
            isSocket = true
            return
        }
        closeDescriptor(descriptor)
        descriptor = again
    }

    // MARK: lines

    /// True if bytes are pending.
    var owesBytes: Bool { owedStart < owed.count }
    /// True if pending bytes can be written as soon as a pipe is read.
    var isFullPipe: Bool { owesBytes && fault == Errno.again }
    /// The time at which ``flush(nowMs:)`` is next called without a line; Int64.max for never.
    var dueMs: Int64 {
        let reportMs = hasReport ? silentUntilMs : Int64.max
        return min(lines.dueMs, retryMs, reportMs)
    }

    /// Adds a line.
    mutating func add(_ line: Span<UInt8>, nowMs: Int64) {
        guard descriptor >= 0 else { return }
        guard owed.count &- owedStart <= LogOutput.mostOwed else {
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
        if owesBytes { writeOwed(nowMs) }
    }

    /// Writes everything.
    mutating func flushAll(nowMs: Int64) {
        if !lines.isEmpty { writeLines(nowMs) } else if owesBytes { writeOwed(nowMs) }
    }

    private mutating func writeLines(_ nowMs: Int64) {
        let count = lines.count
        var unwritten: [UInt8] = []
        var failure: Int32 = 0
        let isBehind = owesBytes
        let (descriptor, isSocket) = (descriptor, isSocket)
        let isWhole = lines.take { bytes in
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
        owed.append(unwritten.span)
        owedCount &+= count
        if isBehind { writeOwed(nowMs) } else { failed(failure, nowMs) }
    }

    private mutating func writeOwed(_ nowMs: Int64) {
        var failure: Int32 = 0
        owedStart &+= LogOutput.write(
            owed.span.extracting(owedStart..<owed.count), to: descriptor, isSocket, &failure)
        guard owesBytes else { return forgetOwed() }
        // Written bytes are removed once they are more than the rest.
        if owedStart > owed.count / 2 {
            owed.removeFirst(owedStart)
            owedStart = 0
        }
        failed(failure, nowMs)
    }

    private mutating func forgetOwed() {
        owed = []
        owedStart = 0
        owedCount = 0
        retryMs = Int64.max
        isFailing = false
    }

    private mutating func failed(_ code: Int32, _ nowMs: Int64) {
        // A pipe that is full for a moment is not reported unless lines are lost.
        if !isFailing || fault != code { isFaultTold = code == Errno.again }
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

    private var hasReport: Bool { lostCount > 0 || !isFaultTold }

    /// Returns a report about errors and losses, at most once a minute unless it `isLast`.
    mutating func takeReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard hasReport, isLast || nowMs >= silentUntilMs else { return nil }
        silentUntilMs = nowMs &+ LogOutput.reportIntervalMs
        isFaultTold = true
        let reason = SystemError("write() to", name, code: fault)
        guard lostCount > 0 else { return "\(reason); its lines are kept and written later" }
        let lost = lostCount == 1 ? "1 line of \(name) was" : "\(lostCount) lines of \(name) were"
        lostCount = 0
        return "\(lost) lost, the last error: \(reason)"
    }

    /// Drops all pending lines.
    mutating func giveUp() {
        guard owesBytes else { return }
        // The number of compressed lines that were written is unknown.
        var ends = 0
        for byte in owed[owedStart...] where byte == UInt8(ascii: "\n") { ends &+= 1 }
        lostCount &+= lines.buffering?.gzipLevel == nil ? ends : owedCount
        forgetOwed()
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
        descriptor = file.release()
        makeImpatient()
    }
}
