import Testing

@testable import Server

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

    @Test func nothingOverflows() {
        let rate = RateBucket(bytesPerSecond: 1, afterBytes: 0)
        #expect(rate.nextRoomMs(sentBytes: .max) == (1 << 40) * 1000)
        #expect(RateBucket(bytesPerSecond: 0).nextRoomMs(sentBytes: 5) == 5000)
    }
}
