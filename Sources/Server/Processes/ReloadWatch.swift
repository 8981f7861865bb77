import Linux

/// The reader of `ReloadRecord` in `-s reload`.
public struct ReloadWatch: ~Copyable {
    private let process: Int32
    private let file: Descriptor
    private let begunBefore: UInt64

    /// The result of a reload.
    public enum Result: Equatable, Sendable {
        /// The configuration is in force, and no connection is accepted with the old one.
        case inForce
        /// The old configuration stays, for these reasons, with line ends.
        case failed(String)
        /// The master has exited.
        case masterEnded
        /// There was no result in time.
        case timedOut
    }

    /// Opens the record of a master, before it is sent HUP; nil if it keeps none: it is another
    /// program, or an older version. Throws SystemError if its descriptors cannot be inspected.
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

    /// Waits until a reload has ended that began after this watch was opened, and so has read the
    /// current files, no matter which process requested it.
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
