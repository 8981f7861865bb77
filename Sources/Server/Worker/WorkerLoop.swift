import Files
import Linux
import Reactor

/// The loop: what is ready is walked, signals, timers, listeners and connections alike.
extension Worker {
    mutating func run() throws(SystemError) -> Int32 {
        try registerSources()
        clock.update()
        context.tell(.serves)
        while state != .ended {
            try turn(atMostMs: -1)
            accessLog.flush(nowMs: clock.monotonicMs)
            if clock.monotonicMs >= repeatedMessages.dueMs { reportRepeated() }
            if plan.countsConnections { publishCounts() }
            if state == .draining { continueDraining() }
        }
        accessLog.finish(nowMs: clock.monotonicMs)
        reportRepeated(all: true)
        return 0
    }

    /// One turn: waits for events, no longer than so many milliseconds (-1 for any time), and does
    /// what there is to do.
    mutating func turn(atMostMs limit: Int32) throws(SystemError) {
        let wait = waitMs()
        let bound = limit < 0 ? wait : wait < 0 ? limit : min(wait, limit)
        activity.willWait()
        let count = try poller.wait(timeoutMs: bound)
        activity.turn()
        clock.update()
        if count == 0, ChangeFeed.hasNews { files.quieten() }
        lookForMounts(count)
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
        if aide.isOpen {
            try poller.register(
                aide.descriptor, for: .readable,
                token: Token(slot: Worker.aideSlot, generation: 0))
        }
        if mountsDescriptor >= 0 {
            try poller.register(
                mountsDescriptor, for: [], token: Token(slot: Worker.mountSlot, generation: 0))
        }
        for index in listeners.indices { try watch(index) }
    }

    /// What was mounted before a request came is taken in before that is read, whichever of them
    /// the poller tells of first.
    @inline(__always)
    private mutating func lookForMounts(_ count: Int) {
        // select tells of nothing but reading and writing, for which these are always ready.
        if poller.engine == .select { return takeMounts() }
        // One that came alone is looked at when its turn comes.
        guard count > 1 else { return }
        for index in 0..<count where poller.event(at: index).token.slot == Worker.mountSlot {
            files.mountsChanged()
        }
    }

    /// Asks what was mounted.
    mutating func takeMounts() {
        if mountsDescriptor >= 0, mountsChanged(mountsDescriptor) { files.mountsChanged() }
    }

    /// How long there is nothing to do unless something happens.
    private mutating func waitMs() -> Int32 {
        if !queue.isEmpty { return 0 }
        var until = deadlines.soonestMs
        if let timer = timers.earliestMs() { until = min(until, timer) }
        if state == .draining { until = min(until, idleUntilMs) }
        if listenersPausedUntilMs > 0 { until = min(until, listenersPausedUntilMs) }
        until = min(until, min(accessLog.nextFlushMs, repeatedMessages.dueMs))
        until = min(until, min(files.closeDueMs, files.sweepDueMs))
        until = min(until, aideLookMs)
        guard until < Int64.max else { return -1 }
        // One more, since the clock's milliseconds are cut off: never early.
        return Int32(clamping: max(0, until &- clock.monotonicMs &+ 1))
    }

    private mutating func dispatch(_ token: Token) {
        let slot = Int(token.slot)
        if slot < connections.count {
            // Not one that was closed in this turn, nor its slot's next user, nor one that has its
            // turn in the queue.
            guard connections[slot].generation == token.generation,
                connections[slot].state != .free, !connections[slot].isQueued
            else { return }
            // One that is held is told of nothing but that the client has gone.
            let hasGone = connections[slot].isHeld
            connections[slot].isHeld = false
            drive(slot, hasGone ? .failed : .ready)
        } else if token.slot == Worker.signalSlot {
            takeSignals()
        } else if token.slot == Worker.lifelineSlot {
            masterDied()
        } else if token.slot == Worker.aideSlot {
            takeAideAnswers()
        } else if token.slot == Worker.mountSlot {
            // Where other events came with it, it was looked for before.
            files.mountsChanged()
        } else {
            accept(from: Int(token.slot &- Worker.firstListenerSlot))
        }
    }

    private mutating func runQueue() {
        // What is queued while this runs waits for the next turn.
        let turn = queue
        queue.removeAll(keepingCapacity: true)
        for slot in turn where connections[Int(slot)].isQueued {
            connections[Int(slot)].isQueued = false
            drive(Int(slot), .ready)
        }
    }

    private mutating func expireDeadlines() {
        while let slot = deadlines.takeExpired(nowMs: clock.monotonicMs) { expire(slot) }
        while let slot = timers.takeExpired(nowMs: clock.monotonicMs) { wake(slot) }
        if listenersPausedUntilMs > 0, clock.monotonicMs >= listenersPausedUntilMs {
            resumeListeners()
        }
        if clock.monotonicMs >= aideLookMs { lookAtAide() }
        if clock.monotonicMs >= files.sweepDueMs {
            files.sweep(nowMs: clock.monotonicMs)
            answers.sweep(before: clock.seconds &- plan.main.contentCache.inactiveMs / 1000)
        }
        if clock.monotonicMs >= files.closeDueMs {
            files.closeDescriptors(nowMs: clock.monotonicMs)
        }
    }

    // MARK: signals and draining

    private mutating func takeSignals() {
        while let number = signals.next() {
            switch Signal(rawValue: number) {
            case .quit: drain()
            // A terminal's new size is told to all who belong to it.
            case .windowChange where plan.main.isDaemon: drain()
            case .terminate, .interrupt: end()
            case .user1: reopenLogs()
            default: break
            }
        }
    }

    private mutating func masterDied() {
        // Bytes mean nothing: another worker may have written them.
        guard isAbandoned(context.lifeline) else {
            takeWakes(context.lifeline)
            return
        }
        poller.unregister(context.lifeline)
        context.errorLog.write(.alert, "the master process is gone, gracefully shutting down")
        // Nobody else will take those who wait to be accepted.
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
        drainingSinceMs = clock.monotonicMs
        idleUntilMs = drainingSinceMs
        context.errorLog.write(.notice, "gracefully shutting down")
        stopListening()
        context.tell(.acceptsNoMore)
        accessLog.flushAll(nowMs: clock.monotonicMs)
        // The memory is for those who come after.
        files.close()
        answers.close()
    }

    /// A request may be on its way over a connection that looks idle: each has some time in which
    /// it is still answered.
    private mutating func continueDraining() {
        if clock.monotonicMs >= idleUntilMs {
            idleUntilMs = Int64.max
            for slot in 0..<connections.count where connections[slot].state == .idle {
                let untilMs = connections[slot].lastChanceMs(drainingSinceMs: drainingSinceMs)
                if untilMs <= clock.monotonicMs {
                    close(slot)
                } else {
                    idleUntilMs = min(idleUntilMs, untilMs)
                }
            }
        }
        if connectionCount == 0 { end() }
    }

    /// USR1: the files are the Logger's, where there is one.
    private mutating func reopenLogs() {
        guard accessLog.reopen(nowMs: clock.monotonicMs) else {
            context.errorLog.write(.notice, "reopening logs is the logger's part")
            return
        }
        for log in context.errorLogs { log.reopen() }
        context.errorLog.write(.notice, "reopening logs")
    }
}
