import Linux

/// What a start may vary beyond its configuration.
public struct MasterOptions {
    /// How often an address in use is tried again, half a second apart; nginx's four.
    public var bindRetries = 4
    /// Said after the error when an address is in use.
    public var inUseAdvice: String?
    /// Whether the configuration's `pid` is written.
    public var writesPidFile = true
    /// HUP ends the server instead of reloading it: it belongs to a terminal.
    public var endsOnHangup = false
    /// Written to stdout with a line end when the server listens.
    public var announcement: String?
    /// Whom workers run as when nobody is named, among others.
    public var paths = BuildPaths()

    /// As nginx starts.
    public init() {}
}

/// The master process: opens what workers share, forks them, and waits. What it does about an event
/// is `MasterState`; this carries it out. Nothing in it can fail because of a client.
public final class Master {
    private let options: MasterOptions
    private let reload: (ErrorLog) -> Plan?
    private let worker: (WorkerContext) -> Int32
    var generation: Generation
    private var retiring: ListenerSet?
    var state: MasterState
    var pidFile: PidFile?
    /// The master that this one takes over from.
    let predecessor: Int32?
    private var serviceManager = ServiceManager()
    private var outputs: [WorkerOutput] = []
    private let scoreboard: Scoreboard
    /// The logs of generations whose Logger has not ended for good, the newest one's last.
    private var logs: [Logs]
    /// Processes that have ended whose connections some zone still counts.
    private var unreleased: [Int32] = []
    private var deaths = DeathReports()
    private var watchdog: Watchdog?
    /// How many Aides this generation has had.
    private var aideStarts = 0
    /// What became of reloads; nil when there is no memory for it.
    private let reloads: ReloadBoard?
    private var exitCode: Int32?
    private let signals: Descriptor
    /// Its write end is the master's alone: workers see the end of the pipe when the master dies.
    private let lifeline: (reads: Int32, writes: Int32)
    /// The stderr that the master was started with: workers' descriptor 2 is a pipe.
    private let realStderr: Int32

    /// Serves `plan` until a signal ends it; the exit code of the process.
    ///
    /// `reload` makes the plan of a HUP and says in the log why there is none; `worker` is the
    /// whole life of a worker process and returns its exit code.
    public static func run(
        _ plan: Plan, options: MasterOptions = MasterOptions(),
        reload: @escaping (ErrorLog) -> Plan?, worker: @escaping (WorkerContext) -> Int32
    ) -> Int32 {
        fillStandardDescriptors()
        ignoreBrokenPipes()
        // Whoever holds a generation holds its logs open: only the master does, from here on.
        switch start(plan, options, reload, worker) {
        case .ended(let code): return code
        case .serves(let master):
            defer {
                master.generation.listeners.close(alone: master.isAlone)
                master.pidFile?.remove()
            }
            return master.loop()
        }
    }

    /// What a start comes to.
    private enum Start {
        case serves(Master)
        /// It failed, or it was a life in one process: the exit code.
        case ended(Int32)
    }

    private static func start(
        _ plan: Plan, _ options: MasterOptions, _ reload: @escaping (ErrorLog) -> Plan?,
        _ worker: @escaping (WorkerContext) -> Int32
    ) -> Start {
        var log = ErrorLog.bootstrap()
        do throws(GenerationError) {
            let logs = try Logs.open(plan, generation: 0)
            log = logs.errors[0]
            log.showsOnStderr = true
            let inheritance = Inheritance.take()
            for warning in inheritance.warnings { log.write(.warn, warning) }
            guard inheritance.failures.isEmpty else {
                throw GenerationError(lines: inheritance.failures)
            }
            let generation = try Generation.open(
                plan, logs, keeping: nil, inherited: inheritance.sockets, options: options)
            try refuseStrays(generation.listeners)
            ListenerSet(inherited: inheritance.sockets)
                .retire(for: generation.listeners, alone: false)
            return launch(generation, inheritance.predecessor, options, reload, worker)
        } catch {
            for line in error.lines { log.write(.emerg, line) }
            return .ended(1)
        }
    }

    /// A socket that nobody accepts from would leave its clients waiting.
    private static func refuseStrays(_ listeners: ListenerSet) throws(GenerationError) {
        guard !listeners.strays.isEmpty else { return }
        defer { listeners.close(alone: false) }
        throw GenerationError(
            lines: listeners.strays.map {
                "LISTEN_FDS has a socket of \($0), which no \"listen\" of the configuration names"
            })
    }

