import Files
import Testing

@Suite struct GunzipTests {
    /// Decompresses in pieces of `inputSize` bytes into a buffer of `outputSize`. Returns nil if
    /// the stream is damaged.
    private func decompress(_ packed: [UInt8], inputSize: Int, outputSize: Int) -> [UInt8]? {
        guard let decoder = Gunzip() else { return nil }
        var packed = packed
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: outputSize)
        var position = 0
        for _ in 0..<1_000_000 {
            let end = min(position + inputSize, packed.count)
            let isLast = end == packed.count
            let progress = unsafe packed.withUnsafeMutableBytes { input in
                unsafe room.withUnsafeMutableBytes { output in
                    unsafe decoder.decompress(
                        UnsafeRawBufferPointer(rebasing: input[position..<end]), into: output,
                        isLast: isLast)
                }
            }
            if progress.isBroken { return nil }
            position += progress.consumed
            result += room[..<progress.produced]
            if progress.isFinished { return position == packed.count ? result : nil }
        }
        Issue.record("it does not come to an end")
        return nil
    }

    private func packed(_ body: [UInt8]) throws -> [UInt8] {
        let encoder = try #require(Gzip(level: 6, sizeHint: nil))
        return try #require(
            GzipTests.compress(body, encoder, inputSize: 10_000, outputSize: 10_000))
    }

    @Test(
        arguments: [0, 1, 1000, 100_000], [(1, 7), (100, 1), (32768, 20480), (1 << 20, 1 << 20)])
    func compressedDataIsRestored(count: Int, sizes: (Int, Int)) throws {
        let body = GzipTests.sample(count)
        #expect(
            decompress(try packed(body), inputSize: sizes.0, outputSize: sizes.1) == body)
    }

    @Test(arguments: [1, 20, 10_000])
    func severalMembersAreOneBody(inputSize: Int) throws {
        let (one, other) = (GzipTests.sample(700), GzipTests.sample(90))
        let both = try packed(one) + packed([]) + packed(other)
        #expect(decompress(both, inputSize: inputSize, outputSize: 50) == one + other)
    }

    @Test(arguments: [1, 64, 10_000])
    func damagedDataIsBroken(outputSize: Int) throws {
        let whole = try packed(GzipTests.sample(5000))
        var flipped = whole
        flipped[whole.count / 2] ^= 0x55
        let damaged = [
            [], Array(whole.dropLast()), Array(whole.prefix(5)), whole + [0], flipped,
            Array("plain text, and more of it".utf8),
        ]
        for bytes in damaged {
            for inputSize in [1, 10_000] {
                #expect(
                    decompress(bytes, inputSize: inputSize, outputSize: outputSize) == nil)
            }
        }
    }
}
