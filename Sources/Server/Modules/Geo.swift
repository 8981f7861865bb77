import Configuration
import HTTP

/// A `geo` block as written.
struct GeoDraft {
    /// The source of the address; nil for the client's.
    let address: Word?
    let rows: [Directive]
}

/// Variables whose values depend on an address.
enum Geo {
    static let rows: [DirectiveRow<Draft>] = [
        .rawBlock(
            "geo", in: .http, takes: .oneOf([1, 2]),
            "Defines a variable by the network of the client's address.",
            apply: { (draft, use) throws(Diagnostic) in
                let last = use.arguments.count &- 1
                if last > 0 { _ = try use.variableName(0) }
                _ = try draft.variables.declare(argument: last, .geo(draft.geos.count), use)
                draft.geos.append(
                    GeoDraft(address: last > 0 ? try use.word(0) : nil, rows: use.rows))
            })
    ]
}

/// A `geo`, compiled.
struct GeoPlan: BitwiseCopyable {
    /// The source of the address if ``hasSource``; otherwise it is the client's.
    let source: Template
    let hasSource: Bool
    let table: GeoTable
    let values: PlanTable<PlanBytes>
    /// The proxies whose X-Forwarded-For is trusted.
    let proxies: PlanTable<Network>
    let isRecursive: Bool
    /// True if the value is looked up at each use.
    let isVolatile: Bool
}

/// Compilation of `geo` blocks.
extension Geo {
    /// A block while its rows are read.
    private struct GeoBuilder {
        var networks = GeoNetworks()
        /// The ranges, with `ranges`.
        var ranges: GeoRanges?
        var hasNetworks = false
        var fallback: Int32 = -1
        var values: [[UInt8]] = []
        var valueIndexes: [[UInt8]: Int32] = [:]
        var proxies: [Network] = []
        var isRecursive = false
        var isVolatile = false

        mutating func index(of value: [UInt8]) -> Int32 {
            if let known = valueIndexes[value] { return known }
            let index = values.add(value)
            valueIndexes[value] = index
            return index
        }

        func text(_ value: Int32) -> String {
            guard values.indices.contains(Int(value)) else { return "" }
            return String(decoding: values[Int(value)], as: UTF8.self)
        }
    }

    static func compile(_ compiler: inout PlanCompiler) {
        for geo in compiler.draft.geos {
            var gathered = GeoBuilder()
            for row in geo.rows { take(row, into: &gathered, &compiler) }
            let source =
                geo.address.map { compiler.template($0) } ?? compiler.template(constant: [])
            let arena = compiler.parts.arena
            compiler.parts.geos.append(
                GeoPlan(
                    source: source, hasSource: geo.address != nil,
                    table: gathered.ranges?.table(fallback: gathered.fallback, in: arena)
                        ?? gathered.networks.table(in: arena),
                    values: arena.store(elements: gathered.values.map { arena.store($0) }),
                    proxies: arena.store(elements: gathered.proxies),
                    isRecursive: gathered.isRecursive, isVolatile: gathered.isVolatile))
        }
    }

    private static func take(
        _ row: Directive, into geo: inout GeoBuilder, _ compiler: inout PlanCompiler
    ) {
        guard row.arguments.count == 1, let second = row.arguments.first else {
            guard row.arguments.isEmpty, parseSwitch(row.name, into: &geo, &compiler) else {
                compiler.fail("invalid number of the geo parameters", at: row.name)
                return
            }
            return
        }
        switch row.name.text {
        case "proxy":
            if let network = network(second, &compiler) { geo.proxies.append(network) }
        case "default": useDefaults(second, into: &geo, &compiler)
        case "delete":
            if geo.ranges != nil {
                if let range = range(second, &compiler),
                    geo.ranges?.delete(range.0, range.1) == false
                {
                    compiler.warn("no address range \"\(second.text)\" to delete", at: second)
                }
            } else if let network = network(second, &compiler), !geo.networks.delete(network) {
                compiler.warn("no network \"\(second.text)\" to delete", at: second)
            }
        default:
            if geo.ranges != nil {
                addRange(row.name, second, to: &geo, &compiler)
            } else {
                addNetwork(row.name, second, to: &geo, &compiler)
            }
        }
    }

