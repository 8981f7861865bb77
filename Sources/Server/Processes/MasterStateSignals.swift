import Linux

// The handling of signals to the master.
extension MasterState {
    mutating func take(_ signal: Signal, _ nowMs: Int64) -> [Action] {
        if transition != nil {
            switch signal {
            case .hangup where !settings.endsOnHangup, .user2, .windowChange:
                if !deferred.contains(signal) { deferred.append(signal) }
                return received(signal, "waiting for the end of the reload")
            case .hangup, .interrupt, .terminate, .quit:
                return abandonStart("the server is shutting down", nowMs, isEnding: true)
                    + take(signal, nowMs)
            default: break
            }
        }
        switch signal {
        case .interrupt: return received(signal, "exiting") + stop(nowMs)
        case .terminate:
            if wasTerminated || mode == .stopping {
                return received(signal, "exiting") + stop(nowMs)
            }
            wasTerminated = true
            return received(signal, "shutting down")
                + drain(settings.shutdownTimeoutMs ?? 5000, nowMs)
        case .quit:
            return received(signal, "shutting down") + drain(settings.shutdownTimeoutMs, nowMs)
        case .hangup: return handleHangup(nowMs)
        case .user1:
            return received(signal, "reopening logs") + reopen()
        case .windowChange:
            guard settings.isDaemon, mode == .serving else { return [] }
            return received(signal, "stop accepting connections") + stopWorkers(nowMs)
        case .user2:
            if let reason = reasonNotToUpgrade {
                return received(signal, "ignoring: \(reason)")
            }
            return received(signal, "changing binary") + [.upgrade]
        case .child, .kill, .abort: return []
        }
    }

    private mutating func handleHangup(_ nowMs: Int64) -> [Action] {
        if settings.endsOnHangup { return received(.hangup, "exiting") + stop(nowMs) }
        guard isServing else {
            return received(.hangup, "ignoring") + [.refuseReload("the server is shutting down")]
        }
        if let successor {
            // As in nginx: this binary may be unable to read the new binary's configuration.
            guard mode == .workersStopped else {
                let reason = "the new binary process \(successor) has taken over"
                return received(.hangup, "ignoring: \(reason)") + [.refuseReload(reason)]
            }
            return received(.hangup, "serving again") + resumeServing(nowMs)
        }
        // The previous configuration is in use, though not in all workers yet.
        return announce() + received(.hangup, "reconfiguring") + [.reload]
    }

    /// Starts workers again, with the same configuration, after they were told to exit.
    mutating func resumeServing(_ nowMs: Int64) -> [Action] {
        mode = .serving
        backoff = RespawnBackoff()
        fatalCount = 0
        // The other processes did not exit with the workers.
        return startAll(nowMs).filter { action in
            guard case .start(let role) = action, !role.isWorker else { return true }
            return !children.contains { $0.role == role }
                && !dueStarts.contains { $0.role == role }
        }
    }

    private var reasonNotToUpgrade: String? {
        if !settings.isDaemon { return "only a server in the background can be replaced" }
        if !isServing { return "the server is shutting down" }
        if hasPredecessor { return "the previous binary is still running" }
        return successor.map { "the new binary process \($0) is already running" }
    }

    private func received(_ signal: Signal, _ intention: String) -> [Action] {
        [.log(.notice, "signal \(signal.rawValue) (\(signal.name)) received, \(intention)")]
    }

    /// Reopens the logs, the logger's first: once a file with the old name exists again, no
    /// matter which process created it, no line is written to the old file any more.
    private mutating func reopen() -> [Action] {
        let loggers = children.filter(\.role.isLogger)
        awaitsReopening = loggers.contains { $0.role == settings.logger.map { .logger($0) } }
        let signals: [Action] = loggers.map { .send(.user1, to: $0.process) }
        return awaitsReopening ? signals : signals + [.reopenLogs]
    }

    var isServing: Bool { mode == .serving || mode == .workersStopped }

    /// Stops accepting connections; workers exit when theirs are finished, at the latest after
    /// `timeoutMs`.
    private mutating func drain(_ timeoutMs: Int64?, _ nowMs: Int64) -> [Action] {
        guard mode != .stopping else { return [] }
        let isFirst = mode != .draining
        mode = .draining
        dueStarts.removeAll { !$0.role.isLogger }
        let actions: [Action] =
            isFirst ? [.log(.notice, "gracefully shutting down"), .closeListeners] : []
        if let timeoutMs { scheduleForcedExit(atMs: nowMs &+ timeoutMs &+ MasterState.lastMs) }
        return announce() + actions
            + terminateChildren(timeoutMs, nowMs, loggersMs: MasterState.loggersMs) + exitIfAlone()
    }

    // One deadline limits the whole shutdown: the following times count from it, and do not add up.
    /// The time until workers that do not exit are killed.
    static let killMs: Int64 = 1000
    /// The time until loggers are killed, which includes the workers' time.
    static let loggersMs: Int64 = 1250
    /// The time until the master exits even if processes are left.
    static let lastMs: Int64 = 1750

    private mutating func scheduleForcedExit(atMs: Int64) {
        exitDeadlineMs = min(exitDeadlineMs ?? Int64.max, atMs)
    }

    /// Tells the workers to exit at once; they are killed if they do not within a second.
    mutating func stop(_ nowMs: Int64) -> [Action] {
        guard mode != .stopping else { return [] }
        let isFirst = mode != .draining
        mode = .stopping
        dueStarts.removeAll { !$0.role.isLogger }
        scheduleForcedExit(atMs: nowMs &+ MasterState.lastMs)
        var actions: [Action] = announce() + (isFirst ? [.closeListeners] : [])
        for index in children.indices {
            if children[index].role.isLogger {
                children[index].nextSignal = (.kill, nowMs &+ MasterState.loggersMs)
                continue
            }
            children[index].isExpectedToExit = true
            children[index].nextSignal = (.kill, nowMs &+ MasterState.killMs)
            actions.append(.send(.terminate, to: children[index].process))
        }
        return actions + exitIfAlone()
    }

