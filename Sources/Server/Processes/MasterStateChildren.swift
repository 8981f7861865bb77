import Linux

// The exits of processes, and their replacements.
extension MasterState {
    mutating func take(
        _ ending: ChildExitStatus, of process: Int32, _ nowMs: Int64
    ) -> [Action] {
        if process == successor { return handleSuccessorExit(ending, nowMs) }
        guard let place = children.firstIndex(where: { $0.process == process }) else { return [] }
        let child = children.remove(at: place)
        var actions: [Action] = [ending.message(of: "\(child.role.name) process \(process)")]
        boundLoggers(nowMs)
        if isNew(child), !child.serves || !child.role.isWorker {
            failStart("\(child.role.name) process \(process) ended while it was started")
            return actions
        }
        if child.role.isLogger { return actions + handleExit(ofLogger: child, ending, nowMs) }
        // A process of the previous generation is replaced if that continues.
        guard mode == .serving, !child.isExpectedToExit, child.generation == generation else {
            return actions + exitIfAlone() + exitIfNothingServes(nowMs)
        }
        if ending.signal == 0 && ending.code == 2 && child.role.isWorker {
            let text = "worker process \(process) exited with fatal code 2 and cannot be respawned"
            actions.append(.log(.alert, text))
            fatalCount += 1
            return actions + exitIfNothingServes(nowMs)
        }
        return actions + startLater(child.role, livedMs: nowMs &- child.startedMs, nowMs)
    }

    /// Handles the exit of a successor: this master is the only one again.
    private mutating func handleSuccessorExit(
        _ ending: ChildExitStatus, _ nowMs: Int64
    ) -> [Action] {
        let name = "new binary process \(successor ?? 0)"
        successor = nil
        let actions = [ending.message(of: name), .restorePidFile]
        return mode == .workersStopped ? actions + resumeServing(nowMs) : actions
    }

    /// Replaces a worker that hangs. It may take long to die, within a call on a disk or a network
    /// file system, so another one is started at once.
    mutating func replace(_ process: Int32, _ nowMs: Int64) -> [Action] {
        guard let place = children.firstIndex(where: { $0.process == process }) else { return [] }
        let isWanted =
            mode == .serving && !children[place].isExpectedToExit
            && children[place].generation == generation
        children[place].isExpectedToExit = true
        children[place].nextSignal = settings.wantsCores ? (.kill, nowMs &+ 5000) : nil
        return [.send(settings.wantsCores ? .abort : .kill, to: process)]
            + (isWanted ? [.start(children[place].role)] : [])
    }

    /// The minimum lifetime of a helper process before a worker's report is enough to replace it: a
    /// worker that was taken over must not be able to disturb the others that way.
    static let minHelperLifetimeMs: Int64 = 10_000

    /// Replaces a helper process that is stopped or stuck, once each: it is killed, and another one
    /// is started. A worker that is shutting down used the helper process that is exiting.
    mutating func replaceHelper(reportedBy worker: Int32, _ nowMs: Int64) -> [Action] {
        guard let reporter = children.first(where: { $0.process == worker && $0.role.isWorker }),
            let place = children.firstIndex(where: {
                $0.role == .helper && $0.isExpectedToExit == reporter.isExpectedToExit
                    && !$0.wasKilledAfterTimeout
                    && $0.generation == reporter.generation
            }), nowMs &- children[place].startedMs >= MasterState.minHelperLifetimeMs
        else { return [] }
        children[place].wasKilledAfterTimeout = true
        let process = children[place].process
        return [.log(.alert, "helper process \(process) does not respond: killing it")]
            + replace(process, nowMs)
    }

    /// Returns true if a process was told to exit, or has exited: its exit is expected.
    public func isExpectedToExit(_ process: Int32) -> Bool {
        children.first { $0.process == process }?.isExpectedToExit ?? true
    }

    /// Handles the exit of a logger. Its successor continues with its lines; one that dies again
    /// and again when no writer is left is not replaced.
    mutating func handleExit(
        ofLogger child: Child, _ ending: ChildExitStatus, _ nowMs: Int64
    ) -> [Action] {
        let isCurrent = isServing && child.role == settings.logger.map { .logger($0) }
        let isOver = ending == ChildExitStatus() || child.wasKilledAfterTimeout
        if isCurrent || !isOver {
            var actions: [Action] = awaitsReopening && isCurrent ? [.reopenLogs] : []
            if isCurrent { awaitsReopening = false }
            let pauseMs = backoff.pauseMs(for: child.role, livedMs: nowMs &- child.startedMs)
            if isCurrent || pauseMs < 1000 {
                if pauseMs == 0 { return actions + [.start(child.role)] }
                dueStarts.append((child.role, nowMs &+ pauseMs))
                return actions
            }
            actions.append(
                .log(
                    .alert,
                    "logger process exited repeatedly: not restarting it; log lines may be "
                        + "lost"))
            return actions + closeLogs(of: child.role) + exitIfAlone()
        }
        return closeLogs(of: child.role) + exitIfAlone()
    }

