import Testing

@testable import Server

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
