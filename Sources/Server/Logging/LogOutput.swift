import Linux

/// One file, pipe or terminal that lines are written to.
///
/// What it does not take (a disk is full, nobody reads a pipe) is owed and tried again, so that no
/// line is cut; lines that come when too much is owed are lost, counted and told.
struct LogOutput {
    /// Its path; empty for a standard stream.
    let path: String
    /// As messages name it.
    let name: String
    /// What it is written by; -1 when it is not open.
    private(set) var descriptor: Int32

    private var lines: GatheredLines
    /// What could not be written yet, from `owedStart` on, and how many lines that is.
    private var owed: [UInt8] = []
    private var owedStart = 0
    private var owedCount = 0
    private var lostCount = 0
    /// Why the last write failed, until it is told.
    private var fault: Int32 = 0
    private var isFaultTold = true
    private var isFailing = false
    /// It cannot be opened once more: a socket.
    private var isSocket = false
    private var silentUntilMs = Int64.min
    /// When what is owed is tried again.
    private var retryMs = Int64.max

    /// When so much is owed, lines are lost.
    static let mostOwed = 1 << 20
    /// How often losses are told, as in nginx.
    static let reportIntervalMs: Int64 = 60_000
    /// How soon something that failed is tried again.
    private static let retryIntervalMs: Int64 = 500

    /// An output that takes over `descriptor`.
    init(path: String, name: String, descriptor: Int32, buffering: LogBuffering?) {
        self.path = path
        self.name = name
        self.descriptor = descriptor
        lines = GatheredLines(buffering)
        makeImpatient()
    }

    /// Writing to a pipe, a terminal or a socket must not wait. The flag is the open file's, which
    /// others may share: so it is opened once more.
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

    /// Whether something could not be written yet.
    var owesBytes: Bool { owedStart < owed.count }
    /// What it owes may be taken as soon as somebody reads.
    var isFullPipe: Bool { owesBytes && fault == Errno.again }
    /// When ``flush(nowMs:)`` is wanted though no line comes; Int64.max when it is not.
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

    /// Writes what is owed, what is not buffered, and what has waited long enough.
    mutating func flush(nowMs: Int64) {
        if lines.buffering == nil || nowMs >= lines.dueMs {
            if !lines.isEmpty { return writeLines(nowMs) }
        }
        if owesBytes { writeOwed(nowMs) }
    }

    /// Writes all that there is.
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
        // What is written goes once it is more than what is left.
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
        // A pipe that is full for a moment is nobody's concern unless lines are lost.
        if !isFailing || fault != code { isFaultTold = code == Errno.again }
        fault = code
        isFailing = true
        retryMs = nowMs &+ LogOutput.retryIntervalMs
    }

    /// How much of `bytes` was written, and errno(3) when that is not all.
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

    // MARK: what went wrong

    private var hasReport: Bool { lostCount > 0 || !isFaultTold }

    /// What is to be said, at most once a minute unless it `isLast`.
    mutating func takeReport(nowMs: Int64, isLast: Bool = false) -> String? {
        guard hasReport, isLast || nowMs >= silentUntilMs else { return nil }
        silentUntilMs = nowMs &+ LogOutput.reportIntervalMs
        isFaultTold = true
        let reason = SystemError("write() to", name, code: fault)
        guard lostCount > 0 else { return "\(reason), its lines wait" }
        let lost = lostCount == 1 ? "1 line of \(name) was" : "\(lostCount) lines of \(name) were"
        lostCount = 0
        return "\(lost) lost, last because \(reason)"
    }

    /// What is owed is lost: nobody will write it.
    mutating func giveUp() {
        guard owesBytes else { return }
        // Of compressed lines it is not known which of them were written.
        var ends = 0
        for byte in owed[owedStart...] where byte == UInt8(ascii: "\n") { ends &+= 1 }
        lostCount &+= lines.buffering?.gzipLevel == nil ? ends : owedCount
        forgetOwed()
    }

    // MARK: another file

    /// Opens the file anew by its name, after all was written to the old one. What cannot be opened
    /// stays the old one. Only regular files are: a pipe has no other file behind its name.
    mutating func reopen() throws(SystemError) {
        guard !path.isEmpty, descriptor < 0 || isReopened(path, descriptor) else { return }
        let file = try openForAppending(path)
        giveUp()
        if descriptor >= 0 { closeDescriptor(descriptor) }
        descriptor = file.release()
        makeImpatient()
    }
}
