import CLinux

/// Rights of a process that are separate from root: capabilities(7).
@frozen
public struct Capabilities: OptionSet, Sendable {
    /// Bit n is capability n.
    public let rawValue: UInt64
    /// Creates a set from its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// CAP_DAC_READ_SEARCH: to read files and directories regardless of their modes.
    public static let readsAllFiles = Capabilities(rawValue: clinux_reads_everything())
    /// CAP_DAC_OVERRIDE: to read, write and create files regardless of modes.
    public static let writesAllFiles = Capabilities(rawValue: clinux_writes_everything())
    /// CAP_SETUID and CAP_SETGID: to open files as another user.
    public static let changesUser = Capabilities(rawValue: clinux_becomes_others())
}

/// Removes all other capabilities from the bounding set of this process and its children. A process
/// without the right to do so has none to lose.
public func boundCapabilities(to kept: Capabilities) {
    _ = clinux_bound_capabilities(kept.rawValue)
}

/// Drops all capabilities except `kept`: capset(2).
public func limitCapabilities(_ kept: Capabilities) throws(SystemError) {
    try confined(clinux_keep_capabilities(kept.rawValue), "capset()")
}

/// Prevents programs that this process starts from gaining rights: prctl(2), PR_SET_NO_NEW_PRIVS.
public func setNoNewPrivileges() throws(SystemError) {
    try confined(clinux_no_new_privileges(), "prctl(PR_SET_NO_NEW_PRIVS)")
}

/// Prevents other users from tracing this process, and core dumps: prctl(2), PR_SET_DUMPABLE.
public func becomeUndumpable() throws(SystemError) {
    try confined(clinux_not_dumpable(), "prctl(PR_SET_DUMPABLE)")
}

/// landlock(7): restricts this process's access to files and TCP, independent of names and user.
public enum Landlock {
    /// The first version that restricts TCP.
    public static let confinesTCP = clinux_landlock_tcp

    /// Returns the version of the kernel's Landlock. Throws if it has none or this process may not
    /// use it.
    public static func version() throws(SystemError) -> Int {
        Int(try confined(clinux_landlock_version(), "landlock_create_ruleset()"))
    }

    /// The access that stays allowed.
    public struct Exceptions: Sendable {
        /// Files and directories that may be read; nil for all.
        public var readable: [String]?
        /// Directories in which files may be created and written.
        public var writable: [String] = []
        /// True if a ``SystemCallFilter`` without openat2 follows: truncation is denied there, so
        /// that opening a file need not check every directory on its path.
        public var opensFast = false

        /// Creates rules that allow reading only.
        public init() {}
    }

    /// Restricts this process to `exceptions` for good. Returns the paths that could not be
    /// allowed, with the reasons.
    public static func enforce(
        _ exceptions: Exceptions, version: Int
    ) throws(SystemError) -> [SystemError] {
        let rules = Descriptor(
            owning: try confined(
                clinux_landlock_create(
                    Int32(clamping: version), exceptions.readable == nil ? 0 : 1,
                    exceptions.opensFast ? 1 : 0),
                "landlock_create_ruleset()"))
        var failures: [SystemError] = []
        func note(_ path: String, _ returned: Int32) {
            guard returned < 0 else { return }
            failures.append(SystemError("landlock_add_rule()", "\"\(path)\"", code: returned))
        }
        for path in exceptions.readable ?? [] {
            note(
                path,
                unsafe path.withCString {
                    unsafe clinux_landlock_allow_reading(rules.number, $0)
                })
        }
        for path in exceptions.writable {
            note(
                path,
                unsafe path.withCString {
                    unsafe clinux_landlock_allow_writing(rules.number, $0)
                })
        }
        try confined(clinux_landlock_enforce(rules.number), "landlock_restrict_self()")
        return failures
    }
}

/// The system calls that a process may make: seccomp(2).
public enum SystemCallFilter {
    /// The task of a process.
    public enum Role: Sendable {
        /// Serving clients.
        case worker
        /// Checking passwords, compressing and reading files.
        case helper
    }

    /// Additional system calls that some configurations need.
    @frozen
    public struct AdditionalCalls: OptionSet, Sendable {
        /// The bits of clinux_allowed.
        public let rawValue: Int32
        /// Creates a set from its bits.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// Opening with a rule for symbolic links.
        public static let openat2 = AdditionalCalls(rawValue: Int32(clinux_allow_openat2.rawValue))
    }

    /// The reason that seccomp is unavailable; nil if it is available.
    public static var fault: SystemError? {
        let returned = clinux_seccomp_fault()
        return returned < 0 ? SystemError("seccomp()", code: returned) : nil
    }

    /// Restricts this process to the calls of `role`. A call that only an attacker would make
    /// terminates it by SIGSYS; any other fails with ENOSYS. Each is reported once on stderr.
    ///
    /// Descriptors that are open now count as shared with other processes: shutting one down or
    /// changing its options terminates this process. A worker passes descriptors over `passing`
    /// only; -1 for none.
    public static func enforce(
        _ role: Role, allowing allowed: AdditionalCalls, passing: Int32
    ) throws(SystemError) {
        let role = role == .helper ? clinux_role_helper : clinux_role_worker
        let returned = clinux_seccomp_enforce(Int32(role.rawValue), allowed.rawValue, passing)
        try confined(returned, "seccomp()")
    }
}

@discardableResult
private func confined(_ returned: Int32, _ call: String) throws(SystemError) -> Int32 {
    guard returned >= 0 else { throw SystemError(call, code: returned) }
    return returned
}

#if DEBUG
    /// The result of an attempt that the sandbox must prevent.
    public enum SandboxProbeOutcome: Equatable, Sendable {
        case succeeded
        /// The call failed with this errno(3).
        case refused(Int32)
        case unknown
    }

    /// Performs one action of an attacker who has taken over this process, by its name
    /// (sandbox-probe.c).
    public func probeSandbox(_ what: String) -> SandboxProbeOutcome {
        let returned = unsafe what.withCString { unsafe clinux_sandbox_probe($0) }
        if returned == 1 { return .unknown }
        return returned < 0 ? .refused(0 &- returned) : .succeeded
    }
#endif
