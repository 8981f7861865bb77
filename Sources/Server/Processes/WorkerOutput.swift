import Linux

/// The statuses that a worker sends to the master: bytes that do not occur in text.
enum WorkerStatus: UInt8 {
    /// The worker listens and serves.
    case serves = 1
    /// The worker accepts no more connections.
    case acceptsNoMore = 2
    /// The helper process does not respond.
    case helperIsStuck = 3
    /// A listening socket does not accept any more.
    case listenerIsBroken = 4
}

/// The output of one of the master's children on stderr: statuses, and messages of the runtime when
/// it traps. The child's descriptor 2 is a pipe, which the master reads.
struct WorkerOutput {
    let process: Int32
    let role: MasterState.Role
    /// The read end of the pipe, non-blocking; its owner closes it.
    let descriptor: Int32
    private var unfinished: [UInt8] = []
    private var words: [WorkerStatus] = []
    private var limit = OutputLimit()
    /// The time until which nothing is read, because the process writes too much.
    private(set) var pausedUntilMs: Int64 = 0

    /// The pause after the maximum for one read.
    static let pauseMs: Int64 = 100

    init(process: Int32, role: MasterState.Role, descriptor: Int32) {
        self.process = process
        self.role = role
        self.descriptor = descriptor
    }

    /// Sends a status to the master. Called in one of its children.
    static func notifyMaster(_ word: WorkerStatus) { writeBytes(2, [word.rawValue]) }

    /// Returns the lines that have arrived and may be logged, and whether more may arrive. The
    /// process may be hostile: the amount that is read at once is bounded, and so is the amount
    /// that is logged.
    mutating func read(nowMs: Int64) -> (lines: [String], isOpen: Bool) {
        var lines: [String] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<16 {
            let result = unsafe chunk.withUnsafeMutableBytes {
                unsafe readPipe(descriptor, into: $0)
            }
            switch result {
            case .bytes(let count) where count > 0: take(chunk[..<count], into: &lines, nowMs)
            case .wouldBlock: return (lines + report(nowMs), true)
            case .bytes, .failed:
                endLine(into: &lines, nowMs)
                return (lines + report(nowMs, isLast: true), false)
            }
        }
        pausedUntilMs = nowMs &+ WorkerOutput.pauseMs
        return (lines + report(nowMs), true)
    }

    /// Returns the different statuses among the bytes read so far, and clears them.
    mutating func popStatuses() -> [WorkerStatus] {
        defer { words = [] }
        return words
    }

    private mutating func report(_ nowMs: Int64, isLast: Bool = false) -> [String] {
        limit.report(nowMs: nowMs, isLast: isLast).map { [$0] } ?? []
    }

    private mutating func endLine(into lines: inout [String], _ nowMs: Int64) {
        guard !unfinished.isEmpty else { return }
        if limit.admits(unfinished.count, nowMs: nowMs) {
            lines.append(String(decoding: unfinished, as: UTF8.self))
        }
        unfinished.removeAll(keepingCapacity: true)
    }

    private mutating func take(
        _ bytes: ArraySlice<UInt8>, into lines: inout [String], _ nowMs: Int64
    ) {
        for byte in bytes {
            if let word = WorkerStatus(rawValue: byte) {
                if !words.contains(word) { words.append(word) }
                continue
            }
            if byte == UInt8(ascii: "\n") || unfinished.count >= 2048 {
                endLine(into: &lines, nowMs)
            }
            if byte != UInt8(ascii: "\n") { unfinished.append(byte) }
        }
    }
}

/// Limits what one process may write to the error log through its stderr: a burst, then a rate in
/// bytes per second. The rest is counted and dropped.
struct OutputLimit {
    static let burst: Int64 = 16_384
    static let bytesPerSecond: Int64 = 256
    /// The interval of reports about dropped output.
    static let reportIntervalMs: Int64 = 60_000

    /// The bytes that may be logged, in thousandths.
    private var allowance = burst * 1000
    private var filledMs: Int64?
    private var lines = 0
    private var bytes = 0
    private var reportDueMs: Int64?

    /// Returns true if a line of `count` bytes may be logged; counts it as dropped otherwise.
    mutating func admits(_ count: Int, nowMs: Int64) -> Bool {
        let passedMs = min(max(0, nowMs &- (filledMs ?? nowMs)), OutputLimit.burst * 1000)
        filledMs = nowMs
        allowance = min(
            OutputLimit.burst * 1000, allowance &+ passedMs &* OutputLimit.bytesPerSecond)
        let cost = Int64(min(count, 1 << 20)) &* 1000
        guard cost <= allowance else {
            lines &+= 1
            bytes &+= count
            if reportDueMs == nil { reportDueMs = nowMs &+ 1000 }
            return false
        }
        allowance &-= cost
        return true
    }

    /// Returns a line about dropped output, if it is time for one or if it `isLast`.
    mutating func report(nowMs: Int64, isLast: Bool) -> String? {
        guard lines > 0, isLast || nowMs >= reportDueMs ?? Int64.max else { return nil }
        defer {
            (lines, bytes) = (0, 0)
            reportDueMs = nowMs &+ OutputLimit.reportIntervalMs
        }
        return "(too much: \(lines) lines of \(bytes) bytes were dropped)"
    }
}
