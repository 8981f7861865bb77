import Linux

/// The logger: the only process that writes log files. It takes lines from the workers' rings
/// (`LogRing`), so that a slow or full disk and a pipe without a reader delay no request, and a
/// worker that is killed loses no line.
///
/// It has access to the logs, with the rights to open them, and the rings. Its only sockets are
/// those to syslog servers. Only the master communicates with it: it exits when no writer is left,
/// not by a signal.
struct Logger: ~Copyable {
    /// The time for which lines are collected while some are arriving.
    static let pauseMs: Int64 = 100
    /// The time to wait for full pipes before exiting.
    private static let finalFlushTimeoutMs: Int64 = 1000
    /// The number of bytes taken from a ring before they are written.
    private static let sliceBytes: UInt64 = 131_072

    private let rings: LogRings
    private let writer: LogWriter
    private let signals: Descriptor
    /// The time until which lost lines are not reported again.
    private var quietUntilMs = Int64.min
    /// The number of invalid records since the last report.
    private var brokenCount = 0
    /// For each ring, the time until which its wake-ups are ignored.
    private var ignoredUntilMs: [Int64]

    init(_ rings: LogRings, _ writer: LogWriter) throws(SystemError) {
        signals = try openSignalDescriptor(for: [.user1])
        self.rings = rings
        self.writer = writer
        ignoredUntilMs = Array(repeating: Int64.min, count: rings.rings.count)
    }

    /// Runs until no process is left that could write a line.
    mutating func run() {
        var isAsleep = false
        while true {
            let found = drain()
            writer.flush(nowMs: Clock.monotonicMs())
            if !found, !isAsleep {
                // The rings are read once more after this; later lines wake the logger.
                for ring in rings.rings { ring.wakeup.announceSleep() }
                isAsleep = true
                continue
            }
            if found { announceAwake(&isAsleep) }
            let ready = wait(isAsleep: isAsleep)
            if ready.contains(0) { return finish() }
            if ready.contains(1) { reopenIfRequested() }
            if consumeWakes(ready) { announceAwake(&isAsleep) }
        }
    }

    private func announceAwake(_ isAsleep: inout Bool) {
        guard isAsleep else { return }
        for ring in rings.rings { ring.wakeup.announceAwake() }
        isAsleep = false
    }

    /// Waits for the writers' end, a signal, or a wake-up, at most until something is due. Returns
    /// which of these occurred: 0, 1, or from 2 on the wake-ups of `rings.wakeDescriptors`.
    private func wait(isAsleep: Bool) -> [Int] {
        let nowMs = Clock.monotonicMs()
        var untilMs = min(writer.dueMs, unreportedLosses ? quietUntilMs : Int64.max)
        if !isAsleep { untilMs = min(untilMs, nowMs &+ Logger.pauseMs) }
        for muted in ignoredUntilMs where muted > nowMs { untilMs = min(untilMs, muted) }
        let timeoutMs =
            untilMs == Int64.max ? -1 : Int32(clamping: max(0, untilMs &- nowMs) &+ 1)
        // poll(2) ignores -1.
        let wakes = rings.wakeDescriptors.enumerated().map { index, descriptor in
            index > 0 && ignoredUntilMs[index &- 1] > nowMs ? -1 : descriptor
        }
        return waitUntilReady(
            ended: [rings.end], readable: [signals.number] + wakes, writable: writer.waitsFor,
            timeoutMs: timeoutMs)
    }

    /// Consumes the wake-ups among `ready`. A worker that wakes the logger though its ring is empty
    /// is ignored for the length of a pause: otherwise it could keep the logger busy.
    private mutating func consumeWakes(_ ready: [Int]) -> Bool {
        var isWoken = false
        for index in ready where index >= 2 {
            rings.consumeWake(at: index &- 2)
            isWoken = true
            if index > 2, rings.rings[index &- 3].isEmpty {
                ignoredUntilMs[index &- 3] = Clock.monotonicMs() &+ Logger.pauseMs
            }
        }
        return isWoken
    }

    /// Writes the lines that are in the rings now. Returns true if there were any.
    private mutating func drain() -> Bool {
        var found = false
        let nowMs = Clock.monotonicMs()
        for ring in rings.rings where !ring.isEmpty {
            found = true
            var reader = ring.reader()
            var committed = reader.position
            while let record = reader.next() {
                writer.write(
                    record, ring.bytes.span(at: reader.lineStart, count: reader.lineCount),
                    nowMs: nowMs)
                guard reader.position &- committed >= Logger.sliceBytes else { continue }
                committed = reader.position
                // The worker gets the room back only after the lines are written.
                writer.flush(nowMs: nowMs)
                ring.commit(committed)
            }
            if reader.isBroken { brokenCount &+= 1 }
            writer.flush(nowMs: nowMs)
            ring.commit(reader.position)
        }
        reportLosses(nowMs: nowMs)
        return found
    }

    // MARK: losses

    private var unreportedLosses: Bool {
        brokenCount > 0 || rings.rings.contains { $0.unreportedLosses != (0, 0) }
    }

    /// Reports lines that did not fit into a ring, once a minute.
    private mutating func reportLosses(nowMs: Int64, isLast: Bool = false) {
        guard isLast || nowMs >= quietUntilMs else { return }
        var (lost, tooLong) = (UInt64(0), UInt64(0))
        for ring in rings.rings {
            let counts = ring.unreportedLosses
            ring.markReported(counts)
            lost &+= counts.lost
            tooLong &+= counts.tooLong
        }
        guard lost > 0 || tooLong > 0 || brokenCount > 0 else { return }
        quietUntilMs = nowMs &+ LogOutput.reportIntervalMs
        if brokenCount > 0 {
            let times = brokenCount == 1 ? "" : ", \(brokenCount) times"
            brokenCount = 0
            writer.log(
                .alert,
                "the log buffer of a worker is corrupted\(times): its lines are lost; the worker "
                    + "may be compromised", nowMs: nowMs)
        }
        if lost > 0 {
            writer.log(
                .alert,
                "\(Logger.lines(lost)) lost, because lines came faster than they could be written",
                nowMs: nowMs)
        }
        if tooLong > 0 {
            writer.log(
                .alert,
                "\(Logger.lines(tooLong)) lost: longer than \(LogRing.maxRecordSize) bytes",
                nowMs: nowMs)
        }
        writer.flush(nowMs: nowMs)
    }

    /// Formats a count of lost lines that came from a worker. A count that no worker can reach in a
    /// minute is not believed.
    private static func lines(_ count: UInt64) -> String {
        switch count {
        case 1: "1 log line was"
        case ..<1_000_000_000: "\(count) log lines were"
        default: "an unknown number of log lines were"
        }
    }

    // MARK: signals and shutdown

    private mutating func reopenIfRequested() {
        while nextSignal(signals.number) != nil {}
        // Lines written before the signal go into the old files.
        _ = drain()
        writer.reopen(nowMs: Clock.monotonicMs())
        raiseEvent(rings.reopened)
    }

    private mutating func finish() {
        _ = drain()
        let endMs = Clock.monotonicMs() &+ Logger.finalFlushTimeoutMs
        writer.flushAll(nowMs: Clock.monotonicMs())
        while !writer.waitsFor.isEmpty, Clock.monotonicMs() < endMs {
            _ = waitUntilReady(readable: [], writable: writer.waitsFor, timeoutMs: 100)
            writer.flushAll(nowMs: Clock.monotonicMs())
        }
        reportLosses(nowMs: Clock.monotonicMs(), isLast: true)
        writer.finish(nowMs: Clock.monotonicMs())
    }
}
