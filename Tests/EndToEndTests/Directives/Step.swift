import Foundation

@_exported import struct Conformance.Difference

/// One request of a case, and the expected response.
struct Step: Sendable {
    /// The bytes that are sent.
    enum Sent: Sendable {
        /// A request line without its version, headers, and a body.
        case request(method: String, target: String, fields: [String], body: String)
        case raw(String)
        /// No request: the next response on the same connection is read.
        case nothing
    }

    let sent: Sent
    let expected: [Expectation]
    var verdict: NginxVerdict
    /// Headers whose values differ each time.
    var ignored: [String] = []
    /// 1 for `{port}`, 2 for `{port2}`, 3 for `{port3}`.
    var port = 1
    /// True if the connection of the previous step is used.
    var isOnSameConnection = false
    /// The pause before the step.
    var pauseSeconds = 0.0

    /// GET on a new connection. A `Host` header replaces `Host: localhost`.
    static func get(
        _ target: String, _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        request("GET", target, fields, "", expect, nginx, ignoring, port)
    }

    /// HEAD on a new connection.
    static func head(
        _ target: String, _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        request("HEAD", target, fields, "", expect, nginx, ignoring, port)
    }

    /// POST of a body with Content-Length, on a new connection.
    static func post(
        _ target: String, _ body: String = "", _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        let length = ["Content-Length: \(body.utf8.count)"]
        return request("POST", target, length + fields, body, expect, nginx, ignoring, port)
    }

    /// Any method, on a new connection.
    static func method(
        _ method: String, _ target: String, _ fields: [String] = [], expect: Expectation...,
        nginx: NginxVerdict = .same, ignoring: [String] = [], port: Int = 1
    ) -> Step {
        request(method, target, fields, "", expect, nginx, ignoring, port)
    }

    /// These bytes, on a new connection.
    static func raw(
        _ bytes: String, expect: Expectation..., nginx: NginxVerdict = .same,
        ignoring: [String] = [], port: Int = 1
    ) -> Step {
        Step(
            sent: .raw(bytes), expected: expect, verdict: nginx, ignored: ignoring, port: port)
    }

    /// The next response on the same connection, without another request.
    static func next(expect: Expectation..., nginx: NginxVerdict = .same) -> Step {
        Step(sent: .nothing, expected: expect, verdict: nginx, isOnSameConnection: true)
    }

    /// The step on the connection of the previous one, after a pause.
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

    /// The bytes to send.
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

    /// The method that determines the framing of the response.
    var method: String {
        switch sent {
        case .request(let method, _, _, _): method
        case .raw(let bytes): bytes.hasPrefix("HEAD ") ? "HEAD" : "GET"
        case .nothing: "GET"
        }
    }
}

/// A property of the expected response. A number is a status, a text a body. `{port}`, `{root}` and
/// `{dir}` are replaced as in the configuration.
enum Expectation: Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case status(Int)
    case reason(String)
    /// The header occurs once, with this value.
    case field(String, String)
    /// The headers with this name have these values, in this order.
    case fields(String, [String])
    case has(String)
    case noField(String)
    case body(String)
    case bodyContains(String)
    case bodyLacks(String)
    case empty
    /// The content is gzip, and this when decompressed.
    case gzipped(String)
    case chunked
    /// The lines after the last chunk.
    case trailers([String])
    case location(String)
    /// The connection is closed after the response.
    case closes
    case keeps
    /// The connection is closed without a response.
    case noResponse
    /// A log in `{dir}` has this line.
    case logs(String, String)
    /// The error log has a line that contains this.
    case errorLog(String)

    init(integerLiteral value: Int) { self = .status(value) }
    init(stringLiteral value: String) { self = .body(value) }
}
