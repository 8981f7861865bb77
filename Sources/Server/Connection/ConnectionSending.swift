import HTTP

/// Sending of responses.
extension Connection {
    /// Handles a response whose beginning is in the output.
    mutating func afterResponse(_ request: inout Request) -> Action {
        if request.source == .none {
            if request.outputCount == 0 || mayWaitForNextResponse(request) {
                return complete(&request)
            }
        } else if request.outputCount == 0 {
            return afterOutput(&request, hasYielded: true)
        }
        return .send(moreFollows: request.source == .file)
    }

    /// Suspends the response; responses to earlier requests of the pipeline are sent now.
    func suspendResponse(_ request: borrowing Request) -> Action {
        request.outputCount > 0 ? .send(moreFollows: false) : .suspend
    }

    /// Returns true if the response can be sent together with that of the next request, which was
    /// received.
    private func mayWaitForNextResponse(_ request: borrowing Request) -> Bool {
        let next =
            request.inputStart &+ request.parser.head.byteCount &+ request.bodyBytesWithHead
        return request.keepsAlive && !request.isRateLimited
            && request.body == .none && next < request.inputEnd
            && request.requestsInSlice < Connection.requestsPerSlice
            && request.output.capacity &- request.outputEnd >= Connection.roomForNextResponse
    }

    /// Continues after all bytes of the output were sent.
    mutating func afterOutput(_ request: inout Request, hasYielded: Bool) -> Action {
        switch state {
        case .free: return .close(.done)
        case .idle: return .keepIdle
        case .proxyHeader: return receiveRestOfHead(request)
        case .head: return request.needsParse ? .yield : receiveRestOfHead(request)
        case .discarding: return .wait(for: .read, deadline: .body)
        case .lingering: return .wait(for: .read, deadline: .lingering)
        case .responding:
            if request.closesWithoutResponse { return .close(.dropped) }
            if request.needsFlush {
                request.needsFlush = false
                return .processRequest
            }
            if request.isWaiting { return .suspend }
            switch request.source {
            case .none: return complete(&request)
            case .file: return .sendFile
            // A producer's slice takes time: one per iteration of the event loop.
            case .producer: return hasYielded || !request.hasProduced ? .produce : .yield
            }
        }
    }

    mutating func sentFile(_ count: Int, of wanted: Int, _ request: inout Request) -> Action {
        // The file is shorter than Content-Length: only closing the connection shows that to the
        // client.
        guard count > 0 else { return .close(.sourceFailed) }
        request.fileOffset &+= Int64(count)
        request.fileRemaining &-= Int64(count)
        request.bodyBytes &+= Int64(count)
        request.fileBytesInSlice &+= Int64(count)
        if request.fileRemaining <= 0 {
            request.source = .none
            return complete(&request)
        }
        return count < wanted ? .wait(for: .write, deadline: .send) : .yield
    }

    /// Completes a response whose remaining bytes are all in the output.
    private func complete(_ request: inout Request) -> Action {
        request.isComplete = true
        return .finish
    }

    /// Continues after a request was finished: with the rest of its body, the next request, or
    /// closing.
    mutating func afterRequest(_ request: inout Request) -> Action {
        let head = request.parser.head
        request.inputStart &+= head.byteCount &+ request.bodyBytesWithHead
        if !request.keepsAlive { return closeAction(request) }
        switch request.body {
        case .invalid: return closeAction(request)
        case .none: return nextRequest(&request)
        case .fixedLength, .chunked:
            state = .discarding
            request.inputStart = 0
            request.inputEnd = 0
            return .wait(for: .read, deadline: .body)
        }
    }

    /// Returns the action that closes the connection: at once, or after discarding the bytes that
    /// the client still sends (lingering_close).
    private func closeAction(_ request: borrowing Request) -> Action {
        let unread =
            request.body != .none || request.mayHaveMore
            || request.fault == nil && request.inputStart < request.inputEnd
        switch request.lingeringClose {
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

    func expired(_ request: borrowing Request) -> Action {
        switch state {
        case .responding: .close(.responseTimedOut)
        // If the client does not read earlier responses, its next head is not late.
        case .head: .close(request.outputCount > 0 ? .timedOut : .headTimedOut)
        case .free, .idle, .proxyHeader, .discarding, .lingering: .close(.timedOut)
        }
    }
}
