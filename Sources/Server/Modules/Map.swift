import Configuration
import Files
import HTTP

/// A `map` block as written.
struct MapDraft {
    let source: Word
    let rows: [Directive]
}

/// Variables whose values are looked up by another text.
enum Map {
    static let rows: [DirectiveRow<Draft>] = [
        .rawBlock(
            "map", in: .http, takes: .exactly(2),
            "Defines a variable by the row that the value of the first argument matches.",
            apply: { (draft, use) throws(Diagnostic) in
                _ = try draft.variables.declare(argument: 1, .map(draft.maps.count), use)
                for row in use.rows where row.arguments.count == 1 {
                    guard case .regex(let pattern, _) = MapKey(row.name.bytes) else { continue }
                    draft.variables.declareCaptures(of: pattern)
                }
                draft.maps.append(MapDraft(source: try use.word(0), rows: use.rows))
            })
    ]
}

/// The meaning of a row's first word.
enum MapKey: Equatable {
    case fallback
    case regex([UInt8], ignoresCase: Bool)
    case string([UInt8])

    init(_ word: [UInt8]) {
        switch word.first {
        case UInt8(ascii: "~"):
            let ignoresCase = word.dropFirst().first == UInt8(ascii: "*")
            self = .regex(Array(word.dropFirst(ignoresCase ? 2 : 1)), ignoresCase: ignoresCase)
        // Escapes a `default`, `~` or `\` that follows.
        case UInt8(ascii: "\\"): self = .string(Array(word.dropFirst()))
        default: self = word == Array("default".utf8) ? .fallback : .string(word)
        }
    }
}

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
extension Map {
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

    static func compile(_ compiler: inout PlanCompiler) {
        for map in compiler.draft.maps {
            var gathered = MapBuilder()
            for row in map.rows { take(row, into: &gathered, &compiler) }
            let source = compiler.template(map.source)
            compiler.parts.maps.append(
                MapPlan(
                    source: source,
                    table: gathered.strings.table(
                        regexes: gathered.regexes, hasHostnames: gathered.hasHostnames,
                        in: compiler.parts.arena),
                    results: compiler.parts.arena.store(elements: gathered.results),
                    fallback: gathered.fallback, isVolatile: gathered.isVolatile))
        }
    }

    private static func take(
        _ row: Directive, into map: inout MapBuilder, _ compiler: inout PlanCompiler
    ) {
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
            compiler.fail("invalid number of the map parameters", at: row.name)
            return
        }
        let result = result(value, in: &map, &compiler)
        switch MapKey(row.name.bytes) {
        case .fallback:
            if map.fallback >= 0 { compiler.fail("duplicate default map parameter", at: row.name) }
            map.fallback = result
        case .regex(let pattern, let ignoresCase):
            guard let regex = compiler.regex(pattern, ignoresCase: ignoresCase, of: row.name) else {
                return
            }
            map.regexes.append(
                MapRegex(regex: regex, result: result, pattern: compiler.parts.arena.store(pattern))
            )
        case .string(let string):
            // In lower case, as in nginx's message.
            let shown = String(decoding: string.map(\.asciiLowercased), as: UTF8.self)
            do {
                try map.strings.add(string, result: result, hostnames: map.hasHostnames)
            } catch {
                switch error {
                case .conflicting: compiler.fail("conflicting parameter \"\(shown)\"", at: row.name)
                case .invalidWildcard:
                    compiler.fail("invalid hostname or wildcard \"\(shown)\"", at: row.name)
                }
            }
        }
    }

    /// Shared by equal results: many rows have few results.
    private static func result(
        _ word: Word, in map: inout MapBuilder, _ compiler: inout PlanCompiler
    ) -> Int32 {
        if let known = map.resultIndexes[word.bytes] { return known }
        let index = map.results.add(compiler.template(word))
        map.resultIndexes[word.bytes] = index
        return index
    }

}

/// `map`, compiled: maps a value to one of its results. Strings are stored in lower case and
/// compared ignoring case; regular expressions match the original value.
struct MapTable: BitwiseCopyable {
    /// The result of a lookup.
    enum Outcome: Equatable {
        /// The index of the result.
        case result(Int32)
        /// The index of the result, and the regular expression that matched.
        case matched(Int32, regex: Int32)
        /// Nothing matches.
        case none
        /// The regular expression of this row exceeded its limits.
        case failed(row: Int32)
    }

    /// Plain strings, sorted.
    let exact: PlanTable<NamedIndex>
    /// The parts after the `*` of `*.example.com`, with the dot, sorted.
    let leading: PlanTable<NamedIndex>
    /// The parts before the `*` of `www.example.*`, with the dot, sorted.
    let trailing: PlanTable<NamedIndex>
    /// The regular expressions in the order of the file.
    let regexes: PlanTable<MapRegex>
    /// True if values are host names: a trailing dot is ignored.
    let hasHostnames: Bool

