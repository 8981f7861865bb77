import Linux

/// All that the master opens for one configuration: its plan, logs, sockets, user, zones.
struct Generation {
    let plan: Plan
    let logs: Logs
    let listeners: ListenerSet
    /// The sockets of the helper process; nil if none is needed, or there is no master to start
    /// one.
    let helper: HelperSockets?
    /// The user of workers; nil if the master is not root.
    let identity: Identity?
    /// The shared memory of its workers.
    var zones: [Zone]
    /// The restrictions of its processes.
    let sandbox: Sandbox

    /// The error log of the main level.
    var errorLog: ErrorLog { logs.errors[0] }

    /// Opens everything that `plan` needs, or nothing if a part fails.
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
        let helper = helperSockets(plan)
        do throws(ListenFailures) {
            let workers = plan.main.usesMasterProcess ? plan.main.workerProcesses : 1
            let listeners = try ListenerSet.open(
                plan.listens, workers: workers,
                keeping: old?.listeners ?? ListenerSet(inherited: inherited),
                retries: old == nil ? options.bindRetries : 20,
                pauseMs: old == nil ? 500 : 25)
            return Generation(
                plan: plan, logs: logs, listeners: listeners,
                helper: helper, identity: identity, zones: zones, sandbox: sandbox)
        } catch {
            helper?.close()
            var lines = error.failures.map(\.description)
            if error.failures.contains(where: \.isInUse), let advice = options.inUseAdvice {
                lines.append(advice)
            }
            throw GenerationError(lines: lines)
        }
    }

    /// Logs in one line which restrictions are unavailable here.
    private static func sandbox(
        _ plan: Plan, _ identity: Identity?, _ logs: Logs
    ) throws(GenerationError) -> Sandbox {
        let sandbox = Sandbox(plan, identity: identity)
        if let report = sandbox.report {
            guard !sandbox.isUnmet else {
                throw GenerationError(lines: ["\(report), and \"sandbox require\" needs all of it"])
            }
            logs.errors[0].write(.warn, report)
        }
        for line in sandbox.unreadable { logs.errors[0].write(.warn, line) }
        return sandbox
    }

    /// Without them workers check passwords, compress and read files themselves.
    private static func helperSockets(_ plan: Plan) -> HelperSockets? {
        guard plan.needsHelper, plan.main.usesMasterProcess else { return nil }
        return HelperSockets()
    }

    /// Returns the settings for the master's behaviour.
    func settings(endsOnHangup: Bool) -> MasterState.Settings {
        var settings = MasterState.Settings(
            workers: plan.main.workerProcesses, shutdownTimeoutMs: plan.main.shutdownTimeoutMs)
        settings.logger = logs.generation
        settings.hasHelper = helper != nil
        settings.wantsCores = (plan.main.coreLimit ?? 0) > 0
        settings.isDaemon = plan.main.isDaemon
        settings.endsOnHangup = endsOnHangup
        return settings
    }
}

/// The reasons that a valid configuration cannot be run, one line each.
struct GenerationError: Error {
    let lines: [String]
}

/// Everything that a worker inherits from the master when it is forked.
public struct WorkerContext {
    /// The configuration that this worker serves.
    public let plan: Plan
    /// The index of the worker, from 0.
    public let index: Int
    /// The listening sockets, in the order of `plan.listens`.
    public let listeners: [WorkerSocket]
    /// The plan's error logs, the main level's first.
    public let errorLogs: [ErrorLog]
    /// The ring for its lines to the logger; nil without one.
    var ring: LogRing?
    /// The writer of access log lines if there is no logger.
    var logWriter: LogWriter?
    /// The read end of a pipe that reaches its end when the master has died; -1 without a master.
    public let lifeline: Int32
    /// The plan's zones of limit_req and limit_conn, in memory that all workers share.
    let zones: [Zone]
    /// The counters of all workers.
    var scoreboard: Scoreboard { workerRecord.scoreboard }
    var scoreboardRow: Int? { workerRecord.row }
    /// The worker's share of the memory that it has in common with the master.
    let workerRecord: WorkerRecord
    /// The socket to the helper process; -1 without one.
    var helper: Int32 = -1
    #if DEBUG
        /// True if requests may make this worker try what the sandbox must prevent.
        let allowsSandboxProbes = environmentValue("APUS_SANDBOX_PROBE") != nil
    #endif

    /// Sends a status to the master, if there is one: it reads this process's stderr.
    func notifyMaster(_ word: WorkerStatus) {
        if lifeline >= 0 { WorkerOutput.notifyMaster(word) }
    }

    /// The main level's error log.
    var errorLog: ErrorLog { errorLogs[0] }
}

/// Options of a start that are not in its configuration.
public struct MasterOptions {
    /// The number of retries if an address is in use, half a second apart; nginx's four.
    public var bindRetries = 4
    /// The advice after the error if an address is in use.
    public var inUseAdvice: String?
    /// Whether the configuration's `pid` is written.
    public var writesPidFile = true
    /// True if HUP ends the server instead of reloading it: it belongs to a terminal.
    public var endsOnHangup = false
    /// A line that is written to stdout when the server listens.
    public var announcement: String?
    /// Default paths, and the default user of workers.
    public var paths = BuildPaths()

    /// Creates the options of nginx.
    public init() {}
}
