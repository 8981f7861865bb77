import HTTP

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
