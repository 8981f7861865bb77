import HTTP
import Linux

/// The requests of connections: acquired when bytes arrive, released when the connection is idle.
extension Worker {
    /// Returns the index of a connection's request, and acquires one if it was idle. Returns nil if
    /// there is none left.
    mutating func requestIndex(of slot: Int) -> Int? {
        if services.connections[slot].request != 0 {
            return Int(services.connections[slot].request) &- 1
        }
        guard let index = freeRequests.acquire() else { return nil }
        let address = services.connections[slot].address
        let server = services.plan.addresses[Int(address)].defaultServer
        requests[index].resetForConnection(
            id: Int32(truncatingIfNeeded: index), slot: slot,
            services.plan.servers[Int(server)].limits,
            fieldBlockCache, server: server,
            location: services.plan.servers[Int(server)].settings)
        requests[index].startedMs = services.clock.monotonicMs
        services.connections[slot].request = Int32(truncatingIfNeeded: index &+ 1)
        return index
    }

    mutating func releaseRequest(_ request: inout Request) {
        if request.uri.isLoaded { services.paths.release(request.uri.unload()) }
        if request.context != nil { Variables.dropContext(&request, &services) }
        if request.sentHead != nil { request.sentHead = nil }
        if request.isReading { FileReading.cancelReading(&request, &services) }
        inputs.release(request.input)
        services.outputs.release(request.output)
        request.input = .none
        request.output = .none
        freeRequests.release(Int(request.id))
        services.connections[request.slot].request = 0
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
