import Foundation

/// A server to test.
public struct Target: Sendable, CustomStringConvertible {
    /// A name or an address.
    public let host: String
    /// The port of TCP.
    public let port: UInt16

    /// Creates a target.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses "host:port"; nil if it is invalid.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst())
        else { return nil }
        self.init(host: String(text[..<colon]), port: port)
    }

    /// The target as "host:port".
    public var description: String { "\(host):\(port)" }
}

/// Runs cases against a server.
public struct Runner: Sendable {
    private let target: Target
    private let patienceMs: Int32
    private let keeps: Bool
    private let placeholders: [String: String]

    /// Requests the entity tags that the cases refer to. `patienceMs` is the time limit for a
    /// response or a close; `keeps` is true if the server keeps connections open whenever it may.
    public init(_ target: Target, patienceMs: Int32 = 3000, keeps: Bool = false) throws {
        self.keeps = keeps
        self.target = target
        self.patienceMs = patienceMs
        var found: [String: String] = [:]
        for (name, request) in Self.probes {
            let wire = try Wire(target, patienceMs: patienceMs)
            wire.send(Array(request.utf8))
            let response = try wire.response(.get())
            found[name] = response.values("ETag").first ?? "\"none\""
        }
        placeholders = found
    }

    private static let probes = [
        "{etag}": Request.get("/a.txt"), "{bytes}": Request.get("/bytes.bin"),
        "{page}": Request.get("/coded/page.html"),
        "{page-gzip}": Request.get("/coded/page.html", "Accept-Encoding: gzip"),
        "{zero}": Request.get("/zero.txt"),
    ]

    /// Returns why the server fails the case; nil if it passes.
    public func failure(of one: Case) -> String? {
        do {
            let wire = try Wire(target, patienceMs: patienceMs)
            if let failure = try judge(one, wire) { return describe(failure, wire) }
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func judge(_ one: Case, _ wire: Wire) throws -> String? {
        var received: [ReceivedResponse] = []
        var parts = one.parts[...]
        send(parts.removeFirst(), isLast: parts.isEmpty, one, wire)
        for expected in one.responses {
            do {
                received.append(try wire.response(expected))
            } catch {
                return "response \(received.count + 1): \(error)"
            }
            if let failure = judge(received, expected) {
                return "response \(received.count): \(failure)"
            }
            if let next = parts.popFirst() { send(next, isLast: parts.isEmpty, one, wire) }
        }
        switch one.then {
        case .any: return nil
        case .kept, .inStep:
            wire.send(Array(Request.get(Request.probe, "Connection: close").utf8))
            do {
                if !keeps, case .inStep = one.then, try wire.isAtEnd() { return nil }
                let last = try wire.response(.get())
                return last.status == 200 && last.content == Site.content(of: "probe.txt")
                    ? nil : "the next request got a response: \(last.status)"
            } catch {
                return "the next request: \(error)"
            }
        case .closed:
            do {
                let rest = try wire.rest()
                return rest.isEmpty ? nil : "more bytes after the response that ends the connection"
            } catch {
                return wire.hasPending ? "a next request got a response" : "not closed"
            }
        }
    }

    /// If the connection has to be closed, a request follows that must not get a response.
    private func send(_ text: String, isLast: Bool, _ one: Case, _ wire: Wire) {
        var text = text
        for (name, value) in placeholders {
            text = text.replacingOccurrences(of: name, with: value)
        }
        if isLast, case .closed = one.then { text += Request.get(Request.probe) }
        wire.send(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    }

    private func judge(_ received: [ReceivedResponse], _ expected: ExpectedResponse) -> String? {
        guard let last = received.last else { return nil }
        if !expected.statuses.isEmpty, !expected.statuses.contains(last.status) {
            return "\(last.status), not \(expected.statuses)"
        }
        for check in expected.checks {
            if let failure = check.failure(received) { return failure }
        }
        return nil
    }

    private func describe(_ failure: String, _ wire: Wire) -> String {
        let text = String(decoding: wire.transcript.prefix(700), as: UTF8.self)
        return failure + "; received " + text.debugDescription
    }
}
