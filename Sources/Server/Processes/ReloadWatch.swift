import Linux

/// What `-s reload` sees of `ReloadRecord`.
public struct ReloadWatch: ~Copyable {
    private let process: Int32
    private let file: Descriptor
    private let begunBefore: UInt64

    /// What came of it.
    public enum Result: Equatable, Sendable {
        /// The configuration is in force, and no connection is accepted with the old one.
        case inForce
        /// The old one stays: why, with line ends.
        case failed(String)
        /// The master has ended.
        case masterEnded
        /// Nothing was heard for so long.
        case timedOut
    }

    /// Looks at the reloads of a master, before it is sent HUP; nil when it keeps no record: it is
    /// another program, or an older one. SystemError: it cannot be looked at.
    public init?(of process: Int32) throws(SystemError) {
        guard let file = try openMemoryFile(named: ReloadRecord.name, of: process) else {
            return nil
        }
        var state: ReloadRecord.State?
        for _ in 0..<100 where state == nil { state = ReloadWatch.read(file.number) }
        guard let state else { return nil }
        self.process = process
        self.file = file
        begunBefore = state.begun
    }

    /// Waits until a reload has ended that began after this watch: it has read the files as they
    /// are now, whoever asked for it.
    public func wait(timeoutMs: Int64) -> Result {
        let untilMs = Clock.monotonicMs() &+ timeoutMs
        while true {
            if let state = ReloadWatch.read(file.number), state.ended > begunBefore {
                return state.outcome == .inForce ? .inForce : .failed(state.text)
            }
            if !isRunning(process) { return .masterEnded }
            if Clock.monotonicMs() >= untilMs { return .timedOut }
            pause(milliseconds: 10)
        }
    }

    private static func read(_ fd: Int32) -> ReloadRecord.State? {
        let limit = ReloadRecord.headBytes + ReloadRecord.textLimit
        return ReloadRecord.state(in: readBytes(fd, atMost: limit))
    }
}
