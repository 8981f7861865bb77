import CLinux
import Glibc

/// A file that has no name but in /proc: memfd_create(2), close-on-exec. Whoever may look at this
/// process's descriptors can read it.
public func openMemoryFile(named name: String) throws(SystemError) -> Descriptor {
    let returned = unsafe name.withCString { unsafe clinux_memory_file($0) }
    guard returned >= 0 else { throw SystemError("memfd_create()", code: returned) }
    return Descriptor(owning: returned)
}

/// The memory file of that name that another process holds, for reading; nil when it has none.
/// SystemError: its descriptors cannot be looked at, as proc_pid_fd(5) says.
public func openMemoryFile(
    named name: String, of process: Int32
) throws(SystemError) -> Descriptor? {
    let folder = "/proc/\(process)/fd"
    let fd = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard fd >= 0 else { throw SystemError("open()", "\"\(folder)\"", code: errno) }
    var names: DirectoryStream
    do throws(FileError) {
        names = try DirectoryStream(owning: Descriptor(owning: fd))
    } catch {
        throw SystemError("fdopendir()", "\"\(folder)\"", code: error.code)
    }
    while true {
        switch names.next() {
        case .end: return nil
        case .failed(let code): throw SystemError("readdir()", "\"\(folder)\"", code: code)
        case .name: break
        }
        let number = names.withName { name in
            String(decoding: name.indices.map { name[$0] }, as: UTF8.self)
        }
        let path = "\(folder)/\(number)"
        guard linkTarget(path) == "/memfd:\(name) (deleted)" else { continue }
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open()", "\"\(path)\"", code: errno) }
        return Descriptor(owning: file)
    }
}

/// What a symbolic link says: readlink(2); nil when it is none.
private func linkTarget(_ path: String) -> String? {
    var target = [UInt8](repeating: 0, count: 4096)
    let count = unsafe target.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return -1 }
        return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return count < 0 ? nil : String(decoding: target.prefix(count), as: UTF8.self)
}

/// Nobody changes a memory file any more, nor its size: F_ADD_SEALS, fcntl(2). False when the
/// kernel will not have it.
public func seal(_ file: borrowing Descriptor) -> Bool { clinux_seal(file.number) == 0 }

/// pwrite(2) of `bytes`, all of them; false when they could not be written.
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

/// All of a file that others may write at the same time: pread(2) from its beginning.
public func readBytes(_ fd: Int32, atMost limit: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(fd, $0.baseAddress, $0.count, 0)
    }
    return Array(bytes.prefix(max(0, count)))
}
