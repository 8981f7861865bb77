import Configuration
import Linux

// From a plan to a running master: all errors of a start occur here.
extension Master {
    /// Serves `plan` until a signal ends it. Returns the exit code of the process.
    ///
    /// `reload` loads the plan for a HUP and logs errors; `worker` runs a worker process and
    /// returns its exit code.
    public static func run(
        _ plan: Plan, options: MasterOptions = MasterOptions(),
        reload: @escaping (ErrorLog) -> Plan?, worker: @escaping (WorkerContext) -> Int32
    ) -> Int32 {
        openMissingStandardDescriptors()
        ignoreBrokenPipes()
        // The owner of a generation keeps its logs open: only the master does, from here on.
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

    /// The result of a start.
    private enum Start {
        case serves(Master)
        /// The start failed, or the server ran in one process: the exit code.
        case ended(Int32)
    }

    private static func start(
        _ plan: Plan, _ options: MasterOptions, _ reload: @escaping (ErrorLog) -> Plan?,
        _ worker: @escaping (WorkerContext) -> Int32
    ) -> Start {
        var log = ErrorLog.bootstrap()
        let inheritance = InheritedSockets.adopt()
        // Before anything is opened: other inherited descriptors would stay open in the workers.
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
            try refuseUnnamedSockets(generation.listeners)
            ListenerSet(inherited: inheritance.sockets)
                .retire(for: generation.listeners, alone: false)
            return launch(generation, inheritance.predecessor, options, reload, worker)
        } catch {
            for line in error.lines { log.write(.emerg, line) }
            return .ended(1)
        }
    }

    /// Refuses inherited sockets that no `listen` names: their clients would wait forever.
    private static func refuseUnnamedSockets(_ listeners: ListenerSet) throws(GenerationError) {
        guard !listeners.unnamedAddresses.isEmpty else { return }
        defer { listeners.close(alone: false) }
        throw GenerationError(
            lines: listeners.unnamedAddresses.map {
                "LISTEN_FDS passed a socket for \($0), which no \"listen\" of the configuration "
                    + "names"
            })
    }

    /// Starts the master after its sockets were opened: goes to the background and writes the pid
    /// file.
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
            // A program that finds the pid file may send a signal at once: it stays pending until
            // the master reads it.
            blockOnly(Master.blockedInWorker)
            let pidFile = try writePidFile(settings, options, log)
            if let line = options.announcement { writeAll(1, VisibleText.escaped(line) + "\n") }
            log.write(.notice, Version.product)
            log.showsOnStderr = false
            try daemon?.announce(keepingStderr: log.usesStderr)
            let workerRecords = try WorkerRecords()
            guard settings.usesMasterProcess else {
                defer {
                    generation.listeners.close(alone: predecessor == nil)
                    pidFile?.remove()
                }
                ServiceManager()?.ready("serving")
                return .ended(worker(try Master.onlyWorker(generation, workerRecords)))
            }
            reserveProcessTitle()
            setProcessTitle(
                "apus: master process \(programArguments().joined(separator: " "))")
            return .serves(
                try Master(
                    generation, predecessor, options, pidFile, workerRecords, reload, worker))
        } catch {
            log.showsOnStderr = true
            log.write(.emerg, error.description)
            generation.listeners.close(alone: predecessor == nil)
            return .ended(1)
        }
    }

    /// Returns the context of a process without a master, which writes its logs itself.
    private static func onlyWorker(
        _ generation: Generation, _ workerRecords: WorkerRecords
    ) throws(SystemError) -> WorkerContext {
        var context = WorkerContext(
            plan: generation.plan, index: 0,
            listeners: generation.listeners.sockets(forWorker: 0),
            errorLogs: generation.logs.errors, lifeline: -1, zones: generation.zones,
            workerRecord: try workerRecords.open())
        context.logWriter = LogWriter(withoutLogger: generation.logs)
        return context
    }

    /// Writes the pid file. A server in the foreground can be controlled without it, except with
    /// `-s`, and a container may have no writable directory: then a failure is only a warning.
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
            log.write(.warn, "\(error): continuing without a pid file")
            return nil
        }
    }

    /// A master that takes over from one in the background is in the background, too.
    static func settings(
        of generation: Generation, _ predecessor: Int32?, _ options: MasterOptions
    ) -> MasterState.Settings {
        var settings = generation.settings(endsOnHangup: options.endsOnHangup)
        if predecessor != nil { settings.isDaemon = true }
        return settings
    }
}

// USR2: another binary takes over while this one still serves, as in nginx.
extension Master {
    /// Moves the pid file aside and starts the current binary with the listening sockets.
    func upgrade() {
        do throws(SystemError) {
            try pidFile?.renameToOld()
            do throws(SystemError) {
                let sockets = generation.listeners.all
                let process = try executeAgain(passing: sockets.flatMap(\.descriptors)) {
                    ["APUS=\(InheritedSockets.text(of: sockets))", "NGINX"]
                        + ServiceManager.changes(for: $0)
                }
                handle(.upgraded(process))
            } catch {
                restorePidFile()
                throw error
            }
        } catch {
            generation.errorLog.write(.alert, error.description)
            handle(.upgradeFailed)
        }
    }

    /// Takes the pid file back after the other master has exited, or could not be started.
    func restorePidFile() {
        do throws(SystemError) {
            try pidFile?.restore()
        } catch {
            generation.errorLog.write(.alert, error.description)
        }
    }

    /// True if no other master has the listening sockets: neither one that this one takes over
    /// from, nor one that takes over.
    var isAlone: Bool { state.successor == nil && !predecessorRuns }

    /// True while the master runs that this one takes over from.
    var predecessorRuns: Bool { predecessor.map { $0 == parentProcess() } ?? false }
}

/// Puts the server into the background, as nginx's `daemon on` does; but the process that was
/// called exits only when the server runs, and with its exit code.
struct Daemon {
    /// The write end of the pipe that the caller waits for.
    private let readiness: Int32

    /// Forks. The process that was called waits in here and does not return; the server continues
    /// without a terminal.
    static func enter() throws(SystemError) -> Daemon {
        let pipe = try openPipe(readsNonblocking: false)
        if try forkProcess() != 0 {
            closeDescriptor(pipe.writes)
            endProcess(waitForReadiness(pipe.reads) ? 0 : 1)
        }
        closeDescriptor(pipe.reads)
        try detachFromTerminal()
        return Daemon(readiness: pipe.writes)
    }

    /// Announces that the server runs: the caller exits, and the terminal is released.
    func announce(keepingStderr: Bool) throws(SystemError) {
        try redirectStandardDescriptors(includingStderr: !keepingStderr)
        writeAll(readiness, "1")
        closeDescriptor(readiness)
    }

    /// The end of the pipe without a byte means that the server failed and has reported why.
    private static func waitForReadiness(_ fd: Int32) -> Bool {
        var byte: [UInt8] = [0]
        return unsafe byte.withUnsafeMutableBytes { unsafe readPipe(fd, into: $0) } == .bytes(1)
    }
}
