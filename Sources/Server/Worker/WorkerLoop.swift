import Files
import Linux
import Reactor

/// The event loop: handles signals, timers, listeners and connections.
extension Worker {
    mutating func run() throws(SystemError) -> Int32 {
        try registerSources()
        clock.update()
        context.notifyMaster(.serves)
        while state != .ended {
            try runIteration(atMostMs: -1)
            accessLog.flush(nowMs: clock.monotonicMs)
            if clock.monotonicMs >= repeatedMessages.dueMs { reportRepeated() }
            if plan.countsConnections { publishCounts() }
            if state == .draining { continueDraining() }
        }
        accessLog.finish(nowMs: clock.monotonicMs)
        reportRepeated(all: true)
        return 0
    }

    /// Runs one iteration: waits for events, at most `limit` milliseconds (-1: no limit), and
    /// handles them.
    mutating func runIteration(atMostMs limit: Int32) throws(SystemError) {
        let wait = waitMs()
        let bound = limit < 0 ? wait : wait < 0 ? limit : min(wait, limit)
        activity.willWait()
        let count = try poller.wait(timeoutMs: bound)
        activity.beginIteration()
        clock.update()
        if count == 0, ChangeFeed.hasPendingChanges { files.disarm() }
        checkMountEvents(count)
        for index in 0..<count {
            let event = poller.event(at: index)
            dispatch(event.token)
        }
        if !queue.isEmpty { runQueue() }
        expireDeadlines()
    }

    private mutating func registerSources() throws(SystemError) {
        try poller.register(
            signals.descriptor, for: .readable,
            token: Token(slot: Worker.signalSlot, generation: 0))
        if context.lifeline >= 0 {
            try poller.register(
                context.lifeline, for: .readable,
                token: Token(slot: Worker.lifelineSlot, generation: 0))
        }
        if helper.isOpen {
            try poller.register(
                helper.descriptor, for: .readable,
                token: Token(slot: Worker.helperSlot, generation: 0))
        }
        if mountsDescriptor >= 0 {
            try poller.register(
                mountsDescriptor, for: [], token: Token(slot: Worker.mountSlot, generation: 0))
        }
        for index in listeners.indices { try watchListener(index) }
    }

    /// Handles mount changes before the requests that arrived after them, in whatever order the
    /// poller reports them.
    @inline(__always)
    private mutating func checkMountEvents(_ count: Int) {
        // select has no error events apart from readiness, and these files are always ready.
        if poller.engine == .select { return checkMounts() }
        // With a single event, no other one precedes it.
        guard count > 1 else { return }
        for index in 0..<count where poller.event(at: index).token.slot == Worker.mountSlot {
            files.mountsChanged()
        }
    }

    /// Checks whether mounts have changed.
    mutating func checkMounts() {
        if mountsDescriptor >= 0, mountsChanged(mountsDescriptor) { files.mountsChanged() }
    }

    /// Returns the time until the next deadline in milliseconds.
    private mutating func waitMs() -> Int32 {
        if !queue.isEmpty { return 0 }
        var until = deadlines.lowerBoundMs
        if let timer = timers.earliestMs() { until = min(until, timer) }
        if state == .draining { until = min(until, idleUntilMs) }
        if listenersPausedUntilMs > 0 { until = min(until, listenersPausedUntilMs) }
        until = min(until, min(accessLog.nextFlushMs, repeatedMessages.dueMs))
        until = min(until, min(files.closeDueMs, files.sweepDueMs))
        until = min(until, helperCheckMs)
        guard until < Int64.max else { return -1 }
        // The clock's milliseconds are truncated: one more, so that the wait never ends early.
        return Int32(clamping: max(0, until &- clock.monotonicMs &+ 1))
    }