    /// From open sockets to the master: into the background, and the pid file.
    private static func launch(
        _ generation: Generation, _ predecessor: Int32?, _ options: MasterOptions,
        _ reload: @escaping (ErrorLog) -> Plan?, _ worker: @escaping (WorkerContext) -> Int32
    ) -> Start {
        let log = generation.errorLog
        let settings = generation.plan.main
        if settings.userName != nil && generation.identity == nil {
            log.write(
                .warn,
                "the \"user\" directive makes sense only if the master process runs with "
                    + "super-user privileges, ignored")
        }
        do throws(SystemError) {
            let isFirst = predecessor == nil
            let daemon = settings.isDaemon && isFirst ? try Daemon.enter() : nil
            // Who finds the pid file may send a signal at once: it waits until the master reads it.
            blockOnly(Master.blockedInWorker)
            let pidFile = try writePidFile(settings, options, log)
            if let line = options.announcement { writeAll(1, line + "\n") }
            log.write(.notice, Version.product)
            log.showsOnStderr = false
            try daemon?.announce(keepingStderr: log.usesStderr)
            let scoreboard = try Scoreboard()
            guard settings.usesMasterProcess else {
                defer {
                    generation.listeners.close(alone: predecessor == nil)
                    pidFile?.remove()
                }
                ServiceManager()?.ready("serving")
                return .ended(worker(Master.onlyWorker(generation, scoreboard)))
            }
            return .serves(
                try Master(
                    generation, predecessor, options, pidFile, scoreboard, reload, worker))
        } catch {
            log.showsOnStderr = true
            log.write(.emerg, error.description)
            generation.listeners.close(alone: predecessor == nil)
            return .ended(1)
        }
    }

    /// The context of a process that has no master: it writes its logs itself.
    private static func onlyWorker(
        _ generation: Generation, _ scoreboard: Scoreboard
    ) -> WorkerContext {
        var context = WorkerContext(
            plan: generation.plan, index: 0,
            listeners: generation.listeners.sockets(forWorker: 0),
            errorLogs: generation.logs.errors, lifeline: -1, zones: generation.zones,
            scoreboard: scoreboard, scoreboardRow: 1)
        context.logWriter = LogWriter(withoutLogger: generation.logs)
        return context
    }

    /// Who started a server in the foreground knows it without the file: there it is missed only by
    /// `-s`. A container may have no place for it.
    private static func writePidFile(
        _ settings: MainSettings, _ options: MasterOptions, _ log: ErrorLog
    ) throws(SystemError) -> PidFile? {
        guard options.writesPidFile, !settings.pidPath.isEmpty else { return nil }
        let file = PidFile(path: settings.pidPath)
        do throws(SystemError) {
            try file.write()
            return file
        } catch {
            if settings.isDaemon { throw error }
            log.write(.warn, "\(error): done without, in the foreground")
            return nil
        }
    }

    private init(
        _ generation: Generation, _ predecessor: Int32?, _ options: MasterOptions,
        _ pidFile: PidFile?, _ scoreboard: Scoreboard, _ reload: @escaping (ErrorLog) -> Plan?,
        _ worker: @escaping (WorkerContext) -> Int32
    ) throws(SystemError) {
        self.generation = generation
        self.predecessor = predecessor
        logs = [generation.logs]
        self.options = options
        self.pidFile = pidFile
        self.scoreboard = scoreboard
        self.reload = reload
        self.worker = worker
        watchdog = Master.watchdog(of: generation)
        state = MasterState(Master.settings(of: generation, predecessor, options))
        signals = try openSignalDescriptor(for: Master.handled)
        reloads = try? ReloadBoard()
        lifeline = try openPipe(readsNonblocking: true)
        realStderr = try duplicate(2)
        for log in generation.logs.errors { log.stderrDescriptor = realStderr }
    }

    /// Who takes over from a master in the background is there, too.
    private static func settings(
        of generation: Generation, _ predecessor: Int32?, _ options: MasterOptions
    ) -> MasterState.Settings {
        var settings = generation.settings(endsOnHangup: options.endsOnHangup)
        if predecessor != nil { settings.isDaemon = true }
        return settings
    }

    /// What the signalfd reads.
    private static var handled: [Signal] {
        [.hangup, .interrupt, .quit, .user1, .user2, .terminate, .child, .windowChange]
    }

    /// What stays blocked in a worker until it opens its own signalfd, so that a signal that comes
    /// before that waits instead of killing it; HUP, USR2 and WINCH for good: they are the
    /// master's.
    private static var blockedInWorker: [Signal] {
        [.hangup, .interrupt, .quit, .user1, .user2, .terminate, .windowChange]
    }
}

