import Testing

@testable import Configuration

@Suite struct NginxSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("007", 7), ("512", 512), ("1k", 1024), ("1K", 1024),
            ("8m", 8 << 20), ("8M", 8 << 20), ("9223372036854775807", Int.max),
            ("9007199254740991k", 9_007_199_254_740_991 << 10), ("1g", nil), ("1G", nil),
            ("9223372036854775808", nil), ("9007199254740992k", nil), ("99999999999999999999", nil),
            ("", nil), ("k", nil), ("-1", nil), ("+1", nil), ("1.5m", nil), ("1kk", nil),
            ("1 k", nil),
            ("1b", nil), ("0x10", nil), ("\u{0661}", nil),
        ] as [(String, Int?)])
    func size(text: String, expected: Int?) {
        #expect(NginxSize.size(Array(text.utf8)) == expected)
    }

    @Test(
        arguments: [
            ("1g", 1 << 30), ("2G", 2 << 30), ("3k", 3072), ("4M", 4 << 20), ("5", 5),
            ("8589934591g", 8_589_934_591 << 30), ("8589934592g", nil), ("g", nil), ("1t", nil),
        ] as [(String, Int?)])
    func offset(text: String, expected: Int?) {
        #expect(NginxSize.offset(Array(text.utf8)) == expected)
    }
}

@Suite struct NginxTimeTests {
    @Test(
        arguments: [
            ("0", 0), ("60", 60_000), ("500ms", 500), ("1s", 1000), ("1m", 60_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000), ("1w", 604_800_000), ("1h30m", 5_400_000), ("1h 30m", 5_400_000),
            ("1h  30m  ", 5_400_000), ("1m30", 90_000), ("1s500ms", 1500),
            ("1d1h1m1s1ms", 90_061_001),
            ("1 500ms", nil), ("5 ", 5000), ("1h m", 3_600_000),
            ("1M", nil), ("1y", nil), ("30m1h", nil), ("1m1m", nil), ("1ms1s", nil), ("1s1s", nil),
            ("", nil), ("m", nil), ("ms", nil), ("-1", nil), ("1.5s", nil), ("1S", nil),
            (" 1s", nil), ("1 5", 6000),
            ("9223372036854775807ms", Int.max), ("9223372036854775808ms", nil),
            ("9223372036854775", 9_223_372_036_854_775_000), ("9223372036854776", nil),
            ("9223372036854775s900ms", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)])
    func milliseconds(text: String, expected: Int?) {
        #expect(NginxTime.milliseconds(Array(text.utf8)) == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("75", 75), ("1y", 31_536_000), ("1M", 2_592_000), ("1w", 604_800),
            ("1y1M1w1d1h1m1s", 34_822_861), ("1h 30m", 5400), ("1ms", nil), ("1M1y", nil),
            ("1m1M", nil), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
            ("292471208677y", 292_471_208_677 * 31_536_000), ("292471208678y", nil),
            ("9223372036854775807s1", nil), ("10m5", 605), ("x", nil),
        ] as [(String, Int?)])
    func seconds(text: String, expected: Int?) {
        #expect(NginxTime.seconds(Array(text.utf8)) == expected)
    }
}
