import Linux
import Testing

@testable import Server

@Suite struct RequestLimiterTests {
    private func zones(_ count: Int) throws -> [Zone] {
        try (0..<count).map {
            try Zone(ZonePlan(kind: .requests, name: "\($0)", size: 32768, keyText: "$key"))
        }
    }

    private func key(_ text: String) -> [UInt8]? { Array(text.utf8) }

    @Test func oneRequestPerIntervalWithoutBurst() throws {
        let zones = try zones(1)
        let limits = [RequestLimit(zone: 0, rate: 1000, burst: 0, delay: 0)]
        for (atMs, verdict) in [
            (Int64(0), RequestVerdict.passed), (0, .rejected(excess: 1000, limit: 0)),
            (500, .rejected(excess: 500, limit: 0)), (999, .rejected(excess: 1, limit: 0)),
            (1000, .passed), (1001, .rejected(excess: 999, limit: 0)), (5000, .passed),
        ] {
            #expect(
                RequestVerdict.evaluate(limits, [key("a")], in: zones, nowMs: 10_000 + atMs)
                    == verdict, "at \(atMs)")
        }
        #expect(RequestVerdict.evaluate(limits, [key("b")], in: zones, nowMs: 15_000) == .passed)
    }

    /// Verdicts with burst=3: all delayed, none delayed, and the first not delayed.
    private static let bursts: [(delay: Int64, verdicts: [RequestVerdict])] = [
        (
            0,
            [
                .passed, .delayed(milliseconds: 1000, excess: 1000, limit: 0),
                .delayed(milliseconds: 2000, excess: 2000, limit: 0),
                .delayed(milliseconds: 3000, excess: 3000, limit: 0),
                .rejected(excess: 4000, limit: 0),
            ]
        ),
        (
            RequestRate.maxExcess,
            [.passed, .passed, .passed, .passed, .rejected(excess: 4000, limit: 0)]
        ),
        (
            1000,
            [
                .passed, .passed, .delayed(milliseconds: 1000, excess: 2000, limit: 0),
                .delayed(milliseconds: 2000, excess: 3000, limit: 0),
                .rejected(excess: 4000, limit: 0),
            ]
        ),
    ]

    @Test(arguments: bursts)
    func burstIsDelayed(delay: Int64, verdicts: [RequestVerdict]) throws {
        let zones = try zones(1)
        let limits = [RequestLimit(zone: 0, rate: 1000, burst: 3000, delay: delay)]
        let got = verdicts.map { _ in
            RequestVerdict.evaluate(limits, [key("a")], in: zones, nowMs: 7)
        }
        #expect(got == verdicts)
    }

    @Test func longestDelayCounts() throws {
        let zones = try zones(2)
        let limits = [
            RequestLimit(zone: 0, rate: 500, burst: 10_000, delay: 0),
            RequestLimit(zone: 1, rate: 1000, burst: 10_000, delay: 0),
        ]
        let keys = [key("a"), key("b")]
        #expect(RequestVerdict.evaluate(limits, keys, in: zones, nowMs: 0) == .passed)
        #expect(
            RequestVerdict.evaluate(limits, keys, in: zones, nowMs: 0)
                == .delayed(milliseconds: 2000, excess: 1000, limit: 0))
        #expect(
            RequestVerdict.evaluate(limits.reversed(), keys.reversed(), in: zones, nowMs: 0)
                == .delayed(milliseconds: 4000, excess: 2000, limit: 1))
    }

    @Test func rejectedRequestIsCountedNowhere() throws {
        let zones = try zones(2)
        let strict = RequestLimit(zone: 1, rate: 1000, burst: 0, delay: 0)
        let limits = [RequestLimit(zone: 0, rate: 1000, burst: 1000, delay: 0), strict]
        let keys = [key("a"), key("a")]
        #expect(RequestVerdict.evaluate(limits, keys, in: zones, nowMs: 0) == .passed)
        for _ in 0..<20 {
            #expect(
                RequestVerdict.evaluate(limits, keys, in: zones, nowMs: 0)
                    == .rejected(excess: 1000, limit: 1))
        }
        #expect(
            RequestVerdict.evaluate([limits[0]], [keys[0]], in: zones, nowMs: 0)
                == .delayed(milliseconds: 1000, excess: 1000, limit: 0))
    }

    @Test func emptyKeysAreNotLimited() throws {
        let zones = try zones(2)
        let limit = RequestLimit(zone: 0, rate: 1, burst: 0, delay: 0)
        let other = RequestLimit(zone: 1, rate: 1000, burst: 5000, delay: 0)
        for _ in 0..<3 {
            #expect(
                RequestVerdict.evaluate([limit, other], [nil, []], in: zones, nowMs: 0)
                    == .unlimited)
        }
        // If the last limit is skipped, the others still count.
        let limits = [other, limit]
        #expect(RequestVerdict.evaluate(limits, [key("a"), nil], in: zones, nowMs: 0) == .passed)
        #expect(
            RequestVerdict.evaluate(limits, [key("a"), nil], in: zones, nowMs: 0)
                == .delayed(milliseconds: 1000, excess: 1000, limit: 0))
    }

    @Test func fullZoneEvictsLeastRecentlyUsed() throws {
        let zones = try zones(1)
        let limits = [RequestLimit(zone: 0, rate: 1, burst: 0, delay: 0)]
        let capacity = try #require(zones[0].withTable { $0.capacity })
        for number in 0..<capacity + 10 {
            #expect(
                RequestVerdict.evaluate(limits, [key("\(number)")], in: zones, nowMs: 0) == .passed)
        }
        // The first ten keys were evicted; the last ones are known.
        #expect(RequestVerdict.evaluate(limits, [key("3")], in: zones, nowMs: 0) == .passed)
        #expect(
            RequestVerdict.evaluate(limits, [key("\(capacity + 9)")], in: zones, nowMs: 0)
                == .rejected(excess: 1000, limit: 0))
    }

    @Test func newKeyRemovesTwoExpiredOnes() throws {
        let zones = try zones(1)
        let limits = [RequestLimit(zone: 0, rate: 1000, burst: 0, delay: 0)]
        for number in 0..<10 {
            _ = RequestVerdict.evaluate(limits, [key("\(number)")], in: zones, nowMs: 0)
        }
        _ = RequestVerdict.evaluate(limits, [key("x")], in: zones, nowMs: 59_999)
        #expect(zones[0].withTable { $0.count } == 11)
        _ = RequestVerdict.evaluate(limits, [key("y")], in: zones, nowMs: 60_000)
        #expect(zones[0].withTable { $0.count } == 10)
    }
}
