import HTTP
import Linux

/// realip: the client's address as sent by a trusted proxy.
extension Worker {
    /// Replaces the client's address as the location specifies, once per request; it stays in
    /// `peers` until the end of the request.
    mutating func applyRealAddress(_ location: LocationPlan, _ request: inout Request) {
        guard location.realIP >= 0, !request.hasRealAddress else { return }
        let settings = plan.realIPs[Int(location.realIP)]
        var chain = ForwardedAddress(
            from: peers[request.slot], trusted: settings.trusted, isRecursive: settings.isRecursive)
        switch settings.source {
        case .forwardedFor: processForwarded(&chain, request)
        case .field: processField(settings.field, &chain, request)
        case .proxyProtocol:
            guard connections[request.slot].hasProxyAddresses else { return }
            chain.process(proxyAddresses[request.slot].source)
        }
        guard chain.isChanged else { return }
        socketPeers[request.slot] = peers[request.slot]
        peers[request.slot] = chain.address
        explanation?.note("the client is \(chain.address.text), as a trusted proxy says")
        request.hasRealAddress = true
    }

    /// Restores the proxy as the connection's peer at the end of the request.
    @inline(__always)
    mutating func restoreRealAddress(_ request: inout Request) {
        guard request.hasRealAddress else { return }
        peers[request.slot] = socketPeers[request.slot]
        request.hasRealAddress = false
    }

    /// Processes a header. Only the first of a name counts, as in nginx.
    private func processField(
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
