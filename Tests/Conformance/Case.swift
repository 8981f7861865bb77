/// One thing that the RFCs, or nginx, say of a server of files: bytes in, rules of the answers out.
public struct Case: Sendable {
    /// Unique, in words: the tables of failing cases name it.
    public let name: String
    /// Where it is said, as in "9112 3.2".
    public let section: String
    /// How it is said.
    public let level: Level
    /// The bytes, one a scalar (so "\u{e4}" is the byte 0xE4). Each further part is sent once
    /// another answer was read. `{etag}` and the like stand for what the server itself said.
    public let parts: [String]
    /// The answers in their order.
    public let responses: [ExpectedResponse]
    /// What becomes of the connection.
    public let then: Afterwards
    /// Whether it hangs on `strict_requests`.
    public let strictness: Strictness
    /// Where apus differs from nginx on purpose.
    public let difference: Difference.Name?

    /// A case that sends all bytes at once.
    public init(
        _ name: String, _ section: String, _ level: Level, _ bytes: String,
        _ responses: [ExpectedResponse], then: Afterwards = .inStep,
        _ strictness: Strictness = .either,
        differs difference: Difference.Name? = nil
    ) {
        self.init(
            name, section, level, parts: [bytes], responses, then: then, strictness,
            differs: difference)
    }

    /// A MUST.
    public init(
        _ name: String, _ section: String, _ bytes: String, _ responses: [ExpectedResponse],
        then: Afterwards = .inStep, _ strictness: Strictness = .either,
        differs difference: Difference.Name? = nil
    ) {
        self.init(
            name, section, .must, parts: [bytes], responses, then: then, strictness,
            differs: difference)
    }

    /// A MUST whose parts wait for answers.
    public init(
        _ name: String, _ section: String, parts: [String], _ responses: [ExpectedResponse],
        then: Afterwards = .inStep
    ) {
        self.init(name, section, .must, parts: parts, responses, then: then)
    }

    /// A case whose parts wait for answers.
    public init(
        _ name: String, _ section: String, _ level: Level, parts: [String],
        _ responses: [ExpectedResponse], then: Afterwards = .inStep,
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

    /// As it is cited.
    public var citation: String { "RFC " + section.replacingOccurrences(" ", ", ") }
}

/// How strongly a rule is said.
public enum Level: String, Sendable {
    /// RFC 9110 or 9112 leave no choice.
    case must = "MUST"
    /// They leave one to those with a reason.
    case should = "SHOULD"
    /// They leave it open, and apus promises it: nginx's answer, or the safer of two.
    case house = "promise"
}

/// When a case holds.
public enum Strictness: String, Sendable {
    case either
    /// Only with `strict_requests on`.
    case on
    /// Only with it off: what nginx does.
    case off
}

/// What becomes of the connection after the last answer.
public enum Afterwards: Sendable {
    /// A next request on it is answered, or it is closed: both are in step.
    case inStep
    /// A next request on it is answered.
    case kept
    /// It is closed, and a request that stood behind the bytes is never answered.
    case closed
    /// Either.
    case any
}

/// One expected answer.
public struct ExpectedResponse: Sendable {
    /// Any of these; none at all means that any will do.
    public let statuses: [Int]
    /// Whether a HEAD is answered, so that no content follows.
    public let isHead: Bool
    /// Whether it is an answer of HTTP/0.9: content and nothing else.
    public let isBare: Bool
    /// The rules for it.
    public let checks: [Check]

    private init(_ statuses: [Int], _ checks: [Check], isHead: Bool = false, isBare: Bool = false) {
        self.statuses = statuses
        self.checks = checks
        self.isHead = isHead
        self.isBare = isBare
    }

    /// An answer to a GET, or what is answered like one.
    public static func get(_ statuses: Int..., checks: [Check] = []) -> ExpectedResponse {
        ExpectedResponse(statuses, checks)
    }

    /// An answer to a HEAD.
    public static func head(_ statuses: Int..., checks: [Check] = []) -> ExpectedResponse {
        ExpectedResponse(statuses, checks, isHead: true)
    }

    /// An answer of HTTP/0.9, up to the end of the connection.
    public static func bare(_ text: String) -> ExpectedResponse {
        ExpectedResponse([], [.text(text)], isBare: true)
    }
}

extension String {
    /// Foundation's, without Foundation.
    func replacingOccurrences(_ old: Character, _ new: String) -> String {
        reduce(into: "") { $0 += $1 == old ? new : String($1) }
    }
}
