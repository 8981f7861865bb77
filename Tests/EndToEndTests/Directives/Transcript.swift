import Foundation
import Synchronization

/// A value that is made when it is first asked for, once.
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

/// What one server said to one case.
struct Transcript: Sendable {
    let place: CasePlace
    let outcomes: [Received]

    /// What came of one step.
    enum Received: Sendable {
        /// `isClosed` is nil where nobody asked.
        case received(Response, isClosed: Bool?)
        /// The connection was closed without a byte.
        case nothing
        case failure(String)
    }

    /// Asks all of it.
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
                outcomes.append(try Self.ask(step, client, place))
            } catch {
                outcomes.append(.failure("\(error)"))
            }
        }
        self.outcomes = outcomes
    }

    private static func ask(
        _ step: Step, _ client: RawClient, _ place: CasePlace
    ) throws -> Received {
        // A byte a scalar, as in the cases of the conformance suite.
        let text = place.fill(step.text)
        if step.pauseSeconds > 0 { Thread.sleep(forTimeInterval: step.pauseSeconds) }
        try client.send(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        // Waits for the first byte, or the end that comes in its place.
        if try client.isClosedByServer() { return .nothing }
        let response = try client.response(to: step.method)
        let patience = step.expected.compactMap(\.connectionPatience).first
        let isClosed = patience.map { (try? client.isClosedByServer(seconds: $0)) ?? false }
        return .received(response, isClosed: isClosed)
    }
}

extension Expectation {
    /// How long is waited to see what becomes of the connection; nil where nobody asks. One that is
    /// closed is so with the answer, or a little later; nothing tells of one that is kept.
    var connectionPatience: Double? {
        switch self {
        case .closes: patienceSeconds
        case .keeps: 0.1
        default: nil
        }
    }
}

/// The transcripts of all cases at both servers, each made when it is first asked for.
final class Transcripts: Sendable {
    static let apus = Transcripts(Product.binary) { _ in true }
    static let nginx = Transcripts(NginxPeer.binary) { $0.isKnown(to: NginxPeer.version) }

    private let transcripts: [String: Once<Transcript>]
    private let shares: [String: Once<Share>]
    let binary: String

    /// What the server has to say to the case.
    func transcript(of row: CaseRow) throws -> Transcript {
        guard let known = transcripts[row.key] else {
            throw CaseServer.DidNotStart(description: "\(row.key) is not asked of \(binary)")
        }
        return try known.get()
    }

    /// What the log of the row's server has of system calls that the sandbox does not know.
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

    /// Rows that can share a process: those that say the same in http and main, not too many.
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

/// A process that serves some cases: all that load. One that does not load must not take the others
/// with it.
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
            throw CaseServer.DidNotStart(description: complaints.compactMap { $0 }.joined())
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
            throw CaseServer.DidNotStart(description: complaints[index] ?? "")
        }
        return place
    }
}
