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

/// The signals that a server handles: signal(7), with the numbers of Linux on x86 and Arm.
public enum Signal: Int32, CaseIterable, Sendable {
    case hangup = 1
    case interrupt = 2
    case quit = 3
    case abort = 6
    case kill = 9
    case user1 = 10
    case user2 = 12
    case terminate = 15
    case child = 17
    case windowChange = 28

    /// The name, as in `SIGHUP`.
    public var name: String {
        switch self {
        case .hangup: "SIGHUP"
        case .interrupt: "SIGINT"
        case .quit: "SIGQUIT"
        case .abort: "SIGABRT"
        case .kill: "SIGKILL"
        case .user1: "SIGUSR1"
        case .user2: "SIGUSR2"
        case .terminate: "SIGTERM"
        case .child: "SIGCHLD"
        case .windowChange: "SIGWINCH"
        }
    }

    /// Returns the mask of `signals`: bit n-1 is signal n.
    public static func mask(_ signals: [Signal]) -> UInt64 {
        signals.reduce(0) { $0 | UInt64(1) << UInt64($1.rawValue &- 1) }
    }
}

/// A reference to a process that cannot be confused with a later one of the same number:
/// pidfd_open(2).
public struct ProcessHandle: ~Copyable {
    /// The process ID.
    public let process: Int32
    /// The pidfd; -1 if the kernel does not have them, or a container forbids them.
    private let descriptor: Int32

    /// Creates a reference to the process that has this number now, for sending `signal`. Throws
    /// ESRCH if there is none.
    public init(_ process: Int32, toSend signal: Signal) throws(SystemError) {
        let returned = clinux_process_descriptor(process)
        let isUnavailable = returned == 0 &- ENOSYS || returned == 0 &- EPERM
        guard returned >= 0 || isUnavailable && isRunning(process) else {
            // The error has nginx's wording.
            throw SystemError(
                "kill(\(process), \(signal.rawValue))", code: isUnavailable ? ESRCH : returned)
        }
        self.process = process
        descriptor = max(-1, returned)
    }

    deinit { if descriptor >= 0 { closeDescriptor(descriptor) } }

    /// Sends a signal: pidfd_send_signal(2), or kill(2) without a pidfd.
    public func send(_ signal: Signal) throws(SystemError) {
        guard descriptor >= 0 else { return try sendSignal(signal, to: process) }
        let returned = clinux_send_signal(descriptor, signal.rawValue)
        guard returned >= 0 else {
            throw SystemError("kill(\(process), \(signal.rawValue))", code: returned)
        }
    }
}

/// Locks a file and then writes `text` to it, so that a reader of the text also sees the lock.
/// Returns the descriptor. The lock lasts until this process closes any descriptor of the file. Not
/// every file system supports locks.
public func writeLockedFile(_ path: String, _ text: String) throws(SystemError) -> Int32 {
    let fd = unsafe path.withCString { unsafe clinux_open_locked($0) }
    guard fd >= 0 else { throw SystemError("open()", "\"\(path)\"", code: fd) }
    let bytes = Array(text.utf8)
    // In this order, so that no reader sees an empty file.
    guard writeBytes(fd, bytes, at: 0) else {
        let error = SystemError("write()", "\"\(path)\"", code: errno)
        closeDescriptor(fd)
        throw error
    }
    _ = ftruncate(fd, off_t(bytes.count))
    return fd
}

/// Returns the process that has locked a file by `writeLockedFile`; nil if there is none.
public func lockHolder(of path: String) -> Int32? {
    let returned = unsafe path.withCString { unsafe clinux_lock_holder($0) }
    return returned > 0 ? returned : nil
}

/// Closes all descriptors except the standard three and `kept`: close_range(2).
public func closeOthers(than kept: [Int32]) {
    var kept = kept
    unsafe kept.withUnsafeMutableBufferPointer {
        unsafe clinux_close_others($0.baseAddress, $0.count)
    }
}

/// Executes this process's command line again in a child, from the file that its first argument
/// names now: execve(2). `passing` are the descriptors that the program inherits in addition to the
/// standard ones. `changes` returns changes of its environment for its pid: `NAME=value`, or `NAME`
/// to remove one. Returns the pid once the program runs.
public func executeAgain(
    passing descriptors: [Int32], changes: (Int32) -> [String]
) throws(SystemError) -> Int32 {
    let fault = try openPipe(readsNonblocking: false)
    defer { closeDescriptor(fault.reads) }
    let process: Int32
    do throws(SystemError) {
        process = try forkProcess()
    } catch {
        closeDescriptor(fault.writes)
        throw error
    }
    if process == 0 {
        for descriptor in descriptors { _ = clinux_pass_on(descriptor) }
        let code = execute(changes(currentProcess()))
        writeBytes(fault.writes, [UInt8(truncatingIfNeeded: code)])
        endProcess(1)
    }
    closeDescriptor(fault.writes)
    // End of file without a byte means that the program runs.
    var byte: [UInt8] = [0]
    let result = unsafe byte.withUnsafeMutableBytes { unsafe readPipe(fault.reads, into: $0) }
    guard result == .bytes(1) else { return process }
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
    throw SystemError("execve()", "\"\(programName())\"", code: Int32(byte[0]))
}

/// Returns only on failure, with errno(3).
private func execute(_ changes: [String]) -> Int32 {
    var variables = unsafe changes.map { unsafe strdup($0) }
    let returned = unsafe variables.withUnsafeMutableBufferPointer { variables in
        var count: Int32 = 0
        return unsafe clinux_execute(
            clinux_command_line(&count), variables.baseAddress, Int32(clamping: variables.count))
    }
    return 0 &- returned
}

private func programName() -> String { programArguments().first ?? "" }
