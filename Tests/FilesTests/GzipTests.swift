import CZlib
import Files
import Testing

@Suite struct GzipTests {
    /// Returns text that compresses, with sections that do not.
    static func sample(_ count: Int) -> [UInt8] {
        var state: UInt32 = 12_345
        return (0..<count).map { index in
            state = state &* 1_664_525 &+ 1_013_904_223
            return index / 1000 % 3 == 2
                ? UInt8(truncatingIfNeeded: state >> 24) : UInt8(97 + index % 23)
        }
    }

    /// Compresses in pieces of `inputSize` bytes into a buffer of `outputSize`.
    static func compress(
        _ body: [UInt8], _ encoder: Gzip, inputSize: Int, outputSize: Int
    ) -> [UInt8]? {
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: outputSize)
        var position = 0
        for _ in 0..<(body.count * 4 + 10_000) {
            let end = min(position + inputSize, body.count)
            var span = room.mutableSpan
            let progress = encoder.compress(
                body.span.extracting(position..<end), into: &span, finish: end == body.count)
            if progress.isBroken { return nil }
            position += progress.consumed
            result += room[..<progress.produced]
            if progress.isFinished { return position == body.count ? result : nil }
        }
        return nil
    }

    /// Decompresses a gzip body with zlib. Returns nil if it is damaged or bytes follow it.
    static func inflated(_ packed: [UInt8]) -> [UInt8]? {
        var input = packed
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        var stream = unsafe z_stream()
        return unsafe withUnsafeMutablePointer(to: &stream) { stream in
            guard
                unsafe inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
                    == Z_OK
            else { return nil }
            defer { unsafe inflateEnd(stream) }
            return unsafe input.withUnsafeMutableBufferPointer { input in
                unsafe stream.pointee.next_in = input.baseAddress
                unsafe stream.pointee.avail_in = UInt32(input.count)
                var returned = Z_OK
                while returned == Z_OK {
                    let produced = unsafe room.withUnsafeMutableBufferPointer { room in
                        unsafe stream.pointee.next_out = room.baseAddress
                        unsafe stream.pointee.avail_out = UInt32(room.count)
                        returned = unsafe inflate(stream, Z_NO_FLUSH)
                        return unsafe room.count - Int(stream.pointee.avail_out)
                    }
                    result += room[..<produced]
                }
                return unsafe returned == Z_STREAM_END && stream.pointee.avail_in == 0
                    ? result : nil
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 10, 11, 13, 64, 1000, 4096, 70_000])
    func roundTripAtEverySizeOfRoom(outputSize: Int) throws {
        let body = GzipTests.sample(20_000)
        let encoder = try #require(Gzip(level: 1, sizeHint: Int64(body.count)))
        let packed = try #require(
            GzipTests.compress(body, encoder, inputSize: 32_768, outputSize: outputSize))
        #expect(packed.count < body.count)
        #expect(GzipTests.inflated(packed) == body)
    }

    @Test(arguments: [1, 2, 3, 17, 255, 256, 4095, 32_768])
    func roundTripAtEverySizeOfPiece(inputSize: Int) throws {
        let body = GzipTests.sample(20_000)
        let encoder = try #require(Gzip(level: 6, sizeHint: nil))
        let packed = try #require(
            GzipTests.compress(body, encoder, inputSize: inputSize, outputSize: 4096))
        #expect(GzipTests.inflated(packed) == body)
    }

    @Test(arguments: [0, 1, 2, 19, 249, 250, 251, 7930, 7931, 16_121, 16_122, 16_123, 100_000])
    func everyLengthOfBody(count: Int) throws {
        let body = GzipTests.sample(count)
        for level in 1...9 {
            let encoder = try #require(Gzip(level: level, sizeHint: Int64(count)))
            let packed = try #require(
                GzipTests.compress(body, encoder, inputSize: 32_768, outputSize: 32_768))
            #expect(GzipTests.inflated(packed) == body, "level \(level)")
        }
    }

    @Test(arguments: [(1, 4), (6, 0), (9, 2)])
    func headerIsDeterministic(level: Int, extraFlags: Int) throws {
        let encoder = try #require(Gzip(level: level, sizeHint: 5))
        let packed = try #require(
            GzipTests.compress(Array("hello".utf8), encoder, inputSize: 9, outputSize: 99))
        #expect(packed[..<10] == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, UInt8(extraFlags), 3])
    }

    @Test(
        arguments: [
            (nil, 15, 8), (0, 15, 8), (-5, 15, 8), (1, 9, 2), (249, 9, 2),
            (250, 10, 3), (16_121, 14, 7), (16_122, 15, 8), (Int64.max, 15, 8),
        ] as [(Int64?, Int, Int)])
    func shapeFollowsTheSize(size: Int64?, windowBits: Int, memoryLevel: Int) {
        let shape = Gzip.Shape(level: 1, sizeHint: size)
        #expect(Int(shape.windowBits) == windowBits)
        #expect(Int(shape.memoryLevel) == memoryLevel)
    }

    @Test(arguments: [(-7, 1), (0, 1), (1, 1), (9, 9), (10, 9), (Int.max, 9)])
    func levelIsClamped(asked: Int, level: Int) {
        #expect(Int(Gzip.Shape(level: asked, sizeHint: nil).level) == level)
    }

    @Test func wrongSizeHintStillRoundTrips() throws {
        let body = GzipTests.sample(50_000)
        let encoder = try #require(Gzip(level: 5, sizeHint: 1))
        let packed = try #require(
            GzipTests.compress(body, encoder, inputSize: 1000, outputSize: 1000))
        #expect(GzipTests.inflated(packed) == body)
    }

    @Test func callsAfterEndAreFinished() throws {
        let encoder = try #require(Gzip(level: 1, sizeHint: 3))
        _ = try #require(
            GzipTests.compress([1, 2, 3], encoder, inputSize: 9, outputSize: 99))
        var room = [UInt8](repeating: 0, count: 10)
        var span = room.mutableSpan
        let input: [UInt8] = [4]
        #expect(encoder.compress(input.span, into: &span, finish: false).isBroken)
        #expect(encoder.reset())
        #expect(GzipTests.compress([9], encoder, inputSize: 9, outputSize: 99) != nil)
    }

    @Test func noRoomMakesNoProgress() throws {
        let encoder = try #require(Gzip(level: 1, sizeHint: nil))
        var room: [UInt8] = []
        var span = room.mutableSpan
        let input: [UInt8] = [1, 2]
        let progress = encoder.compress(input.span, into: &span, finish: true)
        #expect(progress.consumed == 0 && progress.produced == 0)
        #expect(!progress.isFinished && !progress.isBroken)
    }
}

