import Configuration
import Linux
import Reactor

/// The settings of main and events.
struct MainDraft {
    var isDaemon: Bool?
    var usesMasterProcess: Bool?
    var workerProcesses: Int?
    var pid: String?
    var user: (name: String, group: String?)?
    var descriptorLimit: Int?
    var shutdownTimeoutMs: Int?
    /// `worker_watchdog`; 0 for off.
    var watchdogMs: Int?
    var sandbox: SandboxMode?
    /// `sandbox_read`, as written.
    var sandboxRead: [String]?
    var coreLimit: Int?
    var priority: Int32?
    var affinity: ProcessorAffinity?
    var workingDirectory: String?
    var workerConnections: Int?
    /// `use`, and the directive that selected it.
    var engine: (engine: Engine, use: DirectiveUse)?
    var acceptsMany: Bool?
    var hasEvents = false

    /// The error in the combination of numbers, if there is one.
    var fault: Diagnostic? {
        guard let engine, (workerConnections ?? 512) > engine.engine.descriptorLimit else {
            return nil
        }
        return engine.use.fail(
            "the maximum number of files supported by \(engine.engine.rawValue)() is"
                + " \(engine.engine.descriptorLimit)", at: 0,
            help: ["lower worker_connections, or use poll or epoll"])
    }

    func settings(paths: Paths, errorLogs: [ErrorLogTarget]) -> MainSettings {
        var settings = MainSettings()
        settings.isDaemon = isDaemon ?? true
        settings.usesMasterProcess = usesMasterProcess ?? true
        settings.workerProcesses = workerProcesses ?? 1
        settings.pidPath = paths.absolute(pid ?? BuildPaths().pid)
        settings.userName = user?.name
        settings.groupName = user?.group
        settings.descriptorLimit = descriptorLimit
        settings.shutdownTimeoutMs = shutdownTimeoutMs.map { Int64($0) }
        settings.watchdogMs = (watchdogMs ?? 0) > 0 ? watchdogMs.map { Int64($0) } : nil
        settings.sandbox = sandbox ?? .on
        settings.sandboxRead = sandboxRead?.map { paths.absolute($0) }
        settings.coreLimit = coreLimit
        settings.priority = priority
        settings.affinities = affinity?.processors(forWorkers: settings.workerProcesses) ?? []
        settings.workingDirectory = workingDirectory
        settings.workerConnections = workerConnections ?? 512
        settings.engine = engine?.engine ?? .epoll
        settings.acceptsMany = acceptsMany ?? false
        settings.errorLogs = errorLogs
        return settings
    }
}

/// The processes: main and events.
enum MainDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "daemon", in: .main, sets: \.main.isDaemon, default: "on",
            "Runs the server in the background."),
        .flag(
            "master_process", in: .main, sets: \.main.usesMasterProcess, default: "on",
            "Starts worker processes; off runs everything in one process."),
        .row(
            "worker_processes", in: .main, takes: .exactly(1), default: "1",
            "Sets the number of workers; auto is one for each processor."
        ) { (draft, use) throws(Diagnostic) in
            draft.main.workerProcesses = try workerCount(use)
        },
        .text(
            "pid", in: .main, sets: \.main.pid, default: BuildPaths().pid,
            "Sets the file for the master's process ID."
        )
        .differing("With daemon off, a file that cannot be written is a warning, not an error."),
        .row(
            "user", in: .main, takes: .oneOf([1, 2]), default: BuildPaths().user,
            "Sets the user and group of workers if the master runs as root."
        ) { (draft, use) throws(Diagnostic) in
            let group = use.arguments.count > 1 ? try use.text(1) : nil
            draft.main.user = (try use.text(0), group)
        },
        .integer(
            "worker_rlimit_nofile", in: .main, sets: \.main.descriptorLimit,
            "Sets the maximum number of open files of a worker (RLIMIT_NOFILE)."),
        .milliseconds(
            "worker_shutdown_timeout", in: .main, sets: \.main.shutdownTimeoutMs,
            "Sets the timeout for a graceful shutdown of workers; five seconds after TERM if unset."
        ),
        .row(
            "worker_watchdog", in: .main, takes: .exactly(1), default: "off",
            "Sets the time after which a worker whose event loop is stuck is logged, with its "
                + "current request, and replaced; at least 30 seconds."
        ) { (draft, use) throws(Diagnostic) in
            draft.main.watchdogMs = try watchdog(use)
        },
        .offset(
            "worker_rlimit_core", in: .main, sets: \.main.coreLimit,
            "Sets the maximum size of a worker's core file (RLIMIT_CORE)."),
        .row(
            "worker_priority", in: .main, takes: .exactly(1), default: "0",
            "Sets the priority of workers, from -20 (highest) to 20, if the master runs as root."
        ) { (draft, use) throws(Diagnostic) in
            draft.main.priority = try priority(use)
        },
        .row(
            "worker_cpu_affinity", in: .main, takes: .atLeast(1),
            "Binds workers to processors, as masks of 0 and 1, or auto."
        ) { (draft, use) throws(Diagnostic) in
            draft.main.affinity = try ProcessorAffinity(use)
        },
        .text(
            "working_directory", in: .main, sets: \.main.workingDirectory,
            "Sets the working directory of workers, for core files."),
        .block(
            "events", in: .main, takes: .exactly(0), opens: .events, repeats: .no,
            "Contains the configuration of connection processing.",
            apply: { (draft, _) throws(Diagnostic) in draft.main.hasEvents = true }),
        .row(
            "worker_connections", in: .events, takes: .exactly(1), default: "512",
            "Sets the maximum number of connections of a worker."
        ) { (draft, use) throws(Diagnostic) in
            let count = try use.integer(0)
            guard count > 0, count <= 16_777_216 else {
                throw use.fail("worker_connections must be from 1 to 16777216", at: 0)
            }
            draft.main.workerConnections = count
        },
        .flag(
            "multi_accept", in: .events, sets: \.main.acceptsMany, default: "off",
            "Makes workers accept all waiting connections at once."),
        .row(
            "use", in: .events, takes: .exactly(1), default: "epoll",
            "Sets the system call that waits for events: epoll, poll or select, which is limited "
                + "to 1024 descriptors."
        ) { (draft, use) throws(Diagnostic) in
            guard let engine = Engine(rawValue: try use.text(0)) else {
                throw use.fail(
                    "invalid event type \"\(try use.text(0))\"", at: 0,
                    help: ["it must be \"epoll\", \"poll\" or \"select\""])
            }
            draft.main.engine = (engine, use)
        },
    ]

    private static func priority(_ use: DirectiveUse) throws(Diagnostic) -> Int32 {
        let bytes = try use.bytes(0)
        let isSigned = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+")
        let digits = bytes.dropFirst(isSigned ? 1 : 0)
        guard let number = NginxSize.integer(digits) else {
            throw use.fail(
                "invalid number \"\(try use.text(0))\" in \"worker_priority\" directive", at: 0)
        }
        let priority = Int32(clamping: number)
        return bytes.first == UInt8(ascii: "-") ? -priority : priority
    }

    private static func watchdog(_ use: DirectiveUse) throws(Diagnostic) -> Int {
        if try use.bytes(0).elementsEqual("off".utf8) { return 0 }
        let limitMs = try use.milliseconds(0)
        guard limitMs >= minWatchdogMs else {
            throw use.fail(
                "\"worker_watchdog\" must be \"off\" or at least 30s", at: 0,
                help: ["a slow disk may block a healthy worker for some seconds"])
        }
        return limitMs
    }

    /// Debug builds accept less, so that tests need not wait.
    private static var minWatchdogMs: Int {
        #if DEBUG
            if environmentValue("APUS_SANDBOX_PROBE") != nil { return 1 }
        #endif
        return 30_000
    }

    private static func workerCount(_ use: DirectiveUse) throws(Diagnostic) -> Int {
        if try use.text(0) == "auto" { return processorCount() }
        let count = try use.integer(0)
        guard count > 0, count <= 1024 else {
            throw use.fail(
                "invalid value \"\(try use.text(0))\"", at: 0,
                help: ["it must be \"auto\" or a number from 1 to 1024"])
        }
        return count
    }
}

