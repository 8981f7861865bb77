import Testing

@testable import Configuration

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
