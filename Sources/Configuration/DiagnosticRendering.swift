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
