/// Generates requests with their expected responses.
struct SimulatedScript {
    private var random: SeededGenerator
    private let keepaliveRequests: Int
    private var requests: [SimulatedRequest] = []

    static func requests(
        keepaliveRequests: UInt32, using random: inout SeededGenerator
    ) -> [SimulatedRequest] {
        var script = SimulatedScript(random, Int(keepaliveRequests))
        let isLong = Int.random(in: 0..<12, using: &script.random) == 0
        let count = Int.random(in: isLong ? 30...80 : 1...8, using: &script.random)
        for _ in 0..<count { script.add(isSmall: isLong) }
        random = script.random
        return script.requests
    }

    private init(_ random: SeededGenerator, _ keepaliveRequests: Int) {
        self.random = random
        self.keepaliveRequests = keepaliveRequests
    }

    private mutating func add(isSmall: Bool) {
        let response = response(isSmall: isSmall)
        switch Int.random(in: 0..<(isSmall ? 400 : 40), using: &random) {
        case 0: addBroken()
        case 1:
            addPlain(response, "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", keepsAlive: false)
        case 2: addPlain(response, "HTTP/1.0\r\n", keepsAlive: false)
        case 3:
            addPlain(response, "HTTP/1.0\r\nConnection: keep-alive\r\n", keepsAlive: true)
        case 4: addTooLarge()
        case 5: addBrokenChunks(response)
        case 6...12: addWithLength(response)
        case 13...19: addChunked(response)
        case 20...23:
            // A header that needs a larger buffer.
            let filler = String(repeating: "x", count: Int.random(in: 1...500, using: &random))
            addPlain(response, "HTTP/1.1\r\nHost: a\r\nX: \(filler)\r\n", keepsAlive: true)
        case 24...26: addPlain(response, "HTTP/1.1\nHost: a\n", keepsAlive: true)
        default: addPlain(response, "HTTP/1.1\r\nHost: a\r\n", keepsAlive: true)
        }
    }

    private mutating func response(isSmall: Bool) -> SimulatedResponse {
        let kinds: [SimulatedResponse.Kind] =
            Int.random(in: 0..<20, using: &random) == 0 && !isSmall
            ? [.truncatedFile, .unreadableFile, .failingProducer]
            : [.memory, .memory, .file, .producer]
        let longest = isSmall ? 40 : SimulatedResponse.longestBody
        let length =
            Bool.random(using: &random)
            ? Int.random(in: 0...40, using: &random) : Int.random(in: 0...longest, using: &random)
        return SimulatedResponse(
            kind: kinds.randomElement(using: &random) ?? .memory, number: requests.count,
            length: length)
    }

    // MARK: kinds of requests

    private mutating func addPlain(
        _ response: SimulatedResponse, _ rest: String, keepsAlive: Bool
    ) {
        let empty = Int.random(in: 0..<10, using: &random) == 0 ? "\r\n" : ""
        append(
            head: "\(empty)GET \(response.path) \(rest)\r\n", body: [],
            [served(response, keepsAlive: keepsAlive)])
    }

    private mutating func addWithLength(_ response: SimulatedResponse) {
        let most = response.bodyLimit == 0 ? 3000 : Int(response.bodyLimit)
        let count = Int.random(in: 0...most, using: &random)
        let expects = Int.random(in: 0..<4, using: &random) == 0
        let field = expects ? "Expect: 100-continue\r\n" : ""
        append(
            head: "PUT \(response.path) HTTP/1.1\r\nHost: a\r\n\(field)"
                + "Content-Length: \(count)\r\n\r\n",
            body: body(count), alternatives(response, expects: expects))
    }

    private mutating func addChunked(_ response: SimulatedResponse) {
        var left = Int.random(
            in: 0...(response.bodyLimit == 0 ? 3000 : Int(response.bodyLimit)), using: &random)
        var chunks: [UInt8] = []
        while left > 0 {
            let count = Int.random(in: 1...left, using: &random)
            chunks += Array("\(String(count, radix: 16))\r\n".utf8) + body(count) + [13, 10]
            left -= count
        }
        let trailer = Bool.random(using: &random) ? "T: GET / HTTP/1.1\r\n" : ""
        chunks += Array("0\r\n\(trailer)\r\n".utf8)
        let expects = Int.random(in: 0..<4, using: &random) == 0
        let field = expects ? "Expect: 100-continue\r\n" : ""
        append(
            head: "PUT \(response.path) HTTP/1.1\r\nHost: a\r\n\(field)"
                + "Transfer-Encoding: chunked\r\n\r\n",
            body: chunks, alternatives(response, expects: expects))
    }

    /// Returns a body that looks like a request, so that a framing error shows.
    private mutating func body(_ count: Int) -> [UInt8] {
        let text = Array("GET /m/9/9 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        return (0..<count).map { text[$0 % text.count] }
    }

    private mutating func addBroken() {
        let heads = [
            "GET /m/1/1 HTTP/1.1\r\n\r\n", "G\u{1}T / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /m/1/1 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
            "GET /m/1/1 HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 700))\r\n\r\n",
            "GET /\(String(repeating: "z", count: 700)) HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        append(
            head: heads.randomElement(using: &random) ?? heads[0], body: [],
            [refused("fault")])
    }

    private mutating func addTooLarge() {
        let response = SimulatedResponse(kind: .file, number: requests.count, length: 10)
        append(
            head: "PUT \(response.path) HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n",
            body: body(65), [refused("413")])
    }

    /// The request is refused if the invalid chunk arrived with the header; otherwise the response
    /// has begun, and the connection ends after it.
    private mutating func addBrokenChunks(_ response: SimulatedResponse) {
        append(
            head: "PUT \(response.path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            body: Array("3\r\nabc\r\nno size\r\n".utf8),
            [
                refused("400"),
                SimulatedRequest.Responses(
                    bytes: served(response, keepsAlive: true).bytes, isLast: true),
            ])
    }

    // MARK: responses

    private func served(_ response: SimulatedResponse, keepsAlive: Bool)
        -> SimulatedRequest.Responses
    {
        let isKept = keepsAlive && requests.count + 1 < keepaliveRequests
        return SimulatedRequest.Responses(
            bytes: response.head(keepsAlive: isKept) + response.body,
            isLast: !isKept || response.isCutShort)
    }

    private func refused(_ status: String) -> SimulatedRequest.Responses {
        SimulatedRequest.Responses(bytes: SimulatedResponse.refusal(status), isLast: true)
    }

    private func alternatives(
        _ response: SimulatedResponse, expects: Bool
    ) -> [SimulatedRequest.Responses] {
        let plain = served(response, keepsAlive: true)
        guard expects else { return [plain] }
        return [
            plain,
            SimulatedRequest.Responses(
                bytes: SimulatedResponse.interim + plain.bytes, isLast: plain.isLast),
        ]
    }

    private mutating func append(
        head: String, body: [UInt8], _ responses: [SimulatedRequest.Responses]
    ) {
        let bytes = Array(head.utf8)
        requests.append(
            SimulatedRequest(bytes: bytes + body, headCount: bytes.count, responses: responses))
    }
}
