import Testing

@testable import Files

@Suite struct AdmissionFilterTests {
    @Test func secondRequestIsAdmitted() {
        var keeper = AdmissionFilter(count: 64)
        let one: UInt64 = 0x1234_5678_0000_0001
        // Another key with the same slot replaces it.
        let other: UInt64 = 0x9999_5678_0000_0001
        let responses = [one, one, other, one].map { hash in keeper.admits(hash) }
        #expect(responses == [false, true, false, false])
    }
}
