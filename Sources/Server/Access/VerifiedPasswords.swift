import Files
import HTTP

/// A password and the hash that it is to be checked against, as a number that tells nothing of
/// them: 128 bits of SHA-1 over a secret of this process and both.
struct PasswordPair: BitwiseCopyable, Hashable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64
}

/// Passwords that were found right a while ago: a browser sends its password with every request,
/// and a hash that is slow to check is checked once a minute. What was found wrong is not kept, and
/// a password file that has changed has another hash.
struct VerifiedPasswords {
    /// How long a password that was right is believed to be.
    static let lifetimeMs: Int64 = 60_000
    /// How many are kept: a new one takes the place of the one that has its slot.
    static let capacity = 1024

    private struct Entry: BitwiseCopyable {
        var pair: PasswordPair
        var untilMs: Int64
    }

    private var secret: [UInt8] = []
    private var entries: [Entry] = []

    /// What a password and a hash are known by.
    mutating func pair(_ password: Span<UInt8>, _ hash: Span<UInt8>) -> PasswordPair {
        if secret.isEmpty {
            var random = SystemRandomNumberGenerator()
            for _ in 0..<4 { VerifiedPasswords.append(random.next(), to: &secret) }
        }
        var digest = SHA1()
        digest.update(secret.span)
        // Its length keeps a hash's end apart from a password's beginning.
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
