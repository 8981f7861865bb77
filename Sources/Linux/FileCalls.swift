import CLinux
import Glibc

/// What a file is at one moment: fstat(2) or stat(2).
@frozen
public struct FileFacts: BitwiseCopyable, Sendable {
    /// What kind of file it is.
    @frozen
    public enum Kind: UInt8, BitwiseCopyable, Sendable {
        case regular, directory, other
    }

    /// Regular files are served, directories are redirected or listed, nothing else is.
    public let kind: Kind
    /// Bytes.
    public let size: Int64
    /// mtime in seconds since 1970.
    public let modified: Int64
    /// ctime in seconds since 1970, and the nanoseconds beyond them.
    public let changed: Int64
    /// Nanoseconds of ctime.
    public let changedNanoseconds: UInt32
    /// Permission bits and kind as the kernel has them.
    public let mode: UInt32
    /// The owner's uid.
    public let owner: UInt32
    /// The group's gid.
    public let group: UInt32
    /// Which file it is, together with `device`.
    public let inode: UInt64
    /// The file system's device.
    public let device: UInt64

    init(_ facts: clinux_facts) {
        kind =
            clinux_is_regular(facts.mode) != 0
            ? .regular : clinux_is_directory(facts.mode) != 0 ? .directory : .other
        size = facts.size
        modified = facts.modified_seconds
        changed = facts.changed_seconds
        changedNanoseconds = facts.changed_nanoseconds
        mode = facts.mode
        owner = facts.owner
        group = facts.group
        inode = facts.inode
        device = facts.device
    }

    /// Facts made by hand, for tests.
    public init(kind: Kind, size: Int64, modified: Int64) {
        var facts = clinux_facts()
        facts.size = size
        facts.modified_seconds = modified
        facts.changed_seconds = modified
        facts.mode = kind == .regular ? 0o100644 : kind == .directory ? 0o040755 : 0o010644
        self.init(facts)
    }
}

/// How symbolic links on a path are treated: openat2(2).
@frozen
public enum LinkRule: UInt8, BitwiseCopyable, Sendable {
    /// As nginx: followed wherever they lead.
    case follow
    /// A link may not lead out of the directory that the path is relative to.
    case beneath
    /// A link anywhere on the path refuses it.
    case refuse
}

/// A NUL-terminated path that is ready for the kernel.
@frozen
@safe
public struct CPath: BitwiseCopyable {
    let start: UnsafePointer<CChar>

    /// `start` must stay valid and NUL-terminated as long as this value is used.
    @unsafe
    public init(unsafe start: UnsafePointer<CChar>) { unsafe self.start = start }
}

/// Opens `path` for reading, without waiting for a FIFO's writer: a descriptor or errno(3).
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

/// fstat(2).
public func facts(of fd: Int32) -> Result<FileFacts, FileError> {
    var facts = clinux_facts()
    let returned = unsafe clinux_fstat(fd, &facts)
    return returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(FileFacts(facts))
}

/// stat(2), links followed.
public func facts(of path: CPath) -> Result<FileFacts, FileError> {
    var facts = clinux_facts()
    let returned = unsafe clinux_stat(path.start, &facts)
    return returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(FileFacts(facts))
}

/// realpath(3): the absolute path without links, or errno(3).
public func realPath(_ path: CPath) -> Result<[UInt8], FileError> {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) &+ 1) { buffer in
        guard let real = unsafe realpath(path.start, buffer.baseAddress) else {
            return .failure(FileError(code: errno))
        }
        let count = unsafe strlen(real)
        return .success((0..<count).map { unsafe UInt8(bitPattern: real[$0]) })
    }
}

/// errno(3) of a call on a file; no text, so that it costs nothing on the way of a request.
@frozen
public struct FileError: Error, BitwiseCopyable, Equatable, Sendable {
    /// errno(3).
    public let code: Int32

    /// Wraps an errno(3).
    public init(code: Int32) { self.code = code }

    /// The name, a directory on the way to it, or what a link points at is not there.
    public var isMissing: Bool {
        code == ENOENT || code == ENOTDIR || code == ENAMETOOLONG
    }
    /// The kernel or the rule for links refuses it.
    public var isRefused: Bool {
        code == EACCES || code == EPERM || code == ELOOP || code == EXDEV
    }
    /// No descriptor or memory is free just now.
    public var isExhaustion: Bool {
        code == EMFILE || code == ENFILE || code == ENOMEM
    }
}
