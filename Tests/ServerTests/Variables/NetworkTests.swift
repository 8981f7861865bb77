import Testing

@testable import Server

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
