import HTTP

/// Sending of responses.
extension Connection {
    /// Handles a response whose beginning is in the output.
    mutating func afterResponse(_ exchange: inout Exchange) -> Action {
        if exchange.source == .none {
            if exchange.outputCount == 0 || mayWaitForNextResponse(exchange) {
                return complete(&exchange)
            }
        } else if exchange.outputCount == 0 {
            return afterOutput(&exchange, hasYielded: true)
        }
        return .send(moreFollows: exchange.source == .file)
    }

    /// Suspends the response; responses to earlier requests of the pipeline are sent now.
    func suspendResponse(_ exchange: Exchange) -> Action {
        exchange.outputCount > 0 ? .send(moreFollows: false) : .suspend
    }

    /// Returns true if the response can be sent together with that of the next request, which was
    /// received.
    private func mayWaitForNextResponse(_ exchange: Exchange) -> Bool {
        let next =
            exchange.inputStart &+ exchange.parser.head.byteCount &+ exchange.bodyBytesWithHead
        return exchange.keepsAlive && !exchange.isRateLimited
            && exchange.body == .none && next < exchange.inputEnd
            && exchange.requestsInSlice < Connection.requestsPerSlice
            && exchange.output.capacity &- exchange.outputEnd >= Connection.roomForNextResponse
    }

    /// Continues after all bytes of the output were sent.
    mutating func afterOutput(_ exchange: inout Exchange, hasYielded: Bool) -> Action {
        switch state {
        case .free: return .close(.done)
        case .idle: return .keepIdle
        case .proxyHeader: return receiveRestOfHead(exchange)
        case .head: return exchange.needsParse ? .yield : receiveRestOfHead(exchange)
        case .discarding: return .wait(for: .read, deadline: .body)
        case .lingering: return .wait(for: .read, deadline: .lingering)
        case .responding:
            if exchange.closesWithoutResponse { return .close(.dropped) }
            if exchange.needsFlush {
                exchange.needsFlush = false
                return .processRequest
            }
            if exchange.isWaiting { return .suspend }
            switch exchange.source {
            case .none: return complete(&exchange)
            case .file: return .sendFile
            // A producer's slice takes time: one per iteration of the event loop.
            case .producer: return hasYielded || !exchange.hasProduced ? .produce : .yield
            }
        }
    }

    mutating func sentFile(_ count: Int, of wanted: Int, _ exchange: inout Exchange) -> Action {
        // The file is shorter than Content-Length: only closing the connection shows that to the
        // client.
        guard count > 0 else { return .close(.sourceFailed) }
        exchange.fileOffset &+= Int64(count)
        exchange.fileRemaining &-= Int64(count)
        exchange.bodyBytes &+= Int64(count)
        exchange.fileBytesInSlice &+= Int64(count)
        if exchange.fileRemaining <= 0 {
            exchange.source = .none
            return complete(&exchange)
        }
        return count < wanted ? .wait(for: .write, deadline: .send) : .yield
    }

    /// Completes a response whose remaining bytes are all in the output.
    private func complete(_ exchange: inout Exchange) -> Action {
        exchange.isComplete = true
        return .finish
    }

    /// Continues after a request was finished: with the rest of its body, the next request, or
    /// closing.
    mutating func afterRequest(_ exchange: inout Exchange) -> Action {
        let head = exchange.parser.head
        exchange.inputStart &+= head.byteCount &+ exchange.bodyBytesWithHead
        if !exchange.keepsAlive { return closeAction(exchange) }
        switch exchange.body {
        case .invalid: return closeAction(exchange)
        case .none: return nextRequest(&exchange)
        case .fixedLength, .chunked:
            state = .discarding
            exchange.inputStart = 0
            exchange.inputEnd = 0
            return .wait(for: .read, deadline: .body)
        }
    }

    /// Returns the action that closes the connection: at once, or after discarding the bytes that
    /// the client still sends (lingering_close).
    private func closeAction(_ exchange: Exchange) -> Action {
        let unread =
            exchange.body != .none || exchange.mayHaveMore
            || exchange.fault == nil && exchange.inputStart < exchange.inputEnd
        switch exchange.lingeringClose {
        case .never: return .close(.done)
        case .whenUnread: return unread ? .linger : .close(.done)
        case .always: return .linger
        }
    }

    func broken() -> Action {
        switch state {
        case .responding: .close(.responseFailed)
        case .head: .close(.abandonedHead)
        case .free, .idle, .proxyHeader, .discarding, .lingering: .close(.done)
        }
    }

    func expired(_ exchange: Exchange) -> Action {
        switch state {
        case .responding: .close(.responseTimedOut)
        // If the client does not read earlier responses, its next head is not late.
        case .head: .close(exchange.outputCount > 0 ? .timedOut : .headTimedOut)
        case .free, .idle, .proxyHeader, .discarding, .lingering: .close(.timedOut)
        }
    }
}
