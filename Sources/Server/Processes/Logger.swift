import Linux

/// The Logger: the only process that writes log files. It takes lines out of the workers' rings
/// (`LogRing`), so that a disk that is slow or full and a pipe that nobody reads cost no request,
/// and a worker that is killed loses no line.
///
/// It may touch: the logs, with the rights to open them, and the rings. It has no socket but those
/// to syslog servers. Only the master talks to it: it ends when nobody is left who writes, not by a
/// signal.
struct Logger: ~Copyable {
    /// How long lines are gathered while some are coming.
    static let pauseMs: Int64 = 100
    /// How long pipes that are full are waited for at the end.
    private static let lastPatienceMs: Int64 = 1000
    /// So much of a ring is taken before it is written.
    private static let sliceBytes: UInt64 = 131_072

    private let rings: LogRings
    private let writer: LogWriter
    private let signals: Descriptor
    /// Until when nothing more is said of lines that had no room.
    private var silentUntilMs = Int64.min
    /// Times that a ring did not hold records, since the last report.
    private var brokenCount = 0
    /// For each ring, until when its wake-ups are not listened to.
    private var mutedUntilMs: [Int64]

    init(_ rings: LogRings, _ writer: LogWriter) throws(SystemError) {
        signals = try openSignalDescriptor(for: [.user1])
        self.rings = rings
        self.writer = writer
        mutedUntilMs = Array(repeating: Int64.min, count: rings.rings.count)
    }

    /// Writes until nobody is left who has something to be written.
    mutating func run() {
        var isAsleep = false
        while true {
            let found = drain()
            writer.flush(nowMs: Clock.monotonicMs())
            if !found, !isAsleep {
                // What came before this is looked for once more, what comes after it wakes us.
                for ring in rings.rings { ring.bell.fallAsleep() }
                isAsleep = true
                continue
            }
            if found { wakeUp(&isAsleep) }
            let ready = wait(isAsleep: isAsleep)
            if ready.contains(0) { return finish() }
            if ready.contains(1) { reopenIfAsked() }
            if takeWakes(ready) { wakeUp(&isAsleep) }
        }
    }

    private func wakeUp(_ isAsleep: inout Bool) {
        guard isAsleep else { return }
        for ring in rings.rings { ring.bell.wakeUp() }
        isAsleep = false
    }

    /// Waits for the writers' end, a signal, or a wake-up; no longer than something is due. Returns
    /// which of the three: 0, 1, or 2 and more for the wake-up of `rings.wakeDescriptors`.
    private func wait(isAsleep: Bool) -> [Int] {
        let nowMs = Clock.monotonicMs()
        var untilMs = min(writer.dueMs, untold ? silentUntilMs : Int64.max)
        if !isAsleep { untilMs = min(untilMs, nowMs &+ Logger.pauseMs) }
        for muted in mutedUntilMs where muted > nowMs { untilMs = min(untilMs, muted) }
        let timeoutMs =
            untilMs == Int64.max ? -1 : Int32(clamping: max(0, untilMs &- nowMs) &+ 1)
        // poll(2) passes over -1.
        let wakes = rings.wakeDescriptors.enumerated().map { index, descriptor in
            index > 0 && mutedUntilMs[index &- 1] > nowMs ? -1 : descriptor
        }
        return waitUntilReady(
            ended: [rings.end], readable: [signals.number] + wakes, writable: writer.waitsFor,
            timeoutMs: timeoutMs)
    }

    /// Takes the wake-ups among what is `ready`. A worker that wakes the Logger though its ring is
    /// empty is not listened to for the length of a pause: otherwise it could keep the Logger busy.
    private mutating func takeWakes(_ ready: [Int]) -> Bool {
        var isWoken = false
        for index in ready where index >= 2 {
            rings.takeWake(at: index &- 2)
            isWoken = true
            if index > 2, rings.rings[index &- 3].isEmpty {
                mutedUntilMs[index &- 3] = Clock.monotonicMs() &+ Logger.pauseMs
            }
        }
        return isWoken
    }

    /// Writes what is in the rings now; whether there was something.
    private mutating func drain() -> Bool {
        var found = false
        let nowMs = Clock.monotonicMs()
        for ring in rings.rings where !ring.isEmpty {
            found = true
            var reader = ring.reader()
            var committed = reader.position
            while let record = reader.next() {
                writer.take(
                    record, ring.bytes.span(at: reader.lineStart, count: reader.lineCount),
                    nowMs: nowMs)
                guard reader.position &- committed >= Logger.sliceBytes else { continue }
                committed = reader.position
                // The room is the worker's again only when the lines are out of our hands.
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

    private var untold: Bool {
        brokenCount > 0 || rings.rings.contains { $0.untold != (0, 0) }
    }

    /// Tells of lines that did not fit a ring, once a minute.
    private mutating func reportLosses(nowMs: Int64, isLast: Bool = false) {
        guard isLast || nowMs >= silentUntilMs else { return }
        var (lost, tooLong) = (UInt64(0), UInt64(0))
        for ring in rings.rings {
            let counts = ring.untold
            ring.told(counts)
            lost &+= counts.lost
            tooLong &+= counts.tooLong
        }
        guard lost > 0 || tooLong > 0 || brokenCount > 0 else { return }
        silentUntilMs = nowMs &+ LogOutput.reportIntervalMs
        if brokenCount > 0 {
            let times = brokenCount == 1 ? "" : ", \(brokenCount) times"
            brokenCount = 0
            writer.say(
                .alert, "a worker's ring of log lines was broken\(times); lines are lost",
                nowMs: nowMs)
        }
        if lost > 0 {
            writer.say(
                .alert,
                "\(Logger.lines(lost)) lost, because lines came faster than they could be written",
                nowMs: nowMs)
        }
        if tooLong > 0 {
            writer.say(
                .alert,
                "\(Logger.lines(tooLong)) lost, because of more than "
                    + "\(LogRing.longestRecord) bytes", nowMs: nowMs)
        }
        writer.flush(nowMs: nowMs)
    }

    /// Names a count of lost lines that a worker has given. A count that no worker can reach in a
    /// minute is not believed.
    private static func lines(_ count: UInt64) -> String {
        switch count {
        case 1: "1 log line was"
        case ..<1_000_000_000: "\(count) log lines were"
        default: "an unknown number of log lines were"
        }
    }

    // MARK: signals and the end

    private mutating func reopenIfAsked() {
        while nextSignal(signals.number) != nil {}
        // What workers had written before the signal goes into the old files.
        _ = drain()
        writer.reopen(nowMs: Clock.monotonicMs())
        raiseEvent(rings.reopened)
    }

    private mutating func finish() {
        _ = drain()
        let endMs = Clock.monotonicMs() &+ Logger.lastPatienceMs
        writer.flushAll(nowMs: Clock.monotonicMs())
        while !writer.waitsFor.isEmpty, Clock.monotonicMs() < endMs {
            _ = waitUntilReady(readable: [], writable: writer.waitsFor, timeoutMs: 100)
            writer.flushAll(nowMs: Clock.monotonicMs())
        }
        reportLosses(nowMs: Clock.monotonicMs(), isLast: true)
        writer.finish(nowMs: Clock.monotonicMs())
    }
}
