/// The signals that a server handles: signal(7), with the numbers of Linux on x86 and Arm.
public enum Signal: Int32, CaseIterable, Sendable {
    case hangup = 1
    case interrupt = 2
    case quit = 3
    case abort = 6
    case kill = 9
    case user1 = 10
    case user2 = 12
    case terminate = 15
    case child = 17
    case windowChange = 28

    /// The name, as in `SIGHUP`.
    public var name: String {
        switch self {
        case .hangup: "SIGHUP"
        case .interrupt: "SIGINT"
        case .quit: "SIGQUIT"
        case .abort: "SIGABRT"
        case .kill: "SIGKILL"
        case .user1: "SIGUSR1"
        case .user2: "SIGUSR2"
        case .terminate: "SIGTERM"
        case .child: "SIGCHLD"
        case .windowChange: "SIGWINCH"
        }
    }

    /// Returns the mask of `signals`: bit n-1 is signal n.
    public static func mask(_ signals: [Signal]) -> UInt64 {
        signals.reduce(0) { $0 | UInt64(1) << UInt64($1.rawValue &- 1) }
    }
}
