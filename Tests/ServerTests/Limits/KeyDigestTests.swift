import Testing

@testable import Server

@Suite struct KeyDigestTests {
    /// The secret of the reference vectors, 00 to 0f; the messages are 00, 00 01, ...
    private static let secret: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    /// From vectors_sip128 of the reference implementation.
    @Test(arguments: [
        (0, UInt64(0xe6a8_25ba_047f_81a3), UInt64(0x9302_55c7_1472_f66d)),
        (1, 0x44af_996b_d8c1_87da, 0x45fc_229b_1159_7634),
    ])
    func digestIsSipHash(count: Int, first: UInt64, second: UInt64) {
        let bytes = (0..<count).map { UInt8($0) }
        let digest = KeyDigest(of: bytes.span, secret: Self.secret)
        #expect(digest.first == first)
        #expect(digest.second == second)
    }

    @Test(arguments: 0...32)
    func wordsHaveTheDigestOfTheirBytes(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 200) }
        let words = (
            word(of: bytes.span, from: 0, to: 8), word(of: bytes.span, from: 8, to: 16),
            word(of: bytes.span, from: 16, to: 24), word(of: bytes.span, from: 24, to: 32)
        )
        #expect(
            KeyDigest(of: words, length: count, secret: Self.secret)
                == KeyDigest(of: bytes.span, secret: Self.secret))
    }

    @Test func everyByteAndLengthMatters() {
        var seen: Set<UInt64> = []
        let bytes = [UInt8](repeating: 0, count: 100)
        for count in 0...100 {
            seen.insert(KeyDigest(of: bytes.span.extracting(first: count), secret: (1, 2)).first)
        }
        for index in bytes.indices {
            var other = bytes
            other[index] = 1
            seen.insert(KeyDigest(of: other.span, secret: (1, 2)).first)
        }
        seen.insert(KeyDigest(of: bytes.span, secret: (1, 3)).first)
        #expect(seen.count == 202)
    }
}
