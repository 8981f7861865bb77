import Foundation

/// A rule for one response.
public enum Check: Sendable {
    /// A header has exactly this value.
    case field(String, String)
    /// A header is present.
    case has(String)
    /// A header is absent.
    case lacks(String)
    /// A list has this member, ignoring case.
    case lists(String, String)
    /// A list does not have this member.
    case doesNotList(String, String)
    /// The content is this text.
    case text(String)
    /// The content is not this text.
    case isNot(String)
    /// The content is these bytes of /bytes.bin.
    case bytes(ClosedRange<Int>)
    /// The content is all of /bytes.bin.
    case allBytes
    /// The content has parts, each with its Content-Range and its bytes of /bytes.bin.
    case parts([ClosedRange<Int>])
    /// The content is the file with that name in the site, byte for byte.
    case file(String)
    /// The content begins as a gzip stream does.
    case gzip
    /// There is no content.
    case empty
    /// The reason phrase.
    case reason(String)
    /// A header is a date in the format of RFC 9110, section 5.6.7.
    case date(String)
    /// Date is the current time.
    case dateIsNow
    /// Last-Modified is not later than Date.
    case notFromTheFuture
    /// Last-Modified has this value, with its weekday.
    case modified(String)
    /// The headers are those of an earlier response, except Date; Content-Length may be left out.
    case sameFields(as: Int)
    /// These headers have the values of an earlier response.
    case sameValues([String], as: Int)
    /// The value of a header differs from that in an earlier response.
    case differs(String, from: Int)
    /// A header begins with this text.
    case begins(String, String)
    /// The content does not contain this.
    case doesNotContain(String)
    /// Allow of a 405 lists GET and HEAD.
    case allowsReading
    /// Location, if present, stays on this host and contains no control characters.
    case locationIsHere
    /// A header has at least this many characters.
    case atLeast(String, Int)

    /// Returns why the last of `responses` violates the rule; nil if it does not.
    func failure(_ responses: [ReceivedResponse]) -> String? {
        guard let response = responses.last else { return "no response" }
        switch self {
        case .field, .has, .lacks, .lists, .doesNotList, .begins, .atLeast, .locationIsHere,
            .allowsReading:
            return fieldFailure(response)
        case .date, .dateIsNow, .notFromTheFuture, .modified:
            return dateFailure(response)
        case .sameFields, .sameValues, .differs:
            return comparisonFailure(response, responses)
        default:
            return contentFailure(response)
        }
    }

    private func fieldFailure(_ response: ReceivedResponse) -> String? {
        switch self {
        case .field(let name, let value):
            let values = response.values(name)
            return values == [value] ? nil : "\(name) is \(values), not \(value)"
        case .has(let name):
            return response.values(name).isEmpty ? "no \(name)" : nil
        case .lacks(let name):
            return response.values(name).isEmpty ? nil : "\(name): \(response.values(name))"
        case .lists(let name, let member):
            return response.list(name).contains(member.lowercased())
                ? nil : "\(name) \(response.values(name)) does not list \(member)"
        case .doesNotList(let name, let member):
            return response.list(name).contains(member.lowercased())
                ? "\(name) lists \(member)" : nil
        case .begins(let name, let start):
            let value = response.values(name).first ?? ""
            return value.hasPrefix(start) ? nil : "\(name) is \(value)"
        case .allowsReading:
            let allowed = response.list("Allow")
            return response.status != 405 || (allowed.contains("get") && allowed.contains("head"))
                ? nil : "Allow is \(response.values("Allow"))"
        case .locationIsHere:
            guard let value = response.values("Location").first else { return nil }
            let here = ["http://conformance.test/", "http://conformance.test:"]
            let isPath = value.hasPrefix("/") && !value.hasPrefix("//") && !value.hasPrefix("/\\")
            return isPath || here.contains { value.hasPrefix($0) } ? nil : "Location: \(value)"
        case .atLeast(let name, let count):
            let value = response.values(name).first ?? ""
            return value.count >= count ? nil : "\(name) is only \(value)"
        default: return nil
        }
    }

