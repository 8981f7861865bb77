import Testing

@testable import Reactor

@Suite struct TokenTests {
    @Test(arguments: [
        (UInt32(0), UInt32(0), UInt64(0)),
        (1, 0, 1),
        (0, 1, 1 << 32),
        (7, 9, 9 << 32 | 7),
        (.max, 0, 0xFFFF_FFFF),
        (0, .max, 0xFFFF_FFFF_0000_0000),
        (.max, .max, .max),
    ])
    func tokenPacksSlotAndGeneration(slot: UInt32, generation: UInt32, bits: UInt64) {
        let token = Token(slot: slot, generation: generation)
        #expect(token.bits == bits)
        #expect(Token(bits: bits) == token)
        #expect(Token(bits: bits).slot == slot)
        #expect(Token(bits: bits).generation == generation)
    }

    @Test func usersOfOneSlotDiffer() {
        #expect(Token(slot: 3, generation: 1) != Token(slot: 3, generation: 2))
        #expect(Set([Token(slot: 3, generation: 1), Token(slot: 3, generation: 1)]).count == 1)
    }
}
