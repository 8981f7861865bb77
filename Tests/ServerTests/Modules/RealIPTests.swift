import Testing

@testable import Server

@Suite struct ForwardedAddressTests {
    /// Returns the client's address from the header lines of a request, last line first, for the
    /// peer 10.0.0.1; nil if it stays the same.
    private func address(
        after fields: [String], trusted: [String] = ["10.0.0.0/8", "fd00::/8"],
        isRecursive: Bool = false
    ) -> Peer? {
        let arena = Arena()
        let networks = trusted.compactMap { Network.parse(Array($0.utf8).span)?.network }
        var chain = ForwardedAddress(
            from: Peer(ipv4: 0x0A00_0001), trusted: arena.store(elements: networks),
            isRecursive: isRecursive)
        for field in fields where !chain.process(Array(field.utf8).span) { break }
        withExtendedLifetime(arena) {}
        return chain.isChanged ? chain.address : nil
    }

    private static let client = Peer(ipv4: 0xC000_0201)

    @Test(
        arguments: [
            ("192.0.2.1", client), ("198.51.100.9, 192.0.2.1", client),
            ("10.0.0.2,192.0.2.1", client),
            ("192.0.2.1 , ", client), ("192.0.2.1:4711", client.with(port: 4711)),
            ("[2001:db8::1]:80", Peer(ipv6: 0x2001_0DB8_0000_0000, 1, port: 80)),
            ("2001:db8::1", Peer(ipv6: 0x2001_0DB8_0000_0000, 1)),
            ("192.0.2.1, 10.0.0.3", Peer(ipv4: 0x0A00_0003)), ("", nil), (" , ,", nil),
            ("unknown", nil),
            ("192.0.2.1, unknown", nil), ("192.0.2.1\t10.0.0.1", nil),
        ] as [(String, Peer?)])
    func lastAddressOfListCounts(list: String, peer: Peer?) {
        #expect(address(after: [list]) == peer)
    }

    @Test(
        arguments: [
            (["198.51.100.9, 192.0.2.1, 10.0.0.3, 10.0.0.2"], client),
            (["192.0.2.1"], client), (["10.0.0.3, 10.0.0.2"], Peer(ipv4: 0x0A00_0003)),
            // The last line first, then the one before it, as long as all addresses are trusted.
            (["10.0.0.2", "198.51.100.9, 192.0.2.1"], client),
            (["192.0.2.1, 10.0.0.2", "198.51.100.9"], client),
            (["unknown, 10.0.0.2", "198.51.100.9"], Peer(ipv4: 0x0A00_0002)),
            (["10.0.0.2", "unknown"], Peer(ipv4: 0x0A00_0002)),
            (["192.0.2.1, [fd00::1]:80, 10.0.0.2"], client), ([], nil),
        ] as [([String], Peer?)])
    func trustedProxiesAreSkipped(fields: [String], peer: Peer?) {
        #expect(address(after: fields, isRecursive: true) == peer)
    }

    @Test func untrustedProxiesAreNotSkipped() {
        #expect(address(after: ["192.0.2.1"], trusted: ["192.0.2.0/24"]) == nil)
        #expect(address(after: ["192.0.2.1"], trusted: []) == nil)
    }

    @Test func onlyOneHeaderIsReadUnlessRecursive() {
        #expect(address(after: ["10.0.0.2", "192.0.2.1"]) == Peer(ipv4: 0x0A00_0002))
    }
}
