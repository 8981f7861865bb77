import Foundation
import Glibc

/// The directories of one kind of change, and the system calls that make the changes.
final class ChangeSite {
    /// The directory below the document root.
    let place: String
    /// A directory in the same file system that no URL reaches.
    let outside: String
    /// The path of `place` in a URL, with slashes around it.
    let prefix: String
    /// A descriptor that the kind keeps open.
    var descriptor: Int32 = -1
    private var mounts: [String] = []

    init(_ index: Int, below directory: TemporaryDirectory) throws {
        prefix = "/kinds/\(index)/"
        place = directory.root + "/kinds/\(index)"
        outside = directory.path + "/outside/\(index)"
        for path in [place, outside] {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        for path in mounts.reversed() { unmount(path) }
    }

    /// Returns the content of a version, with the same length for each.
    static func text(_ number: Int, count: Int = 64) -> String {
        let line = String(format: "this is version %06d\n", number)
        let lines = String(repeating: line, count: count / line.utf8.count + 1)
        return String(lines.prefix(count))
    }

    /// Returns the content of a version that gzip halves, where `text` compresses to almost
    /// nothing.
    static func digits(_ number: Int, count: Int) -> String {
        var state = UInt64(number)
        let digits = Array("0123456789abcdef".utf8)
        let bytes = (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return digits[Int(state >> 60)]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func path(_ name: String) -> String { place + "/" + name }

    // MARK: bytes

    /// Opens a file, writes from the start, and closes it. With `creating`, it need not exist.
    func write(_ path: String, _ text: String, truncating: Bool = false, creating: Bool = false)
        throws
    {
        let flags = O_WRONLY | (truncating ? O_TRUNC : 0) | (creating ? O_CREAT : 0)
        let file = unsafe open(path, flags, 0o644)
        guard file >= 0 else { throw SystemFailure("open \(path)") }
        defer { close(file) }
        try write(file, text)
    }

    func write(_ file: Int32, _ text: String) throws {
        let bytes = Array(text.utf8)
        guard unsafe pwrite(file, bytes, bytes.count, 0) == bytes.count else {
            throw SystemFailure("pwrite")
        }
    }

    /// Writes a new file and renames it over the name.
    func replace(_ path: String, _ text: String) throws {
        let new = outside + "/new"
        try write(new, text, truncating: true, creating: true)
        try move(new, path)
    }

    /// Maps a file, closes it, stores through the mapping, and unmaps.
    func storeMapped(_ path: String, _ text: String) throws {
        let bytes = Array(text.utf8)
        let file = unsafe open(path, O_RDWR)
        guard file >= 0 else { throw SystemFailure("open") }
        let memory = unsafe mmap(nil, bytes.count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        close(file)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw SystemFailure("mmap")
        }
        unsafe memory.copyMemory(from: bytes, byteCount: bytes.count)
        try done(unsafe munmap(memory, bytes.count), "munmap")
    }

    func setSize(_ path: String, _ size: Int) throws {
        try done(unsafe truncate(path, size), "truncate")
    }

    // MARK: file status

    func setTime(_ path: String, _ seconds: Int) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: 0)
        let times = [time, time]
        try done(unsafe utimensat(AT_FDCWD, path, times, 0), "utimensat")
    }

    func setMode(_ path: String, _ mode: mode_t) throws {
        try done(unsafe chmod(path, mode), "chmod")
    }

    // MARK: names

    func move(_ from: String, _ to: String) throws { try done(unsafe rename(from, to), "rename") }
    func remove(_ path: String) throws { try done(unsafe unlink(path), "unlink") }
    func makeDirectory(_ path: String) throws { try done(unsafe mkdir(path, 0o755), "mkdir") }
    func removeDirectory(_ path: String) throws { try done(unsafe rmdir(path), "rmdir") }
    func addName(_ new: String, of path: String) throws { try done(unsafe link(path, new), "link") }

    /// Creates a symbolic link, or replaces an existing one atomically.
    func pointLink(_ path: String, to target: String) throws {
        let new = outside + "/new-link"
        try done(unsafe symlink(target, new), "symlink")
        try move(new, path)
    }

    // MARK: mounts

    private static let bind: UInt = 4096  // MS_BIND

    func mountDirectory(_ source: String, on path: String) throws {
        try done(unsafe mount(source, path, nil, Self.bind, nil), "mount")
        mounts.append(path)
    }

    func mountMemory(on path: String) throws {
        try done(unsafe mount("none", path, "tmpfs", 0, nil), "mount")
        mounts.append(path)
    }

    /// Unmounts at once, though a worker may be reading below.
    func unmountLast() throws {
        guard let path = mounts.popLast() else { return }
        try done(unmount(path), "umount2")
    }

    @discardableResult
    private func unmount(_ path: String) -> Int32 {
        unsafe umount2(path, 2)  // MNT_DETACH
    }

    private func done(_ result: Int32, _ call: String) throws {
        guard result == 0 else { throw SystemFailure(call) }
    }
}
