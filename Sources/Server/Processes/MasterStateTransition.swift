import Linux

// The transition between generations at a reload, and back.
extension MasterState {
    /// The time within which all processes of a new generation must run.
    static let startPatienceMs: Int64 = 15_000

    /// Starts the processes of `next`. Those that serve stay until the new ones do.
    mutating func replaceWorkers(_ next: Settings, _ nowMs: Int64) -> [Action] {
        transition = Transition(
            previous: settings, previousGeneration: generation, previousMode: mode,
            deadlineMs: nowMs &+ MasterState.startPatienceMs)
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
        transition != nil && child.generation == generation && !child.isLeaving
    }

    /// Records that the new generation cannot be started. It is aborted at the next `tick`, when
    /// all of its starts have been tried.
    mutating func failStart(_ reason: String) {
        if transition?.failure == nil { transition?.failure = reason }
    }

    /// Dismisses the old generation once all processes of the new one run.
    mutating func commitWhenReady(_ nowMs: Int64) -> [Action] {
        guard let transition, transition.failure == nil else { return [] }
        let isReady = settings.roles.allSatisfy { role in
            children.contains { $0.role == role && isNew($0) && $0.serves }
        }
        guard isReady else { return [] }
        self.transition = nil
        announcementMs = nowMs &+ MasterState.patienceMs
        let current = generation
        return [.dropPrevious]
            + dismissAll(transition.previous.shutdownTimeoutMs, nowMs) { $0.generation != current }
            + popDeferred(nowMs)
    }

    /// Returns to the previous generation, and dismisses the processes of the new one.
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
            .log(.error, "\(reason): the old configuration stays in force"),
            .restorePrevious(reason),
        ]
        if let logger, !children.contains(where: { $0.role == .logger(logger) }) {
            // The exit of this logger will not close its logs.
            actions.append(.closeLogs(generation: logger))
        }
        actions += dismissAll(timeoutMs, nowMs) { $0.generation == failed }
        if isEnding {
            let reloadIsPending = deferred.contains(.hangup)
            deferred = []
            return actions + (reloadIsPending ? [.refuseReload(reason)] : [])
        }
        return actions + startMissing() + popDeferred(nowMs)
    }

    /// Starts the processes of the generation in force that have exited in the meantime.
    private func startMissing() -> [Action] {
        guard mode == .serving else { return [] }
        return settings.roles.filter { role in
            !children.contains { child in
                child.role == role && child.generation == generation && !child.isLeaving
            }
        }.map { .start($0) }
    }

    private mutating func popDeferred(_ nowMs: Int64) -> [Action] {
        let signals = deferred
        deferred = []
        return signals.flatMap { take($0, nowMs) }
    }
}
