import Foundation

/// A response as received.
struct Response {
    let version: String
    let status: Int
    let reason: String
    let fields: [(name: String, value: String)]
    /// The content without chunked framing.
    var body: [UInt8] = []
    /// True if the content was sent in chunks.
    var wasChunked = false
    /// The lines after the last chunk.
    var trailers: [String] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of a header, or nil if it is absent.
    subscript(_ name: String) -> String? { values(name).first }

    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    init(head: String) throws {
        var lines = head.components(separatedBy: "\r\n")
        let start = lines.removeFirst()
        let words = start.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw Malformed(description: "status line: \(start)")
        }
        version = String(words[0])
        self.status = status
        reason = String(words[2])
        fields = try lines.filter { !$0.isEmpty }.map { line in
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw Malformed(description: "field line: \(line)")
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (String(line[..<colon]), value)
        }
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
