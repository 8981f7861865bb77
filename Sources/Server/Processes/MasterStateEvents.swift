import Linux

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
        /// Announce that the configuration is in force: all its workers serve, those of the
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
