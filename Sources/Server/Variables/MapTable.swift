import Files
import HTTP

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

extension PlanTable where Element == NamedIndex {
    /// Returns the index of `name`, ignoring case, in a sorted table in lower case.
    func indexIgnoringCase(of name: Span<UInt8>) -> Int32? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low &+ high) / 2
            let entry = self[middle]
            let order = compare(entry.name.span, lowercased: name)
            if order == 0 { return entry.index }
            if order < 0 { low = middle &+ 1 } else { high = middle }
        }
        return nil
    }

    private func compare(_ left: Span<UInt8>, lowercased right: Span<UInt8>) -> Int {
        let shared = Swift.min(left.count, right.count)
        var index = 0
        while index < shared {
            let difference = Int(left[index]) &- Int(right[index].asciiLowercased)
            if difference != 0 { return difference }
            index &+= 1
        }
        return left.count &- right.count
    }
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
