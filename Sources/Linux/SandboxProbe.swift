#if DEBUG
    import CLinux

    /// The result of an attempt that the sandbox must prevent.
    public enum SandboxProbeOutcome: Equatable, Sendable {
        case succeeded
        /// The call failed with this errno(3).
        case refused(Int32)
        case unknown
    }

    /// Performs one action of an attacker who has taken over this process, by its name
    /// (break-in.c).
    public func probeSandbox(_ what: String) -> SandboxProbeOutcome {
        let returned = unsafe what.withCString { unsafe clinux_break_in($0) }
        if returned == 1 { return .unknown }
        return returned < 0 ? .refused(0 &- returned) : .succeeded
    }
#endif