    private func contentFailure(_ response: ReceivedResponse) -> String? {
        let text = String(decoding: response.content, as: UTF8.self)
        switch self {
        case .text(let expected): return text == expected ? nil : "content is \(text.prefix(60))"
        case .isNot(let expected): return text == expected ? "content is \(text)" : nil
        case .bytes(let range):
            return response.content == Array(Site.bytes[range]) ? nil : "other bytes"
        case .allBytes: return response.content == Site.bytes ? nil : "not all bytes"
        case .parts(let ranges): return Multipart.failure(response, ranges)
        case .file(let name):
            return response.content == Site.content(of: name) ? nil : "not \(name)"
        case .gzip: return response.content.starts(with: [0x1f, 0x8b, 8]) ? nil : "no gzip stream"
        case .empty: return response.content.isEmpty ? nil : "content: \(text.prefix(60))"
        case .reason(let reason): return response.reason == reason ? nil : response.reason
        case .doesNotContain(let part): return text.contains(part) ? "contains \(part)" : nil
        default: return nil
        }
    }

    private func dateFailure(_ response: ReceivedResponse) -> String? {
        func date(_ name: String) -> Date? {
            response.values(name).first.flatMap(HTTPDateText.read)
        }
        switch self {
        case .date(let name): return date(name) == nil ? "\(name): \(response.values(name))" : nil
        case .dateIsNow:
            guard let date = date("Date") else { return "Date: \(response.values("Date"))" }
            return abs(date.timeIntervalSinceNow) < 15 ? nil : "Date is \(date)"
        case .notFromTheFuture:
            guard let modified = response.values("Last-Modified").first else { return nil }
            guard let last = HTTPDateText.read(modified), let now = date("Date") else {
                return "Last-Modified: \(modified)"
            }
            return last <= now ? nil : "Last-Modified \(modified) is after Date"
        case .modified(let value):
            let modified = response.values("Last-Modified")
            return modified == [value] ? nil : "Last-Modified: \(modified)"
        default: return nil
        }
    }

    private func comparisonFailure(
        _ response: ReceivedResponse, _ responses: [ReceivedResponse]
    ) -> String? {
        switch self {
        case .sameFields(let index):
            var left = Set(responses[index].comparableFields)
            let right = Set(response.comparableFields)
            if response.values("Content-Length").isEmpty {
                left = left.filter { !$0.hasPrefix("content-length:") }
            }
            return left == right ? nil : "\(left.symmetricDifference(right).sorted())"
        case .sameValues(let names, let index):
            for name in names where responses[index].values(name) != response.values(name) {
                return "\(name): \(responses[index].values(name)), then \(response.values(name))"
            }
            return nil
        case .differs(let name, let index):
            return responses[index].values(name) != response.values(name) ? nil : "the same \(name)"
        default: return nil
        }
    }
}

/// IMF-fixdate (RFC 9110, section 5.6.7), with the right weekday.
enum HTTPDateText {
    static func read(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = formatter.date(from: text) else { return nil }
        return formatter.string(from: date) == text ? date : nil
    }
}

/// Parses multipart/byteranges (RFC 9110, section 14.6).
enum Multipart {
    static func failure(_ response: ReceivedResponse, _ ranges: [ClosedRange<Int>]) -> String? {
        let type = response.values("Content-Type").first ?? ""
        guard type.hasPrefix("multipart/byteranges; boundary=") else { return "type \(type)" }
        let boundary = type.components(separatedBy: "boundary=")[1]
            .trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        var rest = response.content[...]
        guard !boundary.isEmpty, boundary.utf8.count <= 70 else { return "boundary \(boundary)" }
        for range in ranges {
            rest = rest.drop { $0 == 13 || $0 == 10 }
            guard let end = Array(rest).firstRange(of: "\r\n\r\n") else { return "no part" }
            let head = String(decoding: rest.prefix(end.lowerBound), as: UTF8.self)
            let wanted = "Content-Range: bytes \(range.lowerBound)-\(range.upperBound)/"
            guard head.hasPrefix("--\(boundary)\r\n"),
                head.lowercased().contains("\r\n" + wanted.lowercased() + "\(Site.bytes.count)")
            else { return "part head \(head)" }
            rest = rest.dropFirst(end.upperBound)
            guard Array(rest.prefix(range.count)) == Array(Site.bytes[range]) else {
                return "bytes of \(range)"
            }
            rest = rest.dropFirst(range.count)
        }
        let end = String(decoding: rest, as: UTF8.self)
        return end == "\r\n--\(boundary)--\r\n" || end == "\r\n--\(boundary)--" ? nil : "end \(end)"
    }
}
