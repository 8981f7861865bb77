import CLinux
import Glibc
public import Linux

/// Non-blocking IPv4 stream sockets, identified by their descriptors: all that a small server or
/// client needs in addition to a ``Poller``.
public enum Socket {
    /// The result of a read.
    public enum Received: Equatable, Sendable {
        /// One or more bytes.
        case bytes([UInt8])
        /// Nothing was received yet: wait until the socket is readable.
        case nothingYet
        /// The peer has shut down its sending direction, or the connection is broken.
        case ended
    }

    /// Creates a socket that listens on `port` of 127.0.0.1; 0 selects a free port: socket(2),
    /// bind(2), listen(2).
    public static func listen(port: UInt16) throws(SystemError) -> Int32 {
        let socket = Descriptor(owning: try number(ListenerCalls.socket(.ipv4), "socket()"))
        _ = ListenerCalls.reuseAddress(socket.number)
        let place = "to 127.0.0.1:\(port)"
        _ = try number(
            ListenerCalls.bind(socket.number, ipv4: 0x7f00_0001, port: port), "bind()", place)
        _ = try number(ListenerCalls.listen(socket.number, backlog: 1024), "listen()", place)
        return socket.detach()
    }

    /// Returns the port that `fd` is bound to: getsockname(2).
    public static func port(of fd: Int32) -> UInt16 {
        var own = clinux_peer()
        return unsafe clinux_local_address(fd, &own) == 0 ? own.port : 0
    }

    /// Connects to `host`, a numeric IPv4 address or `localhost`, and waits for the connection:
    /// connect(2).
    public static func connect(host: String, port: UInt16) throws(SystemError) -> Int32 {
        guard let address = LiteralAddress.ipv4(host == "localhost" ? "127.0.0.1" : host) else {
            throw SystemError("inet_pton()", "of \(host)", code: EINVAL)
        }
        return try number(clinux_connect_ipv4(address, port), "connect()", "to \(host):\(port)")
    }

    /// Accepts the next connection of `listener`; nil if there is none, or accept4(2) fails.
    public static func accept(from listener: Int32) -> Int32? {
        var peer = clinux_peer()
        let fd = unsafe clinux_accept(listener, &peer)
        return fd >= 0 ? fd : nil
    }

    /// Receives at most `limit` bytes: recv(2).
    public static func receive(_ fd: Int32, limit: Int = 16384) -> Received {
        var result = IOResult.wouldBlock
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max(1, limit)) { memory, count in
            result = unsafe Linux.receive(fd, into: UnsafeMutableRawBufferPointer(memory))
            if case .bytes(let received) = result { count = received }
        }
        switch result {
        case .bytes(0), .failed: return .ended
        case .bytes: return .bytes(bytes)
        case .wouldBlock: return .nothingYet
        }
    }

    /// Sends as many of `bytes` as fit into the socket's buffer: send(2). Returns their number, 0
    /// if it is full; nil if the connection is broken.
    public static func send(_ fd: Int32, _ bytes: ArraySlice<UInt8>) -> Int? {
        let result = unsafe bytes.withUnsafeBytes { unsafe Linux.send(fd, $0) }
        switch result {
        case .bytes(let count): return count
        case .wouldBlock: return 0
        case .failed: return nil
        }
    }

    private static func number(
        _ returned: Int32, _ call: String, _ subject: String = ""
    ) throws(SystemError) -> Int32 {
        guard returned >= 0 else { throw SystemError(call, subject, code: returned) }
        return returned
    }
}

/// Signals as a readable descriptor: signalfd(2). The signals are blocked in the process from then
/// on.
public struct SignalSource: ~Copyable {
    private let owned: Descriptor

    /// The descriptor to register.
    public var descriptor: Int32 { owned.number }

    /// Blocks `signals`, given by their numbers (signal(7)), and opens a descriptor for them.
    public init(_ signals: [Int32]) throws(SystemError) {
        var mask: UInt64 = 0
        for number in signals where number >= 1 && number <= 64 {
            mask |= 1 << UInt64(number &- 1)
        }
        let returned = clinux_signal_descriptor(mask)
        guard returned >= 0 else { throw SystemError("signalfd()", code: returned) }
        owned = Descriptor(owning: returned)
    }

    /// Reads the next signal; nil if there is none.
    public func next() -> Int32? {
        let number = clinux_next_signal(descriptor)
        return number > 0 ? number : nil
    }
}
