import CLinux
import Glibc

/// Returns the process ID: getpid(2). Not cached, so that it is right after a fork.
public func currentProcess() -> Int32 { getpid() }

/// Returns the process ID of the parent (getppid(2)), which changes when the parent exits.
public func parentProcess() -> Int32 { getppid() }

/// Returns true if this process runs as root: geteuid(2).
public func isSuperuser() -> Bool { geteuid() == 0 }

/// Calls fork(2). Returns the child's pid, or 0 in the child.
public func forkProcess() throws(SystemError) -> Int32 {
    try checked(clinux_fork(), "fork()")
}

/// Calls _exit(2): terminates a child without running the exit handlers of its parent.
public func endProcess(_ code: Int32) -> Never { clinux_end(code) }

/// Calls kill(2).
public func sendSignal(_ signal: Signal, to process: Int32) throws(SystemError) {
    guard kill(process, signal.rawValue) == 0 else {
        throw SystemError("kill(\(process), \(signal.rawValue))", code: errno)
    }
}

/// Returns true if the process exists, even as a child that was not reaped yet: kill(2) without a
/// signal.
public func isRunning(_ process: Int32) -> Bool {
    kill(process, 0) == 0 || errno == EPERM
}

/// The exit status of a child process.
public struct ChildExitStatus: Equatable, Sendable {
    /// The exit code, if no signal killed the process.
    public let code: Int32
    /// The signal that killed the process; 0 for none.
    public let signal: Int32
    /// Whether a core was written.
    public let dumpedCore: Bool

    /// Creates an exit status, for tests.
    public init(code: Int32 = 0, signal: Int32 = 0, dumpedCore: Bool = false) {
        self.code = code
        self.signal = signal
        self.dumpedCore = dumpedCore
    }
}

/// Reaps one child that has exited; nil if there is none: waitpid(2) without waiting.
public func reapProcess() -> (process: Int32, ending: ChildExitStatus)? {
    var ended = clinux_ended()
    guard unsafe clinux_reap(&ended) == 1 else { return nil }
    let ending = ChildExitStatus(
        code: ended.code, signal: ended.signal, dumpedCore: ended.dumped_core != 0)
    return (ended.pid, ending)
}

/// Opens a signalfd(2) for `signals`, which are blocked from then on.
public func openSignalDescriptor(for signals: [Signal]) throws(SystemError) -> Descriptor {
    Descriptor(
        owning: try checked(clinux_signal_descriptor(Signal.mask(signals)), "signalfd()"))
}

/// Reads the next signal of a signalfd; nil if there is none.
public func nextSignal(_ descriptor: Int32) -> Signal? {
    Signal(rawValue: clinux_next_signal(descriptor))
}

/// Blocks exactly `signals` in this process: blocked signals stay pending until they are read.
public func blockOnly(_ signals: [Signal]) {
    _ = clinux_block_only(Signal.mask(signals))
}

/// Makes writes to a closed connection, or beyond the maximum size of a file, fail with an errno
/// instead of a signal.
public func ignoreBrokenPipes() { clinux_ignore_broken_pipes() }

/// Makes a fault of this process print one line on stderr and raise its signal, instead of starting
/// a helper program for a backtrace; SWIFT_BACKTRACE in the environment requests that.
public func disableBacktraces() { clinux_plain_faults() }

/// Makes free(3) return large blocks to the kernel, so that the memory for listing a huge directory
/// is not kept (mallopt(3)).
public func trimLargeBlocks() { clinux_return_large_blocks() }

/// Creates a pipe(2); both ends are close-on-exec.
public func openPipe(
    readsNonblocking: Bool
) throws(SystemError) -> (reads: Int32, writes: Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let returned = unsafe withUnsafeMutablePointer(to: &ends) {
        unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) {
            unsafe clinux_pipe($0, readsNonblocking ? 1 : 0)
        }
    }
    _ = try checked(returned, "pipe()")
    return (ends.0, ends.1)
}

