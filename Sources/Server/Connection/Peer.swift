import CLinux
import HTTP
import Linux

/// The address of a connection's peer, stored separately because only logs and access rules use it.
struct Peer: BitwiseCopyable, Equatable {
    enum Family: UInt8, BitwiseCopyable {
        case unix, ipv4, ipv6
    }

    var family = Family.unix
    private(set) var port: UInt16 = 0
    /// The sixteen bytes of an IPv6 address, the first one most significant; an IPv4 address
    /// occupies the last four.
    private(set) var high: UInt64 = 0
    private(set) var low: UInt64 = 0

    /// Creates the peer of a unix socket.
    init() {}

    /// Creates an IPv4 address, its first byte most significant.
    init(ipv4 bits: UInt32, port: UInt16 = 0) {
        family = .ipv4
        low = UInt64(bits)
        self.port = port
    }

    /// Creates an IPv6 address from two halves, its first byte most significant.
    init(ipv6 high: UInt64, _ low: UInt64, port: UInt16 = 0) {
        family = .ipv6
        self.high = high
        self.low = low
        self.port = port
    }

    /// Returns the same address with another port.
    func with(port: UInt16) -> Peer {
        var peer = self
        peer.port = port
        return peer
    }

    /// Accepts a connection (accept4(2)) and stores its peer. Returns a descriptor or -errno.
    mutating func accept(from listener: Int32) -> Int32 {
        var address = clinux_peer()
        let descriptor = unsafe clinux_accept(listener, &address)
        assign(address)
        return descriptor
    }

    /// Returns the local address of a connection: getsockname(2).
    static func local(of descriptor: Int32) -> Peer {
        var address = clinux_peer()
        var peer = Peer()
        if unsafe clinux_local_address(descriptor, &address) == 0 { peer.assign(address) }
        return peer
    }

    private mutating func assign(_ address: clinux_peer) {
        family = Family(rawValue: address.family) ?? .unix
        port = address.port
        high = address.high
        low = address.low
    }

    /// Returns true if this is the address and port of a `listen`.
    func matches(_ address: ListenAddress) -> Bool {
        switch address {
        case .ipv4(let bits, let port):
            return family == .ipv4 && low == UInt64(bits) && self.port == port
        case .ipv6(let high, let low, let port):
            return family == .ipv6 && self.high == high && self.low == low && self.port == port
        case .unix: return false
        }
    }

    /// Writes the address in binary, 4 or 16 bytes. The client of a unix socket is written as text,
    /// so that limits keyed by address apply to it.
    func writeBytes(into writer: inout ByteWriter) {
        if family == .unix { return write(into: &writer) }
        if family == .ipv6 { writer.append(bigEndian: high, bytes: 8) }
        writer.append(bigEndian: low, bytes: family == .ipv4 ? 4 : 8)
    }

    /// Writes the address as text: `127.0.0.1`, `::1`, `unix:`.
    func write(into writer: inout ByteWriter) {
        switch family {
        case .unix: writer.append("unix:")
        case .ipv4:
            writer.append(decimal: Int64(low >> 24 & 255))
            writer.append(byte: UInt8(ascii: "."))
            writer.append(decimal: Int64(low >> 16 & 255))
            writer.append(byte: UInt8(ascii: "."))
            writer.append(decimal: Int64(low >> 8 & 255))
            writer.append(byte: UInt8(ascii: "."))
            writer.append(decimal: Int64(low & 255))
        case .ipv6: writer.append(string: LiteralAddress.text(ipv6: high, low))
        }
    }

    /// Writes the port. A header with the client's address may have none.
    func writePort(into writer: inout ByteWriter) {
        if port > 0 { writer.append(decimal: Int64(port)) }
    }
}

extension ByteWriter {
    fileprivate mutating func append(bigEndian number: UInt64, bytes: UInt64) {
        for index in 0..<bytes {
            append(byte: UInt8(truncatingIfNeeded: number >> ((bytes &- 1 &- index) &* 8)))
        }
    }
}

/// The meaning of a failed accept4(2) (accept(2), "Error handling").
enum AcceptFailure {
    /// Another worker has accepted the connection, or a signal has interrupted the call.
    case nothingToAccept
    /// The connection was reset before it was accepted.
    case clientGone
    /// There is no free descriptor, or no memory for the connection.
    case exhausted
    /// The socket does not listen any more: another process has shut it down.
    case broken
    case other

    init(_ code: Int32) {
        self = AcceptFailure.kinds[code] ?? .other
    }

    private static let kinds: [Int32: AcceptFailure] = [
        Errno.again: .nothingToAccept, Errno.interrupted: .nothingToAccept,
        Errno.connectionAborted: .clientGone, Errno.protocolError: .clientGone,
        Errno.tooManyFiles: .exhausted, Errno.tooManyFilesInSystem: .exhausted,
        Errno.noMemory: .exhausted, Errno.noBuffers: .exhausted,
        Errno.invalid: .broken, Errno.badDescriptor: .broken,
    ]
}
