import Foundation

@_exported import struct Conformance.Difference

/// One request of a case, and what is expected of the answer.
struct Step: Sendable {
    /// What is sent.
    enum Sent: Sendable {
        /// A request line without its version, fields, and a body.
        case request(method: String, target: String, fields: [String], body: String)
        case raw(String)
        /// Nothing: the next answer on the same connection is read.
        case nothing
    }

    let sent: Sent
    let expected: [Expectation]
    var verdict: NginxVerdict
    /// Fields whose values are another each time.
    var ignored: [String] = []
    /// 1 for `{port}`, 2 for `{port2}`, 3 for `{port3}`.
    var port = 1
    /// On the connection of the step before.
    var isOnSameConnection = false
    /// How long nothing is done before it.
    var pauseSeconds = 0.0

    /// GET on a connection of its own. A field `Host` takes the place of `Host: localhost`.
    static func get(
        _ target: String, _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        request("GET", target, fields, "", expect, nginx, ignoring, port)
    }

    /// HEAD on a connection of its own.
    static func head(
        _ target: String, _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        request("HEAD", target, fields, "", expect, nginx, ignoring, port)
    }

    /// POST of a body with its Content-Length.
    static func post(
        _ target: String, _ body: String = "", _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        let length = ["Content-Length: \(body.utf8.count)"]
        return request("POST", target, length + fields, body, expect, nginx, ignoring, port)
    }

    /// Any method, on a connection of its own.
    static func method(
        _ method: String, _ target: String, _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        request(method, target, fields, "", expect, nginx, ignoring, port)
    }

    /// These bytes, on a connection of its own.
    static func raw(
        _ bytes: String, expect: Expectation..., nginx: NginxVerdict = .same,
        ignoring: [String] = [], port: Int = 1
    ) -> Step {
        Step(
            sent: .raw(bytes), expected: expect, verdict: nginx, ignored: ignoring, port: port)
    }

    /// The next answer on the same connection, without another request.
    static func next(expect: Expectation..., nginx: NginxVerdict = .same) -> Step {
        Step(sent: .nothing, expected: expect, verdict: nginx, isOnSameConnection: true)
    }

    /// The step, on the connection of the one before, a while later.
    static func same(_ step: Step, after seconds: Double = 0) -> Step {
        var step = step
        step.pauseSeconds = seconds
        step.isOnSameConnection = true
        return step
    }

    private static func request(
        _ method: String, _ target: String, _ fields: [String], _ body: String,
        _ expected: [Expectation], _ verdict: NginxVerdict, _ ignored: [String], _ port: Int
    ) -> Step {
        Step(
            sent: .request(method: method, target: target, fields: fields, body: body),
            expected: expected, verdict: verdict, ignored: ignored, port: port)
    }

    /// The bytes to be sent.
    var text: String {
        switch sent {
        case .raw(let bytes): return bytes
        case .nothing: return ""
        case .request(let method, let target, let fields, let body):
            let names = fields.map { $0.lowercased() }
            let host = names.contains { $0.hasPrefix("host:") } ? [] : ["Host: localhost"]
            let lines = ["\(method) \(target) HTTP/1.1"] + host + fields
            return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        }
    }

    /// The method whose answer is framed.
    var method: String {
        switch sent {
        case .request(let method, _, _, _): method
        case .raw(let bytes): bytes.hasPrefix("HEAD ") ? "HEAD" : "GET"
        case .nothing: "GET"
        }
    }
}

/// What an answer is to be. A number is a status, a text a body. `{port}`, `{root}` and `{dir}`
/// stand in texts as in the configuration.
enum Expectation: Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case status(Int)
    case reason(String)
    /// The field is there once, with this value.
    case field(String, String)
    /// The fields of that name have these values, in this order.
    case fields(String, [String])
    case has(String)
    case noField(String)
    case body(String)
    case bodyContains(String)
    case bodyLacks(String)
    case empty
    /// The content is gzip, and this when that is undone.
    case gzipped(String)
    case chunked
    /// The lines behind the last chunk are these.
    case trailers([String])
    case location(String)
    /// The connection is closed after the answer.
    case closes
    case keeps
    /// The connection is closed without an answer.
    case noResponse
    /// A line of this log in `{dir}` is this.
    case logs(String, String)
    /// The error log has a line that contains this.
    case errorLog(String)

    init(integerLiteral value: Int) { self = .status(value) }
    init(stringLiteral value: String) { self = .body(value) }
}
