import Testing

@testable import Server

/// How long a worker waits for the helper process, told as looks a second apart.
@Suite struct AideSilenceTests {
    private var silence = AideSilence()

    /// The look, counted from 1, that finds the helper broken; nil if none of so many does.
    private mutating func brokenAt(
        _ looks: Int, isAwaited: Bool = true, hasAsked: Bool = true
    ) -> Int? {
        for look in 1...looks
        where silence.look(
            hasAsked: hasAsked, isAwaited: isAwaited, hasWaiting: isAwaited, nowMs: 0)
        {
            return look
        }
        return nil
    }

    @Test mutating func aHelperThatIsNotHeardOfIsBroken() {
        #expect(brokenAt(100) == AideSilence.mostLooks)
        #expect(silence.isBroken)
        // It is reported again, while requests wait for another one.
        #expect(brokenAt(100, hasAsked: false) == AideSilence.mostLooks)
        silence.end()
        #expect(!silence.isBroken)
    }

    @Test mutating func compressingMayTakeLonger() {
        #expect(brokenAt(1000, isAwaited: false) == AideSilence.mostLooksUnawaited)
    }

    @Test mutating func eachAnswerBeginsItAnew() {
        for _ in 0..<10 {
            #expect(brokenAt(AideSilence.mostLooks - 1) == nil)
            silence.end()
        }
    }

    @Test mutating func itLooksOnlyWhileSomethingWaits() {
        #expect(silence.nextLookMs == Int64.max)
        silence.expect(nowMs: 5000)
        silence.expect(nowMs: 5500)
        #expect(silence.nextLookMs == 6000)
        _ = silence.look(hasAsked: false, isAwaited: false, hasWaiting: true, nowMs: 6000)
        #expect(silence.nextLookMs == 7000)
        _ = silence.look(hasAsked: false, isAwaited: false, hasWaiting: false, nowMs: 7000)
        #expect(silence.nextLookMs == Int64.max)
    }
}
