import CLinux
import Glibc

/// The status of a file at one moment: fstat(2) or stat(2).
@frozen
public struct FileStatus: BitwiseCopyable, Sendable {
    /// The kind of a file.
    @frozen
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        case regular, directory, other
    }

    /// The kind of file: regular files are served, directories are redirected or listed, others are
    /// refused.
    public let kind: Kind
    /// The size in bytes.
    public private(set) var size: Int64
    /// mtime in seconds since 1970.
    public let modified: Int64
    /// The seconds of ctime since 1970.
    public let changed: Int64
    /// The nanoseconds of ctime.
    public let changedNanoseconds: UInt32
    /// Permission bits and kind, as in st_mode.
    public let mode: UInt32
    /// The user ID of the owner.
    public let owner: UInt32
    /// The group ID.
    public let group: UInt32
    /// The inode number, which identifies the file together with `device`.
    public let inode: UInt64
    /// The device of the file system.
    public let device: UInt64

    /// Returns true if this is the same file, unchanged as far as its times show.
    public func isSame(as other: FileStatus) -> Bool {
        inode == other.inode && device == other.device && size == other.size
            && modified == other.modified && changed == other.changed
            && changedNanoseconds == other.changedNanoseconds && mode == other.mode
            && owner == other.owner && group == other.group
    }

    /// Returns the status with another size, for a body derived from the file.
    public func withSize(_ size: Int64) -> FileStatus {
        var fileStatus = self
        fileStatus.size = size
        return fileStatus
    }

    init(_ fileStatus: clinux_file_status) {
        kind =
            clinux_is_regular(fileStatus.mode) != 0
            ? .regular : clinux_is_directory(fileStatus.mode) != 0 ? .directory : .other
        size = fileStatus.size
        modified = fileStatus.modified_seconds
        changed = fileStatus.changed_seconds
        changedNanoseconds = fileStatus.changed_nanoseconds
        mode = fileStatus.mode
        owner = fileStatus.owner
        group = fileStatus.group
        inode = fileStatus.inode
        device = fileStatus.device
    }

    /// An empty status.
    public static var none: FileStatus { FileStatus(clinux_file_status()) }

    /// Creates a status, for tests.
    public init(kind: Kind, size: Int64, modified: Int64) {
        var fileStatus = clinux_file_status()
        fileStatus.size = size
        fileStatus.modified_seconds = modified
        fileStatus.changed_seconds = modified
        fileStatus.mode = kind == .regular ? 0o100644 : kind == .directory ? 0o040755 : 0o010644
        self.init(fileStatus)
    }
}

/// The treatment of symbolic links on a path: openat2(2).
@frozen
public enum LinkRule: UInt8, BitwiseCopyable, Sendable {
    /// Links are followed wherever they lead, as in nginx.
    case follow
    /// Links must not lead out of the directory that the path is relative to.
    case beneath
    /// A link anywhere on the path is an error.
    case refuse
}

/// A NUL-terminated path for system calls.
@frozen
@safe
public struct CPath: BitwiseCopyable {
    let start: UnsafePointer<CChar>

    /// Creates a path. `start` must stay valid and NUL-terminated as long as this value is used.
    @unsafe
    public init(unsafe start: UnsafePointer<CChar>) { unsafe self.start = start }

    /// Calls `body` with the path's `count` bytes.
    public func withBytes<Value>(count: Int, _ body: (Span<UInt8>) -> Value) -> Value {
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
        return body(unsafe Span<UInt8>(_unsafeBytes: bytes))
    }

    /// Copies the path's `count` bytes to memory that has room for them.
    @unsafe
    public func copy(into memory: UnsafeMutableRawPointer, count: Int) {
        unsafe memory.copyMemory(from: start, byteCount: count)
    }

    /// Returns true if the path's `count` bytes equal those in memory.
    @unsafe
    public func isEqual(to memory: UnsafeMutableRawPointer, count: Int) -> Bool {
        unsafe memcmp(start, memory, count) == 0
    }
}

/// Calls `body` with a path for system calls; `path` must not contain a NUL.
public func withCPath<Value>(_ path: [UInt8], _ body: (CPath) -> Value) -> Value {
    var terminated = path.map { CChar(bitPattern: $0) }
    terminated.append(0)
    return unsafe terminated.withUnsafeBufferPointer { memory in
        guard let start = memory.baseAddress else { return body(unsafe CPath(unsafe: "")) }
        return body(unsafe CPath(unsafe: start))
    }
}

/// Opens `path` for reading, without waiting for the writer of a FIFO. Returns a descriptor or
/// errno(3).
public func openForReading(
    _ path: CPath, links: LinkRule = .follow, in directory: Int32? = nil
) -> Result<Int32, FileError> {
    let rule: clinux_links =
        switch links {
        case .follow: clinux_links_follow
        case .beneath: clinux_links_beneath
        case .refuse: clinux_links_refuse
        }
    let base = directory ?? clinux_at_fdcwd()
    while true {
        let returned = unsafe clinux_open(base, path.start, Int32(rule.rawValue))
        if returned == -EINTR { continue }
        return returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(returned)
    }
}

