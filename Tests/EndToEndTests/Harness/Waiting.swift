import Foundation
import Testing

/// A wait that came to its deadline; the text says what was waited for, and where.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// How long a condition may take that normally holds at once: long, for the machine may be busy.
let patienceSeconds = 20.0

/// Returns as soon as `condition` holds; throws `TimedOut` when it does not within `seconds`. What
/// was waited for is put into words only then.
func waitFor(
    _ what: @autoclosure () -> String, seconds: Double = patienceSeconds,
    _ location: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try !condition() {
        if Date() > deadline {
            let place = "\(location.fileName):\(location.line)"
            throw TimedOut(description: "\(place) waited \(seconds) s for: \(what())")
        }
        Thread.sleep(forTimeInterval: 0.01)
    }
}

/// The same for a condition that gives a value when it is met.
func waitForValue<Value>(
    _ what: @autoclosure () -> String, seconds: Double = patienceSeconds,
    _ location: SourceLocation = #_sourceLocation, _ value: () throws -> Value?
) throws -> Value {
    var found: Value?
    try waitFor(what(), seconds: seconds, location) {
        found = try value()
        return found != nil
    }
    guard let found else { throw TimedOut(description: what()) }
    return found
}
