/// A requirement of the RFCs, or of nginx, for a file server: the bytes to send, and rules for the
/// responses.
public struct Case: Sendable {
    /// A unique name in words; the tables of failing cases use it.
    public let name: String
    /// The source of the requirement, as in "9112 3.2".
    public let section: String
    /// The strength of the requirement.
    public let level: Level
    /// The bytes, one per scalar (so "\u{e4}" is the byte 0xE4). Each further part is sent after
    /// another response was read. `{etag}` and the like are replaced by values from the server.
    public let parts: [String]
    /// The expected responses, in order.
    public let responses: [ExpectedResponse]
    /// The state of the connection afterwards.
    public let then: ConnectionOutcome
    /// The setting of `strict_requests` that the case needs.
    public let strictness: Strictness
    /// The intended difference from nginx, if there is one.
    public let difference: Difference.Name?

    /// A case that sends all bytes at once.
    public init(
        _ name: String, _ section: String, _ level: Level, _ bytes: String,
        _ responses: [ExpectedResponse], then: ConnectionOutcome = .inStep,
        _ strictness: Strictness = .either,
        differs difference: Difference.Name? = nil
    ) {
        self.init(
            name, section, level, parts: [bytes], responses, then: then, strictness,
            differs: difference)
    }

    /// A MUST, with all bytes sent at once.
    public init(
        _ name: String, _ section: String, _ bytes: String, _ responses: [ExpectedResponse],
        then: ConnectionOutcome = .inStep, _ strictness: Strictness = .either,
        differs difference: Difference.Name? = nil
    ) {
        self.init(
            name, section, .must, parts: [bytes], responses, then: then, strictness,
            differs: difference)
    }

    /// A MUST whose parts wait for responses.
    public init(
        _ name: String, _ section: String, parts: [String], _ responses: [ExpectedResponse],
        then: ConnectionOutcome = .inStep
    ) {
        self.init(name, section, .must, parts: parts, responses, then: then)
    }

    /// A case whose parts wait for responses.
    public init(
        _ name: String, _ section: String, _ level: Level, parts: [String],
        _ responses: [ExpectedResponse], then: ConnectionOutcome = .inStep,
        _ strictness: Strictness = .either,
        differs difference: Difference.Name? = nil
    ) {
        self.name = name
        self.section = section
        self.level = level
        self.parts = parts
        self.responses = responses
        self.then = then
        self.strictness = strictness
        self.difference = difference
    }

    /// The section as a citation.
    public var citation: String { "RFC " + section.replacingOccurrences(" ", ", ") }
}

/// The strength of a requirement.
public enum Level: String, Sendable {
    /// A MUST of RFC 9110 or 9112.
    case must = "MUST"
    /// A SHOULD, which permits exceptions with a reason.
    case should = "SHOULD"
    /// A promise of apus where the RFCs leave a choice: nginx's response, or the safer one.
    case house = "promise"
}

/// The setting that a case needs.
public enum Strictness: String, Sendable {
    case either
    /// Only with `strict_requests on`.
    case on
    /// Only with it off: nginx's behaviour.
    case off
}

/// The state of the connection after the last response.
public enum ConnectionOutcome: Sendable {
    /// The next request gets a response, or the connection is closed: both sides agree.
    case inStep
    /// The next request gets a response.
    case kept
    /// The connection is closed, and a request after the bytes gets no response.
    case closed
    /// Either.
    case any
}

/// An expected response.
public struct ExpectedResponse: Sendable {
    /// The acceptable statuses; empty if any will do.
    public let statuses: [Int]
    /// True for the response to a HEAD, which has no content.
    public let isHead: Bool
    /// True for a response of HTTP/0.9: content only.
    public let isBare: Bool
    /// The rules for it.
    public let checks: [Check]

    private init(_ statuses: [Int], _ checks: [Check], isHead: Bool = false, isBare: Bool = false) {
        self.statuses = statuses
        self.checks = checks
        self.isHead = isHead
        self.isBare = isBare
    }

    /// Returns a response to a GET, or one framed like it.
    public static func get(_ statuses: Int..., checks: [Check] = []) -> ExpectedResponse {
        ExpectedResponse(statuses, checks)
    }

    /// Returns a response to a HEAD.
    public static func head(_ statuses: Int..., checks: [Check] = []) -> ExpectedResponse {
        ExpectedResponse(statuses, checks, isHead: true)
    }

    /// Returns a response of HTTP/0.9, up to the end of the connection.
    public static func bare(_ text: String) -> ExpectedResponse {
        ExpectedResponse([], [.text(text)], isBare: true)
    }
}

extension String {
    /// The same as Foundation's, without Foundation.
    func replacingOccurrences(_ old: Character, _ new: String) -> String {
        reduce(into: "") { $0 += $1 == old ? new : String($1) }
    }
}