/// The restrictions of workers: directives of apus.
enum SandboxDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .row(
            "sandbox", in: .main, takes: .exactly(1), default: "on",
            "Restricts the rights of workers with Landlock and seccomp: on, off or require."
        ) { (draft, use) throws(Diagnostic) in
            guard let mode = SandboxMode(rawValue: try use.text(0)) else {
                throw use.fail(
                    "invalid value \"\(try use.text(0))\" in \"sandbox\" directive", at: 0,
                    help: ["it must be \"on\", \"off\" or \"require\""])
            }
            draft.main.sandbox = mode
        },
        .row(
            "sandbox_read", in: .main, takes: .atLeast(1), repeats: .yes,
            "Restricts reading by workers to these files and directories."
        ) { (draft, use) throws(Diagnostic) in
            for index in use.arguments.indices {
                let path = try use.text(index)
                guard !path.isEmpty else { throw use.fail("the path is empty", at: index) }
                draft.main.sandboxRead = (draft.main.sandboxRead ?? []) + [path]
            }
        },
    ]
}

/// worker_cpu_affinity.
enum ProcessorAffinity {
    /// A set of processors for each worker, in order.
    case masks([[UInt16]])
    /// `auto`: each worker has one of these for itself, as long as there are enough.
    case auto([UInt16])

    /// The size of the kernel's own set of processors.
    private static let maxProcessors = 1024

    init(_ use: DirectiveUse) throws(Diagnostic) {
        let isAuto = try use.text(0) == "auto"
        var masks: [[UInt16]] = []
        for index in use.arguments.indices.dropFirst(isAuto ? 1 : 0) {
            masks.append(try ProcessorAffinity.mask(use, index))
        }
        guard isAuto else {
            self = .masks(masks)
            return
        }
        guard masks.count < 2 else {
            throw use.fail("invalid number of arguments in \"\(use.name)\" directive")
        }
        let all = (0..<min(processorCount(), ProcessorAffinity.maxProcessors)).map { UInt16($0) }
        self = .auto(masks.first ?? all)
    }

    /// Returns the processors of each worker; the last set is for all further ones.
    func processors(forWorkers count: Int) -> [[UInt16]] {
        switch self {
        case .masks(let masks): masks
        case .auto(let all) where all.isEmpty: []
        case .auto(let all): (0..<max(count, 1)).map { [all[$0 % all.count]] }
        }
    }

    /// Parses ones and zeros, the first processor last.
    private static func mask(_ use: DirectiveUse, _ index: Int) throws(Diagnostic) -> [UInt16] {
        let digits = try use.bytes(index)
        guard digits.count <= maxProcessors else {
            throw use.fail(
                "\"\(use.name)\" supports up to \(maxProcessors) CPUs only", at: index)
        }
        var processors: [UInt16] = []
        for (number, digit) in digits.reversed().enumerated() where digit != UInt8(ascii: "0") {
            guard digit == UInt8(ascii: "1") else {
                let character = Character(Unicode.Scalar(digit))
                throw use.fail("invalid character \"\(character)\" in \"\(use.name)\"", at: index)
            }
            processors.append(UInt16(truncatingIfNeeded: number))
        }
        return processors
    }
}
