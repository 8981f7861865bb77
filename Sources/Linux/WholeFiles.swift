import CLinux
import Glibc

/// Reads all of `path`: configuration files, password files. Not for serving requests.
public func readWholeFile(_ path: String) throws(SystemError) -> [UInt8] {
    let opened = unsafe path.withCString { unsafe openForReading(CPath(unsafe: $0)) }
    switch opened {
    case .failure(let error): throw SystemError("open()", "\"\(path)\"", code: error.code)
    case .success(let fd):
        let file = Descriptor(owning: fd)
        return try readToEnd(file.number, named: path)
    }
}

private func readToEnd(_ fd: Int32, named path: String) throws(SystemError) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    var position: Int64 = 0
    while true {
        let result = unsafe chunk.withUnsafeMutableBytes {
            unsafe readFile(fd, at: position, into: $0)
        }
        switch result {
        case .bytes(0): return content
        case .bytes(let count):
            content.append(contentsOf: chunk[..<count])
            position = position &+ Int64(count)
        case .wouldBlock: throw SystemError("read()", "\"\(path)\"", code: EAGAIN)
        case .failed(let code): throw SystemError("read()", "\"\(path)\"", code: code)
        }
    }
}

/// Removes a file: unlink(2). Returns false on failure.
@discardableResult
public func removeFile(_ path: String) -> Bool { unsafe unlink(path) == 0 }

/// Renames a file: rename(2).
public func renameFile(_ path: String, to next: String) throws(SystemError) {
    guard unsafe rename(path, next) == 0 else {
        throw SystemError("rename()", "\"\(path)\" to \"\(next)\"", code: errno)
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

/// Creates a file without a name outside of /proc: memfd_create(2), close-on-exec. Processes that
/// may inspect this process's descriptors can read it.
public func openMemoryFile(named name: String) throws(SystemError) -> Descriptor {
    let returned = unsafe name.withCString { unsafe clinux_memory_file($0) }
    guard returned >= 0 else { throw SystemError("memfd_create()", code: returned) }
    return Descriptor(owning: returned)
}

/// Opens the memory file `name` of the process `process` for reading; nil if it has none. Throws
/// SystemError if its descriptors cannot be inspected (proc_pid_fd(5)).
public func openMemoryFile(
    named name: String, of process: Int32
) throws(SystemError) -> Descriptor? {
    let directory = "/proc/\(process)/fd"
    let fd = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard fd >= 0 else { throw SystemError("open()", "\"\(directory)\"", code: errno) }
    var names: DirectoryStream
    do throws(FileError) {
        names = try DirectoryStream(owning: Descriptor(owning: fd))
    } catch {
        throw SystemError("fdopendir()", "\"\(directory)\"", code: error.code)
    }
    while true {
        switch names.next() {
        case .end: return nil
        case .failed(let code): throw SystemError("readdir()", "\"\(directory)\"", code: code)
        case .name: break
        }
        let number = names.withName { name in
            String(decoding: name.indices.map { name[$0] }, as: UTF8.self)
        }
        let path = "\(directory)/\(number)"
        guard linkTarget(path) == "/memfd:\(name) (deleted)" else { continue }
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open()", "\"\(path)\"", code: errno) }
        return Descriptor(owning: file)
    }
}

/// Returns the target of a symbolic link: readlink(2); nil if it is no link.
private func linkTarget(_ path: String) -> String? {
    var target = [UInt8](repeating: 0, count: 4096)
    let count = unsafe target.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return -1 }
        return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return count < 0 ? nil : String(decoding: target.prefix(count), as: UTF8.self)
}

/// Makes the content and size of a memory file immutable: F_ADD_SEALS, fcntl(2). Returns false on
/// failure.
public func seal(_ file: borrowing Descriptor) -> Bool { clinux_seal(file.number) == 0 }

/// Writes all of `bytes`: pwrite(2). Returns false on failure.
public func writeBytes(_ fd: Int32, _ bytes: [UInt8], at offset: Int64) -> Bool {
    var done = 0
    while done < bytes.count {
        let count = unsafe bytes[done...].withUnsafeBytes {
            unsafe pwrite(fd, $0.baseAddress, $0.count, off_t(offset) + off_t(done))
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
    }
    return true
}

/// Reads a file from its beginning: pread(2). Others may write it at the same time.
public func readBytes(_ fd: Int32, atMost limit: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(fd, $0.baseAddress, $0.count, 0)
    }
    return Array(bytes.prefix(max(0, count)))
}

/// Opens a log file for appending, and creates it if necessary. Writes never block: a full pipe
/// reports EAGAIN, and a FIFO keeps data for its next reader.
///
/// The names of the standard streams refer to these streams. Opened by name, a file that stdout was
/// redirected to would be written at an offset of its own, and a pipe might belong to another user.
public func openForAppending(_ path: String) throws(SystemError) -> Descriptor {
    if let stream = standardStream(named: path) {
        return Descriptor(owning: try duplicate(stream))
    }
    let returned = unsafe path.withCString { unsafe clinux_open_append($0) }
    guard returned >= 0 else { throw SystemError("open()", "\"\(path)\"", code: returned) }
    return Descriptor(owning: returned)
}

/// Opens `path` for appending, and creates it if necessary, without waiting for the reader of a
/// FIFO. Returns a descriptor or errno(3). For names that contain bytes of a client: opened with
/// the rights of `user` and `group`, if given.
public func openForAppending(
    _ path: CPath, as user: (user: UInt32, group: UInt32)? = nil
) -> Result<Int32, FileError> {
    while true {
        let returned = unsafe clinux_open_append_as(
            path.start, user?.user ?? UInt32.max, user?.group ?? UInt32.max)
        if returned == -EINTR { continue }
        return returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(returned)
    }
}

/// Opens the target of a descriptor again for appending, so that non-blocking mode applies to the
/// new descriptor only. Returns nil if that is impossible, as for a socket.
public func reopenForAppending(_ fd: Int32) -> Int32? {
    let returned = clinux_open_append_again(fd)
    return returned < 0 ? nil : returned
}

/// Returns the standard stream that `path` names; nil if it names none.
public func standardStream(named path: String) -> Int32? {
    switch path {
    case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": 1
    case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": 2
    default: nil
    }
}

extension Clock {
    /// Formats a calendar time as `2026/11/21 10:00:00`: `seconds` since 1970, `offset` seconds
    /// east of UTC; empty if the year does not fit four digits.
    public static func calendarTime(_ seconds: Int64, offset: Int64) -> String {
        var text = [CChar](repeating: 0, count: 20)
        unsafe clinux_calendar_time(seconds, offset, &text)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Returns the paths that match a pattern, sorted: glob(3). Empty if nothing matches.
public func paths(matching pattern: String) -> [String] {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
    var paths: [String] = []
    for index in 0..<Int(unsafe found.gl_pathc) {
        if let path = unsafe found.gl_pathv[index] { unsafe paths.append(String(cString: path)) }
    }
    return paths
}

/// Changes the working directory: chdir(2).
public func changeDirectory(to path: String) throws(SystemError) {
    guard unsafe chdir(path) == 0 else { throw SystemError("chdir()", "\"\(path)\"", code: errno) }
}

/// Returns the working directory without symbolic links: getcwd(3). The bytes need not be UTF-8.
public func currentDirectory() throws(SystemError) -> [UInt8] {
    guard let path = unsafe getcwd(nil, 0) else { throw SystemError("getcwd()", code: errno) }
    defer { unsafe free(path) }
    return unsafe Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
}
