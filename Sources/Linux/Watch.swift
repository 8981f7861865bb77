import CLinux
import Glibc

/// One change notification of inotify(7).
@frozen
public struct Change: BitwiseCopyable, Sendable {
    /// The watch descriptor; -1 if the queue overflowed and changes were lost.
    public let watch: Int32
    /// The hash of the name in the directory that changed (``ChangeFeed/hash(ofName:)``); 0 for the
    /// watched file or directory itself.
    public let name: UInt64
    /// True if the watch was removed, because its file or its file system is gone.
    public let isEnd: Bool

    /// Creates a change, for tests.
    public init(watch: Int32, name: UInt64 = 0, isEnd: Bool = false) {
        self.watch = watch
        self.name = name
        self.isEnd = isEnd
    }
}

/// Change notifications of the kernel for files and directories: inotify(7).
///
/// After a receive, ``hasPendingChanges`` says without a system call whether anything changed
/// before it.
@safe
public struct ChangeFeed: ~Copyable {
    private static let bufferSize = 16384

    private let descriptor: Descriptor
    private let buffer: UnsafeMutableRawPointer
    private var start = 0
    private var end = 0
    private let hasSignal: Bool
    private var isQuiet = false

    /// Creates a feed for this process. Only one may use SIGIO, for ``hasPendingChanges``; pass
    /// `isQuiet` for
    /// others.
    public init(isQuiet: Bool = false) throws(SystemError) {
        let number = clinux_open_changes(isQuiet ? 0 : 1)
        guard number >= 0 else { throw SystemError("inotify_init1()", code: number) }
        descriptor = Descriptor(owning: number)
        unsafe buffer = .allocate(byteCount: ChangeFeed.bufferSize, alignment: 16)
        hasSignal = !isQuiet
    }

    deinit { unsafe buffer.deallocate() }

    /// True if this feed does not use SIGIO: ``hasPendingChanges`` does not report its changes.
    public var isDisarmed: Bool { !hasSignal }

    /// True if something has changed since the changes were last read completely.
    @inlinable @inline(__always)
    public static var hasPendingChanges: Bool { clinux_has_changes() != 0 }

    /// Watches the names in a directory, their targets, and the directory itself.
    public borrowing func watch(directory path: CPath) -> Result<Int32, FileError> {
        ChangeFeed.result(unsafe clinux_watch_directory(descriptor.number, path.start))
    }

    /// Watches the file that is open as `fd`, whatever its name is.
    public borrowing func watch(descriptor fd: Int32) -> Result<Int32, FileError> {
        let path = "/proc/self/fd/\(fd)"
        return ChangeFeed.result(
            unsafe path.withCString { unsafe clinux_watch_file(descriptor.number, $0) })
    }

    /// Removes a watch. Notifications that are already queued may still arrive.
    public borrowing func unwatch(_ watch: Int32) {
        _ = clinux_unwatch(descriptor.number, watch)
    }

    /// Returns the next change; nil if there is none.
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

    /// Stops waking this process for changes until they are next read. ``hasPendingChanges`` stays
    /// true until
    /// then.
    public mutating func disarm() {
        guard hasSignal, !isQuiet, clinux_raise_changes(descriptor.number, 0) == 0 else { return }
        isQuiet = true
        clinux_note_changes()
    }

    /// Reads queued notifications. Returns false if there are none.
    private mutating func fill() -> Bool {
        if isQuiet, clinux_raise_changes(descriptor.number, 1) == 0 { isQuiet = false }
        clinux_expect_changes()
        while true {
            let count = unsafe read(descriptor.number, buffer, ChangeFeed.bufferSize)
            if count < 0 && errno == EINTR { continue }
            start = 0
            end = max(0, count)
            // There may be more: the next call continues.
            if count > 0 { clinux_note_changes() }
            return count > 0
        }
    }

    /// Returns a hash of a name, never 0: FNV-1a.
    public static func hash(ofName name: Span<UInt8>) -> UInt64 {
        var hash = FNV1a()
        for index in name.indices { hash.add(UInt64(name[index])) }
        return hash.value | 1
    }

    private static func result(_ returned: Int32) -> Result<Int32, FileError> {
        returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(returned)
    }
}

/// Opens /proc/self/mountinfo, which a poller reports as an error when mounts change. Returns -1 if
/// /proc is not mounted.
public func openMounts() -> Int32 { max(-1, clinux_open_mounts()) }

/// Returns true if mounts have changed since the last call, or since a poller last reported it:
/// poll(2).
public func mountsChanged(_ descriptor: Int32) -> Bool { clinux_mounts_changed(descriptor) != 0 }

/// Returns the target of a link (readlink(2)); nil if `path` is no link, or errno(3).
public func linkTarget(_ path: CPath) -> Result<[UInt8]?, FileError> {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
        let count = unsafe clinux_read_link(path.start, buffer.baseAddress, buffer.count)
        if count == -Int(EINVAL) { return .success(nil) }
        guard count >= 0 else { return .failure(FileError(code: Int32(clamping: 0 &- count))) }
        return .success((0..<count).map { unsafe UInt8(bitPattern: buffer[$0]) })
    }
}

/// Returns true if the kernel notifies of all changes in the file system of `path`: a local one
/// known to do so, or one that is never written. A read-only mount alone is not enough.
public func notifiesChanges(_ path: CPath) -> Bool {
    unsafe clinux_notifies_changes(path.start) == 1
}

/// Returns true if the kernel notifies of all changes in file systems of a type: f_type of
/// statfs(2).
public func notifiesChanges(type: UInt32) -> Bool { clinux_type_notifies_changes(type) == 1 }
