import Testing

@testable import Server

@Suite struct AddressTextTests {
    @Test(
        arguments: [
            ("192.0.2.1", 0xC000_0201), ("0.0.0.0", 0), ("255.255.255.255", 0xFFFF_FFFF),
            ("010.000.0.1", 0x0A00_0001),
        ] as [(String, UInt32)])
    func ipv4IsParsed(text: String, address: UInt32) {
        let read = AddressText.ipv4(Array(text.utf8).span)
        #expect(read == address)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.4.", "1.2.3.4.5", ".1.2.3", "1..2.3", "256.0.0.1", "1.2.3.a",
        "1.2.3.4 ", "-1.2.3.4", "1.2.3.99999999999999999999", "::1",
    ])
    func invalidIPv4IsRefused(text: String) {
        let read = AddressText.ipv4(Array(text.utf8).span)
        #expect(read == nil)
    }

    @Test(
        arguments: [
            ("::", 0, 0), ("::1", 0, 1), ("2001:db8::1", 0x2001_0DB8_0000_0000, 1),
            ("2001:DB8::", 0x2001_0DB8_0000_0000, 0),
            ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008),
            ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
            ("::2:3:4:5:6:7:8", 0x0000_0002_0003_0004, 0x0005_0006_0007_0008),
            ("fe80::1:2", 0xFE80_0000_0000_0000, 0x1_0002),
            ("::ffff:192.0.2.1", 0, 0xFFFF_C000_0201), ("1::2:192.0.2.1", 1 << 48, 0x2_C000_0201),
            ("1:2:3:4:5:6:1.2.3.4", 0x0001_0002_0003_0004, 0x0005_0006_0102_0304),
        ] as [(String, UInt64, UInt64)])
    func ipv6IsParsed(text: String, high: UInt64, low: UInt64) {
        let address = AddressText.ipv6(Array(text.utf8).span)
        #expect(address?.high == high)
        #expect(address?.low == low)
    }

    @Test(arguments: [
        "", ":", ":::", "1:", ":1", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", "12345::", "g::", "::1.2.3", "1.2.3.4", "::1.2.3.4:5", "[::1]",
        "::1%lo",
        "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "::1 ",
    ])
    func invalidIPv6IsRefused(text: String) {
        let isRead = AddressText.ipv6(Array(text.utf8).span) != nil
        #expect(!isRead)
    }

    @Test(
        arguments: [
            ("192.0.2.1", Peer(ipv4: 0xC000_0201)),
            ("192.0.2.1:8080", Peer(ipv4: 0xC000_0201, port: 8080)),
            ("::1", Peer(ipv6: 0, 1)), ("[::1]:443", Peer(ipv6: 0, 1, port: 443)),
            ("192.0.2.1:65535", Peer(ipv4: 0xC000_0201, port: 65535)),
            ("192.0.2.1:0", nil), ("192.0.2.1:65536", nil), ("192.0.2.1:", nil),
            ("192.0.2.1:x", nil),
            ("[::1]", nil), ("[::1", nil), ("[::1]80", nil), ("[]:80", nil), (":80", nil),
            ("", nil),
            ("example.com:80", nil), ("unknown", nil), ("_hidden", nil),
        ] as [(String, Peer?)])
    func portIsParsed(text: String, peer: Peer?) {
        let read = AddressText.addressAndPort(Array(text.utf8).span)
        #expect(read == peer)
    }
}

@Suite struct NetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.0", true), ("192.0.2.0/24", "192.0.2.255", true),
        ("192.0.2.0/24", "192.0.3.0", false), ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false), ("192.0.2.1/32", "192.0.2.1", true),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false),
        ("128.0.0.0/1", "127.255.255.255", false), ("128.0.0.0/1", "200.0.0.1", true),
        ("10.1.2.3/8", "10.255.0.0", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::", false), ("::/0", "ffff::", true),
        ("2001:db8::1:0/112", "2001:db8::1:ffff", true),
        ("2001:db8::1:0/112", "2001:db8::2:0", false), ("::1", "::1", true), ("::1", "::2", false),
        ("192.0.2.0/24", "::ffff:192.0.2.7", true), ("::/0", "::ffff:192.0.2.7", false),
    ])
    func networkContainsItsAddresses(text: String, address: String, holds: Bool) throws {
        let holder = try network(text).network
        let somebody = try peer(address)
        #expect(holder.contains(somebody) == holds)
        #expect(!holder.contains(Peer()))
        #expect(!Network.unix.contains(somebody))
    }

    @Test(arguments: [
        ("10.0.0.0/8", false), ("10.0.0.1/8", true), ("10.0.0.1/32", false), ("0.0.0.1/0", true),
        ("2001:db8::/32", false), ("2001:db8::1/32", true), ("::1", false),
    ])
    func lowBitsAreReported(text: String, hasLowBits: Bool) throws {
        #expect(try network(text).hasLowBits == hasLowBits)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/a", "::/129",
        "10.0.0.0/255.0.0.0", "localhost", "10.0.0/8", "10.0.0.0/8/8", "::/999999999999999999999",
    ])
    func invalidNetworkIsRefused(text: String) {
        let isNetwork = Network.parse(Array(text.utf8).span) != nil
        #expect(!isNetwork)
    }

    @Test func unixIsSeparateNetwork() {
        #expect(Network.unix.contains(Peer()))
    }
}

/// Parses a network.
func network(_ text: String) throws -> (network: Network, hasLowBits: Bool) {
    let parsed = Network.parse(Array(text.utf8).span)
    return try #require(parsed)
}

/// Parses an address.
func peer(_ text: String) throws -> Peer {
    let parsed = AddressText.address(Array(text.utf8).span)
    return try #require(parsed)
}
