import Glibc
import Linux
import Testing

/// A directory that is removed with its content after the test. Failures to create something are
/// issues of that test.
final class TemporaryDirectory {
    let path: String

    /// Creates the directory; with `inMemory` in tmpfs, where a hundred thousand files take a
    /// second.
    init(inMemory: Bool = false) {
        let hasMemory = unsafe access("/dev/shm", W_OK) == 0
        let parent = inMemory && hasMemory ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/apus-files-XXXXXX".utf8CString)
        let isMade = unsafe mkdtemp(&template) != nil
        #expect(isMade, "errno \(errno)")
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        if let opened = try? self.open(), var stream = try? DirectoryStream(owning: opened) {
            while stream.next() == .name {
                let name = stream.withName { name in name.indices.map { name[$0] } }
                let path = bytes(of: name)
                if unsafe unlink(path) != 0 { _ = unsafe rmdir(path) }
            }
        }
        unsafe rmdir(path)
    }

    /// Returns the NUL-terminated path of `name`, which need not be UTF-8.
    private func bytes(of name: [UInt8]) -> [CChar] {
        (Array(path.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
    }

    /// Creates a file of `size` bytes (a hole), last modified at `modified`.
    func file(_ name: [UInt8], size: Int = 0, modified: Int = 0) {
        let path = bytes(of: name)
        let fd = unsafe Glibc.open(path, O_WRONLY | O_CREAT, 0o644)
        #expect(fd >= 0 && ftruncate(fd, size) == 0, "errno \(errno)")
        close(fd)
        stamp(name, modified)
    }

    func file(_ name: String, size: Int = 0, modified: Int = 0) {
        file(Array(name.utf8), size: size, modified: modified)
    }

    func directory(_ name: String, modified: Int = 0) {
        #expect(unsafe mkdir(bytes(of: Array(name.utf8)), 0o755) == 0)
        stamp(Array(name.utf8), modified)
    }

    func link(_ name: String, to target: String, modified: Int = 0) {
        #expect(unsafe symlink(target, bytes(of: Array(name.utf8))) == 0)
        stamp(Array(name.utf8), modified)
    }

    func fifo(_ name: String, modified: Int = 0) {
        #expect(unsafe mkfifo(bytes(of: Array(name.utf8)), 0o644) == 0)
        stamp(Array(name.utf8), modified)
    }

    private func stamp(_ name: [UInt8], _ modified: Int) {
        var times = [
            timespec(tv_sec: modified, tv_nsec: 0), timespec(tv_sec: modified, tv_nsec: 0),
        ]
        let isStamped =
            unsafe utimensat(AT_FDCWD, bytes(of: name), &times, AT_SYMLINK_NOFOLLOW) == 0
        #expect(isStamped, "errno \(errno)")
    }

    /// Opens the directory as a request would.
    func open() throws(FileError) -> Descriptor {
        switch unsafe path.withCString({ unsafe openForReading(CPath(unsafe: $0)) }) {
        case .success(let fd): return Descriptor(owning: fd)
        case .failure(let error): throw error
        }
    }
}