    /// Looks a value up in nginx's order: the string itself, the longest wildcard at the beginning,
    /// the longest at the end, the first regular expression that matches.
    func outcome(
        of value: Span<UInt8>, matches: (Int32, Span<UInt8>) -> Regex.Outcome
    ) -> Outcome {
        let value = subject(of: value)
        if let result = exact.indexIgnoringCase(of: value) ?? wildcard(of: value) {
            return .result(result)
        }
        // nginx matches no regular expression against an empty value.
        guard !value.isEmpty else { return .none }
        var index = 0
        while index < regexes.count {
            let candidate = regexes[index]
            switch matches(candidate.regex, value) {
            case .match: return .matched(candidate.result, regex: candidate.regex)
            case .noMatch: break
            case .limitReached, .failed: return .failed(row: Int32(truncatingIfNeeded: index))
            }
            index &+= 1
        }
        return .none
    }

    /// Returns the part of a value that is looked up.
    @_lifetime(copy value)
    func subject(of value: Span<UInt8>) -> Span<UInt8> {
        guard hasHostnames, value.count > 0, value[value.count &- 1] == UInt8(ascii: ".") else {
            return value
        }
        return value.slice(from: 0, to: value.count &- 1)
    }

    private func wildcard(of host: Span<UInt8>) -> Int32? {
        if !leading.isEmpty {
            var position = 0
            while let dot = host.firstIndex(of: UInt8(ascii: "."), from: position) {
                if let result = leading.indexIgnoringCase(of: host.slice(from: dot, to: host.count))
                {
                    return result
                }
                position = dot &+ 1
            }
        }
        guard !trailing.isEmpty else { return nil }
        var position = host.count &- 1
        while position > 0 {
            if host[position] == UInt8(ascii: "."),
                let result = trailing.indexIgnoringCase(of: host.slice(from: 0, to: position &+ 1))
            {
                return result
            }
            position &-= 1
        }
        return nil
    }
}

/// A row with a regular expression (`~`).
struct MapRegex: BitwiseCopyable {
    /// The index of the regular expression in the plan.
    let regex: Int32
    let result: Int32
    /// The pattern, for messages.
    let pattern: PlanBytes
}

/// Collects the strings of a `map` block.
struct MapStrings {
    private var exact: [[UInt8]: Int32] = [:]
    /// The wildcards by the part after or before the `*`, with the dot.
    private var leading: [[UInt8]: Int32] = [:]
    private var trailing: [[UInt8]: Int32] = [:]

    /// The reason that a string is invalid.
    enum Refusal: Error {
        /// The string occurs twice.
        case conflicting
        /// The string is neither a host name nor `*.example.com`, `.example.com` or
        /// `www.example.*`.
        case invalidWildcard
    }

    init() {}

    /// Adds a string; with `hostnames` it may be a wildcard.
    mutating func add(
        _ string: [UInt8], result: Int32, hostnames: Bool
    ) throws(Refusal) {
        let key = string.map(\.asciiLowercased)
        guard hostnames else { return try MapStrings.put(key, result, into: &exact) }
        let dot = UInt8(ascii: ".")
        let star = UInt8(ascii: "*")
        let hasEmptyLabel = zip(key, key.dropFirst()).contains { $0 == dot && $1 == dot }
        let stars = key.count { $0 == star }
        guard stars < 2, !hasEmptyLabel, !key.contains(0) else { throw .invalidWildcard }
        if key.count > 1, key[0] == dot {
            // `.example.com` is the name itself and all names below it.
            try MapStrings.put(Array(key.dropFirst()), result, into: &exact)
            try MapStrings.put(key, result, into: &leading)
        } else if key.count > 2, key[0] == star, key[1] == dot {
            try MapStrings.put(Array(key.dropFirst()), result, into: &leading)
        } else if key.count > 2, key.last == star, key[key.count - 2] == dot {
            try MapStrings.put(Array(key.dropLast()), result, into: &trailing)
        } else if stars > 0 {
            throw .invalidWildcard
        } else {
            try MapStrings.put(key, result, into: &exact)
        }
    }

    private static func put(
        _ key: [UInt8], _ result: Int32, into table: inout [[UInt8]: Int32]
    ) throws(Refusal) {
        guard table.updateValue(result, forKey: key) == nil else { throw .conflicting }
    }

    /// Returns the table of these strings and of regular expressions.
    func table(regexes: [MapRegex], hasHostnames: Bool, in arena: Arena) -> MapTable {
        MapTable(
            exact: MapStrings.sorted(exact, in: arena),
            leading: MapStrings.sorted(leading, in: arena),
            trailing: MapStrings.sorted(trailing, in: arena),
            regexes: arena.store(elements: regexes), hasHostnames: hasHostnames)
    }

    private static func sorted(_ keys: [[UInt8]: Int32], in arena: Arena) -> PlanTable<NamedIndex> {
        arena.store(
            elements: keys.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                NamedIndex(name: arena.store($0.key), index: $0.value)
            })
    }
}
