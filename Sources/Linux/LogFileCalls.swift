import CLinux
import Glibc

/// Opens `path` for appending and creates it when it is not there: logs. Nothing waits: writing to
/// a pipe that is full would block, and a FIFO without a reader keeps what is written for the next.
///
/// The names of the standard streams are these streams: opened by name, a file that stdout was sent
/// to would be written to at an offset of its own, and a pipe might belong to somebody else.
public func openForAppending(_ path: String) throws(SystemError) -> Descriptor {
    if let stream = standardStream(named: path) {
        return Descriptor(owning: try duplicate(stream))
    }
    let returned = unsafe path.withCString { unsafe clinux_open_append($0) }
    guard returned >= 0 else { throw SystemError("open()", "\"\(path)\"", code: returned) }
    return Descriptor(owning: returned)
}

/// Opens `path` for appending and creates it when it is not there, without waiting for a FIFO's
/// reader: a descriptor or errno(3). For names that are made of what a client sent: opened with the
/// rights of `user` and `group`, when they are given.
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

/// What a descriptor leads to, opened once more for appending: that nothing waits is then said of
/// the new descriptor alone. nil when it cannot be opened, as a socket.
public func openForAppendingAgain(_ fd: Int32) -> Int32? {
    let returned = clinux_open_append_again(fd)
    return returned < 0 ? nil : returned
}

/// The standard stream that `path` names; nil when it names none.
public func standardStream(named path: String) -> Int32? {
    switch path {
    case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": 1
    case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": 2
    default: nil
    }
}

extension Clock {
    /// `2026/11/21 10:00:00`: the calendar's time at `seconds` since 1970, `offset` seconds east of
    /// UTC; empty when the year does not fit four digits.
    public static func calendarTime(_ seconds: Int64, offset: Int64) -> String {
        var text = [CChar](repeating: 0, count: 20)
        unsafe clinux_calendar_time(seconds, offset, &text)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
