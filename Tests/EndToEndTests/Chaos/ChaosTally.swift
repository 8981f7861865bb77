/// The counts of the clients during one phase.
struct ChaosTally {
    /// Complete responses with correct bytes.
    var completed = 0
    /// Requests without a response, by how they ended: on connections made for them, and on open
    /// ones, where a client may repeat the request (RFC 9112, 9.3.1); these clients do not.
    var lostNew: [String: Int] = [:]
    var lostKept: [String: Int] = [:]
    /// Responses with status 500.
    var unable = 0
    /// Other unexpected responses.
    var wrong: [String] = []
    /// Refused connections: moments without service.
    var refused = 0
    /// The longest time for a response, including the connection, in milliseconds.
    var slowestMs = 0
    /// The names of the completed requests in the log.
    var names: Set<String> = []

    var lostNewCount: Int { lostNew.values.reduce(0, +) + wrong.count }
    var lostKeptCount: Int { lostKept.values.reduce(0, +) }
    var lostCount: Int { lostNewCount + lostKeptCount }

    mutating func add(_ other: ChaosTally) {
        completed += other.completed
        lostNew.merge(other.lostNew, uniquingKeysWith: +)
        lostKept.merge(other.lostKept, uniquingKeysWith: +)
        unable += other.unable
        wrong += other.wrong
        refused += other.refused
        slowestMs = max(slowestMs, other.slowestMs)
        names.formUnion(other.names)
    }
}
