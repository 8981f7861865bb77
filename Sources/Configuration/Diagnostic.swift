/// One error, warning or note about a configuration, with its place in the text.
public struct Diagnostic: Error, Hashable, Sendable {
    /// The severity: only an error prevents a configuration from being used.
    public enum Severity: String, Hashable, Sendable {
        case error, warning, note
    }

    /// A second place that explains the first ("it was first given here").
    public struct Related: Hashable, Sendable {
        /// The text about this place.
        public let message: String
        /// The place in the configuration.
        public let place: Place
        /// The number of underlined bytes.
        public let length: Int
    }

    /// The severity of the fault.
    public var severity: Severity
    /// The message, one line, in nginx's words where nginx has it.
    public var message: String
    /// The place; nil if the message is about no place in the text, such as a file that cannot be
    /// read.
    public var place: Place?
    /// The number of underlined bytes; at least one is.
    public var length: Int
    /// Remedies, one line each.
    public var help: [String]
    /// Other places that explain this one.
    public var related: [Related] = []

    /// Creates a diagnostic about a range of the text.
    public init(
        _ severity: Severity, _ message: String, at place: Place?, length: Int = 1,
        help: [String] = []
    ) {
        self.severity = severity
        self.message = message
        self.place = place
        self.length = length
        self.help = help
    }

    /// Creates an error about a range of the text.
    init(_ message: String, at place: Place, length: Int = 1, help: [String] = []) {
        self.init(.error, message, at: place, length: length, help: help)
    }

    /// Creates an error about a word.
    init(_ message: String, at word: Word, help: [String] = []) {
        self.init(.error, message, at: word.place, length: word.length, help: help)
    }

    /// Returns the diagnostic with one more place that explains it.
    public func relating(_ message: String, to place: Place, length: Int = 1) -> Diagnostic {
        var copy = self
        copy.related.append(Related(message: message, place: place, length: length))
        return copy
    }
}

extension Diagnostic {
    /// Renders the diagnostic for a terminal: place, severity and message, the line with the range
    /// underlined, remedies, and the places that explain it. There is no line feed at the end.
    public func render(in sources: Sources) -> String {
        var lines = Diagnostic.lines("\(severity.rawValue): \(message)", place, length, sources)
        lines += help.map { "help: " + VisibleText.escaped($0) }
        for other in related {
            lines += Diagnostic.lines("note: \(other.message)", other.place, other.length, sources)
        }
        return lines.joined(separator: "\n")
    }

    private static func lines(
        _ message: String, _ place: Place?, _ length: Int, _ sources: Sources
    ) -> [String] {
        guard let place, let position = sources.position(of: place) else {
            return [VisibleText.escaped(message)]
        }
        let numbers = "\(position.line):\(position.column)"
        let title = VisibleText.escaped("\(position.name):\(numbers): \(message)")
        let line = sources.files[place.source].bytes(ofLine: position.line - 1)
        return [title] + excerpt(line, at: place.offset, length: length)
    }

    /// Returns the line and the marks below it. A very long line is cut to the part around the
    /// place.
    private static func excerpt(_ line: ArraySlice<UInt8>, at offset: Int, length: Int) -> [String]
    {
        let from = min(max(offset, line.startIndex), line.endIndex)
        let to = min(max(from, from &+ max(length, 0)), line.endIndex)
        var first = line.startIndex
        var last = line.endIndex
        if line.count > 200 {
            first = startOfCharacter(in: line, at: max(first, from - 80))
            last = startOfCharacter(in: line, at: min(last, max(from + 80, first + 160)))
        }
        // Measured as shown: an escape is longer than the character it replaces.
        let before = visible(line[first..<from])
        let marked = visible(line[from..<max(from, min(to, last))]).unicodeScalars.count
        let start = first > line.startIndex ? "\u{2026}" : ""
        let end = last < line.endIndex ? "\u{2026}" : ""
        let margin = String(
            String.UnicodeScalarView(
                (start + before).unicodeScalars.map { $0 == "\t" ? "\t" : " " }))
        let text = visible(line[first..<last])
        return [
            start + text + end,
            margin + "^" + String(repeating: "~", count: max(marked, 1) - 1),
        ]
    }

    private static func visible(_ text: ArraySlice<UInt8>) -> String {
        VisibleText.escaped(String(decoding: text, as: UTF8.self), keepingTabs: true)
    }

    private static func startOfCharacter(in line: ArraySlice<UInt8>, at offset: Int) -> Int {
        var start = offset
        while start > line.startIndex, start < line.endIndex, line[start] & 0xC0 == 0x80 {
            start -= 1
        }
        return start
    }
}

/// Suggestions for misspelled names.
public enum Suggestion {
    /// Returns the most similar of the names, the first of equals, or nil if none is similar: a
    /// third of the letters may be wrong, and never more than three. Case is ignored.
    public static func nearest(to word: String, among names: [String]) -> String? {
        let typed = word.utf8.map(ASCII.lowercased)
        guard !typed.isEmpty, typed.count <= 64 else { return nil }
        var limit = min(max(typed.count / 3, 1), 3)
        var nearest: String?
        for name in names where abs(name.utf8.count - typed.count) <= limit {
            let distance = distance(typed, name.utf8.map(ASCII.lowercased))
            guard distance < limit || (distance == limit && nearest == nil) else { continue }
            nearest = name
            limit = distance
        }
        return nearest
    }

    /// Returns the number of letters that were left out, inserted, changed or swapped with their
    /// neighbour (the Damerau-Levenshtein distance, with each letter edited once).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            row.reserveCapacity(right.count + 1)
            for j in right.indices {
                let substituted = last[j] + (left[i] == right[j] ? 0 : 1)
                var best = min(substituted, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[right.count]
    }
}