@Suite struct GzipPoolTests {
    func take(_ pool: inout GzipPool, _ sizeHint: Int64?) throws -> Gzip {
        let encoder = pool.acquire(level: 1, sizeHint: sizeHint)
        return try #require(encoder)
    }

    @Test func reusedEncoderStartsClean() throws {
        let body = GzipTests.sample(3000)
        var pool = GzipPool(capacity: 2)
        let first = try take(&pool, 3000)
        let expected = GzipTests.compress(body, first, inputSize: 500, outputSize: 500)
        #expect(first.reset())
        var room = [UInt8](repeating: 0, count: 100)
        var span = room.mutableSpan
        _ = first.compress(body.span, into: &span, finish: false)
        pool.release(first)
        let again = try take(&pool, 3000)
        #expect(again === first)
        #expect(pool.idleCount == 0)
        #expect(
            GzipTests.compress(body, again, inputSize: 500, outputSize: 500) == expected)
    }

    @Test func onlySameShapeIsReused() throws {
        var pool = GzipPool(capacity: 4)
        let small = try take(&pool, 100)
        pool.release(small)
        let large = try take(&pool, 100_000)
        #expect(large !== small)
        #expect(pool.idleCount == 1)
    }

    @Test func poolKeepsAtMostItsCapacity() throws {
        var pool = GzipPool(capacity: 2)
        let encoders = (0..<4).compactMap { _ in pool.acquire(level: 1, sizeHint: nil) }
        for encoder in encoders { pool.release(encoder) }
        #expect(pool.idleCount == 2)
        let last = try take(&pool, nil)
        #expect(last === encoders[3])
        var none = GzipPool(capacity: 0)
        none.release(last)
        #expect(none.idleCount == 0)
    }
}

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
