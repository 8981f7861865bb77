import Testing

@testable import Server

@Suite struct VerifiedPasswordsTests {
    private func pair(
        _ table: inout VerifiedPasswords, _ password: String, _ hash: String
    ) -> PasswordPair {
        let (password, hash) = (Array(password.utf8), Array(hash.utf8))
        return table.pair(password.span, hash.span)
    }

    @Test func verifiedPasswordExpires() {
        var table = VerifiedPasswords()
        let right = pair(&table, "secret", "hash")
        #expect(!table.contains(right, nowMs: 1000))
        table.remember(right, nowMs: 1000)
        #expect(table.contains(pair(&table, "secret", "hash"), nowMs: 1000))
        #expect(table.contains(right, nowMs: 60_999))
        #expect(!table.contains(right, nowMs: 61_000))
    }

    @Test func passwordIsBoundToHash() {
        var table = VerifiedPasswords()
        let pairs = [("ab", "c"), ("a", "bc"), ("b", "ca"), ("", "abc"), ("abc", "")]
            .map { pair(&table, $0.0, $0.1) }
        #expect(Set(pairs).count == pairs.count)
        table.remember(pairs[0], nowMs: 0)
        for other in pairs.dropFirst() { #expect(!table.contains(other, nowMs: 1)) }
    }

    @Test func tablesHaveOwnSecrets() {
        var first = VerifiedPasswords()
        var second = VerifiedPasswords()
        #expect(pair(&first, "a", "b") != pair(&second, "a", "b"))
    }

    @Test func tableIsBounded() {
        var table = VerifiedPasswords()
        let pairs = (0..<10_000).map { pair(&table, "\($0)", "hash") }
        for pair in pairs { table.remember(pair, nowMs: 0) }
        let kept = pairs.filter { table.contains($0, nowMs: 1) }
        #expect(kept.count <= VerifiedPasswords.capacity)
        #expect(kept.count > VerifiedPasswords.capacity / 2)
        #expect(table.contains(pairs[9999], nowMs: 1))
    }
}