/// Calls read(2) on a pipe.
public func readPipe(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe read(fd, memory.baseAddress, memory.count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Copies `fd` to a number above the standard three, close-on-exec.
public func duplicate(_ fd: Int32) throws(SystemError) -> Int32 {
    try checked(clinux_duplicate(fd), "fcntl()")
}

/// Calls dup2(2): makes `standard` refer to the same file as `fd`.
public func replaceDescriptor(_ standard: Int32, with fd: Int32) throws(SystemError) {
    _ = try checked(clinux_replace(fd, standard), "dup2()")
}

/// Creates a session without a terminal: setsid(2).
public func detachFromTerminal() throws(SystemError) {
    _ = try checked(clinux_detach(), "setsid()")
}

/// Points the standard descriptors at /dev/null, stderr only when `includingStderr`.
public func redirectStandardDescriptors(includingStderr: Bool) throws(SystemError) {
    _ = try checked(clinux_silence(includingStderr ? 1 : 0), "open()", "\"/dev/null\"")
}

/// Opens /dev/null where a standard descriptor is closed, so that no socket gets its number.
public func openMissingStandardDescriptors() { clinux_fill_standard() }

/// Sets RLIMIT_NOFILE of this process and its children.
public func limitDescriptors(to count: Int) throws(SystemError) {
    let returned = clinux_limit_descriptors(UInt64(clamping: count))
    _ = try checked(returned, "setrlimit(RLIMIT_NOFILE, \(count))")
}

/// Sets RLIMIT_CORE of this process, in bytes.
public func limitCore(to bytes: Int) throws(SystemError) {
    _ = try checked(
        clinux_limit_core(UInt64(clamping: bytes)), "setrlimit(RLIMIT_CORE, \(bytes))")
}

/// Allows a process that has dropped root to dump core: prctl(2), PR_SET_DUMPABLE.
public func allowCore() throws(SystemError) {
    _ = try checked(clinux_allow_core(), "prctl(PR_SET_DUMPABLE)")
}

/// Sets the priority of this process, -20 (highest) to 20: setpriority(2).
public func setPriority(_ priority: Int32) throws(SystemError) {
    _ = try checked(clinux_set_priority(priority), "setpriority(\(priority))")
}

/// Restricts this process to `processors`, numbered from 0: sched_setaffinity(2).
public func pin(to processors: [UInt16]) throws(SystemError) {
    let returned = unsafe clinux_pin(processors, Int32(clamping: processors.count))
    _ = try checked(returned, "sched_setaffinity()")
}

/// Drops root for good: setgroups(2), setgid(2), setuid(2).
public func becomeUser(_ user: UInt32, group: UInt32, groups: [UInt32]) throws(SystemError) {
    var call: UnsafePointer<CChar>?
    let returned = unsafe clinux_become(
        user, group, groups, Int32(clamping: groups.count), &call)
    guard returned < 0 else { return }
    let name = if let call = unsafe call { unsafe String(cString: call) } else { "" }
    throw SystemError(name, code: returned)
}

/// Sets the supplementary groups, before files are opened as another user: setgroups(2).
public func joinGroups(_ groups: [UInt32]) throws(SystemError) {
    let returned = unsafe clinux_join_groups(groups, Int32(clamping: groups.count))
    _ = try checked(returned, "setgroups()")
}

/// Sets the short name of this process (comm in proc(5)), up to 15 bytes.
public func nameProcess(_ name: String) {
    unsafe name.withCString { unsafe clinux_name_process($0) }
}

/// Returns the number of processors this process may run on, at least 1.
public func processorCount() -> Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}

private func checked(
    _ returned: Int32, _ call: String, _ subject: String = ""
) throws(SystemError) -> Int32 {
    guard returned >= 0 else { throw SystemError(call, subject, code: returned) }
    return returned
}
