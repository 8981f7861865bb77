import Glibc

/// Removes a file: unlink(2). Returns false on failure.
@discardableResult
public func removeFile(_ path: String) -> Bool { unsafe unlink(path) == 0 }

/// Renames a file: rename(2).
public func renameFile(_ path: String, to next: String) throws(SystemError) {
    guard unsafe rename(path, next) == 0 else {
        throw SystemError("rename()", "\"\(path)\" to \"\(next)\"", code: errno)
    }
}

/// Writes `text` as the content of the file at `path`, which is created with mode 0644 if
/// necessary.
public func writeWholeFile(_ path: String, _ text: String) throws(SystemError) {
    let fd = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0o644)
    guard fd >= 0 else { throw SystemError("open()", "\"\(path)\"", code: errno) }
    let file = Descriptor(owning: fd)
    if case .failed(let code) = writeAll(file.number, text) {
        throw SystemError("write()", "\"\(path)\"", code: code)
    }
}

/// Writes all of `bytes`: write(2), repeated until it is done or an error occurs.
@discardableResult
public func writeBytes(_ fd: Int32, _ bytes: [UInt8]) -> IOResult {
    var done = 0
    while done < bytes.count {
        let result = unsafe bytes[done...].withUnsafeBytes { unsafe write(fd, $0) }
        guard case .bytes(let count) = result else { return result }
        done += count
    }
    return .bytes(done)
}
