import Files
import HTTP

/// A key for a password and the hash to verify it against, which reveals neither: 128 bits of SHA-1
/// over a secret of this process and both.
struct PasswordPair: BitwiseCopyable, Hashable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64
}

/// A cache of passwords that were verified recently: a browser sends its password with every
/// request, and a slow hash is verified once a minute. Wrong passwords are not cached, and a
/// changed password file has another hash.
struct VerifiedPasswords {
    /// The time that a verified password stays valid.
    static let lifetimeMs: Int64 = 60_000
    /// The number of entries: a new one replaces the one in its slot.
    static let capacity = 1024

    private struct Entry: BitwiseCopyable {
        var pair: PasswordPair
        var untilMs: Int64
    }

    private var secret: [UInt8] = []
    private var entries: [Entry] = []

    /// Returns the key of a password and a hash.
    mutating func pair(_ password: Span<UInt8>, _ hash: Span<UInt8>) -> PasswordPair {
        if secret.isEmpty {
            var random = SystemRandomNumberGenerator()
            for _ in 0..<4 { VerifiedPasswords.append(random.next(), to: &secret) }
        }
        var digest = SHA1()
        digest.update(secret.span)
        // The length separates the end of the hash from the beginning of the password.
        var count: [UInt8] = []
        VerifiedPasswords.append(UInt64(clamping: hash.count), to: &count)
        digest.update(count.span)
        digest.update(hash)
        digest.update(password)
        let bytes = digest.finish()
        return PasswordPair(
            high: VerifiedPasswords.number(bytes, from: 0),
            low: VerifiedPasswords.number(bytes, from: 8))
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for index in UInt64(0)..<8 {
            bytes.append(UInt8(truncatingIfNeeded: number >> (8 &* index)))
        }
    }

    private static func number(_ bytes: [UInt8], from start: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | UInt64(bytes[start &+ index]) }
        return number
    }

    func contains(_ pair: PasswordPair, nowMs: Int64) -> Bool {
        guard !entries.isEmpty else { return false }
        let entry = entries[place(of: pair)]
        return entry.pair == pair && entry.untilMs > nowMs
    }

    mutating func remember(_ pair: PasswordPair, nowMs: Int64) {
        if entries.isEmpty {
            entries = Array(
                repeating: Entry(pair: PasswordPair(high: 0, low: 0), untilMs: Int64.min),
                count: VerifiedPasswords.capacity)
        }
        entries[place(of: pair)] = Entry(
            pair: pair, untilMs: nowMs &+ VerifiedPasswords.lifetimeMs)
    }

    private func place(of pair: PasswordPair) -> Int {
        Int(truncatingIfNeeded: pair.low % UInt64(VerifiedPasswords.capacity))
    }
}
