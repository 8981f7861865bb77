import CLinux
import Glibc

/// A process that cannot be mistaken for a later one with its number: pidfd_open(2).
public struct ProcessHandle: ~Copyable {
    /// Its number.
    public let process: Int32
    /// -1 where the kernel has no such descriptors, or a container's rules forbid them.
    private let descriptor: Int32

    /// The process that has this number now, to be sent `signal`; ESRCH if there is none.
    public init(_ process: Int32, toSend signal: Signal) throws(SystemError) {
        let returned = clinux_process_descriptor(process)
        let isUnavailable = returned == 0 &- ENOSYS || returned == 0 &- EPERM
        guard returned >= 0 || isUnavailable && isRunning(process) else {
            // nginx's words.
            throw SystemError(
                "kill(\(process), \(signal.rawValue))", code: isUnavailable ? ESRCH : returned)
        }
        self.process = process
        descriptor = max(-1, returned)
    }

    deinit { if descriptor >= 0 { closeDescriptor(descriptor) } }

    /// Sends it a signal: pidfd_send_signal(2), or kill(2) without a descriptor.
    public func send(_ signal: Signal) throws(SystemError) {
        guard descriptor >= 0 else { return try sendSignal(signal, to: process) }
        let returned = clinux_send_signal(descriptor, signal.rawValue)
        guard returned >= 0 else {
            throw SystemError("kill(\(process), \(signal.rawValue))", code: returned)
        }
    }
}

/// Writes `text` to a file that this process locks before: whoever reads the text finds the lock,
/// too. Returns the descriptor; the lock lasts until this process closes any descriptor of the
/// file. A file system may have no locks.
public func writeLockedFile(_ path: String, _ text: String) throws(SystemError) -> Int32 {
    let fd = unsafe path.withCString { unsafe clinux_open_locked($0) }
    guard fd >= 0 else { throw SystemError("open()", "\"\(path)\"", code: fd) }
    let bytes = Array(text.utf8)
    // In this order, so that nobody reads an empty file.
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

/// Closes all descriptors but the standard three and `kept`: close_range(2).
public func closeOthers(than kept: [Int32]) {
    var kept = kept
    unsafe kept.withUnsafeMutableBufferPointer {
        unsafe clinux_close_others($0.baseAddress, $0.count)
    }
}
