import Configuration
import HTTP
import Linux

/// Runs one request through a worker, without a network, and reports its steps.
///
/// The worker is the one that serves: it is created from the same plan, receives the request over a
/// socket, and responds there. Nothing is opened for writing, and it listens on nothing.
public enum Explainer {
    /// The maximum time for a response, in milliseconds.
    private static let responseTimeoutMs: Int64 = 10_000

    /// Drops this process's rights to those of a configuration's workers, since they open its
    /// files: root's access shows nothing. Reads only what `sandbox_read` allows.
    public static func becomeWorker(of plan: Plan) throws(ExplainError) {
        do {
            let identity = try Identity.ofWorkers(plan.main, BuildPaths())
            if let identity {
                try becomeUser(identity.user, group: identity.group, groups: identity.groups)
            }
            try Sandbox(plan, identity: identity).enterReading()
        } catch {
            throw ExplainError("cannot drop to the rights of the workers: \(error)")
        }
    }

    /// Returns the request, the steps of its processing, and the response's head.
    public static func explain(
        _ options: ExplainOptions, with plan: Plan
    ) throws(ExplainError) -> String {
        let url = try RequestURL(options.url)
        let reached = try ExplainTarget(url, from: options.client, in: plan)
        let request = requestLines(options, url)
        let explanation = Explanation(local: reached.local)
        explanation.note(
            "\(reached.client.text) connects to \(reached.local.textWithPort), accepted by listen "
                + "\(plan.listens[reached.listen].address.description)")
        let reader: ResponseReader
        do throws(SystemError) {
            reader = try response(request, reached, explanation, plan)
        } catch {
            throw ExplainError("\(error)")
        }
        var parts = [request, explanation.lines]
        if reader.heads.isEmpty {
            parts.append([
                explanation.isFinished
                    ? "no response: the connection is closed"
                    : "no response within \(responseTimeoutMs / 1000) seconds"
            ])
        } else {
            parts += reader.heads
            parts.append([
                explanation.isFinished
                    ? reader.body
                    : "\(reader.body) so far, the rest follows "
                        + "later"
            ])
        }
        return parts.map { lines in
            lines.map { VisibleText.escaped($0) + "\n" }.joined()
        }.joined(separator: "\n")
    }

    /// Returns the lines of the request's head. A header Host replaces the URL's; one without a
    /// value removes it.
    private static func requestLines(_ options: ExplainOptions, _ url: RequestURL) -> [String] {
        let fields = options.fields
        let named = fields.filter { $0.lowercased().hasPrefix("host:") }
        var lines = ["\(options.method) \(url.target) HTTP/1.1"]
        if named.isEmpty { lines.append("Host: \(url.authority)") }
        let isLeftOut = named.count == 1 && named[0].utf8.dropFirst(5).allSatisfy { $0 == 0x20 }
        return lines + fields.filter { !isLeftOut || !$0.lowercased().hasPrefix("host:") }
    }

    /// Sends the request to a worker and reads its response.
    private static func response(
        _ lines: [String], _ reached: ExplainTarget, _ explanation: Explanation, _ plan: Plan
    ) throws(SystemError) -> ResponseReader {
        let workerRecords = try WorkerRecords()
        let context = WorkerContext(
            plan: plan, index: 0,
            listeners: plan.listens.indices.map { WorkerSocket(listen: $0, descriptor: -1) },
            errorLogs: plan.errorLogs.map { ErrorLog(unopened: $0) },
            lifeline: -1, zones: try plan.zones.map { zone throws(SystemError) in try Zone(zone) },
            workerRecord: try workerRecords.open())
        var worker = try Worker(context, explanation: explanation)
        let (near, far) = try openStreamPair()
        let client = Descriptor(owning: near)
        worker.services.clock.update()
        guard let slot = worker.freeConnections.acquire().map({ Slot($0) }) else {
            throw SystemError("worker_connections", code: Errno.noMemory)
        }
        worker.openConnection(slot, far, reached.client, listener: reached.listen)
        var request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)[...]
        if worker.services.connections[slot].awaitsProxyHeader {
            request = Array(proxyHeader(reached, explanation).utf8) + request
        }
        var reader = ResponseReader()
        let endMs = worker.services.clock.monotonicMs &+ responseTimeoutMs
        while !explanation.isFinished, worker.services.connections[slot].state != .free,
            worker.services.clock.monotonicMs < endMs,
            // The rest arrives at limit_rate and is not waited for.
            !(worker.services.connections[slot].isThrottled && reader.isInBody)
        {
            send(&request, to: client.number)
            receive(from: client.number, into: &reader)
            try worker.runIteration(atMostMs: 20)
        }
        receive(from: client.number, into: &reader)
        if worker.services.connections[slot].state != .free { worker.closeConnection(slot) }
        return reader
    }

    /// Returns the PROXY protocol line that precedes the request if the listening socket expects
    /// it.
    private static func proxyHeader(_ reached: ExplainTarget, _ explanation: Explanation) -> String
    {
        let (client, local) = (reached.client, reached.local)
        let family = client.family == .ipv6 ? "TCP6" : "TCP4"
        let line = "PROXY \(family) \(client.text) \(local.text) \(client.port) \(local.port)"
        explanation.note("PROXY protocol header: \(line)")
        return line + "\r\n"
    }

    private static func send(_ bytes: inout ArraySlice<UInt8>, to socket: Int32) {
        guard !bytes.isEmpty else { return }
        let result = unsafe bytes.withUnsafeBytes { unsafe Linux.send(socket, $0) }
        if case .bytes(let count) = result { bytes.removeFirst(count) }
    }

    private static func receive(from socket: Int32, into reader: inout ResponseReader) {
        var memory = [UInt8](repeating: 0, count: 1 << 18)
        // As much as a socket holds; more is read in the next iteration.
        for _ in 0..<8 {
            let result = unsafe memory.withUnsafeMutableBytes {
                unsafe Linux.receive(socket, into: $0)
            }
            guard case .bytes(let count) = result, count > 0 else { return }
            let part = Array(memory[..<count])
            reader.take(part.span)
        }
    }
}

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
