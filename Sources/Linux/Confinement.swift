import CLinux

/// What a process that has given up root may still be able to do: capabilities(7).
@frozen
public struct Capabilities: OptionSet, Sendable {
    /// Bit n is capability n.
    public let rawValue: UInt64
    /// A set by its bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// CAP_DAC_READ_SEARCH: to read files and directories whose modes do not let it.
    public static let readsEverything = Capabilities(rawValue: clinux_reads_everything())
    /// CAP_DAC_OVERRIDE: to read, write and make files whose modes do not let it.
    public static let writesEverything = Capabilities(rawValue: clinux_writes_everything())
    /// CAP_SETUID and CAP_SETGID: to open files as another user.
    public static let becomesOthers = Capabilities(rawValue: clinux_becomes_others())
}

/// Takes all others out of what this process and its children can ever have. Only a process that
/// may do so can; another has nothing to lose.
public func boundCapabilities(to kept: Capabilities) {
    _ = clinux_bound_capabilities(kept.rawValue)
}

/// Gives up all capabilities but `kept`: capset(2).
public func keepCapabilities(_ kept: Capabilities) throws(SystemError) {
    try confined(clinux_keep_capabilities(kept.rawValue), "capset()")
}

/// No program that is started gives rights to this process: prctl(2).
public func takeNoNewPrivileges() throws(SystemError) {
    try confined(clinux_no_new_privileges(), "prctl(PR_SET_NO_NEW_PRIVS)")
}

/// Nobody but root looks into this process, and it leaves no core: prctl(2).
public func becomeUndumpable() throws(SystemError) {
    try confined(clinux_not_dumpable(), "prctl(PR_SET_DUMPABLE)")
}

/// landlock(7): what this process may do with files and TCP, however it is named and whoever it is.
public enum Landlock {
    /// From this version on it confines TCP.
    public static let confinesTCP = clinux_landlock_tcp

    /// The version of the kernel's; an error where it has none or this process may not use it.
    public static func version() throws(SystemError) -> Int {
        Int(try confined(clinux_landlock_version(), "landlock_create_ruleset()"))
    }

    /// What stays allowed.
    public struct Exceptions: Sendable {
        /// Files and directories to read from; nil for all.
        public var readable: [String]?
        /// Directories to make and write files in.
        public var writable: [String] = []
        /// A ``SystemCallFilter`` without openat2 follows: it denies truncating, so that opening a
        /// file need not look at every directory on the way.
        public var opensFast = false

        /// Reading only.
        public init() {}
    }

    /// From here on this process may do nothing else with files; the paths that could not be
    /// allowed, and why.
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
    /// What a process does.
    public enum Role: Sendable {
        /// Serves clients.
        case worker
        /// Checks passwords.
        case aide
    }

    /// What some configurations need besides.
    @frozen
    public struct Allowed: OptionSet, Sendable {
        /// clinux_allowed
        public let rawValue: Int32
        /// A set by its bits.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// Opening under a rule for links.
        public static let openat2 = Allowed(rawValue: Int32(clinux_allow_openat2.rawValue))
    }

    /// Why there is none; nil where there is.
    public static var fault: SystemError? {
        let returned = clinux_seccomp_fault()
        return returned < 0 ? SystemError("seccomp()", code: returned) : nil
    }

    /// Restricts this process to the calls of `role`. A call that shows that the process was taken
    /// over ends it by SIGSYS; another fails with ENOSYS. stderr says which, once each.
    ///
    /// Descriptors that are open now count as shared with other processes: whoever shuts one down
    /// or changes its options ends. A worker passes descriptors over `passing` only; -1 for none.
    public static func enforce(
        _ role: Role, allowing allowed: Allowed, passing: Int32
    ) throws(SystemError) {
        let role = role == .aide ? clinux_role_aide : clinux_role_worker
        let returned = clinux_seccomp_enforce(Int32(role.rawValue), allowed.rawValue, passing)
        try confined(returned, "seccomp()")
    }
}

@discardableResult
private func confined(_ returned: Int32, _ call: String) throws(SystemError) -> Int32 {
    guard returned >= 0 else { throw SystemError(call, code: returned) }
    return returned
}
