import CLinux
import Glibc

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
