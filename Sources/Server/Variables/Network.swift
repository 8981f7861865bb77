import HTTP

/// A network of addresses, or all clients of unix sockets.
struct Network: BitwiseCopyable, Hashable {
    let family: Peer.Family
    /// The network address; the other bits are zero.
    let high: UInt64
    let low: UInt64
    /// The length of the prefix in bits: at most 32 or 128.
    let length: Int

    /// All clients of unix sockets.
    static let unix = Network(family: .unix, high: 0, low: 0, length: 0)

    init(family: Peer.Family, high: UInt64, low: UInt64, length: Int) {
        let mask = Network.mask(family, length)
        self.family = family
        self.high = high & mask.high
        self.low = low & mask.low
        self.length = length
    }

    /// Parses `192.0.2.0/24`, `2001:db8::/32`, or a single address; `hasLowBits` is true if bits
    /// beyond the prefix are set, which are ignored.
    static func parse(_ text: Span<UInt8>) -> (network: Network, hasLowBits: Bool)? {
        let slash = text.firstIndex(of: UInt8(ascii: "/"))
        guard let peer = AddressText.address(text.slice(from: 0, to: slash ?? text.count)) else {
            return nil
        }
        let longest = peer.family == .ipv4 ? 32 : 128
        var length = longest
        if let slash {
            guard let number = AddressText.port(text.slice(from: slash &+ 1, to: text.count)),
                number <= longest
            else { return nil }
            length = Int(number)
        }
        let network = Network(
            family: peer.family, high: peer.high, low: peer.low, length: length)
        return (network, network.high != peer.high || network.low != peer.low)
    }

    private static func mask(
        _ family: Peer.Family, _ length: Int
    ) -> (high: UInt64, low: UInt64) {
        switch family {
        case .unix: return (0, 0)
        case .ipv4: return (0, UInt64(UInt32.max << UInt32(clamping: 32 &- length)))
        case .ipv6:
            let bits = UInt128.max << UInt128(clamping: 128 &- length)
            return (UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits))
        }
    }

    /// Returns true if the peer is in this network; an IPv4-mapped IPv6 address counts as IPv4.
    func contains(_ peer: Peer) -> Bool { containsAsIs(peer.unmapped) }

    /// Returns true if the peer is in this network; an IPv4-mapped IPv6 address counts as IPv6.
    func containsAsIs(_ peer: Peer) -> Bool {
        guard peer.family == family else { return false }
        let mask = Network.mask(family, length)
        return peer.high & mask.high == high && peer.low & mask.low == low
    }
}

extension Peer {
    /// The IPv4 address of `::ffff:192.0.2.1`; every other address unchanged.
    var unmapped: Peer {
        guard family == .ipv6, high == 0, low >> 32 == 0xFFFF else { return self }
        return Peer(ipv4: UInt32(truncatingIfNeeded: low), port: port)
    }
}

extension PlanTable where Element == Network {
    /// Returns true if one of the networks contains the peer.
    func contains(_ peer: Peer) -> Bool {
        var index = 0
        while index < count {
            if self[index].contains(peer) { return true }
            index &+= 1
        }
        return false
    }
}
