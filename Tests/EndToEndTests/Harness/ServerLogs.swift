import Foundation
import Testing

/// A server whose logs are read while it runs. What its workers and its Logger write is there a
/// while after the answer that it is about: it is waited for. That something is not there is asked
/// after waiting for a later line of the same worker, or for the end of the server.
protocol LoggingServer {
    var folder: TemporaryFolder { get }
}

extension LoggingServer {
    var errorLog: String { log("error.log") }
    var accessLog: String { log("access.log") }

    /// What stands in a log of the server's folder.
    func log(_ name: String) -> String { (try? readText(folder.path + "/" + name)) ?? "" }

    /// Waits until the error log has `text`, so many times or more.
    func waitForError(
        _ text: String, times: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try waitForLog("error.log", "\(times) × \(text.debugDescription)", location) {
            $0.components(separatedBy: text).count > times
        }
    }

    /// Waits until the access log has `text`, so many times or more.
    func waitForAccess(
        _ text: String, times: Int = 1, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try waitForLog("access.log", "\(times) × \(text.debugDescription)", location) {
            $0.components(separatedBy: text).count > times
        }
    }

    /// Waits until a log has what is wanted, `what` in words: its text then.
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
