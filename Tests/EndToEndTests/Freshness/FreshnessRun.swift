import Foundation
import Glibc
import Testing

/// Makes changes of every kind, one after the other, and checks the responses to requests sent
/// after each.
final class FreshnessRun {
    let server: TestServer
    private let kinds: [ChangeKind]
    private var sites: [ChangeSite] = []
    private let connections: OpenConnections
    private(set) var tallies: [FreshnessTally] = []
    /// The expected responses now, and earlier ones, the latest last.
    private var states: [Expected] = []
    private var history: [[Expected]] = []
    private var changed: [Date] = []
    /// The number of changes between two reloads; nil for none.
    private let reloadEvery: Int?
    private(set) var reloads = 0
    /// The number of changes before which the compressed variant was cached.
    private(set) var compressedResponses = 0
    /// The number of new connections that each worker served.
    private(set) var freshOf: [pid_t: Int] = [:]
    private var random = SystemRandomNumberGenerator()

    /// A cache may not trust a recently changed file, and read it each time; so the next change is
    /// made after this pause.
    private static let calmSeconds = 0.03

    init(_ server: TestServer, reloadEvery: Int? = nil) throws {
        self.server = server
        self.reloadEvery = reloadEvery
        kinds = ChangeKind.all.filter { Product.isRoot || !$0.needsRoot }
        for kind in ChangeKind.all where kind.needsRoot && !Product.isRoot {
            print("freshness: left out, because it needs root: \(kind.name)")
        }
        connections = try OpenConnections(server, isBound: reloadEvery == nil)
        for (index, kind) in kinds.enumerated() {
            let site = try ChangeSite(index, below: server.directory)
            sites.append(site)
            states.append(try Expected(try kind.setUp(site)))
            history.append([])
            tallies.append(FreshnessTally(name: kind.name))
            changed.append(Date())
        }
    }

    /// Every process that sent a response.
    var workers: Set<pid_t> { connections.workers }

    /// Changes each kind `rounds` times.
    func run(rounds: Int) throws {
        for number in 1...rounds {
            for index in kinds.indices {
                try turn(index, number)
                let count = (number - 1) * kinds.count + index + 1
                guard let reloadEvery, count % reloadEvery == 0 else { continue }
                kill(server.pid, SIGHUP)
                reloads += 1
            }
        }
    }

    /// Undoes mounts and modes, which later tests could not.
    func finish() { sites.removeAll() }

    private func turn(_ index: Int, _ number: Int) throws {
        let kind = kinds[index]
        let target =
            sites[index].prefix
            + kind.target.replacingOccurrences(of: "NUMBER", with: "\(number)")
        let request = Self.request(target, kind.fields)
        if target.hasSuffix(kind.target) == false { states[index] = try Expected(.status(404)) }
        try connections.refill()
        let rest = Self.calmSeconds - Date().timeIntervalSince(changed[index])
        if rest > 0 { Thread.sleep(forTimeInterval: rest) }
        let tag = warm(index, request)

        let first = number % 2 == 0 ? request : Self.request("/still.txt", [])
        let cut = Int.random(in: 1..<request.count, using: &random)
        let piped = connections.indices(.piped).filter { connection in
            (try? connections.client(connection).send(first + request[..<cut])) != nil
        }
        pause()
        let content = try kind.change(sites[index], number)
        tallies[index].changes += 1
        let sent = sendAll(request, rest: Array(request[cut...]), piped: piped)

        changed[index] = Date()
        history[index].append(states[index])
        let now = try Expected(content)
        states[index] = now
        for connection in piped {
            judgePiped(connection, request, index)
        }
        for connection in connections.indices(.kept) {
            judge(try? connections.client(connection).response(), index, "kept", request)
        }
        judgeFresh(sent, index, request)
        if let tag, now.isNewer(for: tag) { judgeCondition(tag, target, index) }
    }

