import Foundation
import Testing

/// A server whose logs are read while it runs. Lines of workers and the logger appear some time
/// after the response, so tests wait for them. That a line is absent is checked after a later line
/// of the same worker, or after the server has exited.
protocol LoggingServer {
    var directory: TemporaryDirectory { get }
}

extension LoggingServer {
    var errorLog: String { log("error.log") }
    var accessLog: String { log("access.log") }

    /// Returns the text of a log in the server's directory.
    func log(_ name: String) -> String { (try? readText(directory.path + "/" + name)) ?? "" }

    /// Waits until the error log contains `text` at least `times` times.
    func waitForError(
        _ text: String, times: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try waitForLog("error.log", "\(times) × \(text.debugDescription)", location) {
            $0.components(separatedBy: text).count > times
        }
    }

    /// Waits until the access log contains `text` at least `times` times.
    func waitForAccess(
        _ text: String, times: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try waitForLog("access.log", "\(times) × \(text.debugDescription)", location) {
            $0.components(separatedBy: text).count > times
        }
    }

    /// Waits until a log contains what is described by `what`. Returns its text.
    @discardableResult
    func waitForLog(
        _ name: String, _ what: String, _ location: SourceLocation = #_sourceLocation,
        _ isEnough: (String) throws -> Bool
    ) throws -> String {
        var text = ""
        try waitFor("\(what) in \(name), which ends:\n\(text.suffix(2000))", location) {
            text = log(name)
            return try isEnough(text)
        }
        return text
    }
}
