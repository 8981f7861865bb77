import Linux

// Starting the child processes, and what they run.
extension Master {
    func start(_ role: MasterState.Role) {
        do throws(SystemError) {
            let output = try openPipe(readsNonblocking: true)
            if role == .helper { helperStarts += 1 }
            var resources = ChildResources(output: output.writes)
            let process: Int32
            do throws(SystemError) {
                try prepare(role, &resources)
                process = try forkProcess()
            } catch {
                freeResources(resources)
                closeDescriptor(output.reads)
                throw error
            }
            if process == 0 {
                closeDescriptor(output.reads)
                endProcess(runChild(as: role, resources))
            }
            closeDescriptor(output.writes)
            assignResources(resources, to: process)
            outputs.append(
                WorkerOutput(process: process, role: role, descriptor: output.reads))
            handle(.started(role, process: process))
        } catch {
            generation.errorLog.write(.alert, error.description)
            handle(.notStarted(role, error.description))
        }
    }

    /// The resources that a child inherits.
    private struct ChildResources {
        /// The pipe that becomes its stderr.
        let output: Int32
        /// The workerRecord of a worker.
        var workerRecord: WorkerRecord?
        /// The two ends of a worker's socket to the helper process.
        var helper: (worker: Int32, helper: Int32)?
    }

    private func prepare(
        _ role: MasterState.Role, _ resources: inout ChildResources
    ) throws(SystemError) {
        switch role {
        case .worker:
            resources.workerRecord = try workerRecords.open()
            if generation.helper != nil { resources.helper = try HelperSockets.openPair() }
        case .helper: try generation.helper?.openControl()
        case .logger: break
        }
    }

    /// Frees the resources after a failed fork.
    private func freeResources(_ resources: ChildResources) {
        closeDescriptor(resources.output)
        if let workerRecord = resources.workerRecord { workerRecords.free(workerRecord) }
        if let pair = resources.helper {
            closeDescriptor(pair.worker)
            closeDescriptor(pair.helper)
        }
    }

    private func assignResources(_ resources: ChildResources, to process: Int32) {
        if let workerRecord = resources.workerRecord {
            workerRecords.assign(workerRecord, to: process)
        }
        if let pair = resources.helper {
            closeDescriptor(pair.worker)
            generation.helper?.add(pair.helper, of: process)
        }
        // After the fork of a worker, or of a helper process, which has its end of the control pair
        // now.
        if resources.workerRecord == nil { generation.helper?.closeHelperControl() }
    }

    /// Runs the child: closes what is the master's, drops root, and works. Returns its exit code. 2
    /// is nginx's code for an error that another worker would meet as well.
    private func runChild(as role: MasterState.Role, _ resources: ChildResources) -> Int32 {
        let log = generation.errorLog
        nameProcess("apus-\(role.name)")
        setProcessTitle("apus: \(role.name) process")
        closeOtherLogs(as: role)
        workerRecords.detachOthers()
        if !role.isWorker { generation.zones = [] }
        do throws(SystemError) {
            closeDescriptor(signals.number)
            closeDescriptor(lifeline.writes)
            reloads?.closeInherited()
            pidFile?.unlock()
            for other in outputs { closeDescriptor(other.descriptor) }
            previous?.generation.listeners.closeInherited(keeping: generation.listeners)
            previous?.generation.helper?.close()
            // Its zones must be out of reach for a process that does not use them.
            previous = nil
            try replaceDescriptor(2, with: resources.output)
            // Only the logger needs the terminal, or the files that the server was started with.
            if !role.isLogger {
                for stream in [0, 1] as [Int32] {
                    try replaceDescriptor(stream, with: resources.output)
                }
            }
            closeDescriptor(resources.output)
            blockOnly(Master.blockedInWorker)
            disableBacktraces()
            trimLargeBlocks()
            // Everything that a process does not need is closed before it enters the sandbox.
            switch role {
            case .worker(let index):
                guard let workerRecord = resources.workerRecord else { return 2 }
                let context = workerContext(index, workerRecord, resources.helper)
                try dropPrivileges(for: role)
                try generation.sandbox.enter(as: .worker, passing: context.helper, log)
                return worker(context)
            case .helper:
                let own = helperSockets()
                try dropPrivileges(for: role)
                try generation.sandbox.enter(as: .helper, passing: -1, log)
                return runHelper(own)
            case .logger(let generation): return runLogger(generation)
            }
        } catch {
            log.write(.emerg, error.description)
            return 2
        }
    }

