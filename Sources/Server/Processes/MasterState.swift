import Linux

/// The master's state machine: pure, so that every case is a row of a table. Times are in
/// milliseconds of a monotonic clock.
///
/// ```
/// serving --QUIT, TERM--> draining --TERM (again), INT--> stopping --last worker exits--> exit
///         --INT----------------------------------------->
/// ```
public struct MasterState {
    enum Mode { case serving, workersStopped, draining, stopping }

    struct Child {
        let process: Int32
        let role: Role
        let startedMs: Int64
        /// The generation that it was started for.
        var generation = 0
        /// True if it was told to exit, so that its exit is expected.
        var isExpectedToExit = false
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
        case .reloadFailed: return [.log(.error, "the old configuration stays in use")]
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
        announcementMs = nowMs &+ MasterState.announcementTimeoutMs
        return [.log(.notice, "start worker processes")] + settings.roles.map { .start($0) }
    }

    /// The time that all workers may take to start serving, and the old ones to stop accepting.
    static let announcementTimeoutMs: Int64 = 10_000

    private mutating func change(_ process: Int32, _ body: (inout Child) -> Void) {
        guard let place = children.firstIndex(where: { $0.process == process }) else { return }
        body(&children[place])
    }

    private mutating func announceWhenServed() -> [Action] {
        let workers = children.filter(\.role.isWorker)
        let isServed =
            workers.count { !$0.isExpectedToExit && $0.serves } &+ fatalCount >= settings.workers
            && workers.allSatisfy { !$0.isExpectedToExit || $0.acceptsNoMore }
        return isServed ? announce() : []
    }

    mutating func announce() -> [Action] {
        defer { announcementMs = nil }
        return announcementMs == nil ? [] : [.announce]
    }
}

// The events that the state machine handles, and its actions.
extension MasterState {
    /// The role of a process that the master starts.
    public enum Role: Hashable, Sendable {
        /// A worker, by its index from 0.
        case worker(Int)
        /// The helper process.
        case helper
        /// The logger of a generation, by its number from 0.
        case logger(Int)

        /// The name in log messages.
        var name: String {
            switch self {
            case .worker: "worker"
            case .helper: "helper"
            case .logger: "logger"
            }
        }

        /// True for a process that serves clients itself.
        var isWorker: Bool {
            if case .worker = self { return true }
            return false
        }

        /// True for a process that exits only after all processes whose lines it writes.
        var isLogger: Bool {
            if case .logger = self { return true }
            return false
        }
    }

    /// An event.
    public enum Event: Equatable, Sendable {
        /// The master is ready to start processes.
        case start
        /// A signal arrived.
        case signal(Signal)
        /// The action `start` succeeded.
        case started(Role, process: Int32)
        /// The action `start` failed, for this reason.
        case notStarted(Role, String = "")
        /// A worker listens and serves; another process is running.
        case workerServes(Int32)
        /// A worker accepts no more connections.
        case workerAcceptsNoMore(Int32)
        /// A worker reports that the helper process does not respond. Any worker may report that at
        /// any time, rightly or not.
        case helperIsStuck(reportedBy: Int32)
        /// A child process has exited.
        case processEnded(Int32, ChildExitStatus)
        /// A worker's event loop makes no progress.
        case hung(process: Int32)
        /// The action `reload` succeeded: workers of the new configuration may be started.
        case reloaded(Settings)
        /// The action `reload` failed: the old configuration stays.
        case reloadFailed
        /// The action `upgrade` succeeded: another master takes over.
        case upgraded(Int32)
        /// The action `upgrade` failed: there is no other master.
        case upgradeFailed
        /// The logger of the newest generation has reopened its files.
        case logsReopened
        /// Time has passed: `nextDeadlineMs` may be over.
        case tick
    }

    /// An action, to be performed in the given order.
    public enum Action: Equatable, Sendable {
        /// Write a line to the error log.
        case log(LogLevel, String)
        /// Fork a process; followed by `started` or `notStarted`.
        case start(Role)
        /// Send a signal to a process.
        case send(Signal, to: Int32)
        /// Read the configuration and open what it needs; followed by `reloaded` or `reloadFailed`.
        case reload
        /// Report that a HUP cannot be handled now, and the reason.
        case refuseReload(String)
        /// Announce that the configuration is in use: all its workers serve, those of the
        /// previous one accept no more connections. Once for a start or a reload.
        case announce
        /// Start the current binary; followed by `upgraded` or `upgradeFailed`.
        case upgrade
        /// Take the pid file back: the other master has exited.
        case restorePidFile
        /// Free what only the previous generation used: the new one serves.
        case dropPrevious
        /// Return to the previous generation: the new one cannot be started, for this reason.
        case restorePrevious(String)
        /// Close all listening sockets.
        case closeListeners
        /// Reopen the master's own logs.
        case reopenLogs
        /// Close the logs of a generation whose logger has exited for good.
        case closeLogs(generation: Int)
        /// Exit with this code.
        case exit(Int32)
    }

    /// The parts of a configuration that control the master.
    public struct Settings: Equatable, Sendable {
        /// `worker_processes`.
        public var workers: Int
        /// `worker_shutdown_timeout`.
        public var shutdownTimeoutMs: Int64?
        /// The generation of the logger; nil if there is none.
        public var logger: Int?
        /// True if there is a helper process.
        public var hasHelper = false
        /// True if a worker that hangs should dump core: it is aborted before it is killed.
        public var wantsCores = false
        /// True in the background: only then WINCH has an effect, as in nginx.
        public var isDaemon = false
        /// True if HUP ends the server: it belongs to a terminal that was closed.
        public var endsOnHangup = false

        /// The roles of all processes, in the order of their starts.
        var roles: [Role] {
            (logger.map { [.logger($0)] } ?? [])
                + (0..<max(0, workers)).map { .worker($0) } + (hasHelper ? [.helper] : [])
        }

        /// Creates settings.
        public init(workers: Int, shutdownTimeoutMs: Int64? = nil) {
            self.workers = workers
            self.shutdownTimeoutMs = shutdownTimeoutMs
        }
    }
}

/// The delay before a worker that died is replaced: none, unless it died within a second; then 100
/// ms, doubled each time up to 5 s, and reset when a worker has lived for 10 s.
struct RespawnBackoff {
    private var pausesMs: [MasterState.Role: Int64] = [:]

    mutating func pauseMs(for role: MasterState.Role, livedMs: Int64) -> Int64 {
        if livedMs >= 10_000 { pausesMs[role] = nil }
        guard livedMs < 1000 else { return 0 }
        let pauseMs = min(5000, max(100, pausesMs[role, default: 0] * 2))
        pausesMs[role] = pauseMs
        return pauseMs
    }
}
