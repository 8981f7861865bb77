import Files
import Testing

@Suite struct CharsetMapTests {
    /// Latin-1's é, and an invented code for the euro sign.
    private func latin() -> CharsetMap {
        var map = CharsetMap(toUTF8: true)
        map.takes(0xE9, to: [0xC3, 0xA9])
        map.takes(0x80, to: [0xE2, 0x82, 0xAC])
        return map
    }

    /// Converts in pieces. Stops after `stuck` calls in a row without progress.
    private func recode(
        _ text: [UInt8], _ table: RecodingTable, inputSize: Int, outputSize: Int
    ) -> [UInt8]? {
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: outputSize)
        var position = 0
        for _ in 0..<100_000 {
            let end = min(position + inputSize, text.count)
            var span = room.mutableSpan
            let progress = table.recode(
                text.span.extracting(position..<end), into: &span, isLast: end == text.count)
            position += progress.consumed
            result += room[..<progress.produced]
            if progress.isFinished { return result }
        }
        return nil
    }

    private static let sizes = [(4, 10), (5, 10), (7, 11), (1000, 1000)]

    @Test(arguments: sizes)
    func toUTF8(input: Int, output: Int) {
        let table = latin().forward
        #expect(!table.keepsLength)
        #expect(
            recode(
                Array("caf".utf8) + [0xE9, 0x20, 0x80, 0xFF], table, inputSize: input,
                outputSize: output) == Array("café €?".utf8))
    }

    /// The same results as nginx: characters without a byte become references; invalid UTF-8
    /// becomes a question mark, which includes the invalid byte.
    @Test(arguments: sizes)
    func fromUTF8(input: Int, output: Int) {
        let text: [UInt8] = Array("café €ü😀".utf8) + [0xFF, 0x80, 0xC1] + [0xC3, 0x41, 0x62]
        let expected =
            Array("caf".utf8) + [0xE9, 0x20, 0x80] + Array("&#252;&#128512;????b".utf8)
        let table = latin().backward
        #expect(!table.keepsLength)
        #expect(recode(text, table, inputSize: input, outputSize: output) == expected)
        // A character that is cut off at the end is dropped.
        for cut in [[0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98]] as [[UInt8]] {
            #expect(
                recode(text + cut, table, inputSize: input, outputSize: output) == expected)
        }
    }

    @Test func bytesAreMappedToBytes() {
        var map = CharsetMap(toUTF8: false)
        map.takes(0xCF, to: [0xF0])
        map.takes(0x24, to: [0x23])
        #expect(map.forward.keepsLength && map.backward.keepsLength)
        let text: [UInt8] = [0x61, 0xCF, 0x24, 0xCE]
        #expect(
            recode(text, map.forward, inputSize: 3, outputSize: 2) == [0x61, 0xF0, 0x23, 0x3F])
        #expect(
            recode([0x61, 0xF0, 0x23, 0xCF], map.backward, inputSize: 2, outputSize: 3)
                == [0x61, 0xCF, 0x24, 0x3F])
    }

    @Test(
        arguments: [
            [], [0x41], [0x41, 0x42], [0xC3], [0xC3, 0x28], [0xFF], [0xF0, 0x9F, 0x98, 0x80],
            [0xE2, 0x82], [0xC1, 0x81],
        ] as [[UInt8]])
    func invalidCharacterIsRefused(bytes: [UInt8]) {
        var map = CharsetMap(toUTF8: true)
        map.refuses(0x80, to: bytes)
    }

    @Test func byteMapsToSingleByte() {
        var map = CharsetMap(toUTF8: false)
        map.refuses(0x80, to: [0xC3, 0xA9])
        map.refuses(0x80, to: [])
    }
}

extension CharsetMap {
    fileprivate mutating func takes(_ byte: UInt8, to other: [UInt8]) {
        let isTaken = map(byte, to: other)
        #expect(isTaken)
    }

    fileprivate mutating func refuses(_ byte: UInt8, to other: [UInt8]) {
        let isTaken = map(byte, to: other)
        #expect(!isTaken)
    }
}
