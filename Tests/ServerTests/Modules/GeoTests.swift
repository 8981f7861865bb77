import Testing

@testable import Server

@Suite struct GeoTableTests {
    private func table(_ rows: [(String, Int32)], in arena: Arena) throws -> GeoTable {
        var networks = GeoNetworks()
        for (text, value) in rows {
            _ = networks.set(try network(text).network, value)
        }
        return networks.table(in: arena)
    }

    @Test(
        arguments: [
            ("10.0.0.1", 1), ("10.1.0.1", 2), ("10.1.2.3", 3), ("10.1.2.4", 2), ("10.2.0.0", 1),
            ("11.0.0.0", 0), ("9.255.255.255", 0), ("255.255.255.255", 0), ("::1", 4),
            ("2001:db8::1", 5), ("2001:db8:1::", 6), ("2001:db9::", nil), ("::ffff:10.1.2.3", 3),
            ("::2", nil),
        ] as [(String, Int32?)])
    func longestPrefixWins(address: String, value: Int32?) throws {
        let arena = Arena()
        let table = try table(
            [
                ("0.0.0.0/0", 0), ("10.0.0.0/8", 1), ("10.1.2.3", 3), ("10.1.0.0/16", 2),
                ("::1", 4), ("2001:db8::/32", 5), ("2001:db8:1::/48", 6),
            ], in: arena)
        #expect(try table.value(of: peer(address)) == value)
        withExtendedLifetime(arena) {}
    }

    @Test func missingAddressCountsAsLast() throws {
        let arena = Arena()
        let table = try table([("255.255.255.255", 7), ("::/0", 8)], in: arena)
        #expect(table.value(of: nil) == 7)
        #expect(table.value(of: Peer()) == 7)
        #expect(table.value(of: Peer(ipv4: 0)) == nil)
        #expect(table.value(of: Peer(ipv6: UInt64.max, UInt64.max)) == 8)
        let empty = GeoNetworks().table(in: arena)
        #expect(empty.value(of: Peer(ipv4: 0)) == nil)
        #expect(empty.value(of: Peer(ipv6: 0, 0)) == nil)
        withExtendedLifetime(arena) {}
    }

    /// Compares with the definition: the longest of all networks that contain the address.
    @Test func thousandNetworksMatchNaiveLookup() {
        var random = SeededGenerator(seed: 5)
        var networks = GeoNetworks()
        var all: [(Network, Int32)] = []
        for value in 0..<1000 as Range<Int32> {
            let isIPv4 = value % 2 == 0
            // With few bits, so that networks contain each other.
            let network = Network(
                family: isIPv4 ? .ipv4 : .ipv6,
                high: isIPv4 ? 0 : UInt64.random(in: 0..<8, using: &random) << 61,
                low: isIPv4
                    ? UInt64.random(in: 0..<4096, using: &random) << 20
                    : UInt64.random(in: 0..<16, using: &random) << 60,
                length: Int.random(in: 0...(isIPv4 ? 32 : 128), using: &random))
            _ = networks.set(network, value)
            all.removeAll { $0.0 == network }
            all.append((network, value))
        }
        let arena = Arena()
        let table = networks.table(in: arena)
        for number in 0..<4000 {
            let peer =
                number % 2 == 0
                ? Peer(ipv4: UInt32.random(in: 0..<4096, using: &random) << 20 | UInt32(number % 3))
                : Peer(
                    ipv6: UInt64.random(in: 0..<8, using: &random) << 61,
                    UInt64.random(in: 0..<16, using: &random) << 60 | UInt64(number % 3))
            let best = all.filter { $0.0.contains(peer) }.max { $0.0.length < $1.0.length }
            #expect(table.value(of: peer) == best?.1)
        }
        withExtendedLifetime(arena) {}
    }

    @Test func networkCanBeDeleted() throws {
        var networks = GeoNetworks()
        let network = try network("10.0.0.0/8").network
        let early = networks.delete(network)
        let old = [1, 2].map { networks.set(network, $0) }
        let late = networks.delete(network)
        #expect(!early && late)
        #expect(old == [nil, 1])
        let arena = Arena()
        #expect(networks.table(in: arena).value(of: Peer(ipv4: 0x0A00_0001)) == nil)
    }

    private func expect(
        _ ranges: inout GeoRanges, _ start: UInt32, _ last: UInt32, _ value: Int32,
        _ outcome: GeoRanges.Outcome
    ) {
        let added = ranges.add(start, last, value)
        #expect(added == outcome)
    }

    @Test func rangesMayBeNested() {
        var ranges = GeoRanges()
        expect(&ranges, 0x0A00_0000, 0x0A02_FFFF, 1, .added)
        expect(&ranges, 0x0A01_0010, 0x0A01_0020, 2, .added)
        expect(&ranges, 0x0A01_0010, 0x0A01_0012, 3, .added)
        expect(&ranges, 0x0A01_0020, 0x0A01_0020, 4, .added)
        expect(&ranges, 0x0A01_0010, 0x0A01_0012, 5, .replaced(3))
        expect(&ranges, 0x0A01_001F, 0x0A01_0020, 6, .overlaps(0x0A01_0013, 0x0A01_001F))
        expect(&ranges, 0x0A01_0008, 0x0A01_0011, 6, .overlaps(0x0A01_0000, 0x0A01_000F))
        // 65,536 addresses each: the first half is a whole block of the first range.
        expect(&ranges, 0x0A02_0000, 0x0A03_FFFF, 7, .replaced(1))
        expect(&ranges, 0x0B00_0000, 0x0B00_00FF, 8, .added)
        let other = ranges.delete(0x0B00_0000, 0x0B00_00FE)
        let same = ranges.delete(0x0B00_0000, 0x0B00_00FF)
        #expect(!other && same)
        let arena = Arena()
        let table = ranges.table(fallback: 9, in: arena)
        let expected: [(UInt32, Int32)] = [
            (0x09FF_FFFF, 9), (0x0A00_0000, 1), (0x0A00_FFFF, 1), (0x0A01_000F, 1),
            (0x0A01_0010, 5), (0x0A01_0012, 5), (0x0A01_0013, 2), (0x0A01_001F, 2),
            (0x0A01_0020, 4), (0x0A01_0021, 1), (0x0A02_0000, 7), (0x0A03_FFFF, 7),
            (0x0A04_0000, 9), (0x0B00_0001, 9), (UInt32.max, 9), (0, 9),
        ]
        for (address, value) in expected { #expect(table.value(of: Peer(ipv4: address)) == value) }
        #expect(table.value(of: Peer(ipv6: 1, 1)) == 9)
        withExtendedLifetime(arena) {}
    }

    @Test func oneRangeMayCoverAllAddresses() {
        var ranges = GeoRanges()
        expect(&ranges, 0, UInt32.max, 1, .added)
        let arena = Arena()
        let table = ranges.table(fallback: -1, in: arena)
        #expect(table.ipv4.count == 1)
        #expect(table.value(of: Peer(ipv4: UInt32.max)) == 1)
        #expect(table.value(of: nil) == 1)
        #expect(GeoRanges().table(fallback: -1, in: arena).value(of: nil) == nil)
        withExtendedLifetime(arena) {}
    }
}
