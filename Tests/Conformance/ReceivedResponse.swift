import Foundation

/// A received response, checked for the syntax that every response must have.
struct ReceivedResponse {
    let version: String
    let status: Int
    let reason: String
    let fields: [(name: String, value: String)]
    /// The content without chunked framing.
    var content: [UInt8] = []

    /// The message is not valid HTTP/1.1 (RFC 9112, sections 4 to 7).
    struct Malformed: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Creates a response of HTTP/0.9.
    init(bare content: [UInt8]) {
        version = "HTTP/0.9"
        status = 200
        reason = ""
        fields = []
        self.content = content
    }

    /// Parses a header without the empty line at its end.
    init(head: [UInt8]) throws {
        var lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        guard !lines.contains(where: { line in line.utf8.contains { $0 == 13 || $0 == 10 } }) else {
            throw Malformed("a bare CR or LF in the head")
        }
        let start = lines.removeFirst()
        let words = start.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0",
            words[1].utf8.count == 3, let status = Int(words[1]), (100...599).contains(status)
        else { throw Malformed("status line: \(start)") }
        version = String(words[0])
        self.status = status
        reason = String(words[2])
        fields = try lines.map { line in
            guard let colon = line.firstIndex(of: ":"), Self.isToken(line[..<colon]) else {
                throw Malformed("field line: \(line)")
            }
            let value = line[line.index(after: colon)...]
            return (String(line[..<colon]), value.trimmingCharacters(in: .whitespaces))
        }
        try checkFraming()
    }

    private static func isToken(_ name: Substring) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~")
        return !name.isEmpty
            && name.allSatisfy {
                ($0.isASCII && ($0.isLetter || $0.isNumber)) || marks.contains($0)
            }
    }

    private func checkFraming() throws {
        let lengths = values("Content-Length")
        let codings = values("Transfer-Encoding")
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else {
            throw Malformed("framed twice: \(lengths) \(codings)")
        }
        guard lengths.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
            throw Malformed("Content-Length: \(lengths)")
        }
        if status / 100 == 1 || status == 204, !lengths.isEmpty || !codings.isEmpty {
            throw Malformed("\(status) with framing")
        }
        for name in ["Date", "Content-Type", "ETag", "Last-Modified", "Location", "Content-Range"]
        where values(name).count > 1 { throw Malformed("two fields \(name)") }
    }

    /// Returns all values of a header, line by line.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// Returns the members of a list, in lower case.
    func list(_ name: String) -> [String] {
        values(name).joined(separator: ",").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    }

    /// The headers that must be the same in responses to GET and HEAD.
    var comparableFields: [String] {
        let moving: Set = ["date", "connection", "keep-alive"]
        return fields.filter { !moving.contains($0.name.lowercased()) }
            .map { "\($0.name.lowercased()): \($0.value)" }
    }
}

extension [UInt8] {
    /// Returns the range of `other` in these bytes, at or after `start`.
    func firstRange(of other: String, from start: Int = 0) -> Range<Int>? {
        let wanted = Array(other.utf8)
        guard start <= count - wanted.count else { return nil }
        for index in start...(count - wanted.count)
        where self[index] == wanted[0] && Array(self[index..<(index + wanted.count)]) == wanted {
            return index..<(index + wanted.count)
        }
        return nil
    }
}
