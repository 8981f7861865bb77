public import Files
public import Reactor

/// The settings of the main and events levels: how the processes run.
public struct MainSettings: Sendable {
    /// `worker_processes`, with `auto` resolved to the number of processors.
    public var workerProcesses = 1
    /// `daemon`: go to the background.
    public var isDaemon = true
    /// `master_process`: without a master, one process does everything, for development.
    public var usesMasterProcess = true
    /// `pid`: the absolute path of the pid file.
    public var pidPath = ""
    /// `user`.
    public var userName: String?
    /// The group: the second argument of `user`.
    public var groupName: String?
    /// `worker_connections`.
    public var workerConnections = 512
    /// `use`: the system call that waits for events.
    public var engine = Engine.epoll
    /// `worker_rlimit_nofile`.
    public var descriptorLimit: Int?
    /// `worker_shutdown_timeout` in milliseconds.
    public var shutdownTimeoutMs: Int64?
    /// `worker_watchdog`: the time after which an event loop without progress counts as hanging;
    /// nil for off.
    public var watchdogMs: Int64?
    /// `worker_rlimit_core`, bytes.
    public var coreLimit: Int?
    /// `sandbox`: the restrictions of workers.
    public var sandbox = SandboxMode.on
    /// `sandbox_read`: the only absolute paths below which workers may read; nil for all.
    public var sandboxRead: [String]?
    /// `worker_priority`.
    public var priority: Int32?
    /// `worker_cpu_affinity`: the processors of each worker, the last set for all further ones;
    /// empty if unset.
    public var affinities: [[UInt16]] = []
    /// `working_directory`: the working directory of workers, where they dump core.
    public var workingDirectory: String?
    /// `multi_accept`.
    public var acceptsMany = false
    /// `content_cache`, for all workers together; with zero entries if it is off.
    public var contentCache = CacheDirectives.defaults
    /// The `error_log` lines of the main level.
    public var errorLogs: [ErrorLogTarget] = []

    /// Creates nginx's defaults.
    public init() {}
}

/// `sandbox`: the restrictions of processes that clients can reach.
public enum SandboxMode: String, Sendable {
    case off
    /// Restrictions as far as the kernel supports them.
    case on
    /// Completely, or the server does not start.
    case require
}

/// One `error_log`: its destination, and its level.
public struct ErrorLogTarget: Equatable, Sendable {
    /// The destination of lines.
    public enum Destination: Equatable, Sendable {
        /// An absolute path.
        case file(String)
        case stderr
        case syslog(SyslogTarget)
    }

    /// The destination of the lines.
    public let destination: Destination
    /// The least severe level that is written.
    public let level: LogLevel

    /// Creates a target.
    public init(_ destination: Destination, level: LogLevel) {
        self.destination = destination
        self.level = level
    }

    /// Creates a target from an absolute path, or the word `stderr`.
    public init(path: String, level: LogLevel) {
        self.init(path == "stderr" ? .stderr : .file(path), level: level)
    }
}

/// nginx's levels, the most severe first.
public enum LogLevel: UInt8, CaseIterable, Comparable, BitwiseCopyable, Sendable {
    case emerg, alert, crit, error, warn, notice, info, debug

    /// Returns true if `left` is more severe.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
