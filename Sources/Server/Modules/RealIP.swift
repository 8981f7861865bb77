import Configuration
import HTTP
import Linux

/// The client's address behind trusted proxies.
struct RealIPSettings {
    var trusted: [Word]?
    var source: RealIPSource?
    var isRecursive: Bool?
}

/// The argument of real_ip_header.
enum RealIPSource: Equatable, Sendable {
    /// All headers with this name, their lists read from the end.
    case forwardedFor
    /// The first header with this name, in lower case.
    case field(String)
    /// The address from the PROXY protocol.
    case proxyProtocol

    init(_ name: String) {
        switch name {
        case "X-Forwarded-For": self = .forwardedFor
        case "proxy_protocol": self = .proxyProtocol
        default: self = .field(name.lowercased())
        }
    }
}

/// set_real_ip_from and related directives.
enum RealIP: Step {
    static var cacheability: Cacheability { .perRequest }

    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "set_real_ip_from", in: .httpServerLocation, takes: .exactly(1), repeats: .yes,
            "Sets an address or network of proxies that are trusted to send the client's address.",
            inherit: DirectiveRow.inheriting(\.scope.realIP.trusted),
            apply: { (draft, use) throws(Diagnostic) in
                draft.scope.realIP.trusted =
                    (draft.scope.realIP.trusted ?? []) + [try use.word(0)]
            }),
        .setting(
            "real_ip_header", in: .httpServerLocation, takes: .exactly(1), default: "X-Real-IP",
            "Sets the header with the client's address, or proxy_protocol.",
            sets: \.scope.realIP.source,
            read: { (use) throws(Diagnostic) in RealIPSource(try use.text(0)) }),
        .flag(
            "real_ip_recursive", in: .httpServerLocation, sets: \.scope.realIP.isRecursive,
            default: "off",
            "Skips trusted proxies in the header, up to the last address that is not trusted."),
    ]

    static let variables: [VariableRow] = [
        .always("realip_remote_addr", .perRequest) { socketPeer($0, $1).write(into: &$3) },
        .always("realip_remote_port", .perRequest) { socketPeer($0, $1).writePort(into: &$3) },
    ]

    /// Returns the peer of the connection, which may be a proxy.
    private static func socketPeer(
        _ request: borrowing Request, _ services: borrowing Services
    ) -> Peer {
        request.hasRealAddress
            ? services.socketPeers[request.slot] : services.peers[request.slot]
    }
}

/// set_real_ip_from and related directives, compiled.
struct RealIPPlan: BitwiseCopyable {
    enum Source: UInt8, BitwiseCopyable {
        case forwardedFor, field, proxyProtocol
    }

    let trusted: PlanTable<Network>
    let isRecursive: Bool
    let source: Source
    /// The name of the header for `field`, in lower case.
    let field: PlanBytes
}

extension RealIP {
    /// Returns the index of the settings; -1 if no proxy is trusted.
    static func compile(_ settings: RealIPSettings, _ compiler: inout PlanCompiler) -> Int32 {
        guard let words = settings.trusted else { return -1 }
        let networks = words.compactMap { word -> Network? in
            if word.text == "unix:" { return .unix }
            return trustedNetwork(word, &compiler)
        }
        var source = RealIPPlan.Source.field
        var field = "x-real-ip"
        switch settings.source {
        case .forwardedFor: source = .forwardedFor
        case .proxyProtocol: source = .proxyProtocol
        case .field(let name): field = name
        case nil: break
        }
        let isRecursive = settings.isRecursive ?? false
        let known = compiler.parts.realIPs.firstIndex { plan in
            plan.source == source && plan.isRecursive == isRecursive && plan.field.text == field
                && plan.trusted.count == networks.count
                && networks.indices.allSatisfy { plan.trusted[$0] == networks[$0] }
        }
        if let known { return Int32(known) }
        return compiler.parts.realIPs.add(
            RealIPPlan(
                trusted: compiler.parts.arena.store(elements: networks), isRecursive: isRecursive,
                source: source, field: compiler.parts.arena.store(field)))
    }

