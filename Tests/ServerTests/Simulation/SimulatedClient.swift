/// One request: its bytes, and what may be answered to it.
struct SimulatedRequest {
    struct Answer {
        let bytes: [UInt8]
        /// Nothing follows it.
        let isLast: Bool
    }

    let bytes: [UInt8]
    /// The answer is due when as many bytes were sent.
    let headCount: Int
    /// More than one where it depends on what has arrived when the answer is chosen.
    let responses: [Answer]
}

/// A client that knows what it sends and every byte that may come back.
struct SimulatedClient {
    enum Ending: CaseIterable {
        /// Shuts its direction after the last byte, and reads on.
        case halfClose
        /// Goes when it has all answers.
        case leave
        /// Says nothing more until the server has had enough.
        case silence
        /// Stops within a request, and says nothing more.
        case stopWithinRequest
        /// Shuts its direction within a request, and reads on.
        case halfCloseWithinRequest
        /// Resets the connection at any time.
        case reset
        /// Stops reading at some point.
        case stopReading
    }

    let requests: [SimulatedRequest]
    let ending: Ending
    private let script: [UInt8]
    /// How much of the script is sent before it falls silent or ends.
    private let sends: Int
    /// Where it waits until nothing moves any more.
    private var pauses: [Int]
    private(set) var sent = 0
    private(set) var received: [UInt8] = []
    /// After how many bytes it reads no more.
    private let readsAtMost: Int

    init(_ requests: [SimulatedRequest], ending: Ending, using random: inout SeededGenerator) {
        self.requests = requests
        self.ending = ending
        let bytes = requests.flatMap(\.bytes)
        script = bytes
        let within = Int.random(in: 0...bytes.count, using: &random)
        sends =
            ending == .stopWithinRequest || ending == .halfCloseWithinRequest
            ? within : bytes.count
        let ends = requests.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.bytes.count) }
        let heads = zip(ends, requests).map { $0 + $1.headCount }
        // After a whole request, after a head, or anywhere.
        pauses = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            switch Int.random(in: 0..<3, using: &random) {
            case 0: ends.randomElement(using: &random) ?? 0
            case 1: heads.randomElement(using: &random) ?? 0
            default: Int.random(in: 0...bytes.count, using: &random)
            }
        }
        .sorted()
        readsAtMost =
            ending == .stopReading ? Int.random(in: 0...2000, using: &random) : Int.max
    }

    /// Up to where it may send now.
    private var sendsUpTo: Int { min(sends, pauses.first { $0 >= sent } ?? sends) }

    var canSend: Bool { sent < sendsUpTo }
    var readsOn: Bool { received.count < readsAtMost }

    func canRead(_ socket: SimulatedSocket) -> Bool {
        readsOn && !socket.towardsClient.isEmpty
    }

    mutating func send(to socket: inout SimulatedSocket, using random: inout SeededGenerator) {
        let most = sendsUpTo - sent
        let count =
            Bool.random(using: &random) ? most : Int.random(in: 1...min(most, 200), using: &random)
        socket.clientSends(script[sent..<(sent + count)])
        sent += count
    }

    mutating func read(from socket: inout SimulatedSocket, using random: inout SeededGenerator) {
        let most = min(readsAtMost - received.count, 100_000)
        received += socket.clientReads(atMost: Int.random(in: 1...max(1, most), using: &random))
    }

    /// Nothing moves any more: goes on with what it waited to do. False when there is nothing.
    mutating func goOn(_ socket: inout SimulatedSocket) -> Bool {
        if let index = pauses.firstIndex(where: { $0 >= sent }), pauses[index] == sent {
            pauses.remove(at: index)
            return true
        }
        guard sent == sends, !socket.clientHasEnded else { return false }
        switch ending {
        case .halfClose, .halfCloseWithinRequest, .leave:
            socket.clientHasEnded = true
            return true
        case .silence, .stopWithinRequest, .reset, .stopReading: return false
        }
    }

    /// Whether it shuts its direction without waiting for an answer.
    var canEnd: Bool {
        sent == sends && (ending == .halfClose || ending == .halfCloseWithinRequest)
    }

    // MARK: what it knows

    /// How many answers are due for what was sent.
    private var due: Int {
        var end = 0
        for (index, request) in requests.enumerated() {
            if sent < end + request.headCount { return index }
            end += request.bytes.count
        }
        return requests.count
    }

    /// Compares what has come with what may come: how many whole answers it is; throws when it is
    /// anything else than answers in their order, the last one perhaps in part.
    func wholeResponses() throws -> (count: Int, isLast: Bool, hasPart: Bool) {
        var rest = received[...]
        for (index, request) in requests.enumerated() {
            if rest.isEmpty { return (index, false, false) }
            if let response = request.responses.first(where: { rest.starts(with: $0.bytes) }) {
                rest = rest.dropFirst(response.bytes.count)
                if response.isLast {
                    guard rest.isEmpty else { break }
                    return (index + 1, true, false)
                }
            } else if request.responses.contains(where: { $0.bytes.starts(with: rest) }) {
                return (index, false, true)
            } else {
                throw SimulationFailure(
                    "answer \(index) begins \(String(decoding: rest.prefix(60), as: UTF8.self))")
            }
        }
        guard rest.isEmpty else {
            throw SimulationFailure("\(rest.count) bytes after the last answer")
        }
        return (requests.count, false, false)
    }

    /// Nothing moves: every answer that is due must be here.
    func checkAllIsHere() throws {
        let here = try wholeResponses()
        guard here.isLast || here.count == due, !here.hasPart else {
            throw SimulationFailure("\(here.count) answers of \(due), part: \(here.hasPart)")
        }
    }
}
