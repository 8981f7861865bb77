import CLinux
import HTTP
import Linux
import Reactor

/// Closing of connections.
extension Worker {
    /// Closes a connection in any state, and logs the current request.
    mutating func finishAndClose(
        _ request: inout Request, _ reason: Connection.CloseReason
    ) {
        switch reason {
        case .done:
            if services.connections[request.slot].delimitsBody { allowNormalClose(request) }
        case .abandonedHead:
            RequestLog.logWithoutResponse(&request, &services, status: 400)
        case .headTimedOut:
            RequestLog.logWithoutResponse(&request, &services, status: 408)
            resetIfConfigured(request)
        case .responseTimedOut:
            if request.sentBytes == 0 { request.status = 408 }
            RequestLog.finish(&request, &services)
            resetIfConfigured(request)
        case .responseFailed:
            if request.sentBytes == 0 { request.status = 499 }
            RequestLog.finish(&request, &services)
        case .sourceFailed:
            services.logError(
                .alert, "file truncated or unreadable while sending; closing the connection",
                request)
            RequestLog.finish(&request, &services)
        case .dropped: RequestLog.finish(&request, &services)
        case .timedOut: resetIfConfigured(request)
        case .brokenProxyHeader(let fault): logProxyFault(fault, request)
        }
        close(&request)
    }

    /// Lets a connection close normally if the body that it delimits is complete.
    func allowNormalClose(_ request: borrowing Request) {
        guard services.connections[request.slot].delimitsBody, request.isComplete else { return }
        _ = clinux_end_on_close(services.connections[request.slot].fd)
    }

    private func logProxyFault(_ fault: ProxyHeader.Fault, _ request: borrowing Request) {
        let reason: String
        switch fault {
        case .broken:
            let received = request.received
            let end = received.indices.first {
                received[$0] == UInt8(ascii: "\r") || received[$0] == UInt8(ascii: "\n")
            }
            let line = received.slice(from: 0, to: min(end ?? received.count, 107))
            reason = "broken header: \"\(line.text)\""
        case .unknownVersion(let version): reason = "unknown PROXY protocol version: \(version)"
        case .tooLarge: reason = "header is too large"
        }
        services.logError(.error, "\(reason) while reading PROXY protocol", request)
    }

    private func resetIfConfigured(_ request: borrowing Request) {
        let location = services.plan.locations[Int(request.location)]
        if location.features.contains(.resetsTimedOut) {
            _ = clinux_reset_on_close(services.connections[request.slot].fd)
        }
    }

    /// Closes a connection with its request, if it has one.
    mutating func closeConnection(_ slot: Int) {
        guard services.connections[slot].state != .free else { return }
        guard services.connections[slot].request != 0 else { return closeSocket(slot) }
        let requests = requests
        close(&requests[Int(services.connections[slot].request) &- 1])
    }

    /// Closes the connection of a request, which is released.
    private mutating func close(_ request: inout Request) {
        FileResponse.closeSource(&request, &services)
        releaseRequest(&request)
        closeSocket(request.slot)
    }

    /// Closes the socket and frees the slot.
    private mutating func closeSocket(_ slot: Int) {
        deadlines.cancel(slot)
        services.timers.cancel(slot)
        silentLinks.remove(slot, from: &silent)
        poller.close(services.connections[slot].fd)
        services.connections[slot].state = .free
        services.connections[slot].isQueued = false
        if services.plan.countsConnections { StubStatus.updateCounters(slot, &services) }
        services.connections[slot].isThrottled = false
        connectionCount &-= 1
        freeConnections.release(slot)
        if listenersPausedUntilMs > 0 { resumeListeners() }
    }
}