    private static func parseSwitch(
        _ word: Word, into geo: inout GeoBuilder, _ compiler: inout PlanCompiler
    ) -> Bool {
        switch word.text {
        case "ranges":
            if geo.hasNetworks {
                compiler.fail(
                    "the \"ranges\" directive must be the first directive inside \"geo\" block",
                    at: word)
            }
            geo.ranges = geo.ranges ?? GeoRanges()
        case "proxy_recursive": geo.isRecursive = true
        case "volatile": geo.isVolatile = true
        default: return false
        }
        return true
    }

    // MARK: values

    private static func useDefaults(
        _ value: Word, into geo: inout GeoBuilder, _ compiler: inout PlanCompiler
    ) {
        let index = geo.index(of: value.bytes)
        if geo.fallback >= 0 {
            let old = geo.text(geo.fallback)
            compiler.warn(
                geo.ranges == nil
                    ? "duplicate network \"default\", value: \"\(value.text)\", old value: "
                        + "\"\(old)\""
                    : "duplicate default geo range value: \"\(value.text)\", old value: \"\(old)\"",
                at: value)
        }
        geo.fallback = index
        guard geo.ranges == nil else { return }
        geo.hasNetworks = true
        for family in [Peer.Family.ipv4, .ipv6] {
            _ = geo.networks.set(Network(family: family, high: 0, low: 0, length: 0), index)
        }
    }

    private static func addNetwork(
        _ word: Word, _ value: Word, to geo: inout GeoBuilder, _ compiler: inout PlanCompiler
    ) {
        geo.hasNetworks = true
        guard let network = network(word, &compiler) else { return }
        if let old = geo.networks.set(network, geo.index(of: value.bytes)) {
            compiler.warn(
                "duplicate network \"\(word.text)\", value: \"\(value.text)\", old value: "
                    + "\"\(geo.text(old))\"", at: word)
        }
    }

    private static func addRange(
        _ word: Word, _ value: Word, to geo: inout GeoBuilder, _ compiler: inout PlanCompiler
    ) {
        guard let range = range(word, &compiler) else { return }
        let index = geo.index(of: value.bytes)
        switch geo.ranges?.add(range.0, range.1, index) {
        case .replaced(let old):
            compiler.warn(
                "duplicate range \"\(word.text)\", value: \"\(value.text)\", old value: "
                    + "\"\(geo.text(old))\"", at: word)
        case .overlaps(let start, let last):
            let other = "\(Peer(ipv4: start).text)-\(Peer(ipv4: last).text)"
            compiler.fail("range \"\(word.text)\" overlaps \"\(other)\"", at: word)
        case .added, nil: break
        }
    }

    // MARK: addresses

    /// Parses a network; reports an invalid one.
    static func network(
        _ word: Word, fault: String = "invalid network", _ compiler: inout PlanCompiler
    ) -> Network? {
        guard let (network, hasLowBits) = Network.parse(word.bytes.span) else {
            compiler.fail("\(fault) \"\(word.text)\"", at: word)
            return nil
        }
        if hasLowBits {
            compiler.warn("low address bits of \(word.text) are meaningless", at: word)
        }
        return network
    }

    private static func range(_ word: Word, _ compiler: inout PlanCompiler) -> (UInt32, UInt32)? {
        let dash = word.bytes.firstIndex(of: UInt8(ascii: "-")) ?? word.bytes.count
        let bytes = word.bytes.span
        guard let start = AddressText.ipv4(bytes.slice(from: 0, to: dash)),
            let last = AddressText.ipv4(bytes.slice(from: dash + 1, to: bytes.count)),
            start <= last
        else {
            compiler.fail("invalid range \"\(word.text)\"", at: word)
            return nil
        }
        return (start, last)
    }
}

/// `geo`, compiled: sorted ranges of addresses with one value each, searched by bisection.
struct GeoTable: BitwiseCopyable {
    /// The ranges by their first addresses; each ends where the next one begins. Addresses before
    /// the first have no value.
    let ipv4: PlanTable<GeoRange4>
    let ipv6: PlanTable<GeoRange6>

    /// The address whose value applies to missing and invalid addresses: 255.255.255.255, as in
    /// nginx.
    static let invalidAddress = Peer(ipv4: UInt32.max)