// The loop.
extension Master {
    private func loop() -> Int32 {
        handle(.start)
        while exitCode == nil {
            wait()
            while let signal = nextSignal(signals.number) {
                if signal == .child { reap() } else { handle(.signal(signal)) }
                if exitCode != nil { break }
            }
            handle(.tick)
            serviceManager?.tick(nowMs: Clock.monotonicMs())
            lookForHungWorkers()
            releaseConnections()
        }
        return exitCode ?? 0
    }

    /// Waits for a signal, for words of a worker, or for the next deadline.
    private func wait() {
        var timeoutMs: Int32 = -1
        let deadlines = [
            state.nextDeadlineMs, serviceManager?.nextDeadlineMs, watchdog?.nextLookMs,
        ].compactMap(\.self)
        if let deadline = deadlines.min() {
            timeoutMs = Int32(clamping: max(0, deadline &- Clock.monotonicMs()))
        }
        if !unreleased.isEmpty { timeoutMs = timeoutMs < 0 ? 1000 : min(timeoutMs, 1000) }
        let reopened = generation.logs.rings?.reopened ?? -1
        let descriptors = [signals.number, reopened] + outputs.map(\.descriptor)
        let ready = waitUntilReadable(descriptors, timeoutMs: timeoutMs)
        // What is said may start processes: places change.
        let speakers = ready.filter { $0 > 1 }.map { outputs[$0 - 2].process }
        for process in speakers {
            if let index = outputs.firstIndex(where: { $0.process == process }) {
                takeOutput(at: index)
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
        for action in state.step(event, nowMs: Clock.monotonicMs()) { carryOut(action) }
    }

    private func carryOut(_ action: MasterState.Action) {
        switch action {
        case .log(let level, let message): generation.errorLog.write(level, message)
        case .start(let role): start(role)
        case .send(let signal, let process):
            // A worker that has just ended is still there until it is reaped: nothing can go wrong.
            try? sendSignal(signal, to: process)
        case .reload: reconfigure()
        case .refuseReload(let reason):
            reloads?.begin()
            reloads?.end(.failed, [reason])
        case .announce:
            reloads?.end(.inForce)
            serviceManager?.ready("serving")
        case .upgrade: upgrade()
        case .takePidFileBack:
            takePidFileBack()
            serviceManager?.ready("serving")
        case .retireListeners:
            retiring?.retire(for: generation.listeners, alone: isAlone)
            retiring = nil
        case .closeListeners:
            if state.successor == nil { serviceManager?.stopping() }
            generation.listeners.close(alone: isAlone)
            // Once the workers have ended too, nobody is left who could ask the Aide, or who writes
            // a line: it ends, and so does the Logger.
            generation.aide?.close()
            generation.logs.rings?.closeWriters()
        case .reopenLogs: for logs in logs { logs.reopen() }
        case .closeLogs(let generation): logs.removeAll { $0.generation == generation }
        case .exit(let code): exitCode = code
        }
    }

    private func reap() {
        while let (process, ending) = reapProcess() {
            if let index = outputs.firstIndex(where: { $0.process == process }) {
                // Its last words come before its end in the log.
                takeOutput(at: index)
            }
            if ending.signal != 0 { reportDeath(of: process) }
            scoreboard.release(process)
            unreleased.append(process)
            releaseConnections()
            // It may have been killed between a line and the call that wakes the Logger.
            for logs in logs { logs.rings?.bell.ring() }
            handle(.processEnded(process, ending))
        }
    }

    /// What limit_conn counts of processes that have ended is over. A zone whose lock is held by a
    /// process that was stopped is asked again later.
    private func releaseConnections() {
        guard !unreleased.isEmpty else { return }
        unreleased.removeAll { process in
            generation.zones.allSatisfy { $0.releaseAll(of: process) }
        }
    }

    private func takeOutput(at index: Int) {
        let (lines, isOpen) = outputs[index].read()
        for line in lines {
            let name = "\(outputs[index].role.name) process \(outputs[index].process)"
            generation.errorLog.write(.alert, "\(name) said: \(line)")
        }
        let process = outputs[index].process
        for word in outputs[index].takeWords() {
            switch word {
            case .serves: handle(.workerServes(process))
            case .acceptsNoMore: handle(.workerAcceptsNoMore(process))
            }
        }
        guard !isOpen, let index = outputs.firstIndex(where: { $0.process == process }) else {
            return
        }
        closeDescriptor(outputs[index].descriptor)
        outputs.remove(at: index)
    }

    /// HUP: all that the new configuration needs is opened before anything changes.
    private func reconfigure() {
        let log = generation.errorLog
        reloads?.begin()
        serviceManager?.reloading()
        log.collect()
        guard let plan = reload(log) else { return reloadFailed() }
        do throws(GenerationError) {
            let next = try Generation.open(
                plan, try Logs.open(plan, generation: generation.logs.generation + 1),
                keeping: generation, options: options)
            for log in next.logs.errors { log.stderrDescriptor = realStderr }
            _ = log.takeCollected()
            for address in next.listeners.strays {
                log.write(
                    .warn, "no \"listen\" names \(address), which LISTEN_FDS has: nobody accepts")
            }
            aideStarts = 0
            movePidFile(to: plan.main.pidPath)
            retiring = generation.listeners
            generation.aide?.close()
            // Those that have it end: then so does their Logger.
            generation.logs.rings?.closeWriters()
            logs.append(next.logs)
            generation = next
            watchdog = Master.watchdog(of: next)
            handle(.reloaded(Master.settings(of: next, predecessor, options)))
        } catch {
            for line in error.lines { log.write(.emerg, line) }
            reloadFailed()
        }
    }

    private func reloadFailed() {
        reloads?.end(.failed, generation.errorLog.takeCollected())
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

    /// What a worker was at that a signal has ended; one that was told to end has no blame.
    private func reportDeath(of process: Int32) {
        guard !state.isLeaving(process), let last = scoreboard.activity(of: process) else { return }
        for line in deaths.lines(process, last) { generation.errorLog.write(.alert, line) }
    }

    private func lookForHungWorkers() {
        let nowMs = Clock.monotonicMs()
        guard let dueMs = watchdog?.nextLookMs, nowMs >= dueMs else { return }
        let sights = scoreboard.processes.compactMap { process in
            scoreboard.activity(of: process).map { Watchdog.Sight(process: process, activity: $0) }
        }
        for hung in watchdog?.look(at: sights, nowMs: nowMs) ?? [] {
            let seconds = (generation.plan.main.watchdogMs ?? 0) / 1000
            generation.errorLog.write(
                .alert,
                "worker process \(hung.process) hangs: its loop has not turned for "
                    + "\(seconds) s")
            reportDeath(of: hung.process)
            handle(.hung(process: hung.process))
        }
    }
}

// What the configuration's generations share.
extension Master {
    /// A reload may name another pid file: the new one is written before the old one goes.
    private func movePidFile(to path: String) {
        guard options.writesPidFile, path != pidFile?.path ?? "" else { return }
        let next = path.isEmpty ? nil : PidFile(path: path)
        do throws(SystemError) {
            try next?.write()
            pidFile?.remove()
            pidFile = next
        } catch {
            generation.errorLog.write(.emerg, error.description)
        }
    }
}

// Workers.
extension Master {
    private func start(_ role: MasterState.Role) {
        do throws(SystemError) {
            let output = try openPipe(readsNonblocking: true)
            if role == .aide { aideStarts += 1 }
            let row = role.isWorker ? scoreboard.freeRow() : nil
            let process: Int32
            do throws(SystemError) {
                process = try forkProcess()
            } catch {
                closeDescriptor(output.reads)
                closeDescriptor(output.writes)
                throw error
            }
            if process == 0 {
                closeDescriptor(output.reads)
                endProcess(live(as: role, row: row, output: output.writes))
            }
            closeDescriptor(output.writes)
            if let row { scoreboard.take(row, for: process) }
            outputs.append(
                WorkerOutput(process: process, role: role, descriptor: output.reads))
            handle(.started(role, process: process))
        } catch {
            generation.errorLog.write(.alert, error.description)
            handle(.notStarted(role))
        }
    }

    /// The child: gives back what is the master's, gives up root, and works; its exit code. 2 is
    /// nginx's code for what another worker would meet as well.
    private func live(as role: MasterState.Role, row: Int?, output: Int32) -> Int32 {
        let log = generation.errorLog
        nameProcess("apus-\(role.name)")
        leaveLogs(as: role)
        do throws(SystemError) {
            closeDescriptor(signals.number)
            closeDescriptor(lifeline.writes)
            reloads?.closeInherited()
            for other in outputs { closeDescriptor(other.descriptor) }
            retiring?.closeInherited(keeping: generation.listeners)
            try replaceDescriptor(2, with: output)
            closeDescriptor(output)
            blockOnly(Master.blockedInWorker)
            usePlainFaults()
            returnLargeBlocks()
            if !role.isLogger {
                try dropPrivileges(for: role)
                try generation.sandbox.enter(as: role == .aide ? .aide : .worker, log)
            }
        } catch {
            log.write(.emerg, error.description)
            return 2
        }
        switch role {
        case .worker(let index): return liveAsWorker(index, row: row)
        case .aide: return liveAsAide()
        case .logger(let generation): return liveAsLogger(generation)
        }
    }

    /// Lets go of what the master has of the logs, but for what a process needs.
    private func leaveLogs(as role: MasterState.Role) {
        if case .logger(let own) = role {
            for logs in logs where logs.generation != own { logs.closeInherited() }
            return
        }
        for logs in logs where logs !== generation.logs { logs.closeInherited() }
        if case .worker(let index) = role {
            generation.logs.redirect(toRing: index)
        } else {
            generation.logs.redirect(toRing: generation.plan.main.workerProcesses)
        }
        closeDescriptor(realStderr)
    }

    /// The Logger has nothing to do with clients, and of root's rights keeps the one to open logs.
    private func liveAsLogger(_ number: Int) -> Int32 {
        generation.listeners.closeInherited()
        generation.aide?.close()
        closeDescriptor(lifeline.reads)
        guard let own = logs.first(where: { $0.generation == number }), let rings = own.rings else {
            return 1
        }
        rings.closeWriters()
        do throws(SystemError) {
            let user = own.plan.namesLogFiles ? generation.identity : nil
            try generation.sandbox.enterAsLogger(opensAs: user, own.errors[0])
            let writer = LogWriter(own, stderrDescriptor: realStderr, namesAs: user)
            closeDescriptor(realStderr)
            var logger = try Logger(rings, writer)
            logger.run()
            return 0
        } catch {
            own.errors[0].write(.alert, error.description)
            return 1
        }
    }

    private func liveAsWorker(_ index: Int, row: Int?) -> Int32 {
        generation.listeners.closeOthers(thanWorker: index)
        var context = WorkerContext(
            plan: generation.plan, index: index,
            listeners: generation.listeners.sockets(forWorker: index),
            errorLogs: generation.logs.errors, lifeline: lifeline.reads,
            zones: generation.zones, scoreboard: scoreboard, scoreboardRow: row)
        context.ring = generation.logs.rings?.rings[index]
        context.aide = generation.aide?.keepOnly(worker: index) ?? -1
        return worker(context)
    }

    /// The Aide has nothing to do with clients.
    private func liveAsAide() -> Int32 {
        generation.listeners.closeInherited()
        closeDescriptor(lifeline.reads)
        do throws(SystemError) {
            var aide = try Aide(
                sockets: generation.aide?.keepAides() ?? [], memory: generation.plan.codedMemory)
            aide.run(isNewcomer: aideStarts > 1)
            return 0
        } catch {
            generation.errorLog.write(.alert, error.description)
            return 1
        }
    }

    /// What a worker is set up with before and after it gives up root, in nginx's order. Limits and
    /// priorities that cannot be had are told; the server works without them, as nginx does.
    private func dropPrivileges(for role: MasterState.Role) throws(SystemError) {
        let settings = generation.plan.main
        if generation.identity != nil, let priority = settings.priority {
            tell { () throws(SystemError) in try setPriority(priority) }
        }
        if let limit = settings.descriptorLimit {
            tell { () throws(SystemError) in try limitDescriptors(to: limit) }
        }
        if let limit = settings.coreLimit {
            tell { () throws(SystemError) in try limitCore(to: limit) }
        }
        generation.sandbox.prepare()
        if let identity = generation.identity {
            try becomeUser(identity.user, group: identity.group, groups: identity.groups)
        }
        if let last = settings.affinities.last {
            let affinities = settings.affinities
            var own = last
            if case .worker(let index) = role, index < affinities.count { own = affinities[index] }
            tell { () throws(SystemError) in try pin(to: own) }
        }
        if (settings.coreLimit ?? 0) > 0 { tell { () throws(SystemError) in try allowCore() } }
        if let directory = settings.workingDirectory { try changeDirectory(to: directory) }
    }

    private func tell(_ attempt: () throws(SystemError) -> Void) {
        do throws(SystemError) {
            try attempt()
        } catch {
            generation.errorLog.write(.alert, error.description)
        }
    }
}
