import HTTP

/// Processing of received bytes.
extension Connection {
    mutating func afterReceive(_ exchange: inout Exchange) -> Action {
        switch state {
        case .free: return .close(.done)
        case .idle, .head, .proxyHeader:
            if awaitsProxyHeader { return readProxyHeader(&exchange) }
            state = .head
            return parse(&exchange)
        case .discarding: return discard(&exchange)
        case .lingering:
            exchange.inputStart = 0
            exchange.inputEnd = 0
            return .wait(for: .read, deadline: .lingering)
        case .responding: return .close(.responseFailed)
        }
    }

    /// Parses a PROXY protocol header in the received bytes, within the same time limit as a head.
    private mutating func readProxyHeader(_ exchange: inout Exchange) -> Action {
        state = .proxyHeader
        let input = exchange.input
        let received = input.span(from: exchange.inputStart, to: exchange.inputEnd)
        switch ProxyHeader.parse(received) {
        case .needsMore: return receiveRestOfHead(exchange)
        case .complete(let addresses, let byteCount):
            awaitsProxyHeader = false
            hasProxyAddresses = addresses != nil
            exchange.inputStart &+= byteCount
            // Without addresses, those of the socket apply.
            exchange.proxyAddresses = addresses ?? ProxyHeader.Addresses()
            return .storeProxyHeader
        case .invalid(let fault): return .close(.brokenProxyHeader(fault))
        }
    }

    /// Continues with the first request, if it was received.
    mutating func afterProxyHeader(_ exchange: inout Exchange) -> Action {
        if exchange.inputStart < exchange.inputEnd {
            state = .head
            return parse(&exchange)
        }
        exchange.inputStart = 0
        exchange.inputEnd = 0
        state = .idle
        return .keepIdle
    }

    /// Parses a head in the received bytes.
    mutating func parse(_ exchange: inout Exchange) -> Action {
        exchange.needsParse = false
        let input = exchange.input
        let received = input.span(from: exchange.inputStart, to: exchange.inputEnd)
        switch exchange.parser.resume(received, memory: exchange.fieldBlockCache) {
        case .needsMore:
            // Responses to earlier requests of the pipeline are sent before waiting.
            return exchange.outputCount > 0
                ? .send(moreFollows: false) : receiveRestOfHead(exchange)
        case .complete:
            state = .responding
            exchange.discardBodyWithHead()
        case .invalid(let fault):
            state = .responding
            exchange.fault = fault
            exchange.keepsAlive = false
        }
        exchange.requestsInSlice &+= 1
        requests &+= 1
        return .processRequest
    }

    func receiveRestOfHead(_ exchange: Exchange) -> Action {
        if exchange.inputEnd >= exchange.input.capacity { return .growInput }
        return exchange.mayHaveMore ? .receive : .wait(for: .read, deadline: .header)
    }

    /// Discards received bytes of the body of a request whose response was sent.
    private mutating func discard(_ exchange: inout Exchange) -> Action {
        let consumed = exchange.consumeBody(from: exchange.inputStart)
        exchange.inputStart &+= consumed
        switch exchange.body {
        case .invalid: return .close(.done)
        case .none: return nextRequest(&exchange)
        case .fixedLength, .chunked:
            exchange.inputStart = 0
            exchange.inputEnd = 0
            return .wait(for: .read, deadline: .body)
        }
    }

    /// Starts the next request with the remaining bytes of the input.
    mutating func nextRequest(_ exchange: inout Exchange) -> Action {
        lingerUntilMs = 0
        if exchange.inputStart == exchange.inputEnd {
            // The exchange is released, so other fields do not matter.
            exchange.inputStart = 0
            exchange.inputEnd = 0
            state = .idle
            return .keepIdle
        }
        exchange.prepareForNextRequest()
        state = .head
        if exchange.requestsInSlice < Connection.requestsPerSlice,
            exchange.fileBytesInSlice < Connection.fileBytesPerSlice
        {
            return parse(&exchange)
        }
        exchange.needsParse = true
        return exchange.outputCount > 0 ? .send(moreFollows: false) : .yield
    }

    func waitForBytes() -> Action {
        switch state {
        case .idle: .keepIdle
        case .head, .proxyHeader: .wait(for: .read, deadline: .header)
        case .discarding: .wait(for: .read, deadline: .body)
        case .lingering: .wait(for: .read, deadline: .lingering)
        case .free, .responding: .close(.responseFailed)
        }
    }

    func endOfStream() -> Action {
        state == .head ? .close(.abandonedHead) : .close(.done)
    }
}

extension Exchange {
    /// Determines how the body is framed, and discards the part that was received with the head.
    mutating func discardBodyWithHead() {
        let head = parser.head
        bodyBytesWithHead = 0
        if head.isChunked {
            body = .chunked
            decoder = ChunkedDecoder(isStrict: parser.limits.isStrict)
        } else if head.contentLength > 0 {
            body = .fixedLength
            bodyRemaining = head.contentLength
        } else {
            body = .none
            return
        }
        bodyBytesWithHead = consumeBody(from: inputStart &+ head.byteCount)
    }

    /// Discards bytes of the body at `position` of the input. Returns their number.
    mutating func consumeBody(from position: Int) -> Int {
        switch body {
        case .none, .invalid: return 0
        case .fixedLength:
            let consumed = min(bodyRemaining, Int64(max(0, inputEnd &- position)))
            bodyRemaining &-= consumed
            if bodyRemaining == 0 { body = .none }
            return Int(consumed)
        case .chunked:
            let memory = input
            let result = decoder.consume(memory.span(from: position, to: inputEnd))
            switch result.state {
            case .more: break
            case .finished: body = .none
            case .invalid: body = .invalid
            }
            if maxBodySize > 0, decoder.bodyBytes > maxBodySize { body = .invalid }
            return result.consumed
        }
    }
}
