import HTTP
import Linux

/// The requests of connections: acquired when bytes arrive, released when the connection is idle.
extension Worker {
    /// Returns the index of a connection's request, and acquires one if it was idle. Returns nil if
    /// there is none left.
    mutating func requestIndex(of slot: Int) -> Int? {
        if connections[slot].request != 0 { return Int(connections[slot].request) &- 1 }
        guard let index = freeRequests.acquire() else { return nil }
        let address = address(of: slot)
        let server = plan.addresses[Int(address)].defaultServer
        requests[index].resetForConnection(
            id: Int32(truncatingIfNeeded: index), slot: slot, plan.servers[Int(server)].limits,
            fieldBlockCache, server: server,
            location: plan.servers[Int(server)].settings)
        requests[index].startedMs = clock.monotonicMs
        connections[slot].request = Int32(truncatingIfNeeded: index &+ 1)
        return index
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

    mutating func releaseRequest(_ request: inout Request) {
        if request.uri.isLoaded { paths.release(request.uri.unload()) }
        if request.context != nil { dropContext(&request) }
        if request.sentHead != nil { request.sentHead = nil }
        if request.isReading { cancelReading(&request) }
        inputs.release(request.input)
        outputs.release(request.output)
        request.input = .none
        request.output = .none
        freeRequests.release(Int(request.id))
        connections[request.slot].request = 0
    }

    mutating func growInput(_ request: inout Request) -> Connection.Input {
        let old = request.input
        let start = request.inputStart
        let count = request.inputEnd &- start
        if start > 0 {
            old.move(from: start, to: 0, count: count)
        } else {
            let larger = inputs.acquire(atLeast: max(old.capacity &* 2, 8192))
            guard !larger.isNone else { return .failed }
            larger.copy(from: old, count: count)
            inputs.release(old)
            request.input = larger
        }
        request.inputStart = 0
        request.inputEnd = count
        return .inputGrown
    }
}
