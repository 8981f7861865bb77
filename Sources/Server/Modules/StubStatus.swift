import Configuration
import Files
import HTTP
import Linux

/// Responses about the server itself.
struct StubStatusSettings {
    var isStub: Bool?
}

/// stub_status.
enum StubStatus: Step {
    static var cacheability: Cacheability { .perRequest }

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "stub_status", in: [.server, .location], takes: .oneOf([0, 1]),
            "Responds with the numbers of connections and requests of all workers."
        ) { (draft, _) throws(Diagnostic) in
            // nginx ignores its argument, `stub_status on` in old files.
            draft.scope.status.isStub = true
            draft.countsConnections = true
        }
    ]
}

/// The counters for stub_status and the variables of connections. Nothing is counted if the
/// configuration uses neither.
extension StubStatus {
    /// Updates the counters for a connection's new state.
    static func updateCounters(_ slot: Slot, _ services: inout Services) {
        let connection = services.connections[slot]
        if connection.counted != connection.state {
            count(connection.counted, adding: 0 &- 1, &services)
            count(connection.state, adding: 1, &services)
            services.connections[slot].counted = connection.state
        }
        services.counts.requests &+= UInt64(connection.requests &- connection.countedRequests)
        services.connections[slot].countedRequests = connection.requests
    }

    private static func count(
        _ state: Connection.State, adding number: Int, _ services: inout Services
    ) {
        let change = UInt64(bitPattern: Int64(number))
        switch state {
        case .free: return
        case .idle: services.counts.waiting &+= change
        case .head, .proxyHeader: services.counts.reading &+= change
        case .responding, .discarding, .lingering: services.counts.writing &+= change
        }
        services.counts.active &+= change
    }

    /// Publishes the counters for other workers.
    static func publishCounts(_ services: borrowing Services) {
        guard let row = services.context.scoreboardRow else { return }
        var published = services.counts
        published.accepted = services.acceptedCount
        published.handled = services.acceptedCount
        services.context.scoreboard[row] = published
    }

    /// Returns the counters of all workers, including the current request.
    private static func totalCounts(_ slot: Slot, _ services: inout Services) -> Scoreboard.Counts {
        updateCounters(slot, &services)
        publishCounts(services)
        return services.context.scoreboard.total
    }

    static let variables: [VariableRow] = [
        .always("connections_active", .perRequest, flag: \PlanParts.countsConnections) {
            $3.append(decimal: Int64(clamping: totalCounts($0.slot, &$1).active))
        },
        .always("connections_reading", .perRequest, flag: \PlanParts.countsConnections) {
            $3.append(decimal: Int64(clamping: totalCounts($0.slot, &$1).reading))
        },
        .always("connections_writing", .perRequest, flag: \PlanParts.countsConnections) {
            $3.append(decimal: Int64(clamping: totalCounts($0.slot, &$1).writing))
        },
        .always("connections_waiting", .perRequest, flag: \PlanParts.countsConnections) {
            $3.append(decimal: Int64(clamping: totalCounts($0.slot, &$1).waiting))
        },
    ]

    /// Responds with the counters, in nginx's format.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        let method = request.method
        guard method == .get || method == .head else { return .status(405) }
        let total = totalCounts(request.slot, &services)
        let text =
            "Active connections: \(total.active) \nserver accepts handled requests\n"
            + " \(total.accepted) \(total.handled) \(total.requests) \n"
            + "Reading: \(total.reading) Writing: \(total.writing) Waiting: \(total.waiting) \n"
        return BuiltInResponse.respondWithText(
            200, Array(text.utf8), type: services.plan.plainType, &request, &services)
    }
}
