extension Diagnostic {
    /// The diagnostic as a terminal shows it: place, severity and message, the line with the
    /// stretch underlined, what helps, and the places that explain it. No line feed at the end.
    public func render(in sources: Sources) -> String {
        var lines = Diagnostic.lines("\(severity.rawValue): \(message)", place, length, sources)
        lines += help.map { "help: " + visible($0) }
        for other in related {
            lines += Diagnostic.lines("note: \(other.message)", other.place, other.length, sources)
        }
        return lines.joined(separator: "\n")
    }

    private static func lines(
        _ message: String, _ place: Place?, _ length: Int, _ sources: Sources
    ) -> [String] {
        guard let place, let position = sources.position(of: place) else {
            return [visible(message)]
        }
        let title = "\(position.name):\(position.line):\(position.column): \(visible(message))"
        let line = sources.files[place.source].bytes(ofLine: position.line - 1)
        return [title] + excerpt(line, at: place.offset, length: length)
    }

    /// The line and the marks below it. Of a very long line, the part around the place.
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
        let before = String(decoding: line[first..<from], as: UTF8.self)
        let marked = countCharacters(line[from..<max(from, min(to, last))])
        let start = first > line.startIndex ? "\u{2026}" : ""
        let end = last < line.endIndex ? "\u{2026}" : ""
        let margin = String(
            String.UnicodeScalarView(
                (start + before).unicodeScalars.map { $0 == "\t" ? "\t" : " " }))
        let text = visible(String(decoding: line[first..<last], as: UTF8.self))
        return [
            start + text + end,
            margin + "^" + String(repeating: "~", count: max(marked, 1) - 1),
        ]
    }

    private static func startOfCharacter(in line: ArraySlice<UInt8>, at offset: Int) -> Int {
        var start = offset
        while start > line.startIndex, start < line.endIndex, line[start] & 0xC0 == 0x80 {
            start -= 1
        }
        return start
    }
}

/// A text whose control characters, tabs excepted, cannot do anything to a terminal.
private func visible(_ text: String) -> String {
    guard text.utf8.contains(where: { ($0 < 0x20 && $0 != ASCII.tab) || $0 == 0x7F || $0 == 0xC2 })
    else { return text }
    return String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                switch scalar.value {
                case 0x09: scalar
                case 0x00..<0x20, 0x7F..<0xA0: "\u{FFFD}"
                default: scalar
                }
            }))
}
