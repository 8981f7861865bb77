import CLinux
import Glibc

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