    /// Returns the index of an address's value; nil for none.
    func value(of peer: Peer?) -> Int32? {
        var peer = (peer ?? GeoTable.invalidAddress).unmapped
        if peer.family == .unix { peer = GeoTable.invalidAddress }
        let value =
            peer.family == .ipv4
            ? ipv4Value(UInt32(truncatingIfNeeded: peer.low)) : ipv6Value(peer.high, peer.low)
        return value < 0 ? nil : value
    }

    private func ipv4Value(_ address: UInt32) -> Int32 {
        let after = bisect(ipv4.count) { ipv4[$0].start <= address ? -1 : 1 }.index
        return after > 0 ? ipv4[after &- 1].value : -1
    }

    private func ipv6Value(_ first: UInt64, _ second: UInt64) -> Int32 {
        let after = bisect(ipv6.count) { index in
            let start = ipv6[index]
            return start.high < first || start.high == first && start.low <= second ? -1 : 1
        }.index
        return after > 0 ? ipv6[after &- 1].value : -1
    }
}

/// The start of a range of IPv4 addresses.
struct GeoRange4: BitwiseCopyable {
    let start: UInt32
    /// The index of the value; -1 for none.
    let value: Int32
}

/// The start of a range of IPv6 addresses.
struct GeoRange6: BitwiseCopyable {
    let high: UInt64
    let low: UInt64
    /// The index of the value; -1 for none.
    let value: Int32
}

/// The networks of a `geo` block while it is read: of the networks that contain an address, the one
/// with the longest prefix wins.
struct GeoNetworks {
    private var values: [Network: Int32] = [:]

    init() {}

    /// Sets the value of a network. Returns the previous value.
    mutating func set(_ network: Network, _ value: Int32) -> Int32? {
        values.updateValue(value, forKey: network)
    }

    /// Removes a network. Returns false if it does not exist.
    mutating func delete(_ network: Network) -> Bool {
        values.removeValue(forKey: network) != nil
    }

    func table(in arena: Arena) -> GeoTable {
        GeoTable(
            ipv4: arena.store(
                elements: ranges(of: .ipv4).map {
                    GeoRange4(start: UInt32(truncatingIfNeeded: $0.start), value: $0.value)
                }),
            ipv6: arena.store(
                elements: ranges(of: .ipv6).map {
                    GeoRange6(
                        high: UInt64(truncatingIfNeeded: $0.start >> 64),
                        low: UInt64(truncatingIfNeeded: $0.start), value: $0.value)
                }))
    }

    private func ranges(of family: Peer.Family) -> [(start: UInt128, value: Int32)] {
        let bits = family == .ipv4 ? 32 : 128
        let networks = values.filter { $0.key.family == family }.map { network, value in
            let start = UInt128(network.high) << 64 | UInt128(network.low)
            let size =
                network.length == 0 && bits == 128 ? 0 : UInt128(1) << (bits - network.length)
            return GeoInterval(start: start, last: start &+ size &- 1, value: value)
        }
        return GeoInterval.ranges(of: networks, lastAddress: UInt128.max >> (128 - bits))
    }
}

/// The addresses from one to another, inclusive.
struct GeoInterval {
    let start: UInt128
    let last: UInt128
    let value: Int32

    /// Converts intervals that are nested or disjoint to ranges: the innermost interval wins.
    static func ranges(
        of intervals: [GeoInterval], lastAddress: UInt128
    ) -> [(start: UInt128, value: Int32)] {
        let sorted = intervals.sorted {
            $0.start == $1.start ? $0.last > $1.last : $0.start < $1.start
        }
        var ranges: [(start: UInt128, value: Int32)] = []
        var open: [GeoInterval] = []
        func begin(_ start: UInt128, _ value: Int32) {
            if ranges.last?.start == start { ranges.removeLast() }
            if ranges.last?.value ?? -1 != value { ranges.append((start, value)) }
        }
        func close(before start: UInt128?) {
            while let innermost = open.last, start.map({ innermost.last < $0 }) ?? true {
                open.removeLast()
                guard innermost.last < lastAddress else { continue }
                begin(innermost.last &+ 1, open.last?.value ?? -1)
            }
        }
        for interval in sorted {
            close(before: interval.start)
            open.append(interval)
            begin(interval.start, interval.value)
        }
        close(before: nil)
        return ranges
    }
}

