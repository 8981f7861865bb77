/// A hash that clients cannot predict: words are folded in by a multiplication whose halves are
/// added (as in wyhash), starting from a secret seed.
@frozen
public struct ByteHash: BitwiseCopyable, Sendable {
    /// The hash of everything folded in so far.
    public private(set) var value: UInt64

    /// Creates a hash with a secret seed.
    @inline(__always)
    public init(seed: UInt64) { value = seed ^ 0x9E37_79B9_7F4A_7C15 }

    /// Folds a number in.
    @inline(__always)
    public mutating func add(_ number: UInt64) {
        let product = (value ^ number).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        value = product.high ^ product.low
    }

    /// Folds bytes and their number in.
    public mutating func add(_ bytes: Span<UInt8>) {
        let count = bytes.count
        add(UInt64(truncatingIfNeeded: count))
        var index = 0
        while index &+ 8 <= count {
            unsafe add(bytes.word(unchecked: index))
            index &+= 8
        }
        guard index < count else { return }
        if count >= 8 {
            // The last eight overlap those before them, which does no harm.
            unsafe add(bytes.word(unchecked: count &- 8))
            return
        }
        if count >= 4 {
            // Two halves that overlap.
            add(
                UInt64(unsafe bytes.halfWord(unchecked: 0)) &<< 32
                    | UInt64(unsafe bytes.halfWord(unchecked: count &- 4)))
            return
        }
        var word: UInt64 = 0
        while index < count {
            word = word &<< 8 | UInt64(unsafe bytes[unchecked: index])
            index &+= 1
        }
        add(word)
    }
}
