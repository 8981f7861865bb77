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
        services.acceptedCount &+= 1
        connectionCount &+= 1
        services.peers[slot] = peer
        let address = address(of: descriptor, listeners[listener])
        let servers = services.plan.addresses[Int(listeners[listener].servers)]
        services.connections[slot] = Connection(
            fd: descriptor, generation: services.connections[slot].generation &+ 1, state: .idle,
            interest: 0, isQueued: false, listener: UInt16(truncatingIfNeeded: listener),
            address: address,
            request: 0, settings: services.plan.servers[Int(servers.defaultServer)].settings,
            requests: 0,
            acceptedMs: services.clock.monotonicMs, number: services.acceptedCount,
            lingerUntilMs: 0,
            idleSinceMs: 0, hasHeadDeadline: false)
        if services.plan.readsProxyHeaders {
            services.connections[slot].awaitsProxyHeader =
                services.plan.addresses[Int(address)].readsProxyHeader
        }
        drive(slot, .ready)
    }

    /// Returns the index in the plan of the address that a connection arrived at: getsockname(2) if
    /// the listener has servers for specific addresses.
    private func address(of descriptor: Int32, _ listener: Listener) -> Int32 {
        guard !listener.specific.isEmpty else { return listener.servers }
        let local = services.explanation?.local ?? Peer.local(of: descriptor)
        for specific in listener.specific where local.matches(specific.address) {
            return specific.servers
        }
        return listener.servers
    }

    mutating func expire(_ slot: Int) {
        guard services.connections[slot].state != .free else { return }
        guard services.connections[slot].request != 0 else {
            closeConnection(slot)
            return
        }
        drive(slot, .expired)
    }

    /// Handles the expiry of a connection's individual deadline.
    mutating func wake(_ slot: Int) {
        guard services.connections[slot].isThrottled else { return resume(slot) }
        services.connections[slot].isThrottled = false
        drive(slot, .ready)
    }

    /// Steps a connection until it waits or is closed.
    mutating func drive(_ slot: Int, _ first: Connection.Input) {
        perform(slot, first)
        if services.plan.countsConnections { StubStatus.updateCounters(slot, &services) }
    }

    private mutating func perform(_ slot: Int, _ first: Connection.Input) {
        guard let index = requestIndex(of: slot) else {
            closeConnection(slot)
            return
        }
        let requests = requests
        perform(&requests[index], first)
    }

    private mutating func perform(_ request: inout Request, _ first: Connection.Input) {
        let slot = request.slot
        request.requestsInSlice = 0
        request.fileBytesInSlice = 0
        reportWork(request)
        var action = services.connections[slot].step(first, &request)
        while true {
            let input: Connection.Input
            switch action {
            case .receive:
                input = receive(&request)
                if case .received(let count) = input { reportWork(request, andNew: count) }
            case .growInput: input = growInput(&request)
            case .storeProxyHeader:
                services.proxyAddresses[slot] = request.proxyAddresses
                request.startedMs = services.clock.monotonicMs
                input = .proxyHeaderStored
            case .processRequest:
                // A request that arrived together with the previous one.
                if !activity.isBusy { reportWork(request) }
                #if DEBUG
                    probeIfRequested(request)
                #endif
                Phases.processRequest(&request, &services)
                input = outcome(of: request)
            case .send(let moreFollows): input = send(&request, moreFollows)
            case .sendFile: input = FileSending.sendFile(&request, &services)
            case .produce: input = BuiltInResponse.produce(&request, &services)
            case .finish:
                RequestLog.finish(&request, &services)
                activity.endWork()
                input = .finished
            case .wait(let direction, let deadline):
                guard wait(&request, direction, deadline) else { return }
                input = .expired
            case .suspend:
                // As in nginx, a client's half-close ends a delayed request. It also ends one that
                // waits for a password check by the helper process, which all clients share.
                let isChecking = request.context?.passwordCheck.waiter != nil
                watch(
                    slot, for: services.timers.isArmed(slot) || isChecking ? .endOfStream : .hangUp)
                deadlines.cancel(slot)
                return
            case .yield:
                enqueue(slot)
                return
            case .throttle:
                throttle(&request)
                return
            case .linger:
                guard linger(&request) else { return }
                input = .expired
            case .keepIdle:
                keepIdle(&request)
                return
            case .close(let reason):
                finishAndClose(&request, reason)
                activity.endWork()
                return
            }
            action = services.connections[slot].step(input, &request)
        }
    }

    /// Records the request that the event loop works on, with `count` newly received bytes, for the
    /// master in case this process dies. The method changes nothing; it is `mutating` because
    /// otherwise it would receive a copy of the worker.
    @inline(__always)
    private mutating func reportWork(_ request: borrowing Request, andNew count: Int = 0) {
        let start = request.inputStart
        let end = request.inputEnd &+ count
        guard end > start else { return }
        let input = request.input
        activity.beginWork(input.span(from: start, to: end), nowMs: services.clock.monotonicMs)
    }

    /// Returns the result of processing a request, as an input for the connection.
    private func outcome(of request: borrowing Request) -> Connection.Input {
        if request.outOfMemory { return .failed }
        if request.needsFlush { return .needsFlush }
        if request.closesWithoutResponse { return .dropped }
        return request.isWaiting ? .suspended : .responded
    }

    /// Continues a response that has waited.
    mutating func resume(_ slot: Int) {
        guard services.connections[slot].state == .responding,
            services.connections[slot].request != 0
        else {
            return
        }
        let index = Int(services.connections[slot].request) &- 1
        guard requests[index].isWaiting else { return }
        requests[index].isWaiting = false
        drive(slot, .resumed)
    }

    // MARK: bytes in and out

    mutating func receive(_ request: inout Request) -> Connection.Input {
        if request.input.isNone { request.input = inputs.acquire() }
        let input = request.input
        guard !input.isNone else { return .failed }
        let end = request.inputEnd
        let room = input.capacity &- end
        switch unsafe Linux.receive(
            services.connections[request.slot].fd, into: input.bytes(from: end, to: input.capacity))
        {
        case .bytes(0): return .endOfStream
        case .bytes(let count):
            request.mayHaveMore = count == room
            request.hasReceived = true
            // The response must not be older than changes that precede these bytes.
            if ChangeFeed.hasPendingChanges { services.files.processChanges() }
            return .received(count)
        case .wouldBlock: return .nothingToReceive
        case .failed: return .failed
        }
    }

    mutating func send(
        _ request: inout Request, _ moreFollows: Bool
    ) -> Connection.Input {
        let features = services.plan.locations[Int(request.location)].features
        let output = request.output
        let start = request.outputStart
        var maxCount = request.outputCount
        // While a response waits, the output has only earlier responses.
        if features.contains(.limitsRate), !request.isWaiting {
            maxCount = Int(min(Int64(maxCount), LimitRate.sendableBytes(&request, &services)))
            guard maxCount > 0 else { return .limited }
        }
        let bytes = unsafe output.bytes(from: start, to: start &+ maxCount)
        let result = unsafe Linux.send(
            services.connections[request.slot].fd, UnsafeRawBufferPointer(bytes),
            moreFollows: moreFollows && features.sendsHeadWithFile)
        switch result {
        case .bytes(let count): return .sent(count)
        case .wouldBlock: return .noRoom
        case .failed: return .failed
        }
    }
}