/// The IPv4 ranges of a `geo` block with `ranges` while it is read. As in nginx, each block of
/// 65536 addresses is processed separately: a range replaces an equal one and is cut out of one
/// around it; any other overlap is an error.
struct GeoRanges {
    private struct Range {
        var start: UInt16
        var last: UInt16
        var value: Int32
    }

    private var blocks: [UInt16: [Range]] = [:]

    init() {}

    /// The result of adding a range.
    enum Outcome: Equatable {
        case added
        /// The range replaced this value.
        case replaced(Int32)
        /// The range overlaps with this one.
        case overlaps(UInt32, UInt32)
    }

    /// Adds the addresses from `start` to `last`, which must not be less.
    mutating func add(_ start: UInt32, _ last: UInt32, _ value: Int32) -> Outcome {
        var outcome = Outcome.added
        for (block, from, to) in GeoRanges.pieces(start, last) {
            let piece = Range(start: from, last: to, value: value)
            switch GeoRanges.insert(piece, into: &blocks[block, default: []]) {
            case .added: break
            case .replaced(let old): outcome = .replaced(old)
            case .overlaps(let start, let last):
                let base = UInt32(block) << 16
                return .overlaps(base | start, base | last)
            }
        }
        return outcome
    }

    /// Removes a range. Returns false if there is no range with exactly these bounds.
    mutating func delete(_ start: UInt32, _ last: UInt32) -> Bool {
        var isWhole = true
        for (block, from, to) in GeoRanges.pieces(start, last) {
            let found = blocks[block]?.firstIndex { $0.start == from && $0.last == to }
            if let found { blocks[block]?.remove(at: found) } else { isWhole = false }
        }
        return isWhole
    }

    /// Splits a range at block boundaries.
    private static func pieces(
        _ start: UInt32, _ last: UInt32
    ) -> [(block: UInt16, from: UInt16, to: UInt16)] {
        let first = UInt16(truncatingIfNeeded: start >> 16)
        let end = UInt16(truncatingIfNeeded: last >> 16)
        return stride(from: Int(first), through: Int(end), by: 1).map { index in
            let block = UInt16(truncatingIfNeeded: index)
            return (
                block, block == first ? UInt16(truncatingIfNeeded: start) : 0,
                block == end ? UInt16(truncatingIfNeeded: last) : UInt16.max
            )
        }
    }

    private static func insert(_ new: Range, into ranges: inout [Range]) -> Outcome {
        // The first range that does not end before the new one; most lists are sorted already.
        var index = ranges.count
        while index > 0, ranges[index - 1].last >= new.start { index -= 1 }
        guard index < ranges.count, ranges[index].start <= new.last else {
            ranges.insert(new, at: index)
            return .added
        }
        let old = ranges[index]
        if old.start == new.start, old.last == new.last {
            ranges[index].value = new.value
            return .replaced(old.value)
        }
        guard old.start <= new.start, old.last >= new.last else {
            return .overlaps(UInt32(old.start), UInt32(old.last))
        }
        var parts: [Range] = []
        if old.start < new.start {
            parts.append(Range(start: old.start, last: new.start &- 1, value: old.value))
        }
        parts.append(new)
        if old.last > new.last {
            parts.append(Range(start: new.last &+ 1, last: old.last, value: old.value))
        }
        ranges.replaceSubrange(index...index, with: parts)
        return .added
    }

    /// Returns the table; `fallback` is the value of addresses without a range, -1 for none.
    func table(fallback: Int32, in arena: Arena) -> GeoTable {
        var intervals = [GeoInterval(start: 0, last: UInt128(UInt32.max), value: fallback)]
        for (block, ranges) in blocks {
            let base = UInt128(block) << 16
            intervals += ranges.map {
                GeoInterval(
                    start: base | UInt128($0.start), last: base | UInt128($0.last), value: $0.value)
            }
        }
        let ranges = GeoInterval.ranges(
            of: intervals, lastAddress: UInt128(UInt32.max))
        // IPv6 addresses count as 255.255.255.255.
        let last = ranges.last?.value ?? -1
        return GeoTable(
            ipv4: arena.store(
                elements: ranges.map {
                    GeoRange4(start: UInt32(truncatingIfNeeded: $0.start), value: $0.value)
                }),
            ipv6: arena.store(elements: [GeoRange6(high: 0, low: 0, value: last)]))
    }
}
