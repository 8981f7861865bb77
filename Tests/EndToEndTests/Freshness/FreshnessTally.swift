/// What was counted of one kind of change.
struct FreshnessTally {
    let name: String
    var changes = 0
    /// Answers to requests that were sent after a change.
    var responses = 0
    /// Those that were right before the change.
    var stale = 0
    /// Those that were never right, and requests without an answer.
    var wrong = 0
    /// What was seen of the first few.
    var examples: [String] = []

    /// The counts of all of them together.
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
