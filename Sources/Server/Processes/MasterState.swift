import Linux

/// The master's state machine: pure, so that every case is a row of a table. Times are in
/// milliseconds of a monotonic clock.
///
/// ```
/// serving --QUIT, TERM--> draining --TERM (again), INT--> stopping --last worker exits--> exit
///         --INT----------------------------------------->
/// ```
public struct MasterState {
    enum Mode { case serving, withdrawn, draining, stopping }

    struct Child {
        let process: Int32
        let role: Role
        let startedMs: Int64
        /// The generation that it was started for.
        var generation = 0
        /// True if it was told to exit, so that its exit is expected.
        var isLeaving = false
        var serves = false
        var acceptsNoMore = false
        /// The next signal, and when it is sent unless the process has exited.
        var nextSignal: (signal: Signal, atMs: Int64)?
        /// True if it was killed after worker_shutdown_timeout.
        var wasKilledAfterTimeout = false
    }

    /// A generation that is being started. The previous one serves until all processes of this one
    /// run, and continues if one of them cannot be started.
    struct Transition {
        let previous: Settings
        let previousGeneration: Int
        let previousMode: Mode
        /// The time at which the start fails unless all processes run.
        let deadlineMs: Int64
        /// The reason of the failure; nil if there is none.
        var failure: String?
    }

    var settings: Settings
    /// The generation that processes are started for, and the highest number so far: numbers of
    /// failed generations are not reused.
    var generation = 0
    var lastGeneration = 0
    var transition: Transition?
    /// Signals that are handled after the transition.
    var deferred: [Signal] = []
    /// The time at which the master exits, whether or not processes are left; nil while it serves,
    /// or drains without a limit.
    var exitDeadlineMs: Int64?
    var mode = Mode.serving
    var wasTerminated = false
    var children: [Child] = []
    var backoff = RespawnBackoff()
    var dueStarts: [(role: Role, atMs: Int64)] = []
    var fatalCount = 0
    /// The time at which a configuration is announced even if not all workers serve.
    var announcementMs: Int64?
    /// The master that takes over from this one; nil for none.
    public internal(set) var successor: Int32?
    /// True while the master runs that this one takes over from.
    public var hasPredecessor = false
    var exitCode: Int32 = 0
    /// True if the master's logs are reopened after the logger has reopened its own.
    var awaitsReopening = false

    /// Creates the state of a master before its start.
    public init(_ settings: Settings) {
        self.settings = settings
    }

    /// The time of the next `tick`; nil if nothing is due.
    public var nextDeadlineMs: Int64? {
        var deadlines = children.compactMap { $0.nextSignal?.atMs } + dueStarts.map(\.atMs)
        deadlines += [announcementMs, exitDeadlineMs].compactMap(\.self)
        if let transition {
            deadlines.append(transition.failure == nil ? transition.deadlineMs : 0)
        }
        return deadlines.min()
    }

    /// Returns the actions in response to `event`.
    public mutating func step(_ event: Event, nowMs: Int64) -> [Action] {
        switch event {
        case .start: return startAll(nowMs)
        case .signal(let signal): return take(signal, nowMs)
        case .started(let role, let process):
            var child = Child(process: process, role: role, startedMs: nowMs)
            child.generation = generation
            children.append(child)
            return [.log(.notice, "start \(role.name) process \(process)")]
        case .notStarted(let role, let reason):
            if transition != nil, settings.roles.contains(role) {
                failStart("\(role.name) process: \(reason)")
                return []
            }
            if role.isLogger {
                let failed = Child(process: 0, role: role, startedMs: nowMs)
                return handleExit(ofLogger: failed, ChildExitStatus(code: 1), nowMs)
            }
            return startLater(role, livedMs: 0, nowMs)
        case .workerServes(let process):
            change(process) { $0.serves = true }
            return commitWhenReady(nowMs) + announceWhenServed()
        case .workerAcceptsNoMore(let process):
            change(process) { $0.acceptsNoMore = true }
            return announceWhenServed()
        case .processEnded(let process, let ending):
            return take(ending, of: process, nowMs) + announceWhenServed()
        case .hung(let process): return replace(process, nowMs)
        case .helperIsStuck(let worker): return replaceHelper(reportedBy: worker, nowMs)
        case .reloaded(let settings): return replaceWorkers(settings, nowMs)
        case .logsReopened:
            defer { awaitsReopening = false }
            return awaitsReopening ? [.reopenLogs] : []
        case .reloadFailed: return [.log(.error, "the old configuration stays in force")]
        case .upgraded(let process):
            successor = process
            return [.log(.notice, "start new binary process \(process)")]
        case .upgradeFailed: return [.log(.error, "the old binary continues")]
        case .tick: return parseTime(nowMs)
        }
    }

    /// True if the serving workers may be replaced by others.
    var mayReplaceWorkers: Bool { mode == .serving && transition == nil && successor == nil }

    mutating func startAll(_ nowMs: Int64) -> [Action] {
        announcementMs = nowMs &+ MasterState.patienceMs
        return [.log(.notice, "start worker processes")] + settings.roles.map { .start($0) }
    }

    /// The time that all workers may take to start serving, and the old ones to stop accepting.
    static let patienceMs: Int64 = 10_000

    private mutating func change(_ process: Int32, _ body: (inout Child) -> Void) {
        guard let place = children.firstIndex(where: { $0.process == process }) else { return }
        body(&children[place])
    }

    private mutating func announceWhenServed() -> [Action] {
        let workers = children.filter(\.role.isWorker)
        let isServed =
            workers.count { !$0.isLeaving && $0.serves } &+ fatalCount >= settings.workers
            && workers.allSatisfy { !$0.isLeaving || $0.acceptsNoMore }
        return isServed ? announce() : []
    }

    mutating func announce() -> [Action] {
        defer { announcementMs = nil }
        return announcementMs == nil ? [] : [.announce]
    }
}
