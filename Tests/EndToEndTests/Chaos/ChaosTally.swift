/// What clients counted while one kind of thing happened to a server.
struct ChaosTally {
    /// Answers that came whole, and whose every byte was right.
    var answered = 0
    /// Requests without one, by how they ended: on connections that had been made for them, and on
    /// kept ones, where a client may ask again (RFC 9112, 9.3.1), and these do not.
    var lostNew: [String: Int] = [:]
    var lostKept: [String: Int] = [:]
    /// Answers that say that the server cannot now: 500.
    var unable = 0
    /// Answers that were something else.
    var wrong: [String] = []
    /// Connections that were refused: moments without service.
    var refused = 0
    /// The longest wait for an answer, its connection included, in milliseconds.
    var slowestMs = 0
    /// What the answered requests are called in the log.
    var names: Set<String> = []

    var lostNewCount: Int { lostNew.values.reduce(0, +) + wrong.count }
    var lostKeptCount: Int { lostKept.values.reduce(0, +) }
    var lostCount: Int { lostNewCount + lostKeptCount }

    mutating func add(_ other: ChaosTally) {
        answered += other.answered
        lostNew.merge(other.lostNew, uniquingKeysWith: +)
        lostKept.merge(other.lostKept, uniquingKeysWith: +)
        unable += other.unable
        wrong += other.wrong
        refused += other.refused
        slowestMs = max(slowestMs, other.slowestMs)
        names.formUnion(other.names)
    }
}
