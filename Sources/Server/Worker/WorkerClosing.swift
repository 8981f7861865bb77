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
            if !connectionDelimited.isEmpty { allowNormalClose(request) }
        case .abandonedHead:
            logWithoutResponse(&request, status: 400)
        case .headTimedOut:
            logWithoutResponse(&request, status: 408)
            resetIfConfigured(request)
        case .responseTimedOut:
            if request.sentBytes == 0 { request.status = 408 }
            finish(&request)
            resetIfConfigured(request)
        case .responseFailed:
            if request.sentBytes == 0 { request.status = 499 }
            finish(&request)
        case .sourceFailed:
            logError(
                .alert, "file truncated or unreadable while sending; closing the connection",
                request)
            finish(&request)
        case .dropped: finish(&request)
        case .timedOut: resetIfConfigured(request)
        case .brokenProxyHeader(let fault): logProxyFault(fault, request)
        }
        close(&request)
    }

    /// Makes the end of the connection the end of the body. Unless the whole body is sent, the
    /// connection is reset, even if this process dies: otherwise a part of the body would look
    /// complete (RFC 9112, section 8). Clients recognize a truncated body that has a length or is
    /// chunked, so its connection is closed normally; a reset could discard received bytes.
    mutating func delimitBodyByClose(_ slot: Int) {
        connectionDelimited.insert(slot)
        _ = clinux_reset_on_close(connections[slot].fd)
    }

    /// Lets a connection close normally if the body that it delimits is complete.
    func allowNormalClose(_ request: borrowing Request) {
        guard connectionDelimited.contains(request.slot), request.isComplete else { return }
        _ = clinux_end_on_close(connections[request.slot].fd)
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
        logError(.error, "\(reason) while reading PROXY protocol", request)
    }

    private func resetIfConfigured(_ request: borrowing Request) {
        let location = plan.locations[Int(request.location)]
        if location.features.contains(.resetsTimedOut) {
            _ = clinux_reset_on_close(connections[request.slot].fd)
        }
    }

    /// Closes a connection with its request, if it has one.
    mutating func closeConnection(_ slot: Int) {
        guard connections[slot].state != .free else { return }
        guard connections[slot].request != 0 else { return closeSocket(slot) }
        let requests = requests
        close(&requests[Int(connections[slot].request) &- 1])
    }

    /// Closes the connection of a request, which is released.
    private mutating func close(_ request: inout Request) {
        closeSource(&request)
        releaseRequest(&request)
        closeSocket(request.slot)
    }

    /// Closes the socket and frees the slot.
    private mutating func closeSocket(_ slot: Int) {
        deadlines.cancel(slot)
        timers.cancel(slot)
        silentLinks.remove(slot, from: &silent)
        if !connectionDelimited.isEmpty { connectionDelimited.remove(slot) }
        poller.close(connections[slot].fd)
        connections[slot].state = .free
        connections[slot].isQueued = false
        if plan.countsConnections { updateCounters(slot) }
        connections[slot].isThrottled = false
        connectionCount &-= 1
        freeConnections.release(slot)
        if listenersPausedUntilMs > 0 { resumeListeners() }
    }
}
