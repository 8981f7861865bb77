import Configuration

/// The place of a part of the plan in the configuration, for messages and `apus explain`; requests
/// do not use it.
struct SourceLocation: BitwiseCopyable {
    /// The directive as written, without the contents of its block.
    let text: PlanBytes
    /// The index of the file in the plan.
    let file: Int32
    /// The line, from 1.
    let line: Int32
}

/// The range of a directive while the configuration is read: from its name to its last argument.
struct SourceRange {
    let place: Place
    /// The end of the last argument.
    let end: Int
}

extension DirectiveUse {
    /// The range of the directive.
    var written: SourceRange {
        let last = arguments.last ?? directive.name
        return SourceRange(place: place, end: last.place.offset &+ last.length)
    }
}

extension PlanCompiler {
    /// Returns the text and place of a directive; empty for nil.
    mutating func origin(_ written: SourceRange?) -> SourceLocation {
        guard let written, let position = sources.position(of: written.place) else {
            return SourceLocation(text: parts.arena.store(""), file: -1, line: 0)
        }
        let bytes = sources.files[written.place.source].bytes
        let start = min(written.place.offset, bytes.count)
        let text = bytes[start..<max(start, min(written.end, bytes.count))]
        return SourceLocation(
            text: parts.arena.store(Array(text)), file: file(position.name),
            line: Int32(clamping: position.line))
    }

    private mutating func file(_ name: String) -> Int32 {
        // Levels of one file follow each other.
        if let index = parts.files.lastIndex(of: name) { return Int32(clamping: index) }
        parts.files.append(name)
        return Int32(clamping: parts.files.count &- 1)
    }
}

extension Plan {
    /// Returns a description such as `location ~* \.jpg$ (site.conf:12)`.
    func text(of origin: SourceLocation) -> String {
        let text = Plan.line(origin.text.text)
        return place(of: origin).map { "\(text) (\($0))" } ?? text
    }

    /// Returns the description of a location, or of a server for its settings outside of locations.
    func text(ofLocation index: Int32) -> String { text(of: locationPlaces[Int(index)]) }

    /// Returns a place such as `site.conf:12`; nil if there is none.
    func place(of origin: SourceLocation) -> String? {
        guard files.indices.contains(Int(origin.file)) else { return nil }
        return "\(files[Int(origin.file)]):\(origin.line)"
    }

    /// Shortens a text to one line of limited length.
    private static func line(_ text: String) -> String {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
        let line = words.joined(separator: " ")
        return line.count <= 100 ? line : line.prefix(99) + "…"
    }
}
