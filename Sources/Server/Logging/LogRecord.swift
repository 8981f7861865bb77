/// The header of a line in a ring: its destination.
struct LogRecord: BitwiseCopyable, Equatable {
    /// The kind of line, and where it is written.
    enum Kind: UInt8, BitwiseCopyable, CaseIterable {
        /// A request's line for one of the plan's log files.
        case access
        /// A request's line, without its line end, for one of the plan's syslog servers.
        case syslog
        /// A request's line for a file whose name has variables: the name, then the line.
        case named
        /// A line for one of the plan's error logs.
        case error
    }

    let kind: Kind
    /// The level of an error.
    var level: LogLevel = .error
    /// The index of the error log that it is for, or that reports if the file cannot be opened.
    var errorLog: Int = 0
    /// The index of the plan's log file, syslog server or ``NamedLog``.
    var target: Int = 0
    /// The length of the name, or the time of a syslog message in seconds since 1970.
    var detail: Int = 0

    /// The size in bytes.
    static let size = 16

    /// Encodes the record of a line of `count` bytes as two numbers.
    func numbers(count: Int) -> (UInt64, UInt64) {
        let first =
            UInt64(UInt32(truncatingIfNeeded: count)) | UInt64(kind.rawValue) << 32
            | UInt64(level.rawValue) << 40 | UInt64(UInt16(truncatingIfNeeded: errorLog)) << 48
        let second =
            UInt64(UInt32(truncatingIfNeeded: target)) | UInt64(UInt32(truncatingIfNeeded: detail))
            << 32
        return (first, second)
    }

    /// Decodes a record and the length of its line from two numbers; nil if they are invalid.
    static func read(_ first: UInt64, _ second: UInt64) -> (record: LogRecord, count: Int)? {
        guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: first >> 32)),
            let level = LogLevel(rawValue: UInt8(truncatingIfNeeded: first >> 40))
        else { return nil }
        let record = LogRecord(
            kind: kind, level: level, errorLog: Int(UInt16(truncatingIfNeeded: first >> 48)),
            target: Int(Int32(truncatingIfNeeded: second)), detail: Int(second >> 32))
        return (record, Int(UInt32(truncatingIfNeeded: first)))
    }
}
