import CLinux
import HTTP
import Linux
import Reactor

/// Closing of connections.
extension Worker {
    /// Closes a connection in any state, and logs the current request.
    mutating func finishAndClose(
        _ slot: Int, _ exchange: Int, _ reason: Connection.CloseReason
    ) {
        switch reason {
        case .done:
            if !connectionDelimited.isEmpty { allowNormalClose(slot, exchange) }
        case .abandonedHead:
            logWithoutResponse(slot, exchange, status: 400)
        case .headTimedOut:
            logWithoutResponse(slot, exchange, status: 408)
            resetIfConfigured(slot, exchange)
        case .responseTimedOut:
            if exchanges[exchange].sentBytes == 0 { exchanges[exchange].status = 408 }
            finish(slot, exchange)
            resetIfConfigured(slot, exchange)
        case .responseFailed:
            if exchanges[exchange].sentBytes == 0 { exchanges[exchange].status = 499 }
            finish(slot, exchange)
        case .sourceFailed:
            logError(
                .alert, "file truncated or unreadable while sending; closing the connection", slot,
                exchange)
            finish(slot, exchange)
        case .dropped: finish(slot, exchange)
        case .timedOut: resetIfConfigured(slot, exchange)
        case .brokenProxyHeader(let fault): logProxyFault(fault, slot, exchange)
        }
        closeConnection(slot)
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
    func allowNormalClose(_ slot: Int, _ exchange: Int) {
        guard connectionDelimited.contains(slot), exchanges[exchange].isComplete else { return }
        _ = clinux_end_on_close(connections[slot].fd)
    }

    private func logProxyFault(_ fault: ProxyHeader.Fault, _ slot: Int, _ exchange: Int) {
        let reason: String
        switch fault {
        case .broken:
            let received = exchanges[exchange].received
            let end = received.indices.first {
                received[$0] == UInt8(ascii: "\r") || received[$0] == UInt8(ascii: "\n")
            }
            let line = received.slice(from: 0, to: min(end ?? received.count, 107))
            reason = "broken header: \"\(line.text)\""
        case .unknownVersion(let version): reason = "unknown PROXY protocol version: \(version)"
        case .tooLarge: reason = "header is too large"
        }
        logError(.error, "\(reason) while reading PROXY protocol", slot, exchange)
    }

    private func resetIfConfigured(_ slot: Int, _ exchange: Int) {
        let location = plan.locations[Int(exchanges[exchange].location)]
        if location.features.contains(.resetsTimedOut) {
            _ = clinux_reset_on_close(connections[slot].fd)
        }
    }

    /// Closes the socket and frees the slot.
    mutating func closeConnection(_ slot: Int) {
        guard connections[slot].state != .free else { return }
        if connections[slot].exchange != 0 {
            let exchange = Int(connections[slot].exchange) &- 1
            closeSource(exchange)
            releaseExchange(slot, exchange)
        }
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
