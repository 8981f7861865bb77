import Linux

/// What is confined in workers, the Aide and the Logger, and by which parts of the kernel: looked
/// up by the master, entered by each of them once it has given up what it does not need.
struct Sandbox {
    /// What this kernel lacks, a clause each.
    private(set) var missing: [String] = []
    private let mode: SandboxMode
    private let landlockVersion: Int?
    private let filters: Bool
    private var exceptions: Landlock.Exceptions
    private let allowed: SystemCallFilter.Allowed
    private let isRoot: Bool
    private let leavesCores: Bool

    /// What this kernel has for a plan whose workers become `identity`.
    init(_ plan: Plan, identity: Identity?) {
        mode = plan.main.usesMasterProcess ? plan.main.sandbox : .off
        allowed = plan.allowedCalls
        isRoot = identity?.user == 0
        leavesCores = (plan.main.coreLimit ?? 0) > 0
        exceptions = Sandbox.exceptions(of: plan)
        guard mode != .off else {
            landlockVersion = nil
            filters = false
            return
        }
        var missing: [String] = []
        do throws(SystemError) {
            let version = try Landlock.version()
            if version < Landlock.confinesTCP {
                missing.append("Landlock \(version) does not confine TCP")
            }
            landlockVersion = version
        } catch {
            missing.append("no Landlock, \(error)")
            landlockVersion = nil
        }
        let asksForBacktraces = environmentValue("SWIFT_BACKTRACE") != nil
        if asksForBacktraces {
            missing.append("no seccomp, for SWIFT_BACKTRACE is set")
        } else if let fault = SystemCallFilter.fault {
            missing.append("no seccomp, \(fault)")
        }
        filters = !asksForBacktraces && SystemCallFilter.fault == nil
        exceptions.opensFast = filters && !allowed.contains(.openat2)
        self.missing = missing
    }

    /// Whether nothing may start, for something is missing that the configuration requires.
    var isUnmet: Bool { mode == .require && !missing.isEmpty }

    /// What is missing, in one line; nil when nothing is.
    var report: String? {
        missing.isEmpty ? nil : "the sandbox is incomplete: " + missing.joined(separator: "; ")
    }

    /// Files that are read wherever `sandbox_read` confines reading: what is mounted where.
    private static let alwaysReadable = ["/proc/self/mountinfo"]

    private static func exceptions(of plan: Plan) -> Landlock.Exceptions {
        var exceptions = Landlock.Exceptions()
        if let paths = plan.main.sandboxRead { exceptions.readable = paths + alwaysReadable }
        return exceptions
    }

    /// The paths of `sandbox_read` that are not there, a line each.
    var unreadable: [String] {
        guard mode != .off else { return [] }
        return (exceptions.readable ?? []).filter { path in
            if case .failure = unsafe path.withCString({ unsafe facts(of: CPath(unsafe: $0)) }) {
                return true
            }
            return false
        }.map { "sandbox_read: \"\($0)\" is not there: workers will not read it before a reload" }
    }

    // MARK: in the process

    /// The rights that are kept: who runs workers as root wants them to read all files.
    private var kept: Capabilities { isRoot ? .readsEverything : [] }

    /// Before root is given up: what only root can take away.
    func prepare() {
        if mode != .off { boundCapabilities(to: kept) }
    }

    /// Restricts this process to what `role` does, after root was given up. What is open by now
    /// stays open until the process ends: the filter tells what is shared by its number.
    /// `passing` is the one socket over which a worker passes descriptors; -1 for none.
    func enter(
        as role: SystemCallFilter.Role, passing: Int32, _ log: ErrorLog
    ) throws(SystemError) {
        guard mode != .off else { return }
        try keepCapabilities(kept)
        try takeNoNewPrivileges()
        if !leavesCores { try becomeUndumpable() }
        if let landlockVersion { try confineFiles(as: role, landlockVersion, log) }
        guard filters else { return }
        try attempt(log) { () throws(SystemError) in
            try SystemCallFilter.enforce(
                role, allowing: role == .worker ? allowed : [], passing: passing)
        }
    }

    /// The Logger stays root where the master is, for it opens logs wherever they are and whoever
    /// owns them; where requests name them, `user` has to have the right to. It starts no program
    /// and connects to nothing, but that it sends datagrams.
    func enterAsLogger(opensAs user: Identity?, _ log: ErrorLog) throws(SystemError) {
        if let user { try joinGroups(user.groups) }
        guard mode != .off else { return }
        var kept: Capabilities = [.writesEverything]
        if user != nil { kept.insert(.becomesOthers) }
        boundCapabilities(to: kept)
        try keepCapabilities(kept)
        try takeNoNewPrivileges()
        if !leavesCores { try becomeUndumpable() }
        guard let landlockVersion else { return }
        try attempt(log) { () throws(SystemError) in
            var exceptions = Landlock.Exceptions()
            exceptions.writable = ["/"]
            _ = try Landlock.enforce(exceptions, version: landlockVersion)
        }
    }

    /// Reads no more than a worker does from here on: `apus explain`.
    func enterReading() throws(SystemError) {
        guard mode != .off, let landlockVersion, exceptions.readable != nil else { return }
        try takeNoNewPrivileges()
        var exceptions = exceptions
        exceptions.opensFast = false
        _ = try Landlock.enforce(exceptions, version: landlockVersion)
    }

    private func confineFiles(
        as role: SystemCallFilter.Role, _ version: Int, _ log: ErrorLog
    ) throws(SystemError) {
        var exceptions = exceptions
        if role == .aide { exceptions.readable = [] }
        try attempt(log) { () throws(SystemError) in
            for failure in try Landlock.enforce(exceptions, version: version) {
                // What is not there is the master's to tell.
                guard failure.code != Errno.noEntry else { continue }
                log.write(.warn, "\(failure): what is there can be read by no worker")
            }
        }
    }

    /// What was looked up may be refused all the same, by the rules of a container.
    private func attempt(
        _ log: ErrorLog, _ part: () throws(SystemError) -> Void
    ) throws(SystemError) {
        do throws(SystemError) {
            try part()
        } catch {
            guard mode != .require else { throw error }
            log.write(.warn, "the sandbox is incomplete: \(error)")
        }
    }
}

extension Plan {
    /// Which system calls its workers make besides those of all.
    fileprivate var allowedCalls: SystemCallFilter.Allowed {
        let testsLinks = (0..<locations.count).contains { index in
            locations[index].links != .follow
                || locations[index].features.contains(.testsLinks)
        }
        return testsLinks ? .openat2 : []
    }
}
