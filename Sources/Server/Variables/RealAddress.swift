import HTTP
import Linux

/// realip: the client's address as sent by a trusted proxy.
enum RealIP: Step {
    static var cacheability: Cacheability { .perRequest }

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
        services.explanation?.note("the client is \(chain.address.text), as a trusted proxy says")
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
