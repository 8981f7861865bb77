/// The notes that a worker takes while it processes a request for `apus explain`. A worker that
/// serves has none: each note costs it one test.
final class Explanation {
    /// The notes, in the order of events.
    private(set) var lines: [String] = []
    /// The local address of the simulated connection.
    let local: Peer
    /// True if the request is finished.
    var isFinished = false

    private var depth = 0

    init(local: Peer) { self.local = local }

    /// Adds a line.
    func note(_ text: String) {
        lines.append(String(repeating: "  ", count: depth) + text)
    }

    /// Adds a line unless it was added before.
    func noteOnce(_ text: String) {
        let line = String(repeating: "  ", count: depth) + text
        if !lines.contains(line) { lines.append(line) }
    }

    /// Adds a line; lines up to ``end()`` are indented below it.
    func begin(_ text: String) {
        note(text)
        depth &+= 1
    }

    func end() { depth = max(0, depth &- 1) }
}
