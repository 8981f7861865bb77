/// A 128-bit digest of a key: SipHash-2-4 with 128 bits of output (Aumasson and Bernstein,
/// <https://www.aumasson.jp/siphash/>), keyed by a secret of the zone.
///
/// A client does not know the secret, so it cannot construct keys that share a bucket or a digest.
/// The probability that two of a million keys have the same digest is below 2^-88.
struct KeyDigest: BitwiseCopyable, Equatable {
    var first: UInt64
    var second: UInt64

    /// Computes the digest of `bytes` with a secret.
    init(of bytes: Span<UInt8>, secret: (UInt64, UInt64)) {
        var state = SipState(secret)
        let whole = bytes.count & ~7
        var position = 0
        while position < whole {
            state.take(word(of: bytes, from: position, to: position &+ 8))
            position &+= 8
        }
        let length = UInt64(truncatingIfNeeded: bytes.count) << 56
        state.take(length | word(of: bytes, from: whole, to: bytes.count))
        (first, second) = state.finish()
    }

    /// Computes the digest of a key of up to 32 bytes that is in words, padded with zeros.
    init(
        of words: (UInt64, UInt64, UInt64, UInt64), length: Int, secret: (UInt64, UInt64)
    ) {
        var state = SipState(secret)
        let last = UInt64(truncatingIfNeeded: length) << 56
        if length >= 8 { state.take(words.0) }
        if length >= 16 { state.take(words.1) }
        if length >= 24 { state.take(words.2) }
        if length >= 32 { state.take(words.3) }
        switch length >> 3 {
        case 0: state.take(words.0 | last)
        case 1: state.take(words.1 | last)
        case 2: state.take(words.2 | last)
        case 3: state.take(words.3 | last)
        default: state.take(last)
        }
        (first, second) = state.finish()
    }
}

/// Returns the bytes from `lower` to `upper`, at most eight, as a little-endian number.
func word(of bytes: Span<UInt8>, from lower: Int, to upper: Int) -> UInt64 {
    var word: UInt64 = 0
    var index = min(upper, bytes.count)
    while index > lower {
        index &-= 1
        word = word << 8 | UInt64(bytes[index])
    }
    return word
}

private struct SipState {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    init(_ secret: (UInt64, UInt64)) {
        v0 = secret.0 ^ 0x736f_6d65_7073_6575
        v1 = secret.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = secret.0 ^ 0x6c79_6765_6e65_7261
        v3 = secret.1 ^ 0x7465_6462_7974_6573
    }

    mutating func take(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    mutating func finish() -> (UInt64, UInt64) {
        v2 ^= 0xee
        for _ in 0..<4 { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = rotated(v1, 13) ^ v0
        v0 = rotated(v0, 32)
        v2 = v2 &+ v3
        v3 = rotated(v3, 16) ^ v2
        v0 = v0 &+ v3
        v3 = rotated(v3, 21) ^ v0
        v2 = v2 &+ v1
        v1 = rotated(v1, 17) ^ v2
        v2 = rotated(v2, 32)
    }

    private func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 &- count)
    }
}
