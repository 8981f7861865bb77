import HTTP
import Linux

/// realip: who the client is, as a proxy says that is believed.
extension Worker {
    /// Takes the client's address from where the location says, once a request; it is in `peers`
    /// until the request is over.
    mutating func takeRealAddress(_ location: LocationPlan, _ slot: Int, _ exchange: Int) {
        guard location.realIP >= 0, !exchanges[exchange].hasRealAddress else { return }
        let settings = plan.realIPs[Int(location.realIP)]
        var chain = ForwardedAddress(
            from: peers[slot], trusted: settings.trusted, isRecursive: settings.isRecursive)
        switch settings.source {
        case .forwardedFor: followForwarded(&chain, exchange)
        case .field: followField(settings.field, &chain, exchange)
        case .proxyProtocol:
            guard connections[slot].hasProxyAddresses else { return }
            chain.take(proxyAddresses[slot].source)
        }
        guard chain.isChanged else { return }
        socketPeers[slot] = peers[slot]
        peers[slot] = chain.address
        explanation?.note("the client is \(chain.address.text), as a proxy says that is believed")
        exchanges[exchange].hasRealAddress = true
    }

    /// The request is over: the connection's peer is the proxy again.
    @inline(__always)
    mutating func dropRealAddress(_ slot: Int, _ exchange: Int) {
        guard exchanges[exchange].hasRealAddress else { return }
        peers[slot] = socketPeers[slot]
        exchanges[exchange].hasRealAddress = false
    }

    /// Only the first field of a name counts, as in nginx.
    private func followField(
        _ name: PlanBytes, _ chain: inout ForwardedAddress, _ exchange: Int
    ) {
        let received = exchanges[exchange].received
        var fields = FieldIterator(exchanges[exchange].parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase(name.span) {
                _ = chain.take(received.slice(field.value))
                return
            }
        }
    }
}
