import FakeKernel

/// A response that a client has received, or the beginning of one.
struct Response {
    let status: Int
    /// The status line and fields, each with its line end.
    let lines: [Substring]
    let headCount: Int

    /// Parses a head at `position`; nil if it is not complete.
    init?(_ bytes: [UInt8], at position: Int) {
        guard let end = Response.end(ofHead: bytes, from: position) else { return nil }
        headCount = end - position
        let text = String(decoding: bytes[position..<(end - 4)], as: UTF8.self)
        lines = text.utf8.split(separator: 13).map { line in
            Substring(line.first == 10 ? line.dropFirst() : line)
        }
        let parts = lines[0].utf8.split(separator: 32)
        status = parts.count > 1 ? Int(Substring(parts[1])) ?? 0 : 0
    }

    private static func end(ofHead bytes: [UInt8], from position: Int) -> Int? {
        let rest = bytes[position...]
        let end = unsafe rest.withUnsafeBufferPointer { memory in
            unsafe memory.baseAddress.map { unsafe fake_position($0, memory.count, "\r\n\r\n") }
        }
        guard let end, end < rest.count else { return nil }
        return position + end + 4
    }

    /// Returns the value of a field.
    func field(_ name: String) -> Substring? {
        let prefix = name + ": "
        for line in lines where line.hasPrefix(prefix) { return line.dropFirst(prefix.count) }
        return nil
    }

    var contentLength: Int? { field("Content-Length").flatMap { Int($0) } }
    var isChunked: Bool { field("Transfer-Encoding") == "chunked" }
}

/// The heads that the model expects, in nginx's order of fields.
struct ExpectedHead {
    var status = 200
    var type: String?
    var length: Int64?
    var isChunked = false
    var modified: Int64?
    var keepsAlive = true
    var location: String?
    /// True if Location is one of the added fields.
    var hasAddedLocation = false
    var tag: String?
    var isGzip = false
    var acceptsRanges = false
    var contentRange: String?

    /// Returns the lines of the head. `date` is the value of the response's Date, checked
    /// separately.
    func lines(date: Substring) -> [String] {
        var lines = ["HTTP/1.1 \(status) \(ExpectedHead.reason(status))"]
        lines.append("Server: apus/0.1.0")
        lines.append("Date: \(date)")
        if let type { lines.append("Content-Type: \(type)") }
        if let length { lines.append("Content-Length: \(length)") }
        if let modified { lines.append("Last-Modified: \(Dates.text(modified))") }
        if let location, !hasAddedLocation { lines.append("Location: \(location)") }
        if isChunked { lines.append("Transfer-Encoding: chunked") }
        lines.append("Connection: \(keepsAlive ? "keep-alive" : "close")")
        if let location, hasAddedLocation { lines.append("Location: \(location)") }
        if let tag { lines.append("ETag: \(tag)") }
        if isGzip { lines.append("Content-Encoding: gzip") }
        if acceptsRanges { lines.append("Accept-Ranges: bytes") }
        if let contentRange { lines.append("Content-Range: \(contentRange)") }
        return lines
    }

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 413: "Request Entity Too Large"
        case 414: "Request-URI Too Large"
        case 416: "Requested Range Not Satisfiable"
        case 500: "Internal Server Error"
        case 503: "Service Temporarily Unavailable"
        default: "?"
        }
    }

    /// Returns the built-in page of a status.
    static func page(_ status: Int) -> [UInt8] {
        let title =
            status == 494 ? "400 Request Header Or Cookie Too Large" : "\(status) \(reason(status))"
        return Array(
            ("<!DOCTYPE html>\n<html lang=\"en\" style=\"color-scheme:light dark;"
                + "font-family:sans-serif\">\n<meta charset=\"utf-8\">\n<title>\(title)</title>\n"
                + "<h1>\(title)</h1>\n<hr>apus/0.1.0\n").utf8)
    }
}

/// Dates of HTTP, from seconds since 1970.
enum Dates {
    static func text(_ seconds: Int64) -> String {
        let days = seconds / 86400
        let time = seconds % 86400
        // The civil calendar from days, as in howardhinnant.github.io/date_algorithms.html.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let index = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * index + 2) / 5 + 1
        let month = index < 10 ? index + 3 : index - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday = weekdays[Int((days + 4) % 7)]
        let name = months[Int(month) - 1]
        return "\(weekday), \(two(day)) \(name) \(year) \(two(time / 3600)):"
            + "\(two(time / 60 % 60)):\(two(time % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
