import Testing

@testable import Server

/// The number of checks, one per second, after which a silent helper process is reported.
@Suite struct HelperWatchdogTests {
    private var silence = HelperWatchdog()

    /// Returns the check, counted from 1, that reports the helper process as broken, or nil if none
    /// does.
    private mutating func brokenAt(
        _ looks: Int, isAwaited: Bool = true, hasInFlight: Bool = true
    ) -> Int? {
        for look in 1...looks
        where silence.check(
            hasInFlight: hasInFlight, isAwaited: isAwaited, hasWaiting: isAwaited, nowMs: 0)
        {
            return look
        }
        return nil
    }

    @Test mutating func silentHelperIsStuck() {
        #expect(brokenAt(100) == HelperWatchdog.maxChecks)
        #expect(silence.isBroken)
        // It is reported again while requests wait for the replacement.
        #expect(brokenAt(100, hasInFlight: false) == HelperWatchdog.maxChecks)
        silence.disarm()
        #expect(!silence.isBroken)
    }

    @Test mutating func compressionMayTakeLonger() {
        #expect(brokenAt(1000, isAwaited: false) == HelperWatchdog.maxChecksUnawaited)
    }

    @Test mutating func replyRestartsWatchdog() {
        for _ in 0..<10 {
            #expect(brokenAt(HelperWatchdog.maxChecks - 1) == nil)
            silence.disarm()
        }
    }

    @Test mutating func watchdogRunsOnlyWhileJobsWait() {
        #expect(silence.nextCheckMs == Int64.max)
        silence.arm(nowMs: 5000)
        silence.arm(nowMs: 5500)
        #expect(silence.nextCheckMs == 6000)
        _ = silence.check(hasInFlight: false, isAwaited: false, hasWaiting: true, nowMs: 6000)
        #expect(silence.nextCheckMs == 7000)
        _ = silence.check(hasInFlight: false, isAwaited: false, hasWaiting: false, nowMs: 7000)
        #expect(silence.nextCheckMs == Int64.max)
    }
}
