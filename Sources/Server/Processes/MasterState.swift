import Linux

/// What the master does about what happens to it: pure, so that every case is a line of a table.
/// Times are milliseconds of a monotonic clock.
///
/// ```
/// serving --QUIT, TERM--> draining --TERM (again), INT--> stopping --last worker ends--> exit
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
        /// It was told to end, so that its end is no accident.
        var isLeaving = false
        var serves = false
        var acceptsNoMore = false
        /// What it gets, and when, if it has not ended by then.
        var reminder: (signal: Signal, atMs: Int64)?
        /// It was killed for want of an end.
        var isGivenUp = false
    }

    /// A generation that is being started. The one before it serves on until all processes of
    /// this one run, and comes back if one of them cannot be started.
    struct Transition {
        let previous: Settings
        let previousGeneration: Int
        let previousMode: Mode
        /// When the start has failed, if not all processes run by then.
        let deadlineMs: Int64
        /// Why it has failed; nil as long as it has not.
        var failure: String?
    }

    var settings: Settings
    /// The generation that processes are started for, and the number of the last one that there
    /// was: one that failed gives back no number.
    var generation = 0
    var lastGeneration = 0
    var transition: Transition?
    /// Signals that wait for the end of the transition.
    var deferred: [Signal] = []
    /// When the master exits, whichever processes are still there; nil while it serves, or drains
    /// for as long as it takes.
    var giveUpMs: Int64?
    var mode = Mode.serving
    var wasTerminated = false
    var children: [Child] = []
    var backoff = RespawnBackoff()
    var dueStarts: [(role: Role, atMs: Int64)] = []
    var fatalCount = 0
    /// When a configuration is announced that not all workers serve by then.
    var announcementMs: Int64?
    /// The master that takes over from this one; nil for none.
    public internal(set) var successor: Int32?
    /// The master is still there that this one takes over from.
    public var hasPredecessor = false
    var exitCode: Int32 = 0
    /// The master's logs wait to be opened anew until the Logger has opened its own.
    var awaitsReopening = false

    /// A master before its start.
    public init(_ settings: Settings) {
        self.settings = settings
    }

    /// When the next `tick` is wanted, nil when nothing is due.
    public var nextDeadlineMs: Int64? {
        var deadlines = children.compactMap { $0.reminder?.atMs } + dueStarts.map(\.atMs)
        deadlines += [announcementMs, giveUpMs].compactMap(\.self)
        if let transition {
            deadlines.append(transition.failure == nil ? transition.deadlineMs : 0)
        }
        return deadlines.min()
    }

    /// What is to be done about `event`.
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
                return takeEnd(ofLogger: failed, ProcessEnding(code: 1), nowMs)
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
        case .upgradeFailed: return [.log(.error, "the old binary goes on")]
        case .tick: return takeTime(nowMs)
        }
    }

    /// True if other workers may be started in place of those that serve.
    var mayReplaceWorkers: Bool { mode == .serving && transition == nil && successor == nil }

    mutating func startAll(_ nowMs: Int64) -> [Action] {
        announcementMs = nowMs &+ MasterState.patienceMs
        return [.log(.notice, "start worker processes")] + settings.roles.map { .start($0) }
    }

    /// How long all workers may take until they serve, and the old ones until they accept no more.
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
