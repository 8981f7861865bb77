import CLinux
import Files
import HTTP
import Linux
import Reactor

/// Performs the actions of connections, with their system calls; the state transitions in
/// ``Connection`` have no effects.
extension Worker {
    /// Opens a connection, and reads from it at once, since its request has often arrived already.
    mutating func openConnection(_ slot: Int, _ descriptor: Int32, _ peer: Peer, listener: Int) {
        acceptedCount &+= 1
        connectionCount &+= 1
        peers[slot] = peer
        let servers = plan.addresses[Int(listeners[listener].servers)]
        connections[slot] = Connection(
            fd: descriptor, generation: connections[slot].generation &+ 1, state: .idle,
            interest: 0, isQueued: false, listener: UInt16(truncatingIfNeeded: listener),
            exchange: 0, settings: plan.servers[Int(servers.defaultServer)].settings, requests: 0,
            acceptedMs: clock.monotonicMs, number: acceptedCount, lingerUntilMs: 0,
            idleSinceMs: 0, hasHeadDeadline: false)
        if plan.readsProxyHeaders {
            connections[slot].awaitsProxyHeader =
                plan.addresses[Int(address(of: slot))].readsProxyHeader
        }
        drive(slot, .ready)
    }

    mutating func expire(_ slot: Int) {
        guard connections[slot].state != .free else { return }
        guard connections[slot].exchange != 0 else {
            closeConnection(slot)
            return
        }
        drive(slot, .expired)
    }

    /// Handles the expiry of a connection's individual deadline.
    mutating func wake(_ slot: Int) {
        guard connections[slot].isThrottled else { return resume(slot) }
        connections[slot].isThrottled = false
        drive(slot, .ready)
    }

    /// Steps a connection until it waits or is closed.
    mutating func drive(_ slot: Int, _ first: Connection.Input) {
        perform(slot, first)
        if plan.countsConnections { updateCounters(slot) }
    }

    private mutating func perform(_ slot: Int, _ first: Connection.Input) {
        guard let exchange = exchange(of: slot) else {
            closeConnection(slot)
            return
        }
        exchanges[exchange].requestsInSlice = 0
        exchanges[exchange].fileBytesInSlice = 0
        reportWork(exchange)
        var action = connections[slot].step(first, &exchanges[exchange])
        while true {
            let input: Connection.Input
            switch action {
            case .receive:
                input = receive(slot, exchange)
                if case .received(let count) = input { reportWork(exchange, andNew: count) }
            case .growInput: input = growInput(exchange)
            case .storeProxyHeader:
                proxyAddresses[slot] = exchanges[exchange].proxyAddresses
                exchanges[exchange].startedMs = clock.monotonicMs
                input = .proxyHeaderStored
            case .processRequest:
                // A request that arrived together with the previous one.
                if !activity.isBusy { reportWork(exchange) }
                #if DEBUG
                    probeIfRequested(slot, exchange)
                #endif
                processRequest(slot, exchange)
                input = outcome(of: exchange)
            case .send(let moreFollows): input = send(slot, exchange, moreFollows)
            case .sendFile: input = sendFile(slot, exchange)
            case .produce: input = produce(slot, exchange)
            case .finish:
                finish(slot, exchange)
                activity.endWork()
                input = .finished
            case .wait(let direction, let deadline):
                guard wait(slot, exchange, direction, deadline) else { return }
                input = .expired
            case .suspend:
                // As in nginx, a client's half-close ends a delayed request. It also ends one that
                // waits for a password check by the helper process, which all clients share.
                let isChecking = contextIfAny(exchange)?.passwordCheck.waiter != nil
                watch(slot, for: timers.isArmed(slot) || isChecking ? .endOfStream : .hangUp)
                deadlines.cancel(slot)
                return
            case .yield:
                enqueue(slot)
                return
            case .throttle:
                throttle(slot, exchange)
                return
            case .linger:
                guard linger(slot, exchange) else { return }
                input = .expired
            case .keepIdle:
                keepIdle(slot, exchange)
                return
            case .close(let reason):
                finishAndClose(slot, exchange, reason)
                activity.endWork()
                return
            }
            action = connections[slot].step(input, &exchanges[exchange])
        }
    }

    /// Records the request that the event loop works on, with `count` newly received bytes, for the
    /// master in case this process dies. The method changes nothing; it is `mutating` because
    /// otherwise it would receive a copy of the worker.
    @inline(__always)
    private mutating func reportWork(_ exchange: Int, andNew count: Int = 0) {
        let start = exchanges[exchange].inputStart
        let end = exchanges[exchange].inputEnd &+ count
        guard end > start else { return }
        let input = exchanges[exchange].input
        activity.beginWork(input.span(from: start, to: end), nowMs: clock.monotonicMs)
    }

    /// Returns the result of processing a request, as an input for the connection.
    private mutating func outcome(of exchange: Int) -> Connection.Input {
        if exchanges[exchange].outOfMemory { return .failed }
        if exchanges[exchange].needsFlush { return .needsFlush }
        if exchanges[exchange].closesWithoutResponse { return .dropped }
        return exchanges[exchange].isWaiting ? .suspended : .responded
    }

    /// Continues a response that has waited.
    mutating func resume(_ slot: Int) {
        guard connections[slot].state == .responding, connections[slot].exchange != 0 else {
            return
        }
        let exchange = Int(connections[slot].exchange) &- 1
        guard exchanges[exchange].isWaiting else { return }
        exchanges[exchange].isWaiting = false
        drive(slot, .resumed)
    }

    // MARK: bytes in and out

    mutating func receive(_ slot: Int, _ exchange: Int) -> Connection.Input {
        if exchanges[exchange].input.isNone { exchanges[exchange].input = inputs.acquire() }
        let input = exchanges[exchange].input
        guard !input.isNone else { return .failed }
        let end = exchanges[exchange].inputEnd
        let room = input.capacity &- end
        switch unsafe Linux.receive(
            connections[slot].fd, into: input.bytes(from: end, to: input.capacity))
        {
        case .bytes(0): return .endOfStream
        case .bytes(let count):
            exchanges[exchange].mayHaveMore = count == room
            exchanges[exchange].hasReceived = true
            // The response must not be older than changes that precede these bytes.
            if ChangeFeed.hasPendingChanges { files.processChanges() }
            return .received(count)
        case .wouldBlock: return .nothingToReceive
        case .failed: return .failed
        }
    }

    mutating func send(
        _ slot: Int, _ exchange: Int, _ moreFollows: Bool
    ) -> Connection.Input {
        let features = plan.locations[Int(exchanges[exchange].location)].features
        let output = exchanges[exchange].output
        let start = exchanges[exchange].outputStart
        var maxCount = exchanges[exchange].outputCount
        // While a response waits, the output has only earlier responses.
        if features.contains(.limitsRate), !exchanges[exchange].isWaiting {
            maxCount = Int(min(Int64(maxCount), sendableBytes(slot, exchange)))
            guard maxCount > 0 else { return .limited }
        }
        let bytes = unsafe output.bytes(from: start, to: start &+ maxCount)
        let result = unsafe Linux.send(
            connections[slot].fd, UnsafeRawBufferPointer(bytes),
            moreFollows: moreFollows && features.sendsHeadWithFile)
        switch result {
        case .bytes(let count): return .sent(count)
        case .wouldBlock: return .noRoom
        case .failed: return .failed
        }
    }
}
