import Configuration
import Files
import HTTP
import Linux

/// Compilation of addresses and names: which addresses are bound, and which servers each has.
enum AddressCompiler {
    /// A server of an address.
    private struct AddressServer {
        let server: Int32
        let draft: ServerDraft
        let listen: ListenDraft
    }

    static func compile(_ servers: [ServerDraft], _ compiler: inout PlanCompiler) {
        var order: [ListenAddress] = []
        var behind: [ListenAddress: [AddressServer]] = [:]
        for (index, server) in servers.enumerated() {
            for listen in server.listens.isEmpty ? [defaultListen()] : server.listens {
                if behind[listen.address] == nil { order.append(listen.address) }
                behind[listen.address, default: []].append(
                    AddressServer(server: Int32(index), draft: server, listen: listen))
            }
        }
        // For each wildcard address, the addresses whose connections its socket accepts.
        var below: [ListenAddress: [ListenAddress]] = [:]
        var bound: [ListenAddress] = []
        for address in order {
            if let wildcard = wildcard(over: address, behind) {
                below[wildcard, default: []].append(address)
            } else {
                bound.append(address)
            }
        }
        for address in bound {
            let specific = (below[address] ?? []).map {
                SpecificAddress(address: $0, servers: compileNames($0, behind[$0] ?? [], &compiler))
            }
            compiler.parts.listens.append(
                ListenPlan(
                    address: address, options: options(behind[address] ?? [], &compiler),
                    servers: compileNames(address, behind[address] ?? [], &compiler),
                    particular: specific))
        }
    }

    /// Returns the default `listen`: as in nginx, port 80 for root, 8000 for others.
    private static func defaultListen() -> ListenDraft {
        ListenDraft(address: .ipv4(0, port: isSuperuser() ? 80 : 8000))
    }

    /// Returns the wildcard address of the same port, whose socket accepts connections to `address`
    /// too, unless `address` has socket options of its own.
    private static func wildcard(
        over address: ListenAddress, _ behind: [ListenAddress: [AddressServer]]
    ) -> ListenAddress? {
        guard !(behind[address] ?? []).contains(where: \.listen.setsSocketOptions) else {
            return nil
        }
        let wildcard: ListenAddress
        switch address {
        case .ipv4(let bits, let port) where bits != 0: wildcard = .ipv4(0, port: port)
        case .ipv6(let high, let low, let port) where high != 0 || low != 0:
            wildcard = .ipv6(0, 0, port: port)
        default: return nil
        }
        return behind[wildcard] == nil ? nil : wildcard
    }

    private static func names(
        of behind: [AddressServer], at address: ListenAddress, _ compiler: inout PlanCompiler
    ) -> NameTable {
        var names = NameTable()
        // nginx examines the names only if the address has several servers.
        let isChosen = behind.count > 1
        for entry in behind {
            // A server without a name has the empty one, which a request without Host matches.
            if entry.draft.names.isEmpty {
                let isNew = (try? names.add([], server: entry.server, in: &compiler)) ?? true
                if !isNew {
                    warnOfConflict(
                        "", on: address, at: entry.draft.written?.place, length: 6, &compiler)
                }
            }
            for word in entry.draft.names {
                do {
                    let isNew = try names.add(word.bytes, server: entry.server, in: &compiler)
                    if !isNew, isChosen {
                        warnOfConflict(
                            word.text, on: address, at: word.place, length: word.length, &compiler)
                    }
                } catch {
                    guard isChosen || error.isOfRegex else { continue }
                    let place = error.isOfRegex ? "" : " on \(address.description)"
                    compiler.report(
                        Diagnostic(
                            .error, error.message + place, at: word.place, length: word.length))
                }
            }
        }
        return names
    }

    private static func warnOfConflict(
        _ name: String, on address: ListenAddress, at place: Place?, length: Int,
        _ compiler: inout PlanCompiler
    ) {
        // nginx stops at the first error, before it compares names.
        guard !compiler.diagnostics.contains(where: { $0.severity == .error }) else { return }
        compiler.report(
            Diagnostic(
                .warning,
                "conflicting server name \"\(name)\" on \(address.description), ignored",
                at: place, length: length))
    }

    private static func options(_ behind: [AddressServer], _ compiler: inout PlanCompiler)
        -> ListenOptions
    {
        let setting = behind.filter(\.listen.setsSocketOptions)
        if setting.count > 1, let second = setting.dropFirst().first {
            compiler.report(
                Diagnostic(
                    .error,
                    "duplicate listen options for \(second.listen.address.description)",
                    at: second.listen.place, length: 6))
        }
        var options = setting.first?.listen.options ?? ListenOptions()
        let http = compiler.draft.http ?? LevelSettings()
        options.isNoDelay = behind.contains {
            $0.draft.scope.sending.isNoDelay ?? http.sending.isNoDelay ?? true
        }
        return options
    }

