import CLinux
import Glibc

/// Creates a file without a name outside of /proc: memfd_create(2), close-on-exec. Processes that
/// may inspect this process's descriptors can read it.
public func openMemoryFile(named name: String) throws(SystemError) -> Descriptor {
    let returned = unsafe name.withCString { unsafe clinux_memory_file($0) }
    guard returned >= 0 else { throw SystemError("memfd_create()", code: returned) }
    return Descriptor(owning: returned)
}

/// Opens the memory file of that name of another process for reading; nil if it has none. Throws
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
