/// The counts of a kind of change.
struct FreshnessTally {
    let name: String
    var changes = 0
    /// Responses to requests sent after a change.
    var responses = 0
    /// Responses that were correct before the change.
    var stale = 0
    /// Responses that were never correct, and requests without a response.
    var wrong = 0
    /// Details of the first few.
    var examples: [String] = []

    /// Returns the sum of all counts.
    static func sum(_ tallies: [FreshnessTally]) -> FreshnessTally {
        tallies.reduce(into: FreshnessTally(name: "all")) { sum, tally in
            sum.changes += tally.changes
            sum.responses += tally.responses
            sum.stale += tally.stale
            sum.wrong += tally.wrong
            sum.examples += tally.examples
        }
    }

    mutating func note(_ difference: String, isStale: Bool) {
        if isStale { stale += 1 } else { wrong += 1 }
        if examples.count < 3 { examples.append("\(name): \(difference)") }
    }
}