    /// Compiles the names of the servers of an address.
    private static func compileNames(
        _ address: ListenAddress, _ behind: [AddressServer], _ compiler: inout PlanCompiler
    ) -> Int32 {
        let defaults = behind.filter(\.listen.isDefaultServer)
        if let second = defaults.dropFirst().first {
            compiler.report(
                Diagnostic(
                    .error, "a duplicate default server for \(address.description)",
                    at: second.listen.place, length: 6))
        }
        let names = names(of: behind, at: address, &compiler)
        let chosen = defaults.first?.server ?? behind.first?.server ?? 0
        // As in nginx, `proxy_protocol` of one `listen` applies to all servers of the address.
        let readsProxyHeader = behind.contains(where: \.listen.readsProxyHeader)
        return compiler.parts.addresses.add(
            names.plan(
                defaultServer: chosen, readsProxyHeader: readsProxyHeader,
                socketName: address.socketName, in: compiler.parts.arena))
    }
}

/// Collects the names of an address.
struct NameTable {
    private var exact: [[UInt8]: Int32] = [:]
    private var leading: [[UInt8]: Int32] = [:]
    private var trailing: [[UInt8]: Int32] = [:]
    private var regexes: [ServerRegex] = []

    /// An invalid server_name.
    struct InvalidName: Error {
        let message: String
        /// True for a regular expression that does not compile.
        var isOfRegex = false
    }

    /// Adds a `server_name`. Returns false if it conflicts with an earlier one and is ignored.
    mutating func add(
        _ name: [UInt8], server: Int32, in compiler: inout PlanCompiler
    ) throws(InvalidName) -> Bool {
        let text = String(decoding: name, as: UTF8.self)
        if name.first == UInt8(ascii: "~") {
            let pattern = String(text.dropFirst())
            do {
                let regex = try Regex.compile(pattern: pattern, caseless: true)
                regexes.append(ServerRegex(regex: compiler.addRegex(regex), server: server))
            } catch {
                throw InvalidName(
                    message: "\(error.message) in the regular expression \"\(pattern)\"",
                    isOfRegex: true)
            }
            return true
        }
        let lower = name.map(\.asciiLowercased)
        let star = UInt8(ascii: "*")
        let dot = UInt8(ascii: ".")
        let hasEmptyLabel = zip(lower, lower.dropFirst()).contains { $0 == dot && $1 == dot }
        guard !hasEmptyLabel, !lower.contains(0) else {
            throw InvalidName(message: "invalid server name or wildcard \"\(text)\"")
        }
        guard let stars = lower.firstIndex(of: star) else {
            guard lower.first == dot, lower.count > 1 else {
                return NameTable.put(lower, server, &exact)
            }
            // `.example.com` is example.com and *.example.com.
            return NameTable.put(Array(lower.dropFirst()), server, &exact)
                && NameTable.put(lower, server, &leading)
        }
        if stars == 0, lower.count > 2, lower[1] == dot, !lower.dropFirst().contains(star) {
            return NameTable.put(Array(lower.dropFirst()), server, &leading)
        }
        if stars == lower.count &- 1, lower.count > 2, lower[stars &- 1] == dot {
            return NameTable.put(Array(lower.dropLast()), server, &trailing)
        }
        throw InvalidName(message: "invalid server name or wildcard \"\(text)\"")
    }

    private static func put(
        _ name: [UInt8], _ server: Int32, _ table: inout [[UInt8]: Int32]
    ) -> Bool {
        guard table[name] == nil else { return false }
        table[name] = server
        return true
    }

    func plan(
        defaultServer: Int32, readsProxyHeader: Bool, socketName: String = "", in arena: Arena
    ) -> VirtualHosts {
        VirtualHosts(
            defaultServer: defaultServer, exact: NameTable.sorted(exact, in: arena),
            leading: NameTable.sorted(leading, in: arena),
            trailing: NameTable.sorted(trailing, in: arena),
            regexes: arena.store(elements: regexes),
            hasNames: servers.count > 1 || !regexes.isEmpty, socketName: arena.store(socketName),
            readsProxyHeader: readsProxyHeader)
    }

    /// The servers that have names here.
    private var servers: Set<Int32> {
        Set(exact.values).union(leading.values).union(trailing.values)
            .union(regexes.map(\.server))
    }

    private static func sorted(
        _ names: [[UInt8]: Int32], in arena: Arena
    ) -> PlanTable<NamedIndex> {
        arena.store(
            elements: names.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                NamedIndex(name: arena.store($0.key), index: $0.value)
            })
    }
}
