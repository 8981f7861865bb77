import CLinux
import Files
import Linux
import Reactor

/// A listening socket of this worker.
struct Listener {
    let descriptor: Int32
    let token: Token
    /// The index in the plan of the address with its servers.
    let servers: Int32
    /// Local addresses with servers of their own.
    let specific: [SpecificAddress]
    let isShared: Bool
    var isWatched = false
    /// The time at which a broken socket is watched again; 0 for one that works.
    var retryMs: Int64 = 0
    /// The number of connections since the socket was last moved to the end of the kernel's queue
    /// of waiters.
    var acceptsSinceRequeue = 0

    init(_ plan: ListenPlan, index: Int, descriptor: Int32) {
        self.descriptor = descriptor
        token = Token(
            slot: Worker.firstListenerSlot &+ UInt32(truncatingIfNeeded: index), generation: 0)
        servers = plan.servers
        specific = plan.specific
        isShared = !plan.options.isReusePort
    }
}

extension Worker {
    /// The number of connections after which a worker moves to the end of the kernel's queue of
    /// waiters. With EPOLLEXCLUSIVE alone, the worker that registered last gets every connection;
    /// moving spreads them, as in nginx (ngx_reorder_accept_events). nginx moves after 16
    /// connections; with 8, fewer runs on a busy machine were uneven.
    static let acceptsBetweenRequeues = 8
    /// The number of idle connections that are closed if there is no room for new ones.
    static let idleClosedAtOnce = 32
    /// The pause before a broken listening socket is watched again.
    static let brokenRetryMs: Int64 = 2000

    mutating func watchListener(_ index: Int) throws(SystemError) {
        guard !listeners[index].isWatched else { return }
        try poller.register(
            listeners[index].descriptor, for: .readable, token: listeners[index].token,
            exclusive: listeners[index].isShared)
        listeners[index].isWatched = true
    }

    private mutating func unwatchListener(_ index: Int) {
        guard listeners[index].isWatched else { return }
        poller.unregister(listeners[index].descriptor)
        listeners[index].isWatched = false
    }

    /// Stops listening. Connections in the backlog are accepted first if no other process will
    /// accept them. The master refuses new ones when the server shuts down, or the address is
    /// removed.
    ///
    /// The system call filter knows listening sockets by their numbers, which must not be reused.
    mutating func stopListening() {
        for index in listeners.indices {
            unwatchListener(index)
            let descriptor = listeners[index].descriptor
            if isLastToAccept || ListenerCalls.refusesNew(descriptor) { acceptPending(from: index) }
        }
        closeReservingNumbers(listeners.map(\.descriptor))
    }

    private mutating func acceptPending(from index: Int) {
        while let slot = acquireConnection() {
            var peer = Peer()
            let descriptor = peer.accept(from: listeners[index].descriptor)
            if descriptor >= 0, descriptor < poller.engine.descriptorLimit {
                openConnection(slot, descriptor, peer, listener: index)
                continue
            }
            freeConnections.release(slot.index)
            if descriptor >= 0 { closeDescriptor(descriptor) }
            guard AcceptFailure(0 &- descriptor) == .clientGone else { return }
        }
    }

    /// Accepts a connection, or with multi_accept all that are pending.
    mutating func accept(from index: Int) {
        guard state == .serving, listeners.indices.contains(index) else { return }
        repeat {
            guard let slot = acquireConnection() else {
                pauseListeners(
                    "\(services.plan.main.workerConnections) worker_connections are not enough")
                return
            }
            var peer = Peer()
            let descriptor = peer.accept(from: listeners[index].descriptor)
            guard descriptor >= 0 else {
                freeConnections.release(slot.index)
                acceptFailed(0 &- descriptor, from: index)
                return
            }
            guard descriptor < poller.engine.descriptorLimit else {
                freeConnections.release(slot.index)
                closeDescriptor(descriptor)
                handleDescriptorLimit(descriptor)
                return
            }
            requeueListener(index)
            openConnection(slot, descriptor, peer, listener: index)
        } while services.plan.main.acceptsMany && state == .serving && listenersPausedUntilMs == 0
    }

    /// Returns a free slot. If there is none, closes idle connections to make room; returns nil if
    /// no connection is idle.
    private mutating func acquireConnection() -> Slot? {
        if let index = freeConnections.acquire() { return Slot(index) }
        guard closeIdle() > 0 else { return nil }
        services.logFailure(
            .warn,
            "\(services.plan.main.workerConnections) worker_connections are not enough, "
                + "reusing connections")
        return freeConnections.acquire().map { Slot($0) }
    }