/// Opens `path` of `count` bytes for reading. The rule applies to the part after its first
/// `rootCount` bytes, a directory that may itself be reached by links. Returns a descriptor or
/// errno(3).
public func openForReading(
    _ path: CPath, count: Int, links: LinkRule, below rootCount: Int
) -> Result<Int32, FileError> {
    guard links != .follow else { return openForReading(path) }
    let root = path.withBytes(count: count) { bytes in
        (0..<min(rootCount, bytes.count)).map { bytes[$0] }
    }
    switch withCPath(root, { openForReading($0) }) {
    case .failure(let error): return .failure(error)
    case .success(let number):
        let directory = Descriptor(owning: number)
        let rest = path.withBytes(count: count) { bytes in
            let hasSlash = root.count < bytes.count && bytes[root.count] == 0x2F
            return (min(root.count &+ (hasSlash ? 1 : 0), bytes.count)..<bytes.count)
                .map { bytes[$0] }
        }
        if rest.isEmpty { return .success(directory.detach()) }
        return withCPath(rest) { openForReading($0, links: links, in: directory.number) }
    }
}

/// Calls fstat(2).
public func fileStatus(of fd: Int32) -> Result<FileStatus, FileError> {
    var fileStatus = clinux_file_status()
    let returned = unsafe clinux_fstat(fd, &fileStatus)
    return returned < 0
        ? .failure(FileError(code: 0 &- returned)) : .success(FileStatus(fileStatus))
}

/// Calls stat(2), which follows links.
public func fileStatus(of path: CPath) -> Result<FileStatus, FileError> {
    var fileStatus = clinux_file_status()
    let returned = unsafe clinux_stat(path.start, &fileStatus)
    return returned < 0
        ? .failure(FileError(code: 0 &- returned)) : .success(FileStatus(fileStatus))
}

/// Returns the absolute path without symbolic links, as the kernel resolves it (proc(5),
/// /proc/self/fd), or errno(3).
public func realPath(_ path: CPath) -> Result<[UInt8], FileError> {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
        let count = unsafe clinux_real_path(path.start, buffer.baseAddress, buffer.count)
        guard count >= 0 else {
            return .failure(FileError(code: Int32(truncatingIfNeeded: 0 &- count)))
        }
        return .success((0..<count).map { unsafe UInt8(bitPattern: buffer[$0]) })
    }
}

/// The errno(3) of a failed file operation, without text, so that it costs nothing while serving
/// requests.
@frozen
public struct FileError: Error, BitwiseCopyable, Equatable, Sendable {
    /// The errno(3).
    public let code: Int32

    /// Wraps an errno(3).
    public init(code: Int32) { self.code = code }

    /// True if the name, a directory on its path, or the target of a link does not exist.
    public var isMissing: Bool {
        code == ENOENT || code == ENOTDIR || code == ENAMETOOLONG
    }
    /// True if the kernel or the rule for links refuses it.
    public var isRefused: Bool {
        code == EACCES || code == EPERM || code == ELOOP || code == EXDEV
    }
}

/// Whether bytes of a file are in the page cache, so that reading them does not wait for a disk.
public enum PageCacheState: Sendable {
    case cached, absent
    /// The file system does not support the question.
    case unknown
}

/// Returns whether the byte at `offset` is in the page cache: preadv2(2) with RWF_NOWAIT. Read
/// errors are left to the actual read.
public func pageCacheState(of file: Int32, at offset: Int64) -> PageCacheState {
    var byte: UInt8 = 0
    let returned = unsafe clinux_read_cached(file, &byte, 1, offset)
    if returned == -Int(EAGAIN) { return .absent }
    return returned == -Int(EOPNOTSUPP) || returned == -Int(ENOSYS) ? .unknown : .cached
}

/// Calls pread(2) for bytes in the page cache. Returns `.wouldBlock` if the first byte is not in
/// it, or the file system does not support the question.
public func readCached(
    _ file: Int32, at offset: Int64, into memory: UnsafeMutableRawBufferPointer
) -> IOResult {
    let returned = unsafe clinux_read_cached(file, memory.baseAddress, memory.count, offset)
    guard returned < 0 else { return .bytes(returned) }
    let code = Int32(clamping: 0 &- returned)
    return code == EAGAIN || code == EOPNOTSUPP || code == ENOSYS ? .wouldBlock : .failed(code)
}

/// Asks the kernel to read these bytes ahead: posix_fadvise(2).
public func readAhead(_ file: Int32, at offset: Int64, count: Int64) {
    clinux_will_need(file, offset, count)
}
