import HTTP

/// Numeric addresses in requests and configurations.
enum AddressText {
    /// Parses an address such as `192.0.2.1`. As in nginx, digits are decimal even after leading
    /// zeros.
    static func ipv4(_ text: Span<UInt8>) -> UInt32? {
        var address: UInt32 = 0
        var octet: UInt32 = 0
        var octets = 0
        var digits = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, octets < 3 else { return nil }
                address = address << 8 | octet
                octets &+= 1
                octet = 0
                digits = 0
            } else {
                guard let digit = byte.decimalDigit else { return nil }
                octet = octet &* 10 &+ UInt32(digit)
                digits &+= 1
                guard octet < 256 else { return nil }
            }
        }
        return octets == 3 && digits > 0 ? address << 8 | octet : nil
    }

    /// Parses an address such as `2001:db8::1`, which may end in an IPv4 address (RFC 4291, section
    /// 2.2).
    static func ipv6(_ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
        var groups = Groups()
        var position = 0
        if text.count >= 2, text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            groups.gap = 0
            position = 2
        }
        while position < text.count {
            let end = text.firstIndex(of: UInt8(ascii: ":"), from: position) ?? text.count
            let part = text.slice(from: position, to: end)
            if end == text.count, part.firstIndex(of: UInt8(ascii: ".")) != nil {
                guard let last = ipv4(part), groups.append(last >> 16), groups.append(last & 0xFFFF)
                else { return nil }
                return groups.halves
            }
            guard let value = hexadecimal(part), groups.append(value) else { return nil }
            if end == text.count { return groups.halves }
            position = end &+ 1
            if position < text.count, text[position] == UInt8(ascii: ":") {
                guard groups.gap == nil else { return nil }
                groups.gap = groups.count
                position &+= 1
            } else if position == text.count {
                return nil
            }
        }
        return groups.gap == nil ? nil : groups.halves
    }

    /// The eight groups of an address that is being parsed.
    private struct Groups {
        private var high: UInt64 = 0
        private var low: UInt64 = 0
        private(set) var count = 0
        /// The number of groups before `::`.
        var gap: Int?

        mutating func append(_ group: UInt32) -> Bool {
            guard count < 8 else { return false }
            high = high << 16 | low >> 48
            low = low << 16 | UInt64(group)
            count &+= 1
            return true
        }

        var halves: (high: UInt64, low: UInt64)? {
            guard let gap else { return count == 8 ? (high, low) : nil }
            // `::` replaces one group or more.
            guard count < 8 else { return nil }
            // The groups after the gap move to the end.
            let behind = count &- gap
            let all = UInt128(high) << 64 | UInt128(low)
            let tail = behind == 0 ? 0 : all & (UInt128.max >> UInt128(128 &- 16 &* behind))
            let before = all >> UInt128(16 &* behind)
            let head = gap == 0 ? 0 : before << UInt128(128 &- 16 &* gap)
            let address = head | tail
            return (UInt64(truncatingIfNeeded: address >> 64), UInt64(truncatingIfNeeded: address))
        }
    }

    private static func hexadecimal(_ text: Span<UInt8>) -> UInt32? {
        guard text.count >= 1, text.count <= 4 else { return nil }
        var value: UInt32 = 0
        for index in 0..<text.count {
            guard let digit = text[index].hexadecimalDigit else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Parses an address of either family without a port.
    static func address(_ text: Span<UInt8>) -> Peer? {
        if let bits = ipv4(text) { return Peer(ipv4: bits) }
        if let halves = ipv6(text) { return Peer(ipv6: halves.high, halves.low) }
        return nil
    }

    /// Parses an address, optionally with a port: `192.0.2.1:80`, `[2001:db8::1]:80`
    /// (ngx_parse_addr_port).
    static func addressAndPort(_ text: Span<UInt8>) -> Peer? {
        if let peer = address(text) { return peer }
        guard text.count > 0 else { return nil }
        let hostStart: Int
        let hostEnd: Int
        let colon: Int
        if text[0] == UInt8(ascii: "[") {
            guard let bracket = text.firstIndex(of: UInt8(ascii: "]")), bracket &+ 1 < text.count,
                text[bracket &+ 1] == UInt8(ascii: ":")
            else { return nil }
            (hostStart, hostEnd, colon) = (1, bracket, bracket &+ 1)
        } else {
            guard let first = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            (hostStart, hostEnd, colon) = (0, first, first)
        }
        guard let port = port(text.slice(from: colon &+ 1, to: text.count)), port > 0,
            let peer = address(text.slice(from: hostStart, to: hostEnd))
        else { return nil }
        return peer.with(port: port)
    }

    /// Parses decimal digits up to 65535.
    static func port(_ text: Span<UInt8>) -> UInt16? {
        text.decimalValue().flatMap { UInt16(exactly: $0) }
    }
}

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

    /// The IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), as a socket for both families
    /// reports it.
    var mapped: Peer { Peer(ipv6: 0, 0xFFFF_0000_0000 | low, port: port) }

    /// True for such an address, given its family.
    var isMapped: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The address with port: `127.0.0.1:80`, `[::1]:80`.
    var textWithPort: String { family == .ipv6 ? "[\(text)]:\(port)" : "\(text):\(port)" }
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
