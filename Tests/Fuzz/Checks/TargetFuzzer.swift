import HTTP

/// The path of a target: compares the normalized path with a simple model, and checks what is made
/// of it.
enum TargetFuzzer {
    static func fuzz(_ bytes: Span<UInt8>) throws {
        for merges in [true, false] {
            let path = normalized(bytes, merges)
            let model = model(bytes.array, merges)
            try require(
                path == model, "\(path?.text ?? "refused"), the model \(model?.text ?? "refuses")")
            try checkSmallRoom(bytes, merges, path)
            guard let path else { continue }
            try checkPath(path, raw: bytes, merges)
        }
        try checkNames(bytes)
    }

    private static func normalized(_ bytes: Span<UInt8>, _ merges: Bool) -> [UInt8]? {
        var isPath = false
        let path = written(bytes.count + 1) {
            isPath = RequestTarget.normalize(path: bytes, mergesSlashes: merges, into: &$0)
        }
        return isPath ? path.bytes : nil
    }

    private static func checkPath(_ path: [UInt8], raw: Span<UInt8>, _ merges: Bool) throws {
        try require(path.first == 0x2F, "it does not begin with a slash")
        try require(!path.contains(0), "it has a NUL")
        for segment in path.parts(separatedBy: 0x2F) {
            try require(segment != [0x2E] && segment != [0x2E, 0x2E], "it has a dot segment")
        }
        try require(!merges || !path.contains("//"), "it has slashes that were to be merged")
        // Parsed again it is unchanged, unless it contains bytes with a meaning in a target.
        if !path.contains(0x25), !path.contains(0x3F), !path.contains(0x23) {
            try require(normalized(path.span, merges) == path, "it changes when read again")
        }
        // Escaped for a Location header, it leads to itself.
        let location = written(3 * path.count) { RequestTarget.escape(uri: path.span, into: &$0) }
        try require(!location.hasOverflowed, "an escape of more than three bytes")
        try require(location.bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "odd byte in a Location")
        try require(
            normalized(location.bytes.span, merges) == path, "the Location leads elsewhere")
    }

    /// With less room, the result is the same path or none.
    private static func checkSmallRoom(
        _ bytes: Span<UInt8>, _ merges: Bool, _ path: [UInt8]?
    ) throws {
        var isPath = false
        let small = written(bytes.count / 2) {
            isPath = RequestTarget.normalize(path: bytes, mergesSlashes: merges, into: &$0)
        }
        try require(!isPath || small.bytes == path, "another path in little room")
    }

    /// A name in a listing: its link leads to it, and its text contains no markup.
    private static func checkNames(_ bytes: Span<UInt8>) throws {
        let name = bytes.array
        let page = written(6 * name.count) { $0.append(html: bytes) }
        try require(!page.hasOverflowed, "an entity of more than six bytes")
        try require(!page.bytes.contains { "<>\"'".utf8.contains($0) }, "markup in a page")
        let link = written(3 * name.count) { RequestTarget.escape(component: bytes, into: &$0) }
        try require(!link.hasOverflowed, "an escape of more than three bytes")
        guard !name.isEmpty, !name.contains(0), !name.contains(0x2F), name != [0x2E],
            name != [0x2E, 0x2E]
        else { return }
        try require(
            normalized(link.bytes.span, true) == [0x2F] + name, "the link leads elsewhere")
    }

    /// Normalizes by segments: decodes everything, splits, and walks the list.
    private static func model(_ raw: [UInt8], _ merges: Bool) -> [UInt8]? {
        guard let decoded = decoded(raw) else { return nil }
        var segments = decoded.parts(separatedBy: 0x2F)
        var last = segments.removeLast()
        if last == [0x2E] || last == [0x2E, 0x2E] {
            segments.append(last)
            last = []
        }
        var directories: [[UInt8]] = []
        for segment in segments {
            if segment == [0x2E] || segment.isEmpty && merges { continue }
            if segment == [0x2E, 0x2E] {
                guard directories.popLast() != nil else { return nil }
            } else {
                directories.append(segment)
            }
        }
        return directories.reduce([0x2F]) { $0 + $1 + [0x2F] } + last
    }

    private static func decoded(_ raw: [UInt8]) -> [UInt8]? {
        var rest = raw.prefix { $0 != 0x3F && $0 != 0x23 }
        // An escape that is cut off by a `?` is an error, as at the end.
        if rest.first == 0x2F { rest.removeFirst() }
        var decoded: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                guard byte != 0 else { return nil }
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = digit(high).flatMap({ high in digit(low).map { high << 4 | $0 } }),
                value != 0
            else { return nil }
            decoded.append(value)
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
