import Linux

/// Going to the background, as nginx's `daemon on` does, but honestly: the process that was called
/// leaves only when the server runs, and with its exit code.
struct Daemon {
    /// The end of the pipe that the caller waits on.
    private let readiness: Int32

    /// Forks. The process that was called waits in here and does not return; the server goes on,
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

    /// The server runs: lets the caller go, and lets go of its terminal.
    func announce(keepingStderr: Bool) throws(SystemError) {
        try silenceStandardDescriptors(includingStderr: !keepingStderr)
        writeAll(readiness, "1")
        closeDescriptor(readiness)
    }

    /// The end of the pipe without a byte is a server that failed; it has said why.
    private static func waitForReadiness(_ fd: Int32) -> Bool {
        var byte: [UInt8] = [0]
        return unsafe byte.withUnsafeMutableBytes { unsafe readPipe(fd, into: $0) } == .bytes(1)
    }
}
