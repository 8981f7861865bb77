import Configuration
import Linux

/// The format of a line in an error log, which is nginx's: `2026/11/21 10:00:00 [error] 123#123:
/// message`.
public enum ErrorLogLine {
    /// Formats a line with its line end. `seconds` are since 1970, `offset` is that of local time
    /// in seconds east.
    public static func text(
        _ level: LogLevel, _ message: String, process: Int32, at seconds: Int64, offset: Int64
    ) -> String {
        let time = Clock.calendarTime(seconds, offset: offset)
        return "\(time) [\(level.name)] \(process)#\(process): \(escaped(message))\n"
    }

    /// Formats a line for the terminal, before there is a log: `apus: [emerg] message`.
    public static func startText(_ level: LogLevel, _ message: String) -> String {
        "apus: [\(level.name)] \(escaped(message))\n"
    }

    /// Escapes a message, which may quote what a client sent and must stay one line.
    static func escaped(_ message: String) -> String { VisibleText.escaped(message) }
}
