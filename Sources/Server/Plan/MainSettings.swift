public import Files
public import Reactor

/// What the main and events levels of a configuration say: how the processes run.
public struct MainSettings: Sendable {
    /// `worker_processes`, with `auto` resolved to the number of processors.
    public var workerProcesses = 1
    /// `daemon`: go to the background.
    public var isDaemon = true
    /// `master_process`: without it one process does everything, for development.
    public var usesMasterProcess = true
    /// `pid`: where the master's process id is written; absolute.
    public var pidPath = ""
    /// `user`, and its group when one is named.
    public var userName: String?
    /// The second argument of `user`.
    public var groupName: String?
    /// `worker_connections`.
    public var workerConnections = 512
    /// `use`: how workers wait.
    public var engine = Engine.epoll
    /// `worker_rlimit_nofile`.
    public var descriptorLimit: Int?
    /// `worker_shutdown_timeout` in milliseconds.
    public var shutdownTimeoutMs: Int64?
    /// `worker_watchdog`: after how long a loop that does not turn is hung; nil when off.
    public var watchdogMs: Int64?
    /// `worker_rlimit_core`, bytes.
    public var coreLimit: Int?
    /// `sandbox`: how workers are confined.
    public var sandbox = SandboxMode.on
    /// `sandbox_read`: absolute paths, the only ones that workers read below; nil for all.
    public var sandboxRead: [String]?
    /// `worker_priority`.
    public var priority: Int32?
    /// `worker_cpu_affinity`: the processors of each worker, the last set for all further ones;
    /// empty when nothing was said.
    public var affinities: [[UInt16]] = []
    /// `working_directory`: where workers are, and leave cores.
    public var workingDirectory: String?
    /// `multi_accept`.
    public var acceptsMany = false
    /// `content_cache`, for all workers together; of no entries when it is off.
    public var contentCache = CacheDirectives.defaults
    /// The `error_log` lines of the main level.
    public var errorLogs: [ErrorLogTarget] = []

    /// nginx's defaults.
    public init() {}
}

/// `sandbox`: how the processes are confined that clients can reach.
public enum SandboxMode: String, Sendable {
    case off
    /// As far as the kernel lets us.
    case on
    /// Wholly, or the server does not start.
    case require
}

/// One `error_log`: where to, from which level on.
public struct ErrorLogTarget: Equatable, Sendable {
    /// Where lines go.
    public enum Destination: Equatable, Sendable {
        /// An absolute path.
        case file(String)
        case stderr
        case syslog(SyslogTarget)
    }

    /// Where to.
    public let destination: Destination
    /// Messages of this level and graver ones are written.
    public let level: LogLevel

    /// A target.
    public init(_ destination: Destination, level: LogLevel) {
        self.destination = destination
        self.level = level
    }

    /// A file, or `stderr`; `path` is absolute or that word.
    public init(path: String, level: LogLevel) {
        self.init(path == "stderr" ? .stderr : .file(path), level: level)
    }
}

/// nginx's levels, the gravest first.
public enum LogLevel: UInt8, CaseIterable, Comparable, BitwiseCopyable, Sendable {
    case emerg, alert, crit, error, warn, notice, info, debug

    /// Graver levels come first.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
