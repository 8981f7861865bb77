import CLinux
import Files
import HTTP
import Linux
import Reactor

/// Performs the actions of connections, with their system calls; the state transitions in
/// ``Connection`` have no effects.
extension Worker {
    /// Opens a connection, and reads from it at once, since its request has often arrived already.
    mutating func openConnection(_ slot: Slot, _ descriptor: Int32, _ peer: Peer, listener: Int) {
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

    mutating func expire(_ slot: Slot) {
        guard services.connections[slot].state != .free else { return }
        guard services.connections[slot].request != 0 else {
            closeConnection(slot)
            return
        }
        drive(slot, .expired)
    }

    /// Handles the expiry of a connection's individual deadline.
    mutating func wake(_ slot: Slot) {
        guard services.connections[slot].isThrottled else { return resume(slot) }
        services.connections[slot].isThrottled = false
        drive(slot, .ready)
    }

    /// Steps a connection until it waits or is closed.
    mutating func drive(_ slot: Slot, _ first: Connection.Input) {
        perform(slot, first)
        if services.plan.countsConnections { StubStatus.updateCounters(slot, &services) }
    }

    private mutating func perform(_ slot: Slot, _ first: Connection.Input) {
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
                if services.plan.readsProxyTLVs { storeProxyTLVs(request) }
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

    /// Stores the values of a PROXY protocol header, which end where the request begins.
    private mutating func storeProxyTLVs(_ request: borrowing Request) {
        guard services.connections[request.slot].hasProxyAddresses else { return }
        let input = request.input
        let header = input.span(
            from: request.inputStart &- request.proxyHeaderCount, to: request.inputStart)
        let extent = ProxyHeader.values(of: header)
        guard !extent.isEmpty else { return }
        services.proxyTLVs[request.slot.index] = Array(
            copying: header.slice(from: extent.lowerBound, to: extent.upperBound))
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
    mutating func resume(_ slot: Slot) {
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

/// The requests of connections: acquired when bytes arrive, released when the connection is idle.
extension Worker {
    /// Returns the index of a connection's request, and acquires one if it was idle. Returns nil if
    /// there is none left.
    mutating func requestIndex(of slot: Slot) -> Int? {
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

/// Waiting for events of connections, with timeouts.
extension Worker {
    /// Waits for readiness. Returns true if the deadline has passed already.
    mutating func wait(
        _ request: inout Request, _ direction: Connection.Direction,
        _ deadline: Connection.DeadlineKind
    ) -> Bool {
        watch(request.slot, for: direction == .read ? .readable : .writable)
        let timeouts = services.plan.locations[Int(request.location)].timeouts
        switch deadline {
        case .header:
            // This deadline is for the whole head, from its first byte or the start of the
            // connection.
            if services.connections[request.slot].hasHeadDeadline, deadlines.isArmed(request.slot) {
                return false
            }
            services.connections[request.slot].hasHeadDeadline = true
            deadlines.arm(
                request.slot, list: Int(timeouts.header), nowMs: services.clock.monotonicMs)
        case .send: arm(request.slot, timeouts.send)
        case .keepalive: arm(request.slot, timeouts.keepalive)
        case .body, .lingering:
            if services.connections[request.slot].lingerUntilMs == 0 {
                services.connections[request.slot].lingerUntilMs =
                    services.clock.monotonicMs &+ timeouts.lingeringTimeMs
            }
            if services.clock.monotonicMs >= services.connections[request.slot].lingerUntilMs {
                return true
            }
            let shorter =
                deadline == .body
                && services.plan.durationsMs[Int(timeouts.body)]
                    < services.plan.durationsMs[Int(timeouts.lingering)]
            arm(request.slot, shorter ? timeouts.body : timeouts.lingering)
        }
        return false
    }

    mutating func arm(_ slot: Slot, _ list: UInt16) {
        services.connections[slot].hasHeadDeadline = false
        deadlines.arm(slot, list: Int(list), nowMs: services.clock.monotonicMs)
    }

    /// Sets the events that the poller watches for, with a system call only if they change.
    @inline(__always)
    mutating func watch(_ slot: Slot, for interest: Readiness) {
        if services.connections[slot].interest != interest.rawValue { change(slot, to: interest) }
    }

    private mutating func change(_ slot: Slot, to interest: Readiness) {
        let token = Token(
            slot: UInt32(truncatingIfNeeded: slot.index),
            generation: services.connections[slot].generation)
        do {
            if services.connections[slot].interest == 0 {
                try poller.register(services.connections[slot].fd, for: interest, token: token)
            } else {
                try poller.modify(services.connections[slot].fd, for: interest, token: token)
            }
            services.connections[slot].interest = interest.rawValue
        } catch {
            services.logFailure(.alert, "\(error)")
        }
    }

    /// Waits until more may be sent: no timeout runs, and the only event from the client is a
    /// hang-up.
    mutating func throttle(_ request: inout Request) {
        let rate = LimitRate.sendRate(&request, &services)
        let againMs = rate?.nextRoomMs(sentBytes: request.sentBytes) ?? 0
        services.connections[request.slot].isThrottled = true
        services.connections[request.slot].hasHeadDeadline = false
        deadlines.cancel(request.slot)
        watch(request.slot, for: .hangUp)
        services.timers.arm(
            request.slot, atMs: max(request.startedMs &+ againMs, services.clock.monotonicMs &+ 1))
    }

    mutating func enqueue(_ slot: Slot) {
        // The connection is active, so that no timeout runs except the one for a whole head.
        if !services.connections[slot].hasHeadDeadline { deadlines.cancel(slot) }
        guard !services.connections[slot].isQueued else { return }
        services.connections[slot].isQueued = true
        queue.append(slot)
    }

    /// Releases the connection's buffers and waits for the next request.
    mutating func keepIdle(_ request: inout Request) {
        let timeouts = services.plan.locations[Int(request.location)].timeouts
        releaseRequest(&request)
        watch(request.slot, for: .readable)
        services.connections[request.slot].minKeepaliveMs = timeouts.keepaliveMinMs
        if services.connections[request.slot].requests == 0 {
            if !silentLinks.contains(request.slot.index) {
                silentLinks.append(request.slot.index, to: &silent)
            }
            if !deadlines.isArmed(request.slot) {
                services.connections[request.slot].hasHeadDeadline = true
                deadlines.arm(
                    request.slot, list: Int(timeouts.header), nowMs: services.clock.monotonicMs)
            }
        } else {
            services.connections[request.slot].idleSinceMs = services.clock.monotonicMs
            arm(request.slot, timeouts.keepalive)
        }
        if state == .draining {
            let untilMs = services.connections[request.slot].lastRequestDeadlineMs(
                drainingSinceMs: drainingSinceMs)
            idleUntilMs = min(idleUntilMs, untilMs)
        }
    }

    /// Shuts down our side and waits for the client to close. Returns true if the deadline for that
    /// has passed already.
    mutating func linger(_ request: inout Request) -> Bool {
        if services.connections[request.slot].delimitsBody { allowNormalClose(request) }
        shutdownSending(services.connections[request.slot].fd)
        services.connections[request.slot].state = .lingering
        services.connections[request.slot].lingerUntilMs = 0
        request.inputStart = 0
        request.inputEnd = 0
        return wait(&request, .read, .lingering)
    }
}

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
    mutating func closeConnection(_ slot: Slot) {
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
    private mutating func closeSocket(_ slot: Slot) {
        deadlines.cancel(slot)
        services.timers.cancel(slot)
        silentLinks.remove(slot.index, from: &silent)
        poller.close(services.connections[slot].fd)
        services.connections[slot].state = .free
        services.connections[slot].isQueued = false
        if services.plan.countsConnections { StubStatus.updateCounters(slot, &services) }
        services.connections[slot].isThrottled = false
        if !services.proxyTLVs.isEmpty { services.proxyTLVs[slot.index] = nil }
        connectionCount &-= 1
        freeConnections.release(slot.index)
        if listenersPausedUntilMs > 0 { resumeListeners() }
    }
}
