import HTTP
import Linux

/// The listening socket that a connection to a URL reaches, and its addresses.
struct ExplainTarget {
    /// The index of the plan's `listen`.
    let listen: Int
    let local: Peer
    let client: Peer

    /// The port of the simulated client.
    static let clientPort: UInt16 = 50_000

    /// Finds the socket. Names are not looked up: a host that is no address is this machine's own,
    /// or the first address with that port if nothing listens there.
    init(_ url: RequestURL, from client: String?, in plan: Plan) throws(ExplainError) {
        let given = try client.map { text throws(ExplainError) in
            guard let peer = ExplainTarget.address(text, port: ExplainTarget.clientPort) else {
                throw ExplainError("--from \(text): an address is required, as in 192.0.2.1")
            }
            return peer
        }
        let literal = ExplainTarget.address(ExplainTarget.unbracketed(url.host), port: url.port)
        let own = [Peer(ipv4: 0x7F00_0001, port: url.port), Peer(ipv6: 0, 1, port: url.port)]
        let wanted = literal.map { [$0] } ?? own
        var found = wanted.lazy.compactMap { ExplainTarget.listen(at: $0, in: plan) }.first
        if found == nil, literal == nil {
            found = ExplainTarget.first(withPort: url.port, in: plan)
        }
        guard let found else { throw ExplainError(ExplainTarget.nothing(at: url, in: plan)) }
        listen = found.listen
        local = found.local
        guard let given else {
            self.client = ExplainTarget.localClient(of: found.local)
            return
        }
        let isMapped = local.family == .ipv6 && given.family == .ipv4 && local.isMapped
        self.client = isMapped ? given.mapped : given
        guard self.client.family == local.family else {
            throw ExplainError("--from \(given.text): it cannot reach \(local.text)")
        }
    }

    /// Returns the socket that accepts connections to an address: its own, or that of all
    /// addresses.
    private static func listen(at address: Peer, in plan: Plan) -> (listen: Int, local: Peer)? {
        let listens = plan.listens
        if let own = listens.firstIndex(where: { address.matches($0.address) }) {
            return (own, address)
        }
        let wildcard =
            address.family == .ipv4
            ? ListenAddress.ipv4(0, port: address.port)
            : ListenAddress.ipv6(0, 0, port: address.port)
        if let all = listens.firstIndex(where: { $0.address == wildcard }) {
            return (all, address)
        }
        guard address.family == .ipv4 else { return nil }
        let both = listens.firstIndex {
            $0.address == .ipv6(0, 0, port: address.port) && !$0.options.isIPv6Only
        }
        return both.map { ($0, address.mapped) }
    }

    private static func first(withPort port: UInt16, in plan: Plan) -> (listen: Int, local: Peer)? {
        for (index, listen) in plan.listens.enumerated() {
            switch listen.address {
            case .ipv4(let bits, port): return (index, Peer(ipv4: bits, port: port))
            case .ipv6(let high, let low, port): return (index, Peer(ipv6: high, low, port: port))
            default: break
            }
        }
        return nil
    }

    private static func nothing(at url: RequestURL, in plan: Plan) -> String {
        let addresses = plan.listens.map(\.address.description).joined(separator: ", ")
        let all = addresses.isEmpty ? "it has no server" : "it listens on \(addresses)"
        return "nothing in the configuration listens on port \(url.port) of \(url.host): \(all)"
    }

    /// Returns the address of this machine as seen from a local address.
    private static func localClient(of local: Peer) -> Peer {
        let own = Peer(ipv4: 0x7F00_0001, port: clientPort)
        guard local.family == .ipv6 else { return own }
        return local.isMapped ? own.mapped : Peer(ipv6: 0, 1, port: clientPort)
    }

    private static func unbracketed(_ host: String) -> String {
        host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }

    private static func address(_ text: String, port: UInt16) -> Peer? {
        if let bits = LiteralAddress.ipv4(text) { return Peer(ipv4: bits, port: port) }
        return LiteralAddress.ipv6(text).map { Peer(ipv6: $0.high, $0.low, port: port) }
    }
}

/// Reads the worker's output: stores the heads and counts the body.
struct ResponseReader {
    /// The lines of heads: those of interim responses, and last that of the final response.
    private(set) var heads: [[String]] = []
    /// Bytes of the body, without its framing.
    private(set) var bodyBytes: Int64 = 0
    private(set) var isChunked = false
    /// True if the final response's head was received.
    private(set) var isInBody = false

    private var pending: [UInt8] = []
    private var decoder = ChunkedDecoder()

    mutating func take(_ bytes: Span<UInt8>) {
        guard isInBody else {
            for index in bytes.indices { pending.append(bytes[index]) }
            takeHeads()
            return
        }
        count(bytes)
    }

    private mutating func count(_ bytes: Span<UInt8>) {
        guard isChunked else {
            bodyBytes &+= Int64(bytes.count)
            return
        }
        _ = decoder.consume(bytes)
        bodyBytes = decoder.bodyBytes
    }

    private mutating func takeHeads() {
        while !isInBody, let end = headEnd {
            let head = Array(pending[..<end])
            pending.removeFirst(end)
            let lines = head.span.headLines
            heads.append(lines)
            isInBody = !(lines.first ?? "").hasPrefix("HTTP/1.1 1")
            isChunked = lines.contains { $0.lowercased() == "transfer-encoding: chunked" }
        }
        guard isInBody else { return }
        let rest = pending
        pending = []
        count(rest.span)
    }

    /// The offset where the first complete head ends.
    private var headEnd: Int? {
        var index = 3
        while index < pending.count {
            if pending[index] == 10, pending[index - 1] == 13, pending[index - 2] == 10 {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    /// The description of the body.
    var body: String {
        let number = bodyBytes == 1 ? "1 byte" : "\(bodyBytes) bytes"
        if isChunked { return "body: \(number), in chunks" }
        return bodyBytes == 0 ? "no body" : "body: \(number)"
    }
}

extension Span where Element == UInt8 {
    /// The lines of a head, without line ends and without the empty one.
    fileprivate var headLines: [String] {
        var lines: [String] = []
        var start = 0
        for index in indices where self[index] == 10 {
            let line = slice(from: start, to: Swift.max(start, index &- 1))
            if line.count > 0 { lines.append(line.text) }
            start = index &+ 1
        }
        return lines
    }
}
