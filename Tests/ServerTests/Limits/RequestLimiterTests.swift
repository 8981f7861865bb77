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

@Suite struct RequestRateTests {
    /// Rows: rate, excess, milliseconds since the last request, and the excess that nginx computes.
    private static let cases: [(rate: Int64, excess: Int64, ms: Int64, then: Int64)] = [
        (1000, 0, 0, 1000),
        (1000, 0, 500, 500),
        (1000, 0, 999, 1),
        (1000, 0, 1000, 0),
        (1000, 0, 5000, 0),
        (1000, 2500, 100, 3400),
        // 10 requests per second: one every 100 ms.
        (10_000, 0, 50, 500),
        (10_000, 900, 90, 1000),
        // 1r/m is 16 thousandths per second, and the product is truncated, not rounded.
        (16, 0, 1000, 984),
        (16, 0, 62, 1000),
        (16, 0, 63, 999),
        (16, 984, 60_000, 1024),
        // A clock that is slightly behind counts as now; one that is far behind counts as a
        // millisecond.
        (1000, 500, -1, 1500),
        (1000, 500, -60_000, 1500),
        (1000, 500, -60_001, 1499),
        // Nothing overflows.
        (Int64.max, 5000, Int64.max / 2, 0),
    ]

    @Test(arguments: cases)
    func requestAddsAndTimeSubtracts(
        _ row: (rate: Int64, excess: Int64, ms: Int64, then: Int64)
    ) {
        let before = RequestRate(excess: row.excess, lastMs: 1_000_000)
        let after = before.afterRequest(rate: row.rate, nowMs: 1_000_000 &+ row.ms)
        #expect(after.excess == row.then)
        let stays = row.ms == 0 || row.ms < 0 && row.ms >= -60_000
        #expect(after.lastMs == (stays ? 1_000_000 : 1_000_000 &+ row.ms))
    }

    @Test(arguments: [
        (Int64(1000), Int64(0), Int64(59_999), false), (1000, 0, 60_000, true),
        (1000, 60_000, 60_000, true), (1000, 60_001, 60_000, false), (16, 2000, 60_000, false),
        (16, 960, 60_000, true), (1000, 0, -60_000, true), (Int64.max, 1, 60_000, true),
    ])
    func emptyBucketExpiresAfterAMinute(
        rate: Int64, excess: Int64, ms: Int64, isExpired: Bool
    ) {
        let bucket = RequestRate(excess: excess, lastMs: 5_000_000)
        #expect(bucket.isExpired(rate: rate, nowMs: 5_000_000 &+ ms) == isExpired)
    }

    /// Rows: rate, delay, excess, and the delay in milliseconds.
    @Test(arguments: [
        (Int64(1000), Int64(0), Int64(0), Int64(0)), (1000, 0, 500, 500), (1000, 0, 1000, 1000),
        (1000, 2000, 2000, 0), (1000, 2000, 2001, 1), (16, 0, 1000, 62_500), (10_000, 0, 3, 0),
        (10_000, 0, 1000, 100), (0, 0, 1000, 0), (1000, 0, Int64.max, RequestRate.maxExcess),
    ])
    func excessBeyondDelayWaits(rate: Int64, delay: Int64, excess: Int64, ms: Int64) {
        let limit = RequestLimit(zone: 0, rate: rate, burst: Int64.max, delay: delay)
        #expect(limit.delayMs(excess: excess) == ms)
    }
}

@Suite struct RateBucketTests {
    /// Rows: rate, after, sent, milliseconds since the request began, and the resulting room.
    @Test(arguments: [
        (Int64(1000), Int64(0), Int64(0), Int64(0), Int64(1000)), (1000, 0, 1000, 0, 0),
        (1000, 0, 1000, 999, 0), (1000, 0, 1000, 1000, 1000), (1000, 0, 2500, 1999, -500),
        (1000, 0, 2500, 2000, 500), (1000, 5000, 4000, 0, 1000), (1000, 5000, 5500, 0, 500),
        (1000, Int64.max, Int64.max, 0, 1000), (Int64.max, 0, 5, 1000, Int64.max),
        (1000, 0, 0, -5, 1000),
    ])
    func eachSecondAllowsMoreBytes(
        rate: Int64, after: Int64, sent: Int64, elapsedMs: Int64, room: Int64
    ) {
        let rate = RateBucket(bytesPerSecond: rate, afterBytes: after)
        #expect(rate.room(sentBytes: sent, elapsedMs: elapsedMs) == room)
    }

    /// There is room at the returned time, and none just before.
    @Test(arguments: [Int64(1), 7, 1000, 102_400], [Int64(0), 500, 1 << 20])
    func nextTimeIsFirstWithRoom(bytesPerSecond: Int64, after: Int64) {
        let rate = RateBucket(bytesPerSecond: bytesPerSecond, afterBytes: after)
        for seconds in [Int64(1), 2, 10, 3600] {
            for more in [Int64(0), bytesPerSecond / 2, bytesPerSecond - 1] {
                let sent = after + seconds * bytesPerSecond + more
                let atMs = rate.nextRoomMs(sentBytes: sent)
                #expect(atMs == seconds * 1000)
                #expect(rate.room(sentBytes: sent, elapsedMs: atMs) > 0)
                #expect(rate.room(sentBytes: sent, elapsedMs: atMs - 1) <= 0)
            }
        }
    }

    @Test func extremeRatesDoNotOverflow() {
        let rate = RateBucket(bytesPerSecond: 1, afterBytes: 0)
        #expect(rate.nextRoomMs(sentBytes: .max) == (1 << 40) * 1000)
        #expect(RateBucket(bytesPerSecond: 0).nextRoomMs(sentBytes: 5) == 5000)
    }
}
