import CLinux

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

    /// Reads the statistics of a socket; nil if it is not a TCP socket.
    public init?(of descriptor: Int32) {
        var info = clinux_tcp_info()
        guard unsafe clinux_get_tcp_info(descriptor, &info) == 0 else { return nil }
        roundTripMicroseconds = info.round_trip
        roundTripVarianceMicroseconds = info.round_trip_variance
        sendWindowSegments = info.send_window
        receiveSpaceBytes = info.receive_space
    }
}