    /// Closes the master's log files and rings, except those that a process needs.
    private func closeOtherLogs(as role: MasterState.Role) {
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

    /// Runs the logger. It serves no clients; if started by root, it keeps only the capability to
    /// open logs.
    private func runLogger(_ number: Int) -> Int32 {
        generation.listeners.closeInherited()
        generation.helper?.close()
        closeDescriptor(lifeline.reads)
        guard let own = logs.first(where: { $0.generation == number }), let rings = own.rings else {
            return 1
        }
        rings.closeWriters()
        do throws(SystemError) {
            // The rights of its own generation's workers: a reload may have changed the user.
            let user = own.plan.variableLogs.isEmpty ? nil : own.identity
            let sandbox = own.sandbox ?? generation.sandbox
            try sandbox.enterAsLogger(opensAs: user, own.errors[0])
            let writer = LogWriter(own, stderrDescriptor: realStderr, namesAs: user)
            closeDescriptor(realStderr)
            var logger = try Logger(rings, writer)
            WorkerOutput.notifyMaster(.serves)
            logger.run()
            return 0
        } catch {
            own.errors[0].write(.alert, error.description)
            return 1
        }
    }

    private func workerContext(
        _ index: Int, _ workerRecord: WorkerRecord, _ helper: (worker: Int32, helper: Int32)?
    ) -> WorkerContext {
        generation.listeners.closeOthers(thanWorker: index)
        var context = WorkerContext(
            plan: generation.plan, index: index,
            listeners: generation.listeners.sockets(forWorker: index),
            errorLogs: generation.logs.errors, lifeline: lifeline.reads,
            zones: generation.zones, workerRecord: workerRecord)
        context.ring = generation.logs.rings?.rings[index]
        generation.helper?.close()
        if let helper {
            closeDescriptor(helper.helper)
            context.helper = helper.worker
        }
        return context
    }

    /// Closes what the helper process does not need: it does not serve clients. Returns its
    /// sockets.
    private func helperSockets() -> (sockets: [Int32], control: Int32) {
        generation.listeners.closeInherited()
        closeDescriptor(lifeline.reads)
        return generation.helper?.keepHelperEnds() ?? (sockets: [], control: -1)
    }

    private func runHelper(_ own: (sockets: [Int32], control: Int32)) -> Int32 {
        do throws(SystemError) {
            var helper = try HelperProcess(
                sockets: own.sockets, control: own.control,
                memory: generation.plan.compressedCacheBytes)
            WorkerOutput.notifyMaster(.serves)
            helper.run(isReplacement: helperStarts > 1)
            return 0
        } catch {
            generation.errorLog.write(.alert, error.description)
            return 1
        }
    }

    /// Applies a worker's limits and drops root, in nginx's order. Limits and priorities that
    /// cannot be set are logged; the server works without them, as nginx does.
    private func dropPrivileges(for role: MasterState.Role) throws(SystemError) {
        let settings = generation.plan.main
        if generation.identity != nil, let priority = settings.priority {
            logFailure { () throws(SystemError) in try setPriority(priority) }
        }
        if let limit = settings.descriptorLimit {
            logFailure { () throws(SystemError) in try limitDescriptors(to: limit) }
        }
        if let limit = settings.coreLimit {
            logFailure { () throws(SystemError) in try limitCore(to: limit) }
        }
        generation.sandbox.prepare()
        if let identity = generation.identity {
            try becomeUser(identity.user, group: identity.group, groups: identity.groups)
        }
        if let last = settings.affinities.last {
            let affinities = settings.affinities
            var own = last
            if case .worker(let index) = role, index < affinities.count { own = affinities[index] }
            logFailure { () throws(SystemError) in try pin(to: own) }
        }
        if (settings.coreLimit ?? 0) > 0 {
            logFailure { () throws(SystemError) in try allowCore() }
        }
        if let directory = settings.workingDirectory { try changeDirectory(to: directory) }
    }

    private func logFailure(_ attempt: () throws(SystemError) -> Void) {
        do throws(SystemError) {
            try attempt()
        } catch {
            generation.errorLog.write(.alert, error.description)
        }
    }
}
