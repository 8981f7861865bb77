import Foundation
import Testing

/// A wait that reached its deadline, with what was awaited and where.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// The time limit for a condition that normally holds at once: long, since the machine may be busy.
let patienceSeconds = 20.0

/// Returns as soon as `condition` holds; throws `TimedOut` if it does not within `seconds`. `what`
/// is evaluated only then.
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

/// Waits until `condition` returns a value; throws `TimedOut` as `waitFor` does.
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