    private func closeLogs(of role: Role) -> [Action] {
        guard case .logger(let generation) = role else { return [] }
        return [.closeLogs(generation: generation)]
    }

    mutating func startLater(
        _ role: Role, livedMs: Int64, _ nowMs: Int64
    ) -> [Action] {
        guard mode == .serving else { return [] }
        let pauseMs = backoff.pauseMs(for: role, livedMs: livedMs)
        if pauseMs == 0 { return [.start(role)] }
        dueStarts.append((role, nowMs &+ pauseMs))
        let text =
            "starting the next \(role.name) process in \(pauseMs) ms: the last one could not be "
            + "started, or exited within a second"
        return [.log(.notice, text)]
    }

    mutating func parseTime(_ nowMs: Int64) -> [Action] {
        if let transition {
            if let failure = transition.failure { return abandonStart(failure, nowMs) }
            guard nowMs < transition.deadlineMs else {
                let seconds = MasterState.startTimeoutMs / 1000
                return abandonStart("not all processes have started within \(seconds) s", nowMs)
            }
        }
        let due = dueStarts.filter { $0.atMs <= nowMs }
        dueStarts.removeAll { $0.atMs <= nowMs }
        var actions: [Action] = due.map { .start($0.role) }
        for index in children.indices {
            guard let nextSignal = children[index].nextSignal, nextSignal.atMs <= nowMs else {
                continue
            }
            actions.append(.send(nextSignal.signal, to: children[index].process))
            if nextSignal.signal == .kill { children[index].wasKilledAfterTimeout = true }
            children[index].nextSignal = nextSignal.signal == .kill ? nil : (.kill, nowMs &+ 1000)
        }
        if let announcementMs, announcementMs <= nowMs { actions += announce() }
        if let exitDeadlineMs, exitDeadlineMs <= nowMs, !isServing {
            self.exitDeadlineMs = nil
            let names = children.map { "\($0.role.name) process \($0.process)" }
            let text =
                "exiting without \(names.joined(separator: ", ")): killed, but not "
                + "terminated yet"
            actions += [.log(.alert, text), .exit(exitCode)]
        }
        return actions + commitWhenReady(nowMs)
    }

    /// Limits the time of loggers for the last lines, after all writers have exited, unless another
    /// deadline does.
    private mutating func boundLoggers(_ nowMs: Int64) {
        guard !isServing, children.allSatisfy(\.role.isLogger) else { return }
        for index in children.indices where children[index].nextSignal == nil {
            guard !children[index].wasKilledAfterTimeout else { continue }
            children[index].nextSignal = (.kill, nowMs &+ MasterState.loggersTimeMs)
        }
        if exitDeadlineMs == nil {
            exitDeadlineMs = nowMs &+ MasterState.loggersTimeMs &+ MasterState.killMs
        }
    }

    func exitIfAlone() -> [Action] {
        guard !isServing, children.isEmpty, dueStarts.isEmpty else { return [] }
        return [.log(.notice, "exit"), .exit(exitCode)]
    }

    /// Exits if no process serves and none will.
    private mutating func exitIfNothingServes(_ nowMs: Int64) -> [Action] {
        guard mode == .serving, fatalCount >= settings.workers,
            !children.contains(where: \.role.isWorker)
        else { return [] }
        exitCode = 1
        return [.log(.emerg, "no worker process could be started, exiting")] + stop(nowMs)
    }
}

extension ChildExitStatus {
    /// Returns nginx's message about an exit: an alert unless the worker exited on request with
    /// code 0.
    fileprivate func message(of process: String) -> MasterState.Action {
        if signal != 0 {
            let core = dumpedCore ? " (core dumped)" : ""
            return .log(.alert, "\(process) exited on signal \(signal)\(core)")
        }
        return .log(
            code == 0 ? .notice : .alert, "\(process) exited with code \(code)")
    }
}
