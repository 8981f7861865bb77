import Configuration

/// Where something of a plan stands in the configuration, for people: messages and `apus explain`
/// read it, no request does.
struct Origin: BitwiseCopyable {
    /// As it is written there, without what its braces hold.
    let text: PlanBytes
    /// Which of the plan's files.
    let file: Int32
    /// From 1.
    let line: Int32
}

/// The same while the configuration is read: a directive from its name to its last argument.
struct Written {
    let place: Place
    /// Where the last argument ends.
    let end: Int
}

extension DirectiveUse {
    /// Where the directive is written.
    var written: Written {
        let last = arguments.last ?? directive.name
        return Written(place: place, end: last.place.offset &+ last.length)
    }
}

extension PlanCompiler {
    /// Text and place of a directive; of nothing where nothing is written.
    mutating func origin(_ written: Written?) -> Origin {
        guard let written, let position = sources.position(of: written.place) else {
            return Origin(text: parts.arena.store(""), file: -1, line: 0)
        }
        let bytes = sources.files[written.place.source].bytes
        let start = min(written.place.offset, bytes.count)
        let text = bytes[start..<max(start, min(written.end, bytes.count))]
        return Origin(
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
    /// `location ~* \.jpg$ (site.conf:12)`.
    func text(of origin: Origin) -> String {
        let text = Plan.line(origin.text.text)
        return place(of: origin).map { "\(text) (\($0))" } ?? text
    }

    /// The same of a location; of a server for what stands outside of its locations.
    func text(ofLocation index: Int32) -> String { text(of: locationOrigins[Int(index)]) }

    /// `site.conf:12`; nil for what is written nowhere.
    func place(of origin: Origin) -> String? {
        guard files.indices.contains(Int(origin.file)) else { return nil }
        return "\(files[Int(origin.file)]):\(origin.line)"
    }

    /// On one line, and not a long one.
    private static func line(_ text: String) -> String {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
        let line = words.joined(separator: " ")
        return line.count <= 100 ? line : line.prefix(99) + "…"
    }
}
