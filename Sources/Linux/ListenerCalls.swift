import CLinux

/// The kinds of sockets that can be listened on.
public enum SocketFamily: Sendable {
    case ipv4, ipv6, unix

    var number: Int32 {
        switch self {
        case .ipv4: Int32(clinux_family_ipv4.rawValue)
        case .ipv6: Int32(clinux_family_ipv6.rawValue)
        case .unix: Int32(clinux_family_unix.rawValue)
        }
    }
}

/// The calls that make a listening socket. Each returns 0, or a descriptor, or -errno(3): who calls
/// knows the address and words the error.
public enum ListenerCalls {
    /// A stream socket, non-blocking and close-on-exec.
    public static func socket(_ family: SocketFamily) -> Int32 {
        clinux_stream_socket(family.number)
    }

    /// bind(2) to four bytes, the first one most significant.
    public static func bind(_ fd: Int32, ipv4 address: UInt32, port: UInt16) -> Int32 {
        clinux_bind_ipv4(fd, address, port)
    }

    /// bind(2) to sixteen bytes, the first one most significant.
    public static func bind(_ fd: Int32, ipv6 high: UInt64, _ low: UInt64, port: UInt16) -> Int32 {
        clinux_bind_ipv6(fd, high, low, port)
    }

    /// bind(2) to a path.
    public static func bind(_ fd: Int32, unix path: String) -> Int32 {
        unsafe path.withCString { unsafe clinux_bind_unix(fd, $0) }
    }

    /// listen(2); on a socket that listens already it changes the backlog.
    public static func listen(_ fd: Int32, backlog: Int32) -> Int32 { clinux_listen(fd, backlog) }

    /// SO_REUSEADDR: a port with connections in TIME_WAIT can be bound.
    public static func reuseAddress(_ fd: Int32) -> Int32 { clinux_reuse_address(fd) }

    /// SO_REUSEPORT: several sockets on one address.
    public static func reusePort(_ fd: Int32) -> Int32 { clinux_reuse_port(fd) }

    /// IPV6_V6ONLY: no IPv4 clients on an IPv6 socket.
    public static func setIPv6Only(_ fd: Int32, _ isOn: Bool) -> Int32 {
        clinux_ipv6_only(fd, isOn ? 1 : 0)
    }

    /// TCP_DEFER_ACCEPT: accept(2) waits for the first bytes, for a second.
    public static func setDeferred(_ fd: Int32, _ isOn: Bool) -> Int32 {
        clinux_defer_accept(fd, isOn ? 1 : 0)
    }

    /// TCP_NODELAY, which accepted sockets inherit.
    public static func setNoDelay(_ fd: Int32, _ isOn: Bool) -> Int32 {
        clinux_no_delay(fd, isOn ? 1 : 0)
    }

    /// SO_RCVBUF, which accepted sockets inherit.
    public static func setReceiveBuffer(_ fd: Int32, bytes: Int) -> Int32 {
        clinux_receive_buffer(fd, Int32(clamping: bytes))
    }

    /// SO_SNDBUF, which accepted sockets inherit.
    public static func setSendBuffer(_ fd: Int32, bytes: Int) -> Int32 {
        clinux_send_buffer(fd, Int32(clamping: bytes))
    }

    /// TCP_FASTOPEN: how many connections may wait that have not completed the handshake.
    public static func setFastOpen(_ fd: Int32, queue: Int) -> Int32 {
        clinux_fast_open(fd, Int32(clamping: queue))
    }

    /// SO_KEEPALIVE, which accepted sockets inherit; seconds before the first probe, seconds
    /// between two of them, and how many go unanswered before the connection is given up, each the
    /// system's own where it is 0.
    public static func setKeepalive(
        _ fd: Int32, _ isOn: Bool, idle: Int, interval: Int, count: Int
    ) -> Int32 {
        clinux_keepalive(
            fd, isOn ? 1 : 0, Int32(clamping: idle), Int32(clamping: interval),
            Int32(clamping: count))
    }

    /// Has nobody connect from here on, through whichever process's copy of the socket; those who
    /// have connected can still be accepted.
    public static func turnAway(_ fd: Int32, isUnix: Bool) -> Int32 {
        clinux_turn_away(fd, isUnix ? 1 : 0)
    }

    /// Whether that was done to the socket.
    public static func turnsAway(_ fd: Int32) -> Bool { clinux_turns_away(fd) != 0 }

    /// Why a listening socket accepts nothing.
    public enum Fault: Sendable {
        /// It was shut down.
        case doesNotListen
        /// A filter is attached to it: SO_ATTACH_FILTER, SO_ATTACH_BPF.
        case isFiltered
    }

    /// Returns what keeps a socket from accepting connections; nil if nothing does.
    public static func fault(of fd: Int32) -> Fault? {
        switch clinux_listener_fault(fd) {
        case 1: .doesNotListen
        case 2: .isFiltered
        default: nil
        }
    }

    /// Makes a socket non-blocking and silent again, if another process has changed that.
    public static func restoreFlags(_ fd: Int32) { clinux_restore_flags(fd) }

    /// Ends a listening socket in all processes that have it: shutdown(2).
    public static func end(_ fd: Int32) { clinux_end_listening(fd) }

    /// What a socket listens on that another process has opened.
    public enum Name: Equatable, Sendable {
        /// Four bytes, the first one most significant, and a port.
        case ipv4(UInt32, port: UInt16)
        /// Sixteen bytes as two halves, the first byte most significant, and a port.
        case ipv6(UInt64, UInt64, port: UInt16)
        /// A path; empty for an abstract name.
        case unix(String)
    }

    /// Takes over a stream socket that listens: it is non-blocking and close-on-exec from here on.
    /// errno(3), EINVAL when it is something else.
    public static func takeOver(_ fd: Int32) -> Result<Name, FileError> {
        var found = clinux_listening()
        let returned = unsafe clinux_take_over(fd, &found)
        guard returned >= 0 else { return .failure(FileError(code: 0 &- returned)) }
        switch clinux_family(UInt32(found.family)) {
        case clinux_family_ipv4: return .success(.ipv4(found.ipv4, port: found.port))
        case clinux_family_ipv6:
            return .success(.ipv6(found.ipv6_high, found.ipv6_low, port: found.port))
        default:
            let path = unsafe withUnsafeBytes(of: found.path) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            return .success(.unix(path))
        }
    }

    /// Whether `path` is a socket that nobody listens on.
    public static func isStaleSocket(_ path: String) -> Bool {
        unsafe path.withCString { unsafe clinux_is_stale_socket($0) } != 0
    }

    /// Lets every user connect to the socket at `path`.
    public static func openToAll(_ path: String) -> Int32 {
        unsafe path.withCString { unsafe clinux_open_to_all($0) }
    }
}
