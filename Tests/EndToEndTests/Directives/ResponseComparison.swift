import Foundation
import Testing

/// Comparison of responses with expectations.
enum ResponseComparison {
    /// Returns the failures of one response; empty if it is as expected.
    static func failures(
        of received: Transcript.Received, _ expected: [Expectation], at place: CasePlace
    ) -> [String] {
        switch received {
        case .failure(let text): return [text]
        case .nothing:
            let wanted = expected.contains {
                if case .noResponse = $0 { true } else { false }
            }
            return wanted ? [] : ["closed without a response"]
        case .received(let response, let isClosed):
            let found = expected.compactMap { failure($0, response, isClosed, place) }
            return found.isEmpty ? [] : found + ["received \(describe(response, place))"]
        }
    }

    private static func failure(
        _ expected: Expectation, _ response: Response, _ isClosed: Bool?, _ place: CasePlace
    ) -> String? {
        switch expected {
        case .status(let status):
            return response.status == status ? nil : "\(response.status), not \(status)"
        case .reason(let reason): return differ("reason", response.reason, reason, place)
        case .noResponse: return "got a response"
        case .chunked: return response.wasChunked ? nil : "not chunked"
        case .trailers(let lines): return differ("trailers", response.trailers, lines, place)
        case .closes: return isClosed == true ? nil : "not closed"
        case .keeps: return isClosed == false ? nil : "closed"
        case .logs(let file, let line): return missing(line, in: file, place) { $0 == $1 }
        case .errorLog(let text):
            return missing(text, in: "error.log", place) { $0.contains($1) }
        case .field, .fields, .has, .noField, .location:
            return fieldFailure(expected, response, place)
        case .body, .bodyContains, .bodyLacks, .empty, .gzipped:
            return bodyFailure(expected, response, place)
        }
    }

    private static func fieldFailure(
        _ expected: Expectation, _ response: Response, _ place: CasePlace
    ) -> String? {
        switch expected {
        case .field(let name, let value):
            return differ(name, response.values(name), [value], place)
        case .fields(let name, let values):
            return differ(name, response.values(name), values, place)
        case .location(let target):
            return differ("Location", response.values("Location"), [target], place)
        case .has(let name): return response[name] == nil ? "no \(name)" : nil
        case .noField(let name): return response[name].map { "\(name): \($0)" }
        default: return nil
        }
    }

    private static func bodyFailure(
        _ expected: Expectation, _ response: Response, _ place: CasePlace
    ) -> String? {
        switch expected {
        case .body(let text): return differ("body", response.text, text, place)
        case .bodyContains(let part):
            return response.text.contains(place.fill(part)) ? nil : "the body lacks \(part)"
        case .bodyLacks(let part):
            return response.text.contains(place.fill(part)) ? "the body has \(part)" : nil
        case .empty: return response.body.isEmpty ? nil : "a body"
        case .gzipped(let text):
            guard let plain = try? gunzip(response.body) else { return "the body is not gzip" }
            return differ("body", String(decoding: plain, as: UTF8.self), text, place)
        default: return nil
        }
    }

    private static func differ(
        _ what: String, _ found: String, _ wanted: String, _ place: CasePlace
    ) -> String? {
        let wanted = place.fill(wanted)
        return found == wanted
            ? nil
            : "\(what) is \(found.prefix(200).debugDescription), not \(wanted.debugDescription)"
    }

    private static func differ(
        _ what: String, _ found: [String], _ wanted: [String], _ place: CasePlace
    ) -> String? {
        let wanted = wanted.map { place.fill($0) }
        return found == wanted ? nil : "\(what) is \(found), not \(wanted)"
    }

    private static func missing(
        _ line: String, in file: String, _ place: CasePlace,
        _ matches: (String, String) -> Bool
    ) -> String? {
        let wanted = place.fill(line)
        let path = place.directory + "/" + file
        let isThere: Void? = try? waitFor(file) {
            let lines = ((try? readText(path)) ?? "").components(separatedBy: "\n")
            return lines.contains { matches($0, wanted) }
        }
        if isThere != nil { return nil }
        let text = (try? readText(path)) ?? "nothing"
        return "\(file) lacks \(wanted.debugDescription): \(text)"
    }

    static func describe(_ response: Response, _ place: CasePlace) -> String {
        let fields = response.fields.map { "\($0.name): \($0.value)" }
        return place.restorePlaceholders(
            "\(response.status) \(response.reason) \(fields) "
                + response.text.prefix(80).debugDescription)
    }

    // MARK: two servers

    /// True if the response is a cached compressed variant.
    static func isFromMemory(_ response: Response) -> Bool {
        response["Content-Encoding"] == "gzip" && response["Content-Length"] != nil
    }

