import HTTP

/// Processing of received bytes.
extension Connection {
    mutating func afterReceive(_ request: inout Request) -> Action {
        switch state {
        case .free: return .close(.done)
        case .idle, .head, .proxyHeader:
            if awaitsProxyHeader { return readProxyHeader(&request) }
            state = .head
            return parse(&request)
        case .discarding: return discard(&request)
        case .lingering:
            request.inputStart = 0
            request.inputEnd = 0
            return .wait(for: .read, deadline: .lingering)
        case .responding: return .close(.responseFailed)
        }
    }

    /// Parses a PROXY protocol header in the received bytes, within the same time limit as a head.
    private mutating func readProxyHeader(_ request: inout Request) -> Action {
        state = .proxyHeader
        let input = request.input
        let received = input.span(from: request.inputStart, to: request.inputEnd)
        switch ProxyHeader.parse(received) {
        case .needsMore: return receiveRestOfHead(request)
        case .complete(let addresses, let byteCount):
            awaitsProxyHeader = false
            hasProxyAddresses = addresses != nil
            request.proxyHeaderCount = byteCount
            request.inputStart &+= byteCount
            // Without addresses, those of the socket apply.
            request.proxyAddresses = addresses ?? ProxyHeader.Addresses()
            return .storeProxyHeader
        case .invalid(let fault): return .close(.brokenProxyHeader(fault))
        }
    }

    /// Continues with the first request, if it was received.
    mutating func afterProxyHeader(_ request: inout Request) -> Action {
        if request.inputStart < request.inputEnd {
            state = .head
            return parse(&request)
        }
        request.inputStart = 0
        request.inputEnd = 0
        state = .idle
        return .keepIdle
    }

    /// Parses a head in the received bytes.
    mutating func parse(_ request: inout Request) -> Action {
        request.needsParse = false
        let input = request.input
        let received = input.span(from: request.inputStart, to: request.inputEnd)
        switch request.parser.resume(received, memory: request.fieldBlockCache) {
        case .needsMore:
            // Responses to earlier requests of the pipeline are sent before waiting.
            return request.outputCount > 0
                ? .send(moreFollows: false) : receiveRestOfHead(request)
        case .complete:
            state = .responding
            request.discardBodyWithHead()
        case .invalid(let fault):
            state = .responding
            request.fault = fault
            request.keepsAlive = false
        }
        request.requestsInSlice &+= 1
        requests &+= 1
        return .processRequest
    }

    func receiveRestOfHead(_ request: borrowing Request) -> Action {
        if request.inputEnd >= request.input.capacity { return .growInput }
        return request.mayHaveMore ? .receive : .wait(for: .read, deadline: .header)
    }

    /// Discards received bytes of the body of a request whose response was sent.
    private mutating func discard(_ request: inout Request) -> Action {
        let consumed = request.consumeBody(from: request.inputStart)
        request.inputStart &+= consumed
        switch request.body {
        case .invalid: return .close(.done)
        case .none: return nextRequest(&request)
        case .fixedLength, .chunked:
            request.inputStart = 0
            request.inputEnd = 0
            return .wait(for: .read, deadline: .body)
        }
    }

    /// Starts the next request with the remaining bytes of the input.
    mutating func nextRequest(_ request: inout Request) -> Action {
        lingerUntilMs = 0
        if request.inputStart == request.inputEnd {
            // The request is released, so other fields do not matter.
            request.inputStart = 0
            request.inputEnd = 0
            state = .idle
            return .keepIdle
        }
        request.prepareForNextRequest()
        state = .head
        if request.requestsInSlice < Connection.requestsPerSlice,
            request.fileBytesInSlice < Connection.fileBytesPerSlice
        {
            return parse(&request)
        }
        request.needsParse = true
        return request.outputCount > 0 ? .send(moreFollows: false) : .yield
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

extension Request {
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
