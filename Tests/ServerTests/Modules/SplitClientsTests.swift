import Testing

@testable import Server

@Suite struct SplitTableTests {
    @Test(
        arguments: [
            ("", 0x0),
            ("a", 0x9268_5F5E),
            ("ab", 0x1AA1_4063),
            ("abc", 0x1357_7C9B),
            ("abcd", 0x2687_3021),
            ("127.0.0.1", 0xB613_1D91),
            ("10.0.0.1AAA", 0x1371_C05F),
            ("\u{FF}\u{FE}\u{FD}", 0xC588_022C),
        ] as [(String, UInt32)])
    func hashesAreMurmurHash2(text: String, hash: UInt32) {
        let computed = murmurHash2(Array(text.utf8).span)
        #expect(computed == hash)
    }

    @Test(
        arguments: [
            ("0.5%", 50), ("100%", 10_000), ("0.01%", 1), ("33.3%", 3330), ("33.33%", 3333),
            ("5.%", 500), (".5%", 50), ("100.01%", 10_001),
        ] as [(String, UInt32)])
    func percentagesAreParsed(text: String, share: UInt32) {
        #expect(SplitShares.parse(Array(text.utf8)) == share)
    }

    @Test(arguments: [
        "", "%", "5", "0%", "0.00%", "0.001%", "-1%", "1.2.3%", "a%", ".%", "5 %",
        "99999999999999999999%",
    ])
    func invalidPercentagesAreRefused(text: String) {
        #expect(SplitShares.parse(Array(text.utf8)) == nil)
    }

    @Test func sharesAddUp() {
        var shares = SplitShares()
        let ends = [50, 9950, 1].map { shares.add($0) }
        #expect(ends == [21_474_836, 4_294_967_294, nil])
        var rest = SplitShares()
        rest.addRest()
        let behind = rest.add(1)
        #expect(behind == nil)
        var large = SplitShares()
        let tooLarge = [UInt32.max, UInt32.max].map { large.add($0) }
        #expect(tooLarge == [nil, nil])
    }

    @Test(arguments: [("a", "rest"), ("abc", "half"), ("", "half")])
    func hashSelectsShare(text: String, value: String) {
        let arena = Arena()
        var shares = SplitShares()
        let table = SplitTable(
            parts: arena.store(elements: [
                SplitPart(end: shares.add(5000) ?? 0, value: arena.store("half")),
                SplitPart(end: 0, value: arena.store("rest")),
            ]))
        let whole = table.value(of: Array(text.utf8).span)?.text
        #expect(whole == value)
        let half = SplitTable(parts: arena.store(elements: [table.parts[0]]))
        let part = half.value(of: Array(text.utf8).span)?.text
        #expect(part == (value == "half" ? value : nil))
        withExtendedLifetime(arena) {}
    }
}
