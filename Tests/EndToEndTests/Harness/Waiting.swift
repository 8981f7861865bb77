import Foundation

/// A wait that came to its deadline; the text says what was waited for.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// How long a condition may take that normally holds at once: long, for the machine may be busy.
let patienceSeconds = 20.0

/// Returns as soon as `condition` holds; throws `TimedOut` when it does not within `seconds`.
func waitFor(
    _ what: String, seconds: Double = patienceSeconds, _ condition: () throws -> Bool
) throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try !condition() {
        if Date() > deadline { throw TimedOut(description: "waited \(seconds) s for: \(what)") }
        Thread.sleep(forTimeInterval: 0.01)
    }
}

/// The same for a condition that gives a value when it is met.
func waitForValue<Value>(
    _ what: String, seconds: Double = patienceSeconds, _ value: () throws -> Value?
) throws -> Value {
    var found: Value?
    try waitFor(what, seconds: seconds) {
        found = try value()
        return found != nil
    }
    guard let found else { throw TimedOut(description: what) }
    return found
}
