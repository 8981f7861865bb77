import Linux

/// The master process: opens the sockets and files that workers share, forks the workers, and
/// waits. `MasterState` decides how to respond to events; this class performs its actions. Clients
/// cannot cause anything here to fail.
public final class Master {
    private let options: MasterOptions
    private let reload: (ErrorLog) -> Plan?
    let worker: (WorkerContext) -> Int32
    var generation: Generation
    /// The generation that still serves while the processes of `generation` are started, and the
    /// number of its helper processes so far; nil at all other times.
    var previous: (generation: Generation, helperStarts: Int)?
    var state: MasterState
    var pidFile: PidFile?
    /// The master that this one takes over from.
    let predecessor: Int32?
    private var serviceManager = ServiceManager()
    var outputs: [WorkerOutput] = []
    /// The memory that workers share with the master.
    let workerRecords: WorkerRecords
    /// The logs of generations whose logger has not exited for good, the newest one's last.
    var logs: [Logs]
    private var deaths = CrashReports()
    private var watchdog: Watchdog?
    private var listenerWatch: ListenerWatch
    /// The number of helper processes of this generation so far.
    var helperStarts = 0
    /// The number of the newest logs: those of a generation that failed keep theirs.
    private var lastLogs = 0
    /// The results of reloads; nil if there was no memory for it.
    let reloads: ReloadRecordWriter?
    private var exitCode: Int32?
    let signals: Descriptor
    /// A pipe whose write end only the master has: workers see its end when the master dies.
    let lifeline: (reads: Int32, writes: Int32)
    /// The stderr that the master was started with: workers' descriptor 2 is a pipe.
    let realStderr: Int32

    init(
        _ generation: Generation, _ predecessor: Int32?, _ options: MasterOptions,
        _ pidFile: PidFile?, _ workerRecords: WorkerRecords,
        _ reload: @escaping (ErrorLog) -> Plan?,
        _ worker: @escaping (WorkerContext) -> Int32
    ) throws(SystemError) {
        self.generation = generation
        self.predecessor = predecessor
        logs = [generation.logs]
        self.options = options
        self.pidFile = pidFile
        self.workerRecords = workerRecords
        self.reload = reload
        self.worker = worker
        watchdog = Master.watchdog(of: generation)
        listenerWatch = ListenerWatch(nowMs: Clock.monotonicMs())
        state = MasterState(Master.settings(of: generation, predecessor, options))
        signals = try openSignalDescriptor(for: Master.handled)
        reloads = try? ReloadRecordWriter()
        lifeline = try openPipe(readsNonblocking: true)
        realStderr = try duplicate(2)
        for log in generation.logs.errors { log.stderrDescriptor = realStderr }
    }

    /// The signals that the signalfd reads.
    private static var handled: [Signal] {
        [.hangup, .interrupt, .quit, .user1, .user2, .terminate, .child, .windowChange]
    }

    /// The signals blocked in a worker until it opens its own signalfd, so that an early signal
    /// stays pending instead of killing it; HUP, USR2 and WINCH for good: they are for the master.
    static var blockedInWorker: [Signal] {
        [.hangup, .interrupt, .quit, .user1, .user2, .terminate, .windowChange]
    }
}

// The loop.
extension Master {
    func loop() -> Int32 {
        handle(.start)
        while exitCode == nil {
            wait()
            while let signal = nextSignal(signals.number) {
                if signal == .child { reap() } else { handle(.signal(signal)) }
                if exitCode != nil { break }
            }
            handle(.tick)
            serviceManager?.tick(nowMs: Clock.monotonicMs())
            checkForHungWorkers()
            checkListeners()
        }
        return exitCode ?? 0
    }

    /// Waits for a signal, a worker's status, or the next deadline.
    private func wait() {
        var timeoutMs: Int32 = -1
        let nowMs = Clock.monotonicMs()
        let deadlines = [
            state.nextDeadlineMs, serviceManager?.nextDeadlineMs, watchdog?.nextCheckMs,
            listenerWatch.nextCheckMs, outputs.map(\.pausedUntilMs).filter { $0 > nowMs }.min(),
        ].compactMap(\.self)
        if let deadline = deadlines.min() {
            timeoutMs = Int32(clamping: max(0, deadline &- nowMs))
        }
        let reopened = generation.logs.rings?.reopened ?? -1
        // The output of a process that writes too much is not read for a while: signals come first.
        let readableOutputs = outputs.filter { $0.pausedUntilMs <= nowMs }
        let descriptors = [signals.number, reopened] + readableOutputs.map(\.descriptor)
        let ready = waitUntilReadable(descriptors, timeoutMs: timeoutMs)
        // Handling a status may start processes, which changes the indexes.
        let speakers = ready.filter { $0 > 1 }.map { readableOutputs[$0 - 2].process }
        for process in speakers {
            if let index = outputs.firstIndex(where: { $0.process == process }) {
                readOutput(at: index)
            }
        }
        if ready.contains(1) {
            clearEvent(reopened)
            handle(.logsReopened)
        }
    }

