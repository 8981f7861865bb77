import Testing

@testable import Server

/// The forms of `expires`, and the expiry that each of them computes.
@Suite struct ExpiresRuleTests {
    @Test(arguments: [
        ("epoch", ExpiresRule(.epoch)), ("max", ExpiresRule(.max)), ("off", ExpiresRule(.off)),
        ("0", ExpiresRule(.access)), ("1h", ExpiresRule(.access, seconds: 3600)),
        ("+1h", ExpiresRule(.access, seconds: 3600)),
        ("1h30m", ExpiresRule(.access, seconds: 5400)),
        ("30d", ExpiresRule(.access, seconds: 2_592_000)),
        ("1M", ExpiresRule(.access, seconds: 2_592_000)),
        ("1y", ExpiresRule(.access, seconds: 31_536_000)),
        ("-1", ExpiresRule(.access, seconds: -1)),
        ("-1h", ExpiresRule(.access, seconds: -3600)),
        ("@15h30m", ExpiresRule(.daily, seconds: 55_800)),
        ("@0", ExpiresRule(.daily)), ("@24h", ExpiresRule(.daily, seconds: 86_400)),
    ])
    func rulesAreParsed(text: String, rule: ExpiresRule) throws {
        #expect(try ExpiresRule.parse(Array(text.utf8), fromModified: false) == rule)
    }

    @Test(arguments: [("+1h", 3600), ("-1h", -3600), ("0", 0), ("1d", 86_400)])
    func rulesAfterModifiedAreParsed(text: String, seconds: Int64) throws {
        #expect(
            try ExpiresRule.parse(Array(text.utf8), fromModified: true)
                == ExpiresRule(.modified, seconds: seconds))
    }

    @Test(arguments: [
        ("", false, ExpiresRule.Invalid.value), ("foo", false, .value), ("EPOCH", false, .value),
        ("-", false, .value), ("@", false, .value), ("+", false, .value), ("--1", false, .value),
        ("1x", false, .value), ("99999999999999999999", false, .value),
        ("@24h1s", false, .dailyTooLarge), ("@25h", false, .dailyTooLarge),
        ("@1h", true, .dailyBesideModified), ("max", true, .value), ("epoch", true, .value),
        ("off", true, .value),
    ])
    func invalidRulesAreRefused(text: String, fromModified: Bool, error: ExpiresRule.Invalid) {
        #expect(throws: error) {
            try ExpiresRule.parse(Array(text.utf8), fromModified: fromModified)
        }
    }

    private static let now: Int64 = 1_000_000_000

    @Test(
        arguments: [
            (ExpiresRule(.epoch), 1, nil), (ExpiresRule(.max), 2_145_916_555, 315_360_000),
            (ExpiresRule(.access), now, 0), (ExpiresRule(.modified), now, 0),
            (ExpiresRule(.access, seconds: 60), now + 60, 60),
            (ExpiresRule(.access, seconds: -60), now - 60, nil),
            (ExpiresRule(.modified, seconds: 60), now - 940, nil),
            (ExpiresRule(.modified, seconds: 5000), now + 4000, 4000),
            (ExpiresRule(.modified, seconds: 1000), now, 0),
            (ExpiresRule(.modified, seconds: -1), now - 1001, nil),
            (ExpiresRule(.access, seconds: .max), Int64.max, Int64.max - now),
        ] as [(ExpiresRule, Int64, Int64?)])
    func expiryIsComputed(rule: ExpiresRule, time: Int64, maxAge: Int64?) {
        let expiry = rule.expiry(now: Self.now, modified: Self.now - 1000) { _ in 0 }
        #expect(expiry == ExpiresRule.Expiry(time: time, maxAge: maxAge))
    }

    @Test func contentWithoutTimeCountsFromNow() {
        let rule = ExpiresRule(.modified, seconds: 60)
        let expiry = rule.expiry(now: Self.now, modified: nil) { _ in 0 }
        #expect(expiry == ExpiresRule.Expiry(time: Self.now + 60, maxAge: 60))
    }

    /// A modification time in the distant past has expired; one in the distant future has not.
    @Test(
        arguments: [
            (Int64.min, nil), (.min + 1, nil), (-62_167_219_200, nil), (-1, nil), (.max, .max),
            (.max - 60, .max),
        ] as [(Int64, Int64?)])
    func extremeTimesDoNotOverflow(modified: Int64, maxAge: Int64?) {
        let rule = ExpiresRule(.modified, seconds: 60)
        let expiry = rule.expiry(now: Self.now, modified: modified) { _ in 0 }
        #expect(expiry?.maxAge == maxAge.map { $0 - Self.now })
    }

    @Test func offSendsNothing() {
        #expect(ExpiresRule(.off).expiry(now: Self.now, modified: nil) { _ in 0 } == nil)
    }

    /// Time zones and times of day; 1,000,000,000 is 01:46:40 UTC.
    @Test(
        arguments: [
            // Later today, earlier today, this second: tomorrow.
            (7200, 0, 800), (3600, 0, 83_600), (6400, 0, 86_400),
            // 03:46:40 local time.
            (7200, 7200, 80_000), (14_400, 7200, 800),
            // 20:46:40 of the day before.
            (0, -18_000, 11_600), (86_400, -18_000, 11_600),
        ] as [(Int64, Int64, Int64)])
    func dailyTimeIsComputed(seconds: Int64, offset: Int64, wait: Int64) {
        let rule = ExpiresRule(.daily, seconds: seconds)
        let expiry = rule.expiry(now: Self.now, modified: nil) { _ in offset }
        #expect(expiry == ExpiresRule.Expiry(time: Self.now + wait, maxAge: wait))
    }

    /// Clocks go forward by an hour at midnight UTC, so 12 o'clock local time is an hour sooner.
    @Test func dailyTimeFollowsDaylightSaving() {
        let midnight: Int64 = 1_000_080_000 - 1_000_080_000 % 86_400
        let rule = ExpiresRule(.daily, seconds: 12 * 3600)
        let expiry = rule.expiry(now: midnight - 3600, modified: nil) {
            $0 < midnight ? 0 : 3600
        }
        #expect(expiry?.time == midnight + 11 * 3600)
    }
}
