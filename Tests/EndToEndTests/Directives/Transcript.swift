import Foundation
import Synchronization

/// A value that is computed once, at its first use.
final class Once<Value: Sendable>: Sendable {
    private let made = Mutex<Result<Value, any Error>?>(nil)
    private let make: @Sendable () throws -> Value

    init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

    func get() throws -> Value {
        try made.withLock { made in
            let result = made ?? Result { try make() }
            made = result
            return result
        }.get()
    }
}

/// The results of one case at one server.
struct Transcript: Sendable {
    let place: CasePlace
    let outcomes: [Received]

    /// The result of one step.
    enum Received: Sendable {
        /// A response; `isClosed` is nil if it was not checked.
        case received(Response, isClosed: Bool?)
        /// The connection was closed without a response.
        case nothing
        case failure(String)
    }

    /// Runs all steps.
    init(of one: DirectiveCase, at place: CasePlace) {
        self.place = place
        var client: RawClient?
        var outcomes: [Received] = []
        for step in one.steps {
            do {
                if !step.isOnSameConnection {
                    client = try RawClient(.ipv4(place.ports[step.port - 1]))
                }
                guard let client else { throw RawClient.Failure.noResponse("no connection") }
                outcomes.append(try Self.sendRequest(step, client, place))
            } catch {
                outcomes.append(.failure("\(error)"))
            }
        }
        self.outcomes = outcomes
    }

    private static func sendRequest(
        _ step: Step, _ client: RawClient, _ place: CasePlace
    ) throws -> Received {
        // One byte per scalar, as in the cases of the conformance suite.
        let text = place.fill(step.text)
        if step.pauseSeconds > 0 { Thread.sleep(forTimeInterval: step.pauseSeconds) }
        try client.send(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        // Waits for the first byte, or the end of the connection.
        if try client.isClosedByServer() { return .nothing }
        let response = try client.response(to: step.method)
        let patience = step.expected.compactMap(\.connectionPatience).first
        let isClosed = patience.map { (try? client.isClosedByServer(seconds: $0)) ?? false }
        return .received(response, isClosed: isClosed)
    }
}

extension Expectation {
    /// The time to wait for the end of the connection; nil if it is not checked. A connection is
    /// closed with the response or shortly after; that it stays open is not signalled.
    var connectionPatience: Double? {
        switch self {
        case .closes: patienceSeconds
        case .keeps: 0.1
        default: nil
        }
    }
}

/// The transcripts of all cases at both servers, each computed at its first use.
final class Transcripts: Sendable {
    static let apus = Transcripts(Product.binary) { _ in true }
    static let nginx = Transcripts(NginxPeer.binary) { $0.isKnown(to: NginxPeer.version) }

    private let transcripts: [String: Once<Transcript>]
    private let shares: [String: Once<Share>]
    let binary: String

    /// Returns the server's transcript of a case.
    func transcript(of row: CaseRow) throws -> Transcript {
        guard let known = transcripts[row.key] else {
            throw CaseServer.StartFailure(description: "\(row.key) is not asked of \(binary)")
        }
        return try known.get()
    }

    /// Returns the log lines of the row's server about system calls that the sandbox does not
    /// allow.
    func unexpectedCalls(of row: CaseRow) throws -> [String] {
        try shares[row.key]?.get().unexpectedCalls ?? []
    }

    private init(_ binary: String, where isKnown: (DirectiveCase) -> Bool) {
        self.binary = binary
        var transcripts: [String: Once<Transcript>] = [:]
        var shares: [String: Once<Share>] = [:]
        let rows = CaseRow.all.filter { $0.one.refusal == nil && isKnown($0.one) }
        for rows in Self.shares(rows) {
            let server = Once { try Share(binary, rows.map(\.one)) }
            for (index, row) in rows.enumerated() {
                shares[row.key] = server
                transcripts[row.key] = Once {
                    Transcript(of: row.one, at: try server.get().place(of: index))
                }
            }
        }
        self.transcripts = transcripts
        self.shares = shares
    }

    /// Groups rows that can share a process: those with the same text in http and main, up to a
    /// limit.
    private static func shares(_ rows: [CaseRow]) -> [[CaseRow]] {
        var shares: [[CaseRow]] = []
        var open: [String: Int] = [:]
        for row in rows {
            let one = row.one
            let isAlone = one.whole != nil || one.http.contains("{")
            let key = isAlone ? row.key : one.main + "\u{0}" + one.http
            if let index = open[key], shares[index].count < 100 {
                shares[index].append(row)
            } else {
                open[key] = shares.count
                shares.append([row])
            }
        }
        return shares
    }
}

/// A process for the cases that load. One that does not load must not affect the others.
private struct Share: Sendable {
    private let server: CaseServer
    private let places: [CasePlace?]
    private let complaints: [String?]

    init(_ binary: String, _ cases: [DirectiveCase]) throws {
        if let server = try? CaseServer(binary, cases) {
            self.server = server
            places = server.places
            complaints = cases.map { _ in nil }
            return
        }
        var complaints: [String?] = []
        for one in cases {
            let (isAccepted, said) = try CaseServer.check(binary, one)
            complaints.append(isAccepted ? nil : said)
        }
        let good = cases.indices.filter { complaints[$0] == nil }
        guard !good.isEmpty else {
            throw CaseServer.StartFailure(description: complaints.compactMap { $0 }.joined())
        }
        server = try CaseServer(binary, good.map { cases[$0] })
        var places: [CasePlace?] = cases.map { _ in nil }
        for (index, place) in zip(good, server.places) { places[index] = place }
        self.places = places
        self.complaints = complaints
    }

    var unexpectedCalls: [String] { server.unexpectedCalls }

    func place(of index: Int) throws -> CasePlace {
        guard let place = places[index] else {
            throw CaseServer.StartFailure(description: complaints[index] ?? "")
        }
        return place
    }
}
