/// Requests in the usual form.
enum Request {
    /// The target of requests that must not get a response.
    static let probe = "/probe.txt"

    static func request(
        _ method: String, _ target: String, _ fields: [String], version: String = "1.1"
    ) -> String {
        let lines = ["\(method) \(target) HTTP/\(version)", "Host: conformance.test"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    static func get(_ target: String, _ fields: String...) -> String {
        request("GET", target, fields)
    }

    static func head(_ target: String, _ fields: String...) -> String {
        request("HEAD", target, fields)
    }

    static func get10(_ target: String, _ fields: String...) -> String {
        request("GET", target, fields, version: "1.0")
    }

    /// Returns a request with these header lines, which include Host.
    static func raw(_ lines: String) -> String { "GET /a.txt HTTP/1.1\r\n\(lines)\r\n\r\n" }

    /// Returns a GET with these headers and this content.
    static func content(_ fields: String, _ content: String, method: String = "GET") -> String {
        "\(method) /a.txt HTTP/1.1\r\nHost: conformance.test\r\n\(fields)\r\n\r\n\(content)"
    }

    /// Returns a GET with these chunks.
    static func chunked(_ chunks: String) -> String {
        content("Transfer-Encoding: chunked", chunks)
    }
}