    func handle(_ event: MasterState.Event) {
        guard exitCode == nil else { return }
        state.hasPredecessor = predecessorRuns
        let endedBeforeMs = state.exitDeadlineMs
        let nowMs = Clock.monotonicMs()
        let actions = state.step(event, nowMs: nowMs)
        if let endMs = state.exitDeadlineMs, endMs != endedBeforeMs {
            // The limit holds even if a call hangs on a disk, as the master's own log lines may.
            setWatchdogAlarm(
                within: UInt32(clamping: max(0, endMs &- nowMs) / 1000 &+ Master.lastSeconds))
        }
        for action in actions { perform(action) }
    }

    /// Seconds after its deadline for exiting at which a hanging master is terminated by a signal.
    private static let lastSeconds: Int64 = 2

    private func perform(_ action: MasterState.Action) {
        switch action {
        case .log(let level, let message): generation.errorLog.write(level, message)
        case .start(let role): start(role)
        case .send(let signal, let process):
            // A worker that has just exited stays a zombie until it is reaped: the signal cannot
            // reach another process.
            try? sendSignal(signal, to: process)
        case .reload: reconfigure()
        case .refuseReload(let reason):
            reloads?.begin()
            reloads?.end(.failed, [reason])
        case .announce:
            reloads?.end(.inUse)
            serviceManager?.ready("serving")
        case .upgrade: upgrade()
        case .restorePidFile:
            restorePidFile()
            serviceManager?.ready("serving")
        case .dropPrevious: dropPrevious()
        case .restorePrevious(let reason): restorePrevious(reason)
        case .closeListeners:
            if state.successor == nil { serviceManager?.stopping() }
            generation.listeners.close(alone: isAlone)
            // Once the workers have exited, too, no process is left that could use the helper
            // process or write a log line: both it and the logger exit.
            generation.helper?.close()
            generation.logs.rings?.closeWriters()
        case .reopenLogs: for logs in logs { logs.reopen() }
        case .closeLogs(let generation): logs.removeAll { $0.generation == generation }
        case .exit(let code): exitCode = code
        }
    }

    private func reap() {
        while let (process, ending) = reapProcess() {
            if let index = outputs.firstIndex(where: { $0.process == process }) {
                // Its last output precedes its exit in the log.
                readOutput(at: index)
            }
            if ending.signal != 0 {
                reportDeath(of: process)
                // The worker may have been killed for breaking a listening socket.
                listenerWatch.requestCheck(nowMs: Clock.monotonicMs())
            }
            workerRecords.retire(process)
            generation.helper?.remove(process)
            previous?.generation.helper?.remove(process)
            // The process may have died between adding a line and waking the logger.
            for logs in logs { logs.rings?.wakeLogger() }
            handle(.processEnded(process, ending))
        }
    }

    private func readOutput(at index: Int) {
        let (lines, isOpen) = outputs[index].read(nowMs: Clock.monotonicMs())
        for line in lines {
            let name = "\(outputs[index].role.name) process \(outputs[index].process)"
            generation.errorLog.write(.alert, "\(name) said: \(line)")
        }
        let process = outputs[index].process
        for word in outputs[index].popStatuses() {
            switch word {
            case .serves: handle(.workerServes(process))
            case .acceptsNoMore: handle(.workerAcceptsNoMore(process))
            case .helperIsStuck: handle(.helperIsStuck(reportedBy: process))
            case .listenerIsBroken: listenerWatch.requestCheck(nowMs: Clock.monotonicMs())
            }
        }
        guard !isOpen, let index = outputs.firstIndex(where: { $0.process == process }) else {
            return
        }
        closeDescriptor(outputs[index].descriptor)
        outputs.remove(at: index)
    }

    /// Handles HUP: everything that the new configuration needs is opened before anything changes.
    private func reconfigure() {
        let log = generation.errorLog
        reloads?.begin()
        serviceManager?.reloading()
        log.collect()
        guard let plan = reload(log) else { return reloadFailed() }
        do throws(GenerationError) {
            try startGeneration(of: plan)
            // Messages from here on are not reasons of a failure.
            _ = log.popCollected()
        } catch {
            for line in error.lines { log.write(.emerg, line) }
            reloadFailed()
        }
    }

