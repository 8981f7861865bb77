import HTTP
import Linux

/// The counters for stub_status and the variables of connections. Nothing is counted if the
/// configuration uses neither.
extension Worker {
    /// Updates the counters for a connection's new state.
    mutating func updateCounters(_ slot: Int) {
        let connection = connections[slot]
        if connection.counted != connection.state {
            count(connection.counted, adding: 0 &- 1)
            count(connection.state, adding: 1)
            connections[slot].counted = connection.state
        }
        counts.requests &+= UInt64(connection.requests &- connection.countedRequests)
        connections[slot].countedRequests = connection.requests
    }

    private mutating func count(_ state: Connection.State, adding number: Int) {
        let change = UInt64(bitPattern: Int64(number))
        switch state {
        case .free: return
        case .idle: counts.waiting &+= change
        case .head, .proxyHeader: counts.reading &+= change
        case .responding, .discarding, .lingering: counts.writing &+= change
        }
        counts.active &+= change
    }

    /// Publishes the counters for other workers.
    func publishCounts() {
        guard let row = context.scoreboardRow else { return }
        var published = counts
        published.accepted = acceptedCount
        published.handled = acceptedCount
        context.scoreboard[row] = published
    }

    /// Returns the counters of all workers, including the current request.
    mutating func totalCounts(_ slot: Int) -> Scoreboard.Counts {
        updateCounters(slot)
        publishCounts()
        return context.scoreboard.total
    }

    /// Returns the value of `$connections_active` and similar variables.
    mutating func connectionCount(_ variable: Variable, _ slot: Int) -> UInt64 {
        let total = totalCounts(slot)
        switch variable {
        case .connectionsReading: return total.reading
        case .connectionsWriting: return total.writing
        case .connectionsWaiting: return total.waiting
        default: return total.active
        }
    }

    /// Responds with the counters, in nginx's format.
    mutating func respondWithStubStatus(_ request: inout Request) -> Outcome {
        let method = request.method
        guard method == .get || method == .head else { return .status(405) }
        let total = totalCounts(request.slot)
        let text =
            "Active connections: \(total.active) \nserver accepts handled requests\n"
            + " \(total.accepted) \(total.handled) \(total.requests) \n"
            + "Reading: \(total.reading) Writing: \(total.writing) Waiting: \(total.waiting) \n"
        return respondWithText(200, Array(text.utf8), type: plan.plainType, &request)
    }
}
