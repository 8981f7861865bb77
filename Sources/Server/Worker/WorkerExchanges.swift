import HTTP
import Linux

/// Exchanges of connections: acquired when bytes arrive, released when the connection is idle.
extension Worker {
    /// Returns the exchange of a connection, and acquires one if it was idle.
    mutating func exchange(of slot: Int) -> Int? {
        if connections[slot].exchange != 0 { return Int(connections[slot].exchange) &- 1 }
        guard let exchange = freeExchanges.acquire() else { return nil }
        let address = address(of: slot)
        let server = plan.addresses[Int(address)].defaultServer
        exchanges[exchange].resetForConnection(
            plan.servers[Int(server)].limits, fieldBlockCache, server: server,
            location: plan.servers[Int(server)].settings)
        exchanges[exchange].startedMs = clock.monotonicMs
        connections[slot].exchange = Int32(truncatingIfNeeded: exchange &+ 1)
        return exchange
    }

    /// Returns the index in the plan of the address that the connection arrived at.
    @inline(__always)
    mutating func address(of slot: Int) -> Int32 {
        let listener = Int(connections[slot].listener)
        guard hasSpecificAddresses else { return listeners[listener].servers }
        return specificAddress(of: slot, listener)
    }

    private mutating func specificAddress(of slot: Int, _ listener: Int) -> Int32 {
        guard !listeners[listener].specific.isEmpty else { return listeners[listener].servers }
        let local = localAddress(of: slot)
        for specific in listeners[listener].specific where local.matches(specific.address) {
            return specific.servers
        }
        return listeners[listener].servers
    }

    /// Returns the local address of a connection: getsockname(2), unless it is the simulated one of
    /// `apus explain`.
    func localAddress(of slot: Int) -> Peer {
        explanation?.local ?? Peer.local(of: connections[slot].fd)
    }

    mutating func releaseExchange(_ slot: Int, _ exchange: Int) {
        if uriExchange == exchange { uriExchange = -1 }
        if exchanges[exchange].hasContext { dropContext(exchange) }
        dropSentHead(exchange)
        if exchanges[exchange].isReading { cancelReading(slot, exchange) }
        inputs.release(exchanges[exchange].input)
        outputs.release(exchanges[exchange].output)
        exchanges[exchange].input = .none
        exchanges[exchange].output = .none
        freeExchanges.release(exchange)
        connections[slot].exchange = 0
    }

    mutating func growInput(_ exchange: Int) -> Connection.Input {
        let old = exchanges[exchange].input
        let start = exchanges[exchange].inputStart
        let count = exchanges[exchange].inputEnd &- start
        if start > 0 {
            old.move(from: start, to: 0, count: count)
        } else {
            let larger = inputs.acquire(atLeast: max(old.capacity &* 2, 8192))
            guard !larger.isNone else { return .failed }
            larger.copy(from: old, count: count)
            inputs.release(old)
            exchanges[exchange].input = larger
        }
        exchanges[exchange].inputStart = 0
        exchanges[exchange].inputEnd = count
        return .inputGrown
    }
}
