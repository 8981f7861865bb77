import HTTP
import Linux

/// realip: the client's address as sent by a trusted proxy.
extension Worker {
    /// Replaces the client's address as the location specifies, once per request; it stays in
    /// `peers` until the end of the request.
    mutating func applyRealAddress(_ location: LocationPlan, _ slot: Int, _ exchange: Int) {
        guard location.realIP >= 0, !exchanges[exchange].hasRealAddress else { return }
        let settings = plan.realIPs[Int(location.realIP)]
        var chain = ForwardedAddress(
            from: peers[slot], trusted: settings.trusted, isRecursive: settings.isRecursive)
        switch settings.source {
        case .forwardedFor: processForwarded(&chain, exchange)
        case .field: processField(settings.field, &chain, exchange)
        case .proxyProtocol:
            guard connections[slot].hasProxyAddresses else { return }
            chain.process(proxyAddresses[slot].source)
        }
        guard chain.isChanged else { return }
        socketPeers[slot] = peers[slot]
        peers[slot] = chain.address
        explanation?.note("the client is \(chain.address.text), as a trusted proxy says")
        exchanges[exchange].hasRealAddress = true
    }

    /// Restores the proxy as the connection's peer at the end of the request.
    @inline(__always)
    mutating func restoreRealAddress(_ slot: Int, _ exchange: Int) {
        guard exchanges[exchange].hasRealAddress else { return }
        peers[slot] = socketPeers[slot]
        exchanges[exchange].hasRealAddress = false
    }

    /// Processes a header. Only the first of a name counts, as in nginx.
    private func processField(
        _ name: PlanBytes, _ chain: inout ForwardedAddress, _ exchange: Int
    ) {
        let received = exchanges[exchange].received
        var fields = FieldIterator(exchanges[exchange].parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase(name.span) {
                _ = chain.process(received.slice(field.value))
                return
            }
        }
    }
}