    /// Returns the differences between the responses of apus and nginx; empty if they are equal
    /// except for Server, Date, and the look of built-in pages. Unless `isStrict`, nginx may lack
    /// Allow of a 405 and Vary of a 304, as in the list of differences.
    static func differences(
        _ apus: (Transcript.Received, CasePlace), _ nginx: (Transcript.Received, CasePlace),
        ignoring ignored: [String], isStrict: Bool = false
    ) -> [String] {
        switch (apus.0, nginx.0) {
        case (.nothing, .nothing): return []
        case (.received(let ours, let isClosed), .received(let theirs, let isTheirsClosed)):
            var found: [String] = []
            let isBuiltIn = isBuiltInPage(theirs)
            if ours.status != theirs.status || ours.reason != theirs.reason {
                found.append("the status")
            }
            var names = ignored
            if isBuiltIn { names += ["content-length", "transfer-encoding"] }
            // Entries of the list of differences that would otherwise be needed in every such row.
            if !isStrict, theirs.status == 405 { names.append("allow") }
            if !isStrict, theirs.status == 304 { names.append("vary") }
            if !isStrict, isFromMemory(ours), theirs["Content-Length"] == nil {
                names += ["content-length", "transfer-encoding"]
            }
            if !haveEqualFields((ours, apus.1), (theirs, nginx.1), ignoring: names) {
                found.append("the fields")
            }
            if !isBuiltIn, !haveEqualBodies((ours, apus.1), (theirs, nginx.1)) {
                found.append("the body")
            }
            if ours.trailers.map({ apus.1.restorePlaceholders($0) })
                != theirs.trailers.map({ nginx.1.restorePlaceholders($0) })
            {
                found.append("the trailers")
            }
            if isClosed != isTheirsClosed { found.append("what becomes of the connection") }
            guard !found.isEmpty else { return [] }
            return [
                found.joined(separator: " and ") + " differ",
                "apus: " + describe(ours, apus.1), "nginx: " + describe(theirs, nginx.1),
            ]
        default: return ["apus: \(apus.0), nginx: \(nginx.0)"]
        }
    }

    /// True for a page that nginx generates, of an error, a redirect or a directory; or for the
    /// response to HEAD of such a page.
    private static func isBuiltInPage(_ response: Response) -> Bool {
        var text = response.text
        if response["Content-Encoding"] == "gzip", let plain = try? gunzip(response.body) {
            text = String(decoding: plain, as: UTF8.self)
        }
        return text.contains("<hr><center>nginx") || text.contains("<h1>Index of ")
            || (response.body.isEmpty && response.status >= 300 && response.status != 304)
    }

    /// True if names and values are the same, in the same order. Future times may be relative to
    /// either Date.
    static func haveEqualFields(
        _ ours: (response: Response, place: CasePlace),
        _ theirs: (response: Response, place: CasePlace), ignoring ignored: [String]
    ) -> Bool {
        let one = fields(ours.response, ours.place, ignored)
        let other = fields(theirs.response, theirs.place, ignored)
        guard one.count == other.count else { return false }
        return zip(one, other).allSatisfy { mine, its in
            if mine == its { return true }
            guard mine.name == "Expires", its.name == "Expires" else { return false }
            let times = [mine.value, ours.response["Date"], its.value, theirs.response["Date"]]
                .compactMap { $0.flatMap { dates.date(from: $0) } }
            guard times.count == 4 else { return false }
            return times[0].timeIntervalSince(times[1]) == times[2].timeIntervalSince(times[3])
        }
    }

    private static let dates: DateFormatter = {
        let dates = DateFormatter()
        dates.locale = Locale(identifier: "en_US_POSIX")
        dates.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return dates
    }()

    private static func fields(
        _ response: Response, _ place: CasePlace, _ ignored: [String]
    ) -> [(name: String, value: String)] {
        let without = Set(["server", "date"] + ignored.map { $0.lowercased() })
        return response.fields.filter { !without.contains($0.name.lowercased()) }.map { field in
            var value = place.restorePlaceholders(field.value)
            if let start = value.range(of: "boundary=") {
                value.removeSubrange(start.upperBound...)
            }
            return (field.name, value)
        }
    }

    private static func haveEqualBodies(
        _ ours: (response: Response, place: CasePlace),
        _ theirs: (response: Response, place: CasePlace)
    ) -> Bool {
        if ours.response.body == theirs.response.body { return true }
        if ours.response["Content-Encoding"] == "gzip" {
            let plain = [ours, theirs].map { try? gunzip($0.response.body) }
            return plain[0] != nil && plain[0] == plain[1]
        }
        return text(ours.response, ours.place) == text(theirs.response, theirs.place)
    }

    /// Returns the body without the parts that differ between servers.
    private static func text(_ response: Response, _ place: CasePlace) -> String {
        var text = place.restorePlaceholders(response.text)
        if let type = response["Content-Type"], let start = type.range(of: "boundary=") {
            text = text.replacingOccurrences(of: type[start.upperBound...], with: "boundary")
        }
        return text
    }
}