    private mutating func dispatch(_ token: Token) {
        let slot = Int(token.slot)
        if slot < connections.count {
            // Skips connections that were closed in this iteration, the next users of their slots,
            // and those that are in the queue.
            guard connections[slot].generation == token.generation,
                connections[slot].state != .free, !connections[slot].isQueued
            else { return }
            // A throttled connection is only watched for a disconnect.
            let hasDisconnected = connections[slot].isThrottled
            connections[slot].isThrottled = false
            drive(slot, hasDisconnected ? .failed : .ready)
        } else if token.slot == Worker.signalSlot {
            handleSignals()
        } else if token.slot == Worker.lifelineSlot {
            handleMasterDeath()
        } else if token.slot == Worker.helperSlot {
            handleHelperReplies()
        } else if token.slot == Worker.mountSlot {
            // With other events in the same iteration, `checkMountEvents` has handled this one.
            files.mountsChanged()
        } else {
            accept(from: Int(token.slot &- Worker.firstListenerSlot))
        }
    }

    private mutating func runQueue() {
        // Connections queued from here on wait for the next iteration.
        let queued = queue
        queue.removeAll(keepingCapacity: true)
        for slot in queued where connections[Int(slot)].isQueued {
            connections[Int(slot)].isQueued = false
            drive(Int(slot), .ready)
        }
    }

    private mutating func expireDeadlines() {
        while let slot = deadlines.popExpired(nowMs: clock.monotonicMs) { expire(slot) }
        while let slot = timers.popExpired(nowMs: clock.monotonicMs) { wake(slot) }
        if listenersPausedUntilMs > 0, clock.monotonicMs >= listenersPausedUntilMs {
            resumeListeners()
        }
        if clock.monotonicMs >= helperCheckMs { checkHelper() }
        if clock.monotonicMs >= files.sweepDueMs {
            files.sweep(nowMs: clock.monotonicMs)
            responses.sweep(before: clock.seconds &- plan.main.contentCache.inactiveMs / 1000)
        }
        if clock.monotonicMs >= files.closeDueMs {
            files.closeDescriptors(nowMs: clock.monotonicMs)
        }
    }

    // MARK: signals and draining

    private mutating func handleSignals() {
        while let number = signals.next() {
            switch Signal(rawValue: number) {
            case .quit: drain()
            // A terminal sends its new size to all processes of its group.
            case .windowChange where plan.main.isDaemon: drain()
            case .terminate, .interrupt: end()
            case .user1: reopenLogs()
            default: break
            }
        }
    }

    private mutating func handleMasterDeath() {
        // Bytes are ignored: another worker may have written them.
        guard isAbandoned(context.lifeline) else {
            consumeWakes(context.lifeline)
            return
        }
        poller.unregister(context.lifeline)
        context.errorLog.write(.alert, "the master process has died, gracefully shutting down")
        // No other process will accept the connections that wait.
        isLastToAccept = true
        drain()
    }

    private mutating func end() {
        state = .ended
        context.errorLog.write(.notice, "exiting")
    }

    mutating func drain() {
        guard state == .serving else { return }
        state = .draining
        setProcessTitle("apus: worker process is shutting down")
        drainingSinceMs = clock.monotonicMs
        idleUntilMs = drainingSinceMs
        context.errorLog.write(.notice, "gracefully shutting down")
        stopListening()
        context.notifyMaster(.acceptsNoMore)
        accessLog.flushAll(nowMs: clock.monotonicMs)
        // The memory is needed by the new workers.
        files.close()
        responses.close()
    }

    /// Continues draining. A request may be on its way over an idle connection, so each gets some
    /// time in which it is still served.
    private mutating func continueDraining() {
        if clock.monotonicMs >= idleUntilMs {
            idleUntilMs = Int64.max
            for slot in 0..<connections.count where connections[slot].state == .idle {
                let untilMs = connections[slot].lastRequestDeadlineMs(
                    drainingSinceMs: drainingSinceMs)
                if untilMs <= clock.monotonicMs {
                    closeConnection(slot)
                } else {
                    idleUntilMs = min(idleUntilMs, untilMs)
                }
            }
        }
        if connectionCount == 0 { end() }
    }

    /// Handles USR1: the log files belong to the logger, if there is one.
    private mutating func reopenLogs() {
        guard accessLog.reopen(nowMs: clock.monotonicMs) else {
            context.errorLog.write(.notice, "the logger reopens the logs")
            return
        }
        for log in context.errorLogs { log.reopen() }
        context.errorLog.write(.notice, "reopening logs")
    }
}