    /// Handles WINCH: the workers exit; the master and its sockets stay.
    private mutating func stopWorkers(_ nowMs: Int64) -> [Action] {
        mode = .workersStopped
        dueStarts.removeAll { !$0.role.isLogger }
        return terminateChildren(settings.shutdownTimeoutMs, nowMs)
    }

    /// The time that a logger has for the last lines, after the last of its workers has exited or
    /// was killed, if nothing else limits it.
    static let loggersTimeMs: Int64 = 5000

    /// Sends QUIT to processes for which `isSelected` is true and that have not got it; sets a
    /// deadline for all of them that have none or a later one. Their logger is killed `loggersMs`
    /// after it.
    mutating func terminateChildren(
        _ timeoutMs: Int64?, _ nowMs: Int64, loggersMs: Int64 = killMs + loggersTimeMs,
        where isSelected: (Child) -> Bool = { _ in true }
    ) -> [Action] {
        var actions: [Action] = []
        for index in children.indices where isSelected(children[index]) {
            let isLogger = children[index].role.isLogger
            if !children[index].role.isWorker, mode == .workersStopped { continue }
            if !children[index].isExpectedToExit, !isLogger {
                actions.append(.send(.quit, to: children[index].process))
            }
            children[index].isExpectedToExit = true
            guard let timeoutMs else { continue }
            let atMs = nowMs &+ timeoutMs
            if isLogger {
                children[index].nextSignal = (.kill, atMs &+ loggersMs)
                continue
            }
            if let nextSignal = children[index].nextSignal, nextSignal.atMs <= atMs { continue }
            children[index].nextSignal = (.terminate, atMs)
        }
        return actions
    }
}

// The transition between generations at a reload, and back.
extension MasterState {
    /// The time within which all processes of a new generation must run.
    static let startTimeoutMs: Int64 = 15_000

    /// Starts the processes of `next`. Those that serve stay until the new ones do.
    mutating func replaceWorkers(_ next: Settings, _ nowMs: Int64) -> [Action] {
        transition = Transition(
            previous: settings, previousGeneration: generation, previousMode: mode,
            deadlineMs: nowMs &+ MasterState.startTimeoutMs)
        lastGeneration &+= 1
        generation = lastGeneration
        settings = next
        mode = .serving
        backoff = RespawnBackoff()
        dueStarts.removeAll { !$0.role.isLogger }
        fatalCount = 0
        return [.log(.notice, "start worker processes")] + settings.roles.map { .start($0) }
    }

    /// Returns true if `child` belongs to a generation that is being started.
    func isNew(_ child: Child) -> Bool {
        transition != nil && child.generation == generation && !child.isExpectedToExit
    }

    /// Records that the new generation cannot be started. It is aborted at the next `tick`, when
    /// all of its starts have been tried.
    mutating func failStart(_ reason: String) {
        if transition?.failure == nil { transition?.failure = reason }
    }

    /// Terminates the old generation once all processes of the new one run.
    mutating func commitWhenReady(_ nowMs: Int64) -> [Action] {
        guard let transition, transition.failure == nil else { return [] }
        let isReady = settings.roles.allSatisfy { role in
            children.contains { $0.role == role && isNew($0) && $0.serves }
        }
        guard isReady else { return [] }
        self.transition = nil
        announcementMs = nowMs &+ MasterState.announcementTimeoutMs
        let current = generation
        return [.dropPrevious]
            + terminateChildren(transition.previous.shutdownTimeoutMs, nowMs) {
                $0.generation != current
            }
            + popDeferred(nowMs)
    }

    /// Returns to the previous generation, and terminates the processes of the new one.
    mutating func abandonStart(
        _ reason: String, _ nowMs: Int64, isEnding: Bool = false
    ) -> [Action] {
        guard let transition else { return [] }
        self.transition = nil
        let failed = generation
        let timeoutMs = settings.shutdownTimeoutMs
        let logger = settings.logger
        generation = transition.previousGeneration
        settings = transition.previous
        mode = transition.previousMode
        fatalCount = 0
        backoff = RespawnBackoff()
        dueStarts.removeAll { $0.role == logger.map { .logger($0) } || !$0.role.isLogger }
        var actions: [Action] = [
            .log(.error, "\(reason): the old configuration stays in use"),
            .restorePrevious(reason),
        ]
        if let logger, !children.contains(where: { $0.role == .logger(logger) }) {
            // The exit of this logger will not close its logs.
            actions.append(.closeLogs(generation: logger))
        }
        actions += terminateChildren(timeoutMs, nowMs) { $0.generation == failed }
        if isEnding {
            let reloadIsPending = deferred.contains(.hangup)
            deferred = []
            return actions + (reloadIsPending ? [.refuseReload(reason)] : [])
        }
        return actions + startMissing() + popDeferred(nowMs)
    }

    /// Starts the processes of the generation in use that have exited in the meantime.
    private func startMissing() -> [Action] {
        guard mode == .serving else { return [] }
        return settings.roles.filter { role in
            !children.contains { child in
                child.role == role && child.generation == generation && !child.isExpectedToExit
            }
        }.map { .start($0) }
    }

    private mutating func popDeferred(_ nowMs: Int64) -> [Action] {
        let signals = deferred
        deferred = []
        return signals.flatMap { take($0, nowMs) }
    }
}
