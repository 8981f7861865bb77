import Linux

// What the state is told of, and what it asks for.
extension MasterState {
    /// What a process that the master starts is for.
    public enum Role: Hashable, Sendable {
        /// It serves; which of the workers it is, from 0.
        case worker(Int)
        /// It checks passwords.
        case aide
        /// It writes the logs of a generation; which one, from 0.
        case logger(Int)

        /// As log lines call it.
        var name: String {
            switch self {
            case .worker: "worker"
            case .aide: "aide"
            case .logger: "logger"
            }
        }

        /// It serves, and does not only help those that do.
        var isWorker: Bool {
            if case .worker = self { return true }
            return false
        }

        /// It ends when those whose lines it writes have ended, and not before.
        var isLogger: Bool {
            if case .logger = self { return true }
            return false
        }
    }

    /// Something that happened.
    public enum Event: Equatable, Sendable {
        /// The master is ready to start processes.
        case start
        /// A signal came.
        case signal(Signal)
        /// `start` was carried out.
        case started(Role, process: Int32)
        /// `start` failed, and why: there was no process to be had.
        case notStarted(Role, String = "")
        /// A worker listens, and answers; another process is at work.
        case workerServes(Int32)
        /// A worker accepts no more connections.
        case workerAcceptsNoMore(Int32)
        /// A worker says that the helper process does not respond. Any worker may say so at any
        /// time, whether it is true or not.
        case helperIsStuck(reportedBy: Int32)
        /// A child has ended.
        case processEnded(Int32, ProcessEnding)
        /// A worker's loop does not turn any more.
        case hung(process: Int32)
        /// `reload` was carried out: workers of the new configuration may be started.
        case reloaded(Settings)
        /// `reload` failed: the old configuration stays.
        case reloadFailed
        /// `upgrade` was carried out: another master takes over.
        case upgraded(Int32)
        /// `upgrade` failed: there is no other master.
        case upgradeFailed
        /// The Logger of the newest generation has opened its files anew.
        case logsReopened
        /// Time has passed: `nextDeadlineMs` may be over.
        case tick
    }

    /// Something to be done, in the order given.
    public enum Action: Equatable, Sendable {
        /// A line for the error log.
        case log(LogLevel, String)
        /// Fork a process; `started` or `notStarted` answers.
        case start(Role)
        /// Send a signal to a process.
        case send(Signal, to: Int32)
        /// Read the configuration and open what it listens on; `reloaded` or `reloadFailed`
        /// answers.
        case reload
        /// A HUP that cannot be followed now, and why.
        case refuseReload(String)
        /// The configuration is in force: all its workers serve, those of the one before accept no
        /// more connections. Once for a start or a reload.
        case announce
        /// Start the binary that is there now; `upgraded` or `upgradeFailed` answers.
        case upgrade
        /// The other master has ended: the pid file is this one's again.
        case takePidFileBack
        /// The new generation serves: let go of what only the one before it had.
        case dropPrevious
        /// The new generation cannot be started, and why: return to the one before it.
        case restorePrevious(String)
        /// Close all listening sockets.
        case closeListeners
        /// Open the master's own logs anew.
        case reopenLogs
        /// A generation's Logger has ended for good.
        case closeLogs(generation: Int)
        /// All is done: leave with this code.
        case exit(Int32)
    }

    /// What a configuration says to the master's behaviour.
    public struct Settings: Equatable, Sendable {
        /// `worker_processes`.
        public var workers: Int
        /// `worker_shutdown_timeout`.
        public var shutdownTimeoutMs: Int64?
        /// There is a Logger beside the workers, that of this generation.
        public var logger: Int?
        /// There is an Aide beside the workers.
        public var hasAide = false
        /// A worker that hangs leaves a core: it is aborted before it is killed.
        public var wantsCores = false
        /// In the background: only then WINCH means something, as in nginx.
        public var isDaemon = false
        /// HUP ends the server: it belongs to a terminal, and that has gone.
        public var endsOnHangup = false

        /// Which processes there are to be, in the order of their starts.
        var roles: [Role] {
            (logger.map { [.logger($0)] } ?? [])
                + (0..<max(0, workers)).map { .worker($0) } + (hasAide ? [.aide] : [])
        }

        /// Settings.
        public init(workers: Int, shutdownTimeoutMs: Int64? = nil) {
            self.workers = workers
            self.shutdownTimeoutMs = shutdownTimeoutMs
        }
    }
}