    private static func request(_ target: String, _ fields: [String]) -> [UInt8] {
        let lines = ["GET \(target) HTTP/1.1", "Host: localhost"] + fields
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Gets a response from each worker before the change. Returns its entity tag.
    private func warm(_ index: Int, _ request: [UInt8]) -> String? {
        var tag: String?
        for connection in connections.indices(.kept) {
            var response = try? sendRequest(connection, request)
            if kinds[index].isCompressedBefore {
                response = awaitCompressed(response, connection, request)
            }
            judge(response, index, "settled", request)
            tag = response?["ETag"] ?? tag
        }
        return tag
    }

    /// Repeats the request until the compressed variant is sent, which has a length; nginx has
    /// none.
    private func awaitCompressed(_ first: Response?, _ connection: Int, _ request: [UInt8])
        -> Response?
    {
        var response = first
        try? waitFor("a cached compressed response", seconds: 5) {
            guard response?.wasChunked == true, response?["Server"]?.hasPrefix("apus") == true
            else { return true }
            response = try sendRequest(connection, request)
            return false
        }
        compressedResponses += response?.wasChunked == false ? 1 : 0
        return response
    }

    private func sendRequest(_ connection: Int, _ request: [UInt8]) throws -> Response {
        let client = try connections.client(connection)
        try client.send(request)
        return try client.response()
    }

    /// Waits for up to a fifth of a millisecond, so that the change meets the workers in any state.
    private func pause() {
        let end = ContinuousClock.now + .microseconds(Int.random(in: 0...200, using: &random))
        while ContinuousClock.now < end {}
    }

    /// Sends the second halves, whole requests on open connections, and one on a new connection,
    /// which is returned; in random order.
    private func sendAll(_ request: [UInt8], rest: [UInt8], piped: [Int]) -> RawClient? {
        var fresh: RawClient?
        var steps: [() -> Void] = [
            {
                fresh = try? self.server.connect()
                try? fresh?.send(request)
            }
        ]
        for connection in piped {
            steps.append { try? self.connections.client(connection).send(rest) }
        }
        for connection in connections.indices(.kept) {
            steps.append { try? self.connections.client(connection).send(request) }
        }
        for step in steps.shuffled(using: &random) { step() }
        return fresh
    }

    // MARK: judging

    private func judgePiped(
        _ connection: Int, _ request: [UInt8], _ index: Int
    ) {
        // A request that was sent before the change may get any of its steps.
        let first = try? connections.client(connection).response()
        let response = first == nil ? nil : try? connections.client(connection).response()
        if response == nil { connections.leave(connection) }
        judge(response, index, "behind another", request)
    }

    private func judgeFresh(
        _ client: RawClient?, _ index: Int, _ request: [UInt8]
    ) {
        judge(try? client?.response(), index, "new connection", request)
        guard let client, let worker = try? OpenConnections.worker(of: client) else { return }
        connections.recordWorker(worker)
        freshOf[worker, default: 0] += 1
    }

    /// A client with the previous version must get the new one.
    private func judgeCondition(
        _ tag: String, _ target: String, _ index: Int
    ) {
        let fields = kinds[index].fields + ["If-None-Match: \(tag)"]
        for connection in connections.indices(.kept) {
            let request = Self.request(target, fields)
            let response = try? sendRequest(connection, request)
            if response?.status == 304 {
                tallies[index].responses += 1
                tallies[index].note("304 for \(tag)", isStale: true)
            } else {
                judge(response, index, "conditional", request)
            }
        }
    }

    private func judge(
        _ response: Response?, _ index: Int, _ way: String, _ request: [UInt8]
    ) {
        tallies[index].responses += 1
        guard let response = response ?? askAgain(request) else {
            tallies[index].note("\(way): no response", isStale: false)
            return
        }
        guard let difference = states[index].difference(of: response) else { return }
        let isStale = history[index].reversed().contains { $0.difference(of: response) == nil }
        tallies[index].note("\(way): \(difference)", isStale: isStale)
    }

    /// A worker that was replaced closes its connections; the client reconnects.
    private func askAgain(_ request: [UInt8]) -> Response? {
        guard reloadEvery != nil else { return nil }
        for _ in 0..<5 {
            guard let client = try? server.connect(), (try? client.send(request)) != nil,
                let response = try? client.response()
            else { continue }
            return response
        }
        return nil
    }
}
