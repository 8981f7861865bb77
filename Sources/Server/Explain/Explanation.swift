/// What a worker notes of a request while it answers it, for `apus explain`. One that serves has
/// none: each note costs it the test for that.
final class Explanation {
    /// The notes, in the order in which things happened.
    private(set) var lines: [String] = []
    /// The address that the connection is taken to have come to: it is none of the network.
    let local: Peer
    /// The request is over.
    var isFinished = false

    private var depth = 0

    init(local: Peer) { self.local = local }

    /// Notes a line.
    func note(_ text: String) {
        lines.append(String(repeating: "  ", count: depth) + text)
    }

    /// Notes what may be asked for more than once, the first time.
    func noteOnce(_ text: String) {
        let line = String(repeating: "  ", count: depth) + text
        if !lines.contains(line) { lines.append(line) }
    }

    /// Notes a line; what comes up to ``end()`` belongs to it.
    func begin(_ text: String) {
        note(text)
        depth &+= 1
    }

    func end() { depth = max(0, depth &- 1) }
}
