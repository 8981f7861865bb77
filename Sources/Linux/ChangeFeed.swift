import CLinux
import Glibc

/// One change that inotify(7) tells of.
@frozen
public struct Change: BitwiseCopyable, Sendable {
    /// What it is of: the number of a watch; -1 when there were too many changes to tell them all.
    public let watch: Int32
    /// The name in the directory that it is of, as ``ChangeFeed/hash(ofName:)`` has it; 0 for the
    /// watched file or directory itself.
    public let name: UInt64
    /// The watch is gone: its file is, or its file system.
    public let isEnd: Bool

    /// A change made by hand, for tests.
    public init(watch: Int32, name: UInt64 = 0, isEnd: Bool = false) {
        self.watch = watch
        self.name = name
        self.isEnd = isEnd
    }
}

/// Changes of files and directories, as the kernel tells of them: inotify(7).
///
/// Whoever has just received something knows by ``hasNews``, without a call, whether there was a
/// change before that.
@safe
public struct ChangeFeed: ~Copyable {
    private static let bufferSize = 16384

    private let descriptor: Descriptor
    private let buffer: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0
    private let hasSignal: Bool
    private var isQuiet = false

    /// A feed of this process. One of them takes SIGIO, for ``hasNews``; where `isQuiet`, nobody
    /// asks for that.
    public init(isQuiet: Bool = false) throws(SystemError) {
        let number = clinux_open_changes(isQuiet ? 0 : 1)
        guard number >= 0 else { throw SystemError("inotify_init1()", code: number) }
        descriptor = Descriptor(owning: number)
        unsafe buffer = .allocate(byteCount: ChangeFeed.bufferSize, alignment: 16)
        hasSignal = !isQuiet
    }

    deinit { unsafe buffer.deallocate() }

    /// It has no part in ``hasNews``.
    public var isSilent: Bool { !hasSignal }

    /// Whether something has changed since the changes were read to their end.
    @inlinable @inline(__always)
    public static var hasNews: Bool { clinux_has_changes() != 0 }

    /// Watches the bytes and attributes of the file that `path` leads to: a number, or errno(3).
    public borrowing func watch(file path: CPath) -> Result<Int32, FileError> {
        ChangeFeed.result(unsafe clinux_watch_file(descriptor.number, path.start))
    }

    /// Watches the names in a directory, what they lead to, and the directory itself.
    public borrowing func watch(directory path: CPath) -> Result<Int32, FileError> {
        ChangeFeed.result(unsafe clinux_watch_directory(descriptor.number, path.start))
    }

    /// Watches the file that is open as `fd`, whatever its name is.
    public borrowing func watch(descriptor fd: Int32) -> Result<Int32, FileError> {
        let path = "/proc/self/fd/\(fd)"
        return ChangeFeed.result(
            unsafe path.withCString { unsafe clinux_watch_file(descriptor.number, $0) })
    }

    /// Ends a watch. Changes that it has told of may still come.
    public borrowing func unwatch(_ watch: Int32) {
        _ = clinux_unwatch(descriptor.number, watch)
    }

    /// The next change; nil when there is none.
    public mutating func next() -> Change? {
        if start >= end, !fill() { return nil }
        let event = unsafe (buffer + start).assumingMemoryBound(to: inotify_event.self)
        let length = Int(unsafe event.pointee.len)
        let mask = unsafe event.pointee.mask
        let watch = unsafe event.pointee.wd
        let nameStart = start &+ MemoryLayout<inotify_event>.size
        start = nameStart &+ length
        if clinux_change_is_overflow(mask) != 0 { return Change(watch: -1) }
        var name: UInt64 = 0
        if length > 0 {
            let bytes = unsafe UnsafeRawBufferPointer(start: buffer + nameStart, count: length)
            let count = unsafe strnlen(buffer + nameStart, length)
            name = ChangeFeed.hash(
                ofName: unsafe Span<UInt8>(_unsafeBytes: bytes).extracting(0..<count))
        }
        return Change(watch: watch, name: name, isEnd: clinux_change_is_end(mask) != 0)
    }

    /// Nobody is waiting for an answer: further changes do not wake this process. There is news
    /// until the changes are read.
    public mutating func quieten() {
        guard hasSignal, !isQuiet, clinux_raise_changes(descriptor.number, 0) == 0 else { return }
        isQuiet = true
        clinux_note_changes()
    }

    /// Reads what the kernel has; false when that is nothing.
    private mutating func fill() -> Bool {
        if isQuiet, clinux_raise_changes(descriptor.number, 1) == 0 { isQuiet = false }
        clinux_expect_changes()
        while true {
            let count = unsafe read(descriptor.number, buffer, ChangeFeed.bufferSize)
            if count < 0 && errno == EINTR { continue }
            start = 0
            end = max(0, count)
            // There may be more: who asks next reads on.
            if count > 0 { clinux_note_changes() }
            return count > 0
        }
    }

    /// A number for a name, never 0: FNV-1a.
    public static func hash(ofName name: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01B3 }
        return hash | 1
    }

    private static func result(_ returned: Int32) -> Result<Int32, FileError> {
        returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(returned)
    }
}

/// A descriptor that tells of what is mounted, as an error to a poller: /proc/self/mountinfo. -1
/// where /proc is not mounted.
public func openMounts() -> Int32 { max(-1, clinux_open_mounts()) }

/// Whether something was mounted or unmounted since this was asked, or the poller told of it, last:
/// poll(2).
public func mountsChanged(_ descriptor: Int32) -> Bool { clinux_mounts_changed(descriptor) != 0 }

/// readlink(2): where a link leads to; nil when `path` is none, or errno(3).
public func linkTarget(_ path: CPath) -> Result<[UInt8]?, FileError> {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
        let count = unsafe clinux_read_link(path.start, buffer.baseAddress, buffer.count)
        if count == -Int(EINVAL) { return .success(nil) }
        guard count >= 0 else { return .failure(FileError(code: Int32(clamping: 0 &- count))) }
        return .success((0..<count).map { unsafe UInt8(bitPattern: buffer[$0]) })
    }
}

/// Whether the kernel tells of all changes in the file system of `path`: it is a local one that is
/// known to, or one that is never written. A read-only mount alone counts for nothing.
public func tellsChanges(_ path: CPath) -> Bool { unsafe clinux_tells_changes(path.start) == 1 }

/// Whether the kernel tells of all changes in file systems of a type: f_type of statfs(2).
public func tellsChanges(type: UInt32) -> Bool { clinux_type_tells_changes(type) == 1 }
