import CLinux
import Glibc

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
