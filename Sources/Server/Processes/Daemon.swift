import Linux

/// Puts the server into the background, as nginx's `daemon on` does; but the process that was
/// called exits only when the server runs, and with its exit code.
struct Daemon {
    /// The write end of the pipe that the caller waits for.
    private let readiness: Int32

    /// Forks. The process that was called waits in here and does not return; the server continues
    /// without a terminal.
    static func enter() throws(SystemError) -> Daemon {
        let pipe = try openPipe(readsNonblocking: false)
        if try forkProcess() != 0 {
            closeDescriptor(pipe.writes)
            endProcess(waitForReadiness(pipe.reads) ? 0 : 1)
        }
        closeDescriptor(pipe.reads)
        try detachFromTerminal()
        return Daemon(readiness: pipe.writes)
    }

    /// Announces that the server runs: the caller exits, and the terminal is released.
    func announce(keepingStderr: Bool) throws(SystemError) {
        try redirectStandardDescriptors(includingStderr: !keepingStderr)
        writeAll(readiness, "1")
        closeDescriptor(readiness)
    }

    /// The end of the pipe without a byte means that the server failed and has reported why.
    private static func waitForReadiness(_ fd: Int32) -> Bool {
        var byte: [UInt8] = [0]
        return unsafe byte.withUnsafeMutableBytes { unsafe readPipe(fd, into: $0) } == .bytes(1)
    }
}
