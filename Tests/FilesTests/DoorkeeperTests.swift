import Testing

@testable import Files

@Suite struct DoorkeeperTests {
    @Test func whoWasHereBeforeIsKnown() {
        var keeper = Doorkeeper(count: 64)
        let one: UInt64 = 0x1234_5678_0000_0001
        // Another with the same place takes it.
        let other: UInt64 = 0x9999_5678_0000_0001
        let answers = [one, one, other, one].map { hash in keeper.knows(hash) }
        #expect(answers == [false, true, false, false])
    }
}
