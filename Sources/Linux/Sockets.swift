import CLinux
import Glibc

// The system calls that move bytes for the event loop. Each repeats EINTR, and distinguishes EAGAIN
// from other errors.

/// Calls recv(2) into `memory`.
public func receive(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe recv(fd, memory.baseAddress, memory.count, 0)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Calls send(2) with MSG_NOSIGNAL. `moreFollows` is MSG_MORE: a partial segment waits for the next
/// data.
public func send(
    _ fd: Int32, _ memory: UnsafeRawBufferPointer, moreFollows: Bool = false
) -> IOResult {
    let flags = Int32(MSG_NOSIGNAL) | (moreFollows ? Int32(MSG_MORE) : 0)
    while true {
        let returned = unsafe Glibc.send(fd, memory.baseAddress, memory.count, flags)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Calls sendfile(2) for at most `count` bytes of `file` from `offset` on. 0 bytes means the end of
/// the file: it was truncated.
public func sendFile(_ fd: Int32, from file: Int32, at offset: Int64, count: Int) -> IOResult {
    while true {
        var position = off_t(offset)
        let returned = unsafe sendfile(fd, file, &position, count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Calls pread(2).
public func readFile(
    _ file: Int32, at offset: Int64, into memory: UnsafeMutableRawBufferPointer
) -> IOResult {
    while true {
        let returned = unsafe pread(file, memory.baseAddress, memory.count, off_t(offset))
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Calls write(2), for logs and pipes.
public func write(_ fd: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe Glibc.write(fd, memory.baseAddress, memory.count)
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

/// Writes all of a text: write(2), repeated until it is done or an error occurs.
@discardableResult
public func writeAll(_ fd: Int32, _ text: String) -> IOResult {
    var copy = text
    return copy.withUTF8 { bytes in
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(bytes)[done...])
            switch unsafe write(fd, rest) {
            case .bytes(let count): done += count
            case let other: return other
            }
        }
        return .bytes(done)
    }
}

/// Calls shutdown(2) for the sending direction: the client reads the end of the stream.
public func shutdownSending(_ fd: Int32) {
    _ = shutdown(fd, Int32(SHUT_WR))
}

/// Calls send(2) with MSG_DONTWAIT, because the socket may be shared and in blocking mode.
public func sendAtOnce(_ fd: Int32, _ memory: UnsafeRawBufferPointer) -> IOResult {
    while true {
        let returned = unsafe Glibc.send(
            fd, memory.baseAddress, memory.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        if returned < 0 && errno == EINTR { continue }
        return IOResult(returned)
    }
}

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

/// Creates a connected pair of unix sockets that preserve message boundaries (socketpair(2),
/// SOCK_SEQPACKET), both non-blocking and close-on-exec.
public func openSocketPair() throws(SystemError) -> (Int32, Int32) {
    try openSocketPair(SOCK_SEQPACKET)
}

/// Creates a connected pair of unix stream sockets, both non-blocking and close-on-exec.
public func openStreamPair() throws(SystemError) -> (Int32, Int32) {
    try openSocketPair(SOCK_STREAM)
}

private func openSocketPair(_ kind: __socket_type) throws(SystemError) -> (Int32, Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let type = Int32(kind.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let returned = unsafe withUnsafeMutablePointer(to: &ends) {
        unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) {
            unsafe socketpair(AF_UNIX, type, 0, $0)
        }
    }
    guard returned == 0 else { throw SystemError("socketpair()", code: errno) }
    return ends
}

/// Terminates this process by SIGALRM unless it is called again within `seconds`; 0 disarms it:
/// alarm(2).
public func setWatchdogAlarm(within seconds: UInt32) {
    if seconds > 0 { _ = signal(SIGALRM, SIG_DFL) }
    _ = alarm(seconds)
}

/// Sends one message, with a descriptor unless that is -1, without waiting: SCM_RIGHTS, unix(7).
/// The sender keeps its own descriptor.
public func send(_ socket: Int32, _ message: [UInt8], passing descriptor: Int32) -> IOResult {
    unsafe message.withUnsafeBytes {
        IOResult(
            negatedErrno: unsafe clinux_send_passing(
                socket, $0.baseAddress, $0.count, descriptor))
    }
}

/// Receives one message without waiting; `passed` is the descriptor that was sent with it, or -1.
public func receive(
    _ socket: Int32, into message: inout [UInt8], passed: inout Int32
) -> IOResult {
    var descriptor: Int32 = -1
    let result = unsafe message.withUnsafeMutableBytes {
        IOResult(
            negatedErrno: unsafe clinux_receive_passing(
                socket, $0.baseAddress, $0.count, &descriptor))
    }
    passed = descriptor
    return result
}

extension IOResult {
    fileprivate init(negatedErrno returned: Int) {
        if returned >= 0 {
            self = .bytes(returned)
        } else {
            let code = Int32(clamping: 0 &- returned)
            self = code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
        }
    }
}

/// The kernel's statistics of a TCP connection: TCP_INFO of tcp(7).
public struct TCPInfo {
    /// tcpi_rtt: the smoothed round trip time, in microseconds.
    public let roundTripMicroseconds: UInt32
    /// tcpi_rttvar: the variation of the round trip time, in microseconds.
    public let roundTripVarianceMicroseconds: UInt32
    /// tcpi_snd_cwnd: the congestion window, in segments.
    public let sendWindowSegments: UInt32
    /// tcpi_rcv_space, in bytes.
    public let receiveSpaceBytes: UInt32
    /// tcpi_snd_mss: the segment size, in bytes.
    public let segmentBytes: UInt32
    /// tcpi_pacing_rate: the rate at which the congestion control sends, in bytes per second.
    public let pacingRate: UInt64

    /// Reads the statistics of a socket; nil if it is not a TCP socket.
    public init?(of descriptor: Int32) {
        var info = clinux_tcp_info()
        guard unsafe clinux_get_tcp_info(descriptor, &info) == 0 else { return nil }
        roundTripMicroseconds = info.round_trip
        roundTripVarianceMicroseconds = info.round_trip_variance
        sendWindowSegments = info.send_window
        receiveSpaceBytes = info.receive_space
        segmentBytes = info.send_segment
        pacingRate = info.pacing_rate
    }

    /// Returns true if the kernel delays packets of a connection to keep the pacing rate: with BBR.
    /// Others compute a rate as well, but do not apply it.
    public static func appliesPacing(_ descriptor: Int32) -> Bool {
        clinux_uses_bbr(descriptor) != 0
    }
}
