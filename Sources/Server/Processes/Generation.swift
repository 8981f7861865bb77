import Linux

/// What one configuration makes of the master: its plan, its log, its sockets, its workers' user.
struct Generation {
    let plan: Plan
    let logs: Logs
    let listeners: ListenerSet
    /// nil when there is nothing for an Aide to do, or no master to start one.
    let aide: AideSockets?
    /// Whom workers become; nil when the master is not root.
    let identity: Identity?
    /// The memory that its workers share.
    var zones: [Zone]
    /// How its processes are confined.
    let sandbox: Sandbox

    /// The main level's error log.
    var errorLog: ErrorLog { logs.errors[0] }

    /// Opens all else that `plan` needs, and nothing of it when a part fails.
    static func open(
        _ plan: Plan, _ logs: Logs, keeping old: Generation?,
        inherited: [ListeningSocket] = [], options: MasterOptions
    ) throws(GenerationError) -> Generation {
        let identity: Identity?
        do throws(IdentityError) {
            identity = try Identity.ofWorkers(plan.main, options.paths)
        } catch {
            throw GenerationError(lines: [error.description])
        }
        let sandbox = try sandbox(plan, identity, logs)
        logs.identity = identity
        logs.sandbox = sandbox
        let zones = try ZoneSet.open(plan.zones, keeping: old?.zones ?? [])
        let aide = aideSockets(plan)
        do throws(ListenFailures) {
            let workers = plan.main.usesMasterProcess ? plan.main.workerProcesses : 1
            let listeners = try ListenerSet.open(
                plan.listens, workers: workers,
                keeping: old?.listeners ?? ListenerSet(inherited: inherited),
                retries: old == nil ? options.bindRetries : 20,
                pauseMs: old == nil ? 500 : 25)
            return Generation(
                plan: plan, logs: logs, listeners: listeners,
                aide: aide, identity: identity, zones: zones, sandbox: sandbox)
        } catch {
            aide?.close()
            var lines = error.failures.map(\.description)
            if error.failures.contains(where: \.isInUse), let advice = options.inUseAdvice {
                lines.append(advice)
            }
            throw GenerationError(lines: lines)
        }
    }

    /// One line says what of it cannot be had here.
    private static func sandbox(
        _ plan: Plan, _ identity: Identity?, _ logs: Logs
    ) throws(GenerationError) -> Sandbox {
        let sandbox = Sandbox(plan, identity: identity)
        if let report = sandbox.report {
            guard !sandbox.isUnmet else {
                throw GenerationError(lines: ["\(report), and \"sandbox require\" wants all"])
            }
            logs.errors[0].write(.warn, report)
        }
        for line in sandbox.unreadable { logs.errors[0].write(.warn, line) }
        return sandbox
    }

    /// Without them workers check passwords, compress and read themselves.
    private static func aideSockets(_ plan: Plan) -> AideSockets? {
        guard plan.asksAide, plan.main.usesMasterProcess else { return nil }
        return AideSockets()
    }

    /// What the master's behaviour takes from the plan.
    func settings(endsOnHangup: Bool) -> MasterState.Settings {
        var settings = MasterState.Settings(
            workers: plan.main.workerProcesses, shutdownTimeoutMs: plan.main.shutdownTimeoutMs)
        settings.logger = logs.generation
        settings.hasAide = aide != nil
        settings.wantsCores = (plan.main.coreLimit ?? 0) > 0
        settings.isDaemon = plan.main.isDaemon
        settings.endsOnHangup = endsOnHangup
        return settings
    }
}

/// Why a configuration cannot be run though it is well written: one line a cause.
struct GenerationError: Error {
    let lines: [String]
}
