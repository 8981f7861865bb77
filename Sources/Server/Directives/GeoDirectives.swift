import Configuration
import HTTP

/// A `geo` block as written.
struct GeoDraft {
    /// The source of the address; nil for the client's.
    let address: Word?
    let rows: [Directive]
}

/// Variables whose values depend on an address.
enum GeoDirectives {
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
extension GeoDirectives {
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
