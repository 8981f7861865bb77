/// A request: its bytes, and the acceptable responses.
struct SimulatedRequest {
    struct Responses {
        let bytes: [UInt8]
        /// True if no request follows.
        let isLast: Bool
    }

    let bytes: [UInt8]
    /// The number of bytes after which the response is due.
    let headCount: Int
    /// Acceptable responses; several if the choice depends on what has arrived.
    let responses: [Responses]
}

/// A client that knows what it sends and every byte that it may receive.
struct SimulatedClient {
    enum Ending: CaseIterable {
        /// Shuts down its direction after the last byte, and continues to read.
        case halfClose
        /// Disconnects after the last response.
        case leave
        /// Sends nothing more until the server closes the connection.
        case silence
        /// Stops within a request, and sends nothing more.
        case stopWithinRequest
        /// Shuts down its direction within a request, and continues to read.
        case halfCloseWithinRequest
        /// Resets the connection at any time.
        case reset
        /// Stops reading at some point.
        case stopReading
    }

    let requests: [SimulatedRequest]
    let ending: Ending
    private let script: [UInt8]
    /// The number of bytes that it sends before it stops.
    private let sends: Int
    /// The offsets at which it waits until the server has nothing to do.
    private var pauses: [Int]
    private(set) var sent = 0
    private(set) var received: [UInt8] = []
    /// The number of bytes after which it stops reading.
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
        // After a whole request, after a header, or anywhere.
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

    /// The offset up to which it may send now.
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

    /// Continues with the next step when the server has nothing to do. Returns false if there is
    /// none.
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

    /// True if it shuts down its direction without waiting for a response.
    var canEnd: Bool {
        sent == sends && (ending == .halfClose || ending == .halfCloseWithinRequest)
    }

    // MARK: state

    /// The number of responses that are due for the sent bytes.
    private var due: Int {
        var end = 0
        for (index, request) in requests.enumerated() {
            if sent < end + request.headCount { return index }
            end += request.bytes.count
        }
        return requests.count
    }

    /// Returns the number of complete responses received. Throws if the bytes are anything other
    /// than the expected responses in order, the last one perhaps incomplete.
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
                    "response \(index) begins \(String(decoding: rest.prefix(60), as: UTF8.self))")
            }
        }
        guard rest.isEmpty else {
            throw SimulationFailure("\(rest.count) bytes after the last response")
        }
        return (requests.count, false, false)
    }

    /// Checks that every due response was received, once the server has nothing to do.
    func checkAllIsHere() throws {
        let here = try wholeResponses()
        guard here.isLast || here.count == due, !here.hasPart else {
            throw SimulationFailure("\(here.count) responses of \(due), part: \(here.hasPart)")
        }
    }
}
