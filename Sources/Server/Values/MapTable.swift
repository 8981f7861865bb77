import Files
import HTTP

/// `map`, compiled: which of its results a value has. Strings are kept in lower case and compared
/// so; expressions see the value as it is.
struct MapTable: BitwiseCopyable {
    /// What a value came to.
    enum Outcome: Equatable {
        /// Which result.
        case result(Int32)
        /// Which result, and the expression that led to it.
        case matched(Int32, regex: Int32)
        /// Nothing matches.
        case none
        /// This row's expression came to no end.
        case failed(row: Int32)
    }

    /// Strings, sorted.
    let exact: PlanTable<NamedIndex>
    /// What stands behind the `*` of `*.example.com`, with its dot, sorted.
    let leading: PlanTable<NamedIndex>
    /// What stands before the `*` of `www.example.*`, with its dot, sorted.
    let trailing: PlanTable<NamedIndex>
    /// In the order of the file.
    let regexes: PlanTable<MapRegex>
    /// Values are hosts: a dot at their end does not count.
    let hasHostnames: Bool

    /// Looks a value up in nginx's order: the string itself, the longest wildcard at its
    /// beginning, the longest at its end, the first expression that matches.
    func outcome(
        of value: Span<UInt8>, matches: (Int32, Span<UInt8>) -> Regex.Outcome
    ) -> Outcome {
        let value = subject(of: value)
        if let result = exact.indexIgnoringCase(of: value) ?? wildcard(of: value) {
            return .result(result)
        }
        // nginx asks no expression about nothing.
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

    /// What of a value is looked up.
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

/// A `~` row.
struct MapRegex: BitwiseCopyable {
    /// Which of the plan's regular expressions.
    let regex: Int32
    let result: Int32
    /// For messages.
    let pattern: PlanBytes
}

extension PlanTable where Element == NamedIndex {
    /// What `name` in lower case stands for; the table is sorted, and in lower case.
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

/// The strings of a `map` block while they are gathered.
struct MapStrings {
    private var exact: [[UInt8]: Int32] = [:]
    /// By what stands behind or before the `*`, with its dot.
    private var leading: [[UInt8]: Int32] = [:]
    private var trailing: [[UInt8]: Int32] = [:]

    /// Why a string cannot be taken.
    enum Refusal: Error {
        /// It stands there already.
        case conflicting
        /// Neither a host name nor `*.example.com`, `.example.com` or `www.example.*`.
        case invalidWildcard
    }

    init() {}

    /// Takes a string; with `hostnames` it may be a wildcard.
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
            // The name itself, and all below it.
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

    /// The table of these strings and of expressions.
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
