import CLinux

/// Gives an open log to the user `owner` with the right to read and write it.
public func giveLog(_ fd: Int32, named path: String, to owner: UInt32) throws(SystemError) {
    let returned = clinux_give_log(fd, owner)
    guard returned == 0 else { throw SystemError("chown()", "\"\(path)\"", code: returned) }
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
