import CLinux
import Glibc

/// Waits until one of `descriptors` is readable or at its end, at most `timeoutMs` milliseconds
/// (-1: no limit): poll(2). Returns the indexes of those that are; none after a signal.
public func waitUntilReadable(_ descriptors: [Int32], timeoutMs: Int32) -> [Int] {
    var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard unsafe poll(&polls, nfds_t(polls.count), timeoutMs) > 0 else { return [] }
    return polls.indices.filter { polls[$0].revents != 0 }
}

/// Waits until one of `readable` is readable, one of `writable` is writable, or one is at its end,
/// at most `timeoutMs` milliseconds (-1: no limit): poll(2). Returns the indexes of the readable
/// ones; none after a signal.
public func waitUntilReady(
    readable: [Int32], writable: [Int32], timeoutMs: Int32
) -> [Int] {
    waitUntilReady(ended: [], readable: readable, writable: writable, timeoutMs: timeoutMs)
}

/// Waits as above, with pipes before `readable` that count as ready only when all their writers are
/// gone: bytes in them do not matter.
public func waitUntilReady(
    ended: [Int32], readable: [Int32], writable: [Int32], timeoutMs: Int32
) -> [Int] {
    var polls = ended.map { pollfd(fd: $0, events: 0, revents: 0) }
    polls += readable.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    polls += writable.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
    guard unsafe poll(&polls, nfds_t(polls.count), timeoutMs) > 0 else { return [] }
    return (0..<ended.count + readable.count).filter { polls[$0].revents != 0 }
}

/// Returns true if the other end of a pipe or socket is gone or shut down, whatever is left to
/// read.
public func isAbandoned(_ descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: 0x2000, revents: 0)
    guard unsafe poll(&request, 1, 0) > 0 else { return false }
    return request.revents != 0
}

/// Waits for `milliseconds`, or until a signal: poll(2) without descriptors.
public func pause(milliseconds: Int32) {
    _ = poll(nil, 0, milliseconds)
}

/// Opens an eventfd(2), non-blocking and close-on-exec, to wake another process.
public func openEventDescriptor() throws(SystemError) -> Int32 {
    let returned = clinux_event_descriptor()
    guard returned >= 0 else { throw SystemError("eventfd()", code: returned) }
    return returned
}

/// Makes an eventfd readable.
public func raiseEvent(_ descriptor: Int32) { clinux_event_raise(descriptor) }

/// Makes an eventfd unreadable. Returns true if it was readable.
@discardableResult
public func clearEvent(_ descriptor: Int32) -> Bool { clinux_event_clear(descriptor) != 0 }

/// Opens a pipe by which a less privileged process wakes another; both ends are non-blocking and
/// close-on-exec. They are two open files, so that the writer can neither make the reader's end
/// block nor consume wake-ups of others.
public func openWakePipe() throws(SystemError) -> (reads: Int32, writes: Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let returned = unsafe withUnsafeMutablePointer(to: &ends) {
        unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe clinux_wake_pipe($0) }
    }
    guard returned == 0 else { throw SystemError("pipe()", code: returned) }
    return (ends.0, ends.1)
}

/// Wakes the reader of a wake pipe.
public func wakePipe(_ writes: Int32) { clinux_wake(writes) }

/// Consumes up to 4096 wake-ups of a wake pipe. Returns true if there were any.
@discardableResult
public func consumeWakes(_ reads: Int32) -> Bool { clinux_wakes(reads) != 0 }

/// Closes descriptors and keeps their numbers occupied as long as this process lives, with unused
/// descriptors.
public func closeReservingNumbers(_ descriptors: [Int32]) {
    for descriptor in descriptors { closeDescriptor(descriptor) }
    var missing = Set(descriptors)
    var others: [Int32] = []
    // The kernel assigns the lowest free number.
    while !missing.isEmpty, let descriptor = try? openEventDescriptor() {
        if missing.remove(descriptor) == nil { others.append(descriptor) }
    }
    for descriptor in others { closeDescriptor(descriptor) }
}

/// Clocks, which the event loop reads once per iteration.
public enum Clock {
    /// CLOCK_MONOTONIC in milliseconds: for deadlines.
    public static func monotonicMs() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000
    }

    /// CLOCK_MONOTONIC in microseconds, as service managers compare it.
    public static func monotonicMicroseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000
    }

    /// CLOCK_REALTIME: seconds since 1970 and additional milliseconds, for dates and logs.
    public static func now() -> (seconds: Int64, milliseconds: Int64) {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return (Int64(time.tv_sec), Int64(time.tv_nsec) / 1_000_000)
    }

    /// Returns the offset of local time from UTC at `seconds`, in seconds east (localtime_r(3),
    /// which follows TZ).
    public static func localOffset(at seconds: Int64) -> Int64 {
        clinux_local_offset(seconds)
    }

    /// Returns a time as in `Tuesday, 01-Dec-2026 03:24:19 GMT`, in UTC or in local time with the
    /// abbreviation of its zone (strftime(3), `%A, %d-%b-%Y %H:%M:%S %Z`); empty if the year is out
    /// of range.
    public static func longDate(of seconds: Int64, isLocal: Bool) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 64) { memory, count in
            count = unsafe Int(
                clinux_long_date(seconds, isLocal, memory.baseAddress, memory.count))
        }
    }

    /// CLOCK_REALTIME in nanoseconds since 1970.
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