    /// Opens everything that `plan` needs and starts its processes, while the old ones still serve.
    private func startGeneration(of plan: Plan) throws(GenerationError) {
        let log = generation.errorLog
        let logs = try Logs.open(plan, generation: lastLogs &+ 1)
        let next = try Generation.open(plan, logs, keeping: generation, options: options)
        lastLogs = logs.generation
        for log in next.logs.errors { log.stderrDescriptor = realStderr }
        for address in next.listeners.unnamedAddresses {
            log.write(
                .warn,
                "LISTEN_FDS passed a socket for \(address) that no \"listen\" names; it is "
                    + "not served")
        }
        previous = (generation, helperStarts)
        helperStarts = 0
        self.logs.append(next.logs)
        generation = next
        handle(.reloaded(Master.settings(of: next, predecessor, options)))
    }

    /// Completes a reload: the new generation serves, and the previous one finishes its requests.
    private func dropPrevious() {
        guard let old = previous?.generation else { return }
        previous = nil
        movePidFile(to: generation.plan.main.pidPath)
        old.listeners.retire(for: generation.listeners, alone: isAlone)
        old.helper?.close()
        // The writers of the previous generation exit, and then its logger.
        old.logs.rings?.closeWriters()
        watchdog = Master.watchdog(of: generation)
    }

    /// Aborts a reload: not all processes of the new generation could be started, and the previous
    /// one continues unchanged.
    private func restorePrevious(_ reason: String) {
        guard let (old, helperStarts) = previous else { return }
        let failed = generation
        previous = nil
        generation = old
        self.helperStarts = helperStarts
        failed.listeners.retire(for: old.listeners, alone: isAlone)
        failed.helper?.close()
        failed.logs.rings?.closeWriters()
        reloads?.end(.failed, [reason])
        serviceManager?.ready("serving; the last reload failed")
    }

    private func reloadFailed() {
        reloads?.end(.failed, generation.errorLog.popCollected())
        serviceManager?.ready("serving; the last reload failed")
        handle(.reloadFailed)
    }
}

// Workers that die or hang.
extension Master {
    private static func watchdog(of generation: Generation) -> Watchdog? {
        generation.plan.main.watchdogMs.map {
            Watchdog(limitMs: $0, nowMs: Clock.monotonicMs())
        }
    }

    /// Logs what a worker was doing that was killed by a signal, unless it was told to exit.
    private func reportDeath(of process: Int32) {
        guard !state.isExpectedToExit(process), let last = workerRecords.activity(of: process)
        else {
            return
        }
        for line in deaths.lines(process, last) { generation.errorLog.write(.alert, line) }
    }

    private func checkForHungWorkers() {
        let nowMs = Clock.monotonicMs()
        guard let dueMs = watchdog?.nextCheckMs, nowMs >= dueMs else { return }
        let samples = workerRecords.processes.compactMap { process in
            workerRecords.activity(of: process).map {
                Watchdog.WorkerSample(process: process, activity: $0)
            }
        }
        for hung in watchdog?.check(at: samples, nowMs: nowMs) ?? [] {
            let seconds = (generation.plan.main.watchdogMs ?? 0) / 1000
            generation.errorLog.write(
                .alert,
                "worker process \(hung.process) hangs: its event loop has made no progress for "
                    + "\(seconds) s")
            reportDeath(of: hung.process)
            handle(.hung(process: hung.process))
        }
    }
}

// Listening sockets that do not accept any more.
extension Master {
    /// Checks for sockets that another process has broken, and binds new ones, which new workers
    /// get.
    private func checkListeners() {
        let nowMs = Clock.monotonicMs()
        guard listenerWatch.isDue(nowMs: nowMs) else { return }
        // Another master may be about to do the same, or will check when it is alone.
        guard state.mayReplaceWorkers, isAlone else { return }
        let log = generation.errorLog
        let faults = generation.listeners.faults()
        for fault in faults { log.write(.alert, fault.description) }
        guard faults.contains(where: \.isOwnedByMaster) else { return }
        listenerWatch.repairs(nowMs: nowMs)
        generation.listeners.dropBroken()
        do throws(GenerationError) {
            try startGeneration(of: generation.plan)
        } catch {
            for line in error.lines { log.write(.emerg, line) }
        }
    }
}

// State that all generations of the configuration share.
extension Master {
    /// Moves the pid file at a reload: the new one is written before the old one is removed.
    private func movePidFile(to path: String) {
        guard options.writesPidFile, path != pidFile?.path ?? "" else { return }
        var next = path.isEmpty ? nil : PidFile(path: path)
        do throws(SystemError) {
            try next?.write()
            pidFile?.remove()
            pidFile?.unlock()
            pidFile = next
        } catch {
            generation.errorLog.write(.emerg, error.description)
        }
    }
}
