import Configuration
import Linux

// From a plan to a master that serves: what can fail, fails here.
extension Master {
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
        let inheritance = Inheritance.take()
        // Before anything is opened: what else was inherited is not ours, and would stay open in
        // the workers.
        closeOthers(than: inheritance.sockets.flatMap(\.descriptors))
        do throws(GenerationError) {
            let logs = try Logs.open(plan, generation: 0)
            log = logs.errors[0]
            log.showsOnStderr = true
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
            if let line = options.announcement { writeAll(1, VisibleText.escaped(line) + "\n") }
            log.write(.notice, Version.product)
            log.showsOnStderr = false
            try daemon?.announce(keepingStderr: log.usesStderr)
            let seats = try WorkerSeats()
            guard settings.usesMasterProcess else {
                defer {
                    generation.listeners.close(alone: predecessor == nil)
                    pidFile?.remove()
                }
                ServiceManager()?.ready("serving")
                return .ended(worker(try Master.onlyWorker(generation, seats)))
            }
            return .serves(
                try Master(
                    generation, predecessor, options, pidFile, seats, reload, worker))
        } catch {
            log.showsOnStderr = true
            log.write(.emerg, error.description)
            generation.listeners.close(alone: predecessor == nil)
            return .ended(1)
        }
    }

    /// The context of a process that has no master: it writes its logs itself.
    private static func onlyWorker(
        _ generation: Generation, _ seats: WorkerSeats
    ) throws(SystemError) -> WorkerContext {
        var context = WorkerContext(
            plan: generation.plan, index: 0,
            listeners: generation.listeners.sockets(forWorker: 0),
            errorLogs: generation.logs.errors, lifeline: -1, zones: generation.zones,
            seat: try seats.open())
        context.logWriter = LogWriter(withoutLogger: generation.logs)
        return context
    }

    /// Who started a server in the foreground knows it without the file: there it is missed only by
    /// `-s`. A container may have no place for it.
    private static func writePidFile(
        _ settings: MainSettings, _ options: MasterOptions, _ log: ErrorLog
    ) throws(SystemError) -> PidFile? {
        guard options.writesPidFile, !settings.pidPath.isEmpty else { return nil }
        var file = PidFile(path: settings.pidPath)
        do throws(SystemError) {
            try file.write()
            return file
        } catch {
            if settings.isDaemon { throw error }
            log.write(.warn, "\(error): done without, in the foreground")
            return nil
        }
    }

    /// Who takes over from a master in the background is there, too.
    static func settings(
        of generation: Generation, _ predecessor: Int32?, _ options: MasterOptions
    ) -> MasterState.Settings {
        var settings = generation.settings(endsOnHangup: options.endsOnHangup)
        if predecessor != nil { settings.isDaemon = true }
        return settings
    }
}
