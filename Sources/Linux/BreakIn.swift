#if DEBUG
    import CLinux

    /// What came of trying something that a worker never does.
    public enum BreakInOutcome: Equatable, Sendable {
        case succeeded
        /// errno(3)
        case refused(Int32)
        case unknown
    }

    /// Does what somebody would who has taken this process over, by its name (break-in.c).
    public func breakIn(_ what: String) -> BreakInOutcome {
        let returned = unsafe what.withCString { unsafe clinux_break_in($0) }
        if returned == 1 { return .unknown }
        return returned < 0 ? .refused(0 &- returned) : .succeeded
    }
#endif
