import CLinux
import Glibc

/// The families of listening sockets.
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

/// The system calls for listening sockets. Each returns 0 or a descriptor, or -errno(3): the caller
/// knows the address and formats the error.
public enum ListenerCalls {
    /// Creates a stream socket, non-blocking and close-on-exec.
    public static func socket(_ family: SocketFamily) -> Int32 {
        clinux_stream_socket(family.number)
    }

    /// Calls bind(2) with an IPv4 address, its first byte most significant.
    public static func bind(_ fd: Int32, ipv4 address: UInt32, port: UInt16) -> Int32 {
        clinux_bind_ipv4(fd, address, port)
    }

    /// Calls bind(2) with an IPv6 address in two halves, its first byte most significant.
    public static func bind(_ fd: Int32, ipv6 high: UInt64, _ low: UInt64, port: UInt16) -> Int32 {
        clinux_bind_ipv6(fd, high, low, port)
    }

    /// Calls bind(2) with a path.
    public static func bind(_ fd: Int32, unix path: String) -> Int32 {
        unsafe path.withCString { unsafe clinux_bind_unix(fd, $0) }
    }

    /// Calls listen(2); for a socket that listens already, this changes the backlog.
    public static func listen(_ fd: Int32, backlog: Int32) -> Int32 { clinux_listen(fd, backlog) }

    /// Sets SO_REUSEADDR: a port with connections in TIME_WAIT can be bound.
    public static func reuseAddress(_ fd: Int32) -> Int32 { clinux_reuse_address(fd) }

    /// Sets SO_REUSEPORT: several sockets can be bound to one address.
    public static func reusePort(_ fd: Int32) -> Int32 { clinux_reuse_port(fd) }

    /// Sets IPV6_V6ONLY: an IPv6 socket accepts no IPv4 clients.
    public static func setIPv6Only(_ fd: Int32, _ isOn: Bool) -> Int32 {
        clinux_ipv6_only(fd, isOn ? 1 : 0)
    }

    /// Sets TCP_DEFER_ACCEPT: accept(2) waits up to a second for the first bytes.
    public static func setDeferred(_ fd: Int32, _ isOn: Bool) -> Int32 {
        clinux_defer_accept(fd, isOn ? 1 : 0)
    }

    /// Sets TCP_NODELAY, which accepted sockets inherit.
    public static func setNoDelay(_ fd: Int32, _ isOn: Bool) -> Int32 {
        clinux_no_delay(fd, isOn ? 1 : 0)
    }

    /// Sets SO_RCVBUF, which accepted sockets inherit.
    public static func setReceiveBuffer(_ fd: Int32, bytes: Int) -> Int32 {
        clinux_receive_buffer(fd, Int32(clamping: bytes))
    }

    /// Sets SO_SNDBUF, which accepted sockets inherit.
    public static func setSendBuffer(_ fd: Int32, bytes: Int) -> Int32 {
        clinux_send_buffer(fd, Int32(clamping: bytes))
    }

    /// Sets TCP_FASTOPEN: the number of connections that may wait before the handshake is complete.
    public static func setFastOpen(_ fd: Int32, queue: Int) -> Int32 {
        clinux_fast_open(fd, Int32(clamping: queue))
    }

    /// Sets SO_KEEPALIVE, which accepted sockets inherit: the seconds before the first probe, the
    /// seconds between probes, and the number of unanswered probes before the connection is closed;
    /// 0 means the system's default.
    public static func setKeepalive(
        _ fd: Int32, _ isOn: Bool, idle: Int, interval: Int, count: Int
    ) -> Int32 {
        clinux_keepalive(
            fd, isOn ? 1 : 0, Int32(clamping: idle), Int32(clamping: interval),
            Int32(clamping: count))
    }

    /// Refuses new connections, through all processes' copies of the socket. Connections in the
    /// backlog can still be accepted.
    public static func refuseNew(_ fd: Int32, isUnix: Bool) -> Int32 {
        clinux_refuse_new_connections(fd, isUnix ? 1 : 0)
    }

    /// Returns true if the socket refuses new connections.
    public static func refusesNew(_ fd: Int32) -> Bool { clinux_refuses_new_connections(fd) != 0 }

    /// The reason that a listening socket accepts nothing.
    public enum Fault: Sendable {
        /// The socket was shut down.
        case doesNotListen
        /// A filter is attached: SO_ATTACH_FILTER, SO_ATTACH_BPF.
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

    /// Restores the non-blocking flag of a socket, and no signals for it, if another process has
    /// changed that.
    public static func restoreFlags(_ fd: Int32) { clinux_restore_flags(fd) }

    /// Shuts a listening socket down in all processes that have it: shutdown(2).
    public static func end(_ fd: Int32) { clinux_end_listening(fd) }

    /// The address of a listening socket that another process has opened.
    public enum Name: Equatable, Sendable {
        /// An IPv4 address, its first byte most significant, and a port.
        case ipv4(UInt32, port: UInt16)
        /// An IPv6 address in two halves, its first byte most significant, and a port.
        case ipv6(UInt64, UInt64, port: UInt16)
        /// A path; empty for an abstract name.
        case unix(String)
    }

    /// Takes ownership of a listening stream socket and makes it non-blocking and close-on-exec.
    /// Fails with errno(3), EINVAL if it is something else.
    public static func takeOver(_ fd: Int32) -> Result<Name, FileError> {
        var found = clinux_listening()
        let returned = unsafe clinux_adopt_listener(fd, &found)
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

    /// Returns true if `path` is a socket without a listener.
    public static func isStaleSocket(_ path: String) -> Bool {
        unsafe path.withCString { unsafe clinux_is_stale_socket($0) } != 0
    }

    /// Lets every user connect to the socket at `path`.
    public static func openToAll(_ path: String) -> Int32 {
        unsafe path.withCString { unsafe clinux_open_to_all($0) }
    }
}

/// Numeric addresses, without name lookups: inet_pton(3) and inet_ntop(3).
public enum LiteralAddress {
    /// Parses an address such as `127.0.0.1`. Returns its bytes, the first one most significant;
    /// nil if invalid.
    public static func ipv4(_ text: String) -> UInt32? {
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return UInt32(bigEndian: address.s_addr)
    }

    /// Parses an address such as `::1`. Returns its bytes in two halves, the first one most
    /// significant; nil if invalid.
    public static func ipv6(_ text: String) -> (high: UInt64, low: UInt64)? {
        var halves: (UInt64, UInt64) = (0, 0)
        guard unsafe inet_pton(AF_INET6, text, &halves) == 1 else { return nil }
        return (UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1))
    }

    /// Formats an address such as `127.0.0.1`.
    public static func text(ipv4 address: UInt32) -> String {
        let bytes = [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: address >> $0)) }
        return bytes.joined(separator: ".")
    }

    /// Formats an address such as `::1`, shortened as RFC 5952 recommends.
    public static func text(ipv6 high: UInt64, _ low: UInt64) -> String {
        var halves = (high.bigEndian, low.bigEndian)
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let count = socklen_t(buffer.count)
        guard let text = unsafe inet_ntop(AF_INET6, &halves, &buffer, count) else { return "?" }
        return unsafe String(cString: text)
    }
}

/// Returns the machine's name in lower case: gethostname(2); empty if it has none.
public func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self).lowercased()
}
