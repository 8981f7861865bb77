import CLinux
import HTTP
import Linux

/// Who is at the other end: kept beside the connection, looked at by logs only.
struct Peer: BitwiseCopyable, Equatable {
    enum Family: UInt8, BitwiseCopyable {
        case unix, ipv4, ipv6
    }

    var family = Family.unix
    private(set) var port: UInt16 = 0
    /// The sixteen bytes of an IPv6 address, the first one most significant; of an IPv4 address the
    /// last four.
    private(set) var high: UInt64 = 0
    private(set) var low: UInt64 = 0

    /// A unix socket's client.
    init() {}

    /// An IPv4 address, its first byte most significant.
    init(ipv4 bits: UInt32, port: UInt16 = 0) {
        family = .ipv4
        low = UInt64(bits)
        self.port = port
    }

    /// An IPv6 address as two halves, the first byte most significant.
    init(ipv6 high: UInt64, _ low: UInt64, port: UInt16 = 0) {
        family = .ipv6
        self.high = high
        self.low = low
        self.port = port
    }

    /// The same address with another port.
    func with(port: UInt16) -> Peer {
        var peer = self
        peer.port = port
        return peer
    }

    /// accept4(2) of a connection, and who it is from: its descriptor or -errno.
    mutating func accept(from listener: Int32) -> Int32 {
        var address = clinux_peer()
        let descriptor = unsafe clinux_accept(listener, &address)
        take(address)
        return descriptor
    }

    /// The local address of a connection: getsockname(2).
    static func local(of descriptor: Int32) -> Peer {
        var address = clinux_peer()
        var peer = Peer()
        if unsafe clinux_local_address(descriptor, &address) == 0 { peer.take(address) }
        return peer
    }

    private mutating func take(_ address: clinux_peer) {
        family = Family(rawValue: address.family) ?? .unix
        port = address.port
        high = address.high
        low = address.low
    }

    /// Whether this is the address and port of a `listen`.
    func isAt(_ address: ListenAddress) -> Bool {
        switch address {
        case .ipv4(let bits, let port):
            return family == .ipv4 && low == UInt64(bits) && self.port == port
        case .ipv6(let high, let low, let port):
            return family == .ipv6 && self.high == high && self.low == low && self.port == port
        case .unix: return false
        }
    }

    /// Writes the address as it is on the wire, 4 or 16 bytes. The client of a unix socket is
    /// written as text, so that limits keyed by address apply to it.
    func writeBytes(into writer: inout HeadWriter) {
        if family == .unix { return write(into: &writer) }
        if family == .ipv6 { writer.append(bigEndian: high, bytes: 8) }
        writer.append(bigEndian: low, bytes: family == .ipv4 ? 4 : 8)
    }

    /// The address as text: `127.0.0.1`, `::1`, `unix:`.
    func write(into writer: inout HeadWriter) {
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
}

extension HeadWriter {
    fileprivate mutating func append(bigEndian number: UInt64, bytes: UInt64) {
        for index in 0..<bytes {
            append(byte: UInt8(truncatingIfNeeded: number >> ((bytes &- 1 &- index) &* 8)))
        }
    }
}

/// What a failed accept4(2) means (accept(2), "Error handling").
enum AcceptFailure {
    /// Another worker took it.
    case nothingThere
    /// It was reset before it was accepted.
    case clientGone
    /// No descriptor, or no memory for it, is free.
    case exhausted
    /// The socket does not listen any more: somebody shut it down.
    case broken
    case other

    init(_ code: Int32) {
        self = AcceptFailure.kinds[code] ?? .other
    }

    private static let kinds: [Int32: AcceptFailure] = [
        Errno.again: .nothingThere, Errno.interrupted: .nothingThere,
        Errno.connectionAborted: .clientGone, Errno.protocolError: .clientGone,
        Errno.tooManyFiles: .exhausted, Errno.tooManyFilesInSystem: .exhausted,
        Errno.noMemory: .exhausted, Errno.noBuffers: .exhausted,
        Errno.invalid: .broken, Errno.badDescriptor: .broken,
    ]
}
