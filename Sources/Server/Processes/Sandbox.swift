import Linux

/// The restrictions of workers, helper process and logger: which of them the kernel supports is
/// determined by the master, and each process enters them once it has released what it does not
/// need.
struct Sandbox {
    /// The features that this kernel lacks, a clause each.
    private(set) var missing: [String] = []
    private let mode: SandboxMode
    private let landlockVersion: Int?
    private let filters: Bool
    private var exceptions: Landlock.Exceptions
    private let allowed: SystemCallFilter.AdditionalCalls
    private let isRoot: Bool
    private let leavesCores: Bool

    /// Determines what this kernel supports for a plan whose workers become `identity`.
    init(_ plan: Plan, identity: Identity?) {
        mode = plan.main.usesMasterProcess ? plan.main.sandbox : .off
        allowed = Sandbox.additionalCalls(of: plan)
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
                missing.append("Landlock version \(version) does not restrict TCP")
            }
            landlockVersion = version
        } catch {
            missing.append("no Landlock, \(error)")
            landlockVersion = nil
        }
        let asksForBacktraces = environmentValue("SWIFT_BACKTRACE") != nil
        if asksForBacktraces {
            missing.append("seccomp is off because SWIFT_BACKTRACE is set")
        } else if let fault = SystemCallFilter.fault {
            missing.append("no seccomp, \(fault)")
        }
        filters = !asksForBacktraces && SystemCallFilter.fault == nil
        exceptions.opensFast = filters && !allowed.contains(.openat2)
        self.missing = missing
    }

    /// True if the server must not start because the configuration requires something that is
    /// missing.
    var isUnmet: Bool { mode == .require && !missing.isEmpty }

    /// A line about missing features; nil if there are none.
    var report: String? {
        missing.isEmpty
            ? nil
            : "the sandbox is incomplete: \(missing.joined(separator: "; ")); workers run "
                + "without these restrictions"
    }

    /// Files that are always readable if `sandbox_read` restricts reading: the list of mounts.
    private static let alwaysReadable = ["/proc/self/mountinfo"]

    private static func exceptions(of plan: Plan) -> Landlock.Exceptions {
        var exceptions = Landlock.Exceptions()
        if let paths = plan.main.sandboxRead { exceptions.readable = paths + alwaysReadable }
        return exceptions
    }

    /// Messages about paths of `sandbox_read` that do not exist.
    var unreadable: [String] {
        guard mode != .off else { return [] }
        return (exceptions.readable ?? []).filter { path in
            if case .failure = unsafe path.withCString({ unsafe fileStatus(of: CPath(unsafe: $0)) })
            {
                return true
            }
            return false
        }.map {
            "sandbox_read: \"\($0)\" does not exist: workers cannot read this path until a "
                + "reload"
        }
    }

    // MARK: in the process

    /// The capabilities that are kept: workers that run as root must read all files.
    private var keptCapabilities: Capabilities { isRoot ? .readsAllFiles : [] }

    /// Prepares the sandbox before root is dropped: some rights only root can remove.
    func prepare() {
        if mode != .off { boundCapabilities(to: keptCapabilities) }
    }

    /// Restricts this process to the tasks of `role`, after root was dropped. Open descriptors stay
    /// open until it exits: the system call filter identifies shared ones by number. `passing` is
    /// the only socket over which a worker passes descriptors; -1 for none.
    func enter(
        as role: SystemCallFilter.Role, passing: Int32, _ log: ErrorLog
    ) throws(SystemError) {
        guard mode != .off else { return }
        try limitCapabilities(keptCapabilities)
        try setNoNewPrivileges()
        if !leavesCores { try becomeUndumpable() }
        if let landlockVersion { try confineFiles(as: role, landlockVersion, log) }
        guard filters else { return }
        try attempt(log) { () throws(SystemError) in
            try SystemCallFilter.enforce(
                role, allowing: role == .worker ? allowed : [], passing: passing)
        }
    }

    /// Restricts the logger. It stays root if the master is, since it opens logs of any directory
    /// and owner; files whose names have variables are opened with the rights of `user`. It starts
    /// no program, and its only connections are those for datagrams.
    func enterAsLogger(opensAs user: Identity?, _ log: ErrorLog) throws(SystemError) {
        if let user { try joinGroups(user.groups) }
        guard mode != .off else { return }
        var keptCapabilities: Capabilities = [.writesAllFiles]
        if user != nil { keptCapabilities.insert(.changesUser) }
        boundCapabilities(to: keptCapabilities)
        try limitCapabilities(keptCapabilities)
        try setNoNewPrivileges()
        if !leavesCores { try becomeUndumpable() }
        guard let landlockVersion else { return }
        try attempt(log) { () throws(SystemError) in
            var exceptions = Landlock.Exceptions()
            exceptions.writable = ["/"]
            _ = try Landlock.enforce(exceptions, version: landlockVersion)
        }
    }

    /// Restricts reading to what a worker may read: for `apus explain`.
    func enterReading() throws(SystemError) {
        guard mode != .off, let landlockVersion, exceptions.readable != nil else { return }
        try setNoNewPrivileges()
        var exceptions = exceptions
        exceptions.opensFast = false
        _ = try Landlock.enforce(exceptions, version: landlockVersion)
    }

    private func confineFiles(
        as role: SystemCallFilter.Role, _ version: Int, _ log: ErrorLog
    ) throws(SystemError) {
        var exceptions = exceptions
        if role == .helper { exceptions.readable = [] }
        try attempt(log) { () throws(SystemError) in
            for failure in try Landlock.enforce(exceptions, version: version) {
                // Missing paths are reported by the master.
                guard failure.code != Errno.noEntry else { continue }
                log.write(.warn, "\(failure): workers cannot read this path until a reload")
            }
        }
    }

    /// Applies a restriction. A feature that the kernel supports may still be forbidden by a
    /// container.
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

    /// Returns the system calls that workers of a plan make in addition to the common ones.
    private static func additionalCalls(of plan: Plan) -> SystemCallFilter.AdditionalCalls {
        let checksSymlinks = (0..<plan.locations.count).contains { index in
            plan.locations[index].links != .follow
                || plan.locations[index].features.contains(.checksSymlinks)
        }
        return checksSymlinks ? .openat2 : []
    }
}
