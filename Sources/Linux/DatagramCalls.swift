import CLinux

/// Datagram sockets, non-blocking and connected: each call returns a descriptor, or -errno(3).
public enum DatagramCalls {
    /// Connects to an IPv4 address, its first byte most significant.
    public static func connect(ipv4 address: UInt32, port: UInt16) -> Int32 {
        clinux_datagram_ipv4(address, port)
    }

    /// Connects to an IPv6 address in two halves, its first byte most significant.
    public static func connect(ipv6 high: UInt64, _ low: UInt64, port: UInt16) -> Int32 {
        clinux_datagram_ipv6(high, low, port)
    }

    /// Sends one datagram to a unix socket without waiting; a name with `@` first is abstract.
    /// Returns 0 or -errno(3).
    public static func notify(_ name: String, _ text: String) -> Int32 {
        unsafe name.withCString { name in
            unsafe text.withCString { unsafe clinux_notify(name, $0) }
        }
    }

    /// Connects to a unix socket by its path.
    public static func connect(unix path: String) -> Int32 {
        unsafe path.withCString { unsafe clinux_datagram_unix($0) }
    }
}
