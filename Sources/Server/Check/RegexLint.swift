import Configuration

/// Finds regular expressions that can take exponential time: a repeated group that itself ends in a
/// repetition, as in `(a+)+`.
enum RegexLint {
    static func findings(_ path: BlockPath) -> [Finding] {
        for (index, pattern) in patterns(path.directive) where isSlow(pattern) {
            return [
                path.finding(
                    .slowRegex, "this regular expression can take exponential time", at: index,
                    help: [
                        "a repeated group contains a repetition; requests that hit the match limit "
                            + "get status 500"
                    ])
            ]
        }
        return []
    }

    /// Returns the arguments of a directive that are patterns.
    private static func patterns(_ directive: Directive) -> [(Int, [UInt8])] {
        let words = directive.arguments
        switch directive.name.text {
        case "location":
            let (modifier, name) = directive.locationName
            return modifier.hasPrefix("~") ? [(words.count - 1, Array(name.utf8))] : []
        case "rewrite": return words.first.map { [(0, $0.bytes)] } ?? []
        case "server_name":
            return words.indices.filter { words[$0].bytes.first == UInt8(ascii: "~") }
                .map { ($0, Array(words[$0].bytes.dropFirst())) }
        case "if":
            guard words.count == 3, words[1].bytes.contains(UInt8(ascii: "~")) else { return [] }
            return [(2, words[2].bytes)]
        default: return []
        }
    }

    /// Returns true if a pattern has such a group. Walks groups and quantifiers, and skips classes
    /// and escapes.
    static func isSlow(_ pattern: [UInt8]) -> Bool {
        // For each open group: whether its content repeats without bound.
        var groups: [Bool] = [false]
        var index = 0
        var closed: Bool?
        while index < pattern.count {
            let byte = pattern[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\\"):
                index += 1
                closed = nil
            case UInt8(ascii: "["):
                index = endOfClass(pattern, from: index)
                closed = nil
            case UInt8(ascii: "("):
                groups.append(false)
                closed = nil
            case UInt8(ascii: ")"):
                let inner = groups.count > 1 ? groups.removeLast() : false
                closed = inner
                if inner { groups[groups.count - 1] = true }
            case UInt8(ascii: "*"), UInt8(ascii: "+"):
                if closed == true, !isPossessive(pattern, index) { return true }
                groups[groups.count - 1] = true
                closed = nil
            default: closed = nil
            }
        }
        return false
    }

    private static func isPossessive(_ pattern: [UInt8], _ index: Int) -> Bool {
        index < pattern.count && pattern[index] == UInt8(ascii: "+")
    }

    private static func endOfClass(_ pattern: [UInt8], from start: Int) -> Int {
        var index = start
        // A bracket at the first position belongs to the class.
        if index < pattern.count, pattern[index] == UInt8(ascii: "^") { index += 1 }
        if index < pattern.count, pattern[index] == UInt8(ascii: "]") { index += 1 }
        while index < pattern.count, pattern[index] != UInt8(ascii: "]") {
            index += pattern[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index + 1
    }
}