    /// Closes some of the connections that have waited longest for their first or next request, as
    /// nginx does (ngx_drain_connections). Returns their number.
    private mutating func closeIdle() -> Int {
        var closed = 0
        while closed < Worker.idleClosedAtOnce, let slot = longestIdle() {
            closeConnection(slot)
            closed &+= 1
        }
        return closed
    }

    /// Returns the connection that has waited longest for its first or next request; nil if none
    /// waits. Connections that wait for their next request are in the lists of keepalive timeouts.
    private mutating func longestIdle() -> Slot? {
        var longest = longestSilent()
        var sinceMs = longest.map { services.connections[$0].acceptedMs } ?? Int64.max
        for list in services.plan.keepaliveLists {
            guard let slot = deadlines.oldest(in: list), services.connections[slot].state == .idle,
                services.connections[slot].protectedUntilMs <= services.clock.monotonicMs,
                services.connections[slot].idleSinceMs < sinceMs
            else { continue }
            longest = slot
            sinceMs = services.connections[slot].idleSinceMs
        }
        return longest
    }

    /// Returns the connection that was accepted first of those that have sent nothing. Connections
    /// that have sent something since they were linked are unlinked here, each once.
    private mutating func longestSilent() -> Slot? {
        while let slot = silent.first.map({ Slot($0) }) {
            if services.connections[slot].state == .idle, services.connections[slot].requests == 0 {
                return slot
            }
            silentLinks.remove(slot.index, from: &silent)
        }
        return nil
    }

    private mutating func requeueListener(_ index: Int) {
        listeners[index].acceptsSinceRequeue &+= 1
        guard listeners[index].isShared,
            listeners[index].acceptsSinceRequeue >= Worker.acceptsBetweenRequeues
        else { return }
        listeners[index].acceptsSinceRequeue = 0
        unwatchListener(index)
        try? watchListener(index)
    }

    private mutating func acceptFailed(_ code: Int32, from index: Int) {
        switch AcceptFailure(code) {
        case .nothingToAccept: break
        case .clientGone:
            services.context.errorLog.write(.info, "\(SystemError("accept4()", code: code))")
        // The listener is still ready; accepting continues in the next iteration.
        case .exhausted
        where services.files.closeDescriptors(nowMs: services.clock.monotonicMs, all: true) > 0
            || closeIdle() > 0:
            break
        case .exhausted: pauseListeners("\(SystemError("accept4()", code: code))")
        case .broken: disableListener(index, "\(SystemError("accept4()", code: code))")
        case .other: services.logFailure(.alert, "\(SystemError("accept4()", code: code))")
        }
    }

    /// Disables a socket that is always ready but never accepts, and reports it to the master,
    /// which binds another one. The socket is watched again after a pause, since the master may
    /// find no fault.
    private mutating func disableListener(_ index: Int, _ reason: String) {
        unwatchListener(index)
        listeners[index].retryMs = services.clock.monotonicMs &+ Worker.brokenRetryMs
        if listenersPausedUntilMs == 0 { listenersPausedUntilMs = listeners[index].retryMs }
        services.logFailure(
            .alert,
            "\(reason): the listening socket is broken, asking the master process to replace it")
        services.context.notifyMaster(.listenerIsBroken)
    }

    /// Makes room after a connection was closed because select cannot watch its descriptor. If no
    /// connection is idle, accepting pauses until a lower number is free.
    private mutating func handleDescriptorLimit(_ descriptor: Int32) {
        guard closeIdle() == 0 else { return }
        pauseListeners(
            "\(poller.engine.rawValue)() cannot watch descriptor \(descriptor), the highest is"
                + " \(poller.engine.descriptorLimit &- 1)")
    }

    /// Stops accepting until a connection is closed, or half a second has passed. Meanwhile the
    /// sockets are not watched, since the poller would report them again and again.
    private mutating func pauseListeners(_ reason: String) {
        if listenersPausedUntilMs == 0 { services.logFailure(.alert, reason) }
        listenersPausedUntilMs = services.clock.monotonicMs &+ 500
        for index in listeners.indices { unwatchListener(index) }
    }

    mutating func resumeListeners() {
        listenersPausedUntilMs = 0
        guard state == .serving else { return }
        for index in listeners.indices {
            let retryMs = listeners[index].retryMs
            if retryMs > services.clock.monotonicMs {
                let untilMs = listenersPausedUntilMs
                listenersPausedUntilMs = untilMs == 0 ? retryMs : min(untilMs, retryMs)
                continue
            }
            listeners[index].retryMs = 0
            try? watchListener(index)
        }
    }
}
