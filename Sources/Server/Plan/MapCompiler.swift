import Configuration
import HTTP

/// A `map`, compiled.
struct MapPlan: BitwiseCopyable {
    /// The text that is looked up.
    let source: Template
    let table: MapTable
    let results: PlanTable<Template>
    /// The index of the default's result; -1 for none.
    let fallback: Int32
    /// True if the value is looked up at each use.
    let isVolatile: Bool
}

/// Compilation of `map` blocks.
extension PlanCompiler {
    /// A block while its rows are read.
    private struct MapBuilder {
        var strings = MapStrings()
        var regexes: [MapRegex] = []
        var results: [Template] = []
        var resultIndexes: [[UInt8]: Int32] = [:]
        var fallback: Int32 = -1
        var hasHostnames = false
        var isVolatile = false
    }

    mutating func compileMaps() {
        for map in draft.maps {
            var gathered = MapBuilder()
            for row in map.rows { take(row, into: &gathered) }
            let source = template(map.source)
            parts.maps.append(
                MapPlan(
                    source: source,
                    table: gathered.strings.table(
                        regexes: gathered.regexes, hasHostnames: gathered.hasHostnames,
                        in: parts.arena),
                    results: parts.arena.store(elements: gathered.results),
                    fallback: gathered.fallback, isVolatile: gathered.isVolatile))
        }
    }

    private mutating func take(_ row: Directive, into map: inout MapBuilder) {
        if row.arguments.isEmpty {
            switch row.name.text {
            case "hostnames":
                map.hasHostnames = true
                return
            case "volatile":
                map.isVolatile = true
                return
            default: break
            }
        }
        guard row.arguments.count == 1, let value = row.arguments.first else {
            fail("invalid number of the map parameters", at: row.name)
            return
        }
        let result = result(value, in: &map)
        switch MapKey(row.name.bytes) {
        case .fallback:
            if map.fallback >= 0 { fail("duplicate default map parameter", at: row.name) }
            map.fallback = result
        case .regex(let pattern, let ignoresCase):
            guard let regex = regex(pattern, ignoresCase: ignoresCase, of: row.name) else { return }
            map.regexes.append(
                MapRegex(regex: regex, result: result, pattern: parts.arena.store(pattern)))
        case .string(let string):
            // In lower case, as in nginx's message.
            let shown = String(decoding: string.map(\.asciiLowercased), as: UTF8.self)
            do {
                try map.strings.add(string, result: result, hostnames: map.hasHostnames)
            } catch {
                switch error {
                case .conflicting: fail("conflicting parameter \"\(shown)\"", at: row.name)
                case .invalidWildcard:
                    fail("invalid hostname or wildcard \"\(shown)\"", at: row.name)
                }
            }
        }
    }

    /// Shared by equal results: many rows have few results.
    private mutating func result(_ word: Word, in map: inout MapBuilder) -> Int32 {
        if let known = map.resultIndexes[word.bytes] { return known }
        map.results.append(template(word))
        let index = Int32(map.results.count &- 1)
        map.resultIndexes[word.bytes] = index
        return index
    }

    /// Reports an error about a word.
    mutating func fail(_ message: String, at word: Word) {
        report(Diagnostic(.error, message, at: word.place, length: word.length))
    }

    /// Reports a warning about a word.
    mutating func warn(_ message: String, at word: Word) {
        report(Diagnostic(.warning, message, at: word.place, length: word.length))
    }
}