    /// Parses a trusted proxy. nginx resolves names at its start; here addresses are numeric.
    private static func trustedNetwork(_ word: Word, _ compiler: inout PlanCompiler) -> Network? {
        guard Network.parse(word.bytes.span) == nil, !word.bytes.contains(UInt8(ascii: "/")) else {
            return Geo.network(word, &compiler)
        }
        compiler.report(
            Diagnostic(
                .error, "host not found in set_real_ip_from \"\(word.text)\"", at: word.place,
                length: word.length, help: ["names are not looked up, write the address"]))
        return nil
    }
}

/// Finds the client's address in a chain of proxies (ngx_http_get_forwarded_addr).
struct ForwardedAddress {
    /// The trusted proxies.
    let trusted: PlanTable<Network>
    /// Whether to skip every trusted proxy in the list.
    let isRecursive: Bool
    /// The address found so far.
    private(set) var address: Peer
    /// True if a trusted proxy has named an address.
    private(set) var isChanged = false
    private var isDone = false

    init(from peer: Peer, trusted: PlanTable<Network>, isRecursive: Bool) {
        address = peer
        self.trusted = trusted
        self.isRecursive = isRecursive
    }

    /// Processes the list of addresses in a header, the nearest proxy's last; of several headers
    /// the last one first. Returns false if no further header is to be processed.
    mutating func process(_ list: Span<UInt8>) -> Bool {
        var end = list.count
        while !isDone {
            guard trusted.contains(address) else {
                isDone = true
                break
            }
            while end > 0, ForwardedAddress.separates(list[end &- 1]) { end &-= 1 }
            var start = end
            while start > 0, !ForwardedAddress.separates(list[start &- 1]) { start &-= 1 }
            guard let next = AddressText.addressAndPort(list.slice(from: start, to: end)) else {
                isDone = true
                break
            }
            address = next
            isChanged = true
            end = start
            if !isRecursive { isDone = true }
            if start == 0 { break }
        }
        return !isDone
    }

    /// Processes the address that a trusted proxy sent by other means than a list.
    mutating func process(_ peer: Peer) {
        guard trusted.contains(address) else { return }
        address = peer
        isChanged = true
    }

    private static func separates(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",")
    }
}

/// realip: the client's address as sent by a trusted proxy.
extension RealIP {
    /// Replaces the client's address as the location specifies, once per request; it stays in
    /// `peers` until the end of the request.
    static func run(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        guard location.realIP >= 0, !request.hasRealAddress else { return nil }
        let settings = services.plan.realIPs[Int(location.realIP)]
        var chain = ForwardedAddress(
            from: services.peers[request.slot], trusted: settings.trusted,
            isRecursive: settings.isRecursive)
        switch settings.source {
        case .forwardedFor: LookupVariables.processForwarded(&chain, request)
        case .field: processField(settings.field, &chain, request)
        case .proxyProtocol:
            guard services.connections[request.slot].hasProxyAddresses else { return nil }
            chain.process(services.proxyAddresses[request.slot].source)
        }
        guard chain.isChanged else { return nil }
        services.socketPeers[request.slot] = services.peers[request.slot]
        services.peers[request.slot] = chain.address
        services.explanation?.note(
            "the client is \(chain.address.text), from the header of a trusted proxy")
        request.hasRealAddress = true
        return nil
    }

    /// Restores the proxy as the connection's peer at the end of the request.
    @inline(__always)
    static func restoreRealAddress(_ request: inout Request, _ services: inout Services) {
        guard request.hasRealAddress else { return }
        services.peers[request.slot] = services.socketPeers[request.slot]
        request.hasRealAddress = false
    }

    /// Processes a header. Only the first of a name counts, as in nginx.
    private static func processField(
        _ name: PlanBytes, _ chain: inout ForwardedAddress, _ request: borrowing Request
    ) {
        let received = request.received
        var fields = FieldIterator(request.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase(name.span) {
                _ = chain.process(received.slice(field.value))
                return
            }
        }
    }
}
