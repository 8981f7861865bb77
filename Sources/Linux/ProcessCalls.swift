import CLinux
import Glibc

/// getpid(2): asks anew each time, so that it is right after a fork.
public func currentProcess() -> Int32 { getpid() }

/// getppid(2): another number than before once the parent has ended.
public func parentProcess() -> Int32 { getppid() }

/// Whether this process is root's: geteuid(2).
public func isSuperuser() -> Bool { geteuid() == 0 }

/// fork(2): the child's pid, 0 in the child.
public func forkProcess() throws(SystemError) -> Int32 {
    try checked(clinux_fork(), "fork()")
}

/// _exit(2): ends a child without what its parent registered for its own end.
public func endProcess(_ code: Int32) -> Never { clinux_end(code) }

/// kill(2).
public func sendSignal(_ signal: Signal, to process: Int32) throws(SystemError) {
    guard kill(process, signal.rawValue) == 0 else {
        throw SystemError("kill(\(process), \(signal.rawValue))", code: errno)
    }
}

/// Whether there is a process of that id, a child that has not been reaped included: kill(2) with
/// no signal.
public func isRunning(_ process: Int32) -> Bool {
    kill(process, 0) == 0 || errno == EPERM
}

/// How a child process ended.
public struct ProcessEnding: Equatable, Sendable {
    /// The exit code, when no signal killed it.
    public let code: Int32
    /// The signal that killed it, 0 for none.
    public let signal: Int32
    /// A core was written.
    public let dumpedCore: Bool

    /// An ending made by hand, for tests.
    public init(code: Int32 = 0, signal: Int32 = 0, dumpedCore: Bool = false) {
        self.code = code
        self.signal = signal
        self.dumpedCore = dumpedCore
    }
}

/// One child that has ended, nil when there is none: waitpid(2) without waiting.
public func reapProcess() -> (process: Int32, ending: ProcessEnding)? {
    var ended = clinux_ended()
    guard unsafe clinux_reap(&ended) == 1 else { return nil }
    let ending = ProcessEnding(
        code: ended.code, signal: ended.signal, dumpedCore: ended.dumped_core != 0)
    return (ended.pid, ending)
}

/// A signalfd(2) for `signals`, which are blocked from here on.
public func openSignalDescriptor(for signals: [Signal]) throws(SystemError) -> Descriptor {
    Descriptor(
        owning: try checked(clinux_signal_descriptor(Signal.mask(signals)), "signalfd()"))
}

/// The next signal of a signalfd; nil when there is none.
public func nextSignal(_ descriptor: Int32) -> Signal? {
    Signal(rawValue: clinux_next_signal(descriptor))
}

/// Blocks exactly `signals` in this process: what is blocked stays pending until it is read.
public func blockOnly(_ signals: [Signal]) {
    _ = clinux_block_only(Signal.mask(signals))
}

/// A write to a client that has gone, or beyond what a file may hold, is an errno from here on, not
/// a signal.
public func ignoreBrokenPipes() { clinux_ignore_broken_pipes() }

/// A fault of this process is a line on stderr and a signal from here on, not a dump by a helper
/// process; SWIFT_BACKTRACE in the environment asks for the dump.
public func usePlainFaults() { clinux_plain_faults() }

/// Large blocks go back to the kernel once they are freed: a listing of a huge directory is not
/// paid for afterwards (mallopt(3)).
public func returnLargeBlocks() { clinux_return_large_blocks() }

/// The two ends of a pipe(2), both close-on-exec.
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

/// read(2) from a pipe.
public func readPipe(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe read(fd, memory.baseAddress, memory.count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// A copy of `fd` above the standard three, close-on-exec.
public func duplicate(_ fd: Int32) throws(SystemError) -> Int32 {
    try checked(clinux_duplicate(fd), "fcntl()")
}

/// dup2(2): makes `standard` mean what `fd` means.
public func replaceDescriptor(_ standard: Int32, with fd: Int32) throws(SystemError) {
    _ = try checked(clinux_replace(fd, standard), "dup2()")
}

/// A session of its own without a terminal: setsid(2).
public func detachFromTerminal() throws(SystemError) {
    _ = try checked(clinux_detach(), "setsid()")
}

/// Points the standard descriptors at /dev/null, stderr only when `includingStderr`.
public func silenceStandardDescriptors(includingStderr: Bool) throws(SystemError) {
    _ = try checked(clinux_silence(includingStderr ? 1 : 0), "open()", "\"/dev/null\"")
}

/// Opens /dev/null where a standard descriptor is closed, so that no socket gets its number.
public func fillStandardDescriptors() { clinux_fill_standard() }

/// RLIMIT_NOFILE of this process and its children.
public func limitDescriptors(to count: Int) throws(SystemError) {
    let returned = clinux_limit_descriptors(UInt64(clamping: count))
    _ = try checked(returned, "setrlimit(RLIMIT_NOFILE, \(count))")
}

/// RLIMIT_CORE of this process, in bytes.
public func limitCore(to bytes: Int) throws(SystemError) {
    _ = try checked(
        clinux_limit_core(UInt64(clamping: bytes)), "setrlimit(RLIMIT_CORE, \(bytes))")
}

/// Lets a process that gave up root leave a core: prctl(2)'s PR_SET_DUMPABLE.
public func allowCore() throws(SystemError) {
    _ = try checked(clinux_allow_core(), "prctl(PR_SET_DUMPABLE)")
}

/// The priority of this process, -20 (first served) to 20: setpriority(2).
public func setPriority(_ priority: Int32) throws(SystemError) {
    _ = try checked(clinux_set_priority(priority), "setpriority(\(priority))")
}

/// Lets this process run on `processors` only, numbers from 0: sched_setaffinity(2).
public func pin(to processors: [UInt16]) throws(SystemError) {
    let returned = unsafe clinux_pin(processors, Int32(clamping: processors.count))
    _ = try checked(returned, "sched_setaffinity()")
}

/// Gives up root for good: setgroups(2), setgid(2), setuid(2).
public func becomeUser(_ user: UInt32, group: UInt32, groups: [UInt32]) throws(SystemError) {
    var call: UnsafePointer<CChar>?
    let returned = unsafe clinux_become(
        user, group, groups, Int32(clamping: groups.count), &call)
    guard returned < 0 else { return }
    let name = if let call = unsafe call { unsafe String(cString: call) } else { "" }
    throw SystemError(name, code: returned)
}

/// Has these groups beside its own, for files that are opened as another user: setgroups(2).
public func joinGroups(_ groups: [UInt32]) throws(SystemError) {
    let returned = unsafe clinux_join_groups(groups, Int32(clamping: groups.count))
    _ = try checked(returned, "setgroups()")
}

/// The name that ps(1) shows of this process; up to 15 bytes of it.
public func nameProcess(_ name: String) {
    unsafe name.withCString { unsafe clinux_name_process($0) }
}

/// How many processors this process may run on, at least 1.
public func processorCount() -> Int {
    max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}

private func checked(
    _ returned: Int32, _ call: String, _ subject: String = ""
) throws(SystemError) -> Int32 {
    guard returned >= 0 else { throw SystemError(call, subject, code: returned) }
    return returned
}
