import CZlib
import Files
import Foundation
import HTTP
import Testing

@testable import Server

@Suite struct BodyProducerTests {
    /// Text that compresses, with sections that do not.
    private static let content: [UInt8] = {
        var random = SeededGenerator(seed: 11)
        return (0..<100_000).map { index -> UInt8 in
            if index / 1000 % 5 == 2 { return UInt8.random(in: 0...255, using: &random) }
            return UInt8(truncatingIfNeeded: 97 + index % 23)
        }
    }()

    /// Runs `body` with a temporary file that contains `bytes`.
    private func withFile<Result>(
        _ bytes: [UInt8], _ body: (Int32) throws -> Result
    ) throws -> Result {
        guard let file = unsafe tmpfile() else { throw CocoaError(.fileWriteUnknown) }
        defer { unsafe fclose(file) }
        #expect(unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count)
        unsafe fflush(file)
        return try body(unsafe fileno(file))
    }

    /// Returns everything that a producer makes in slices of `room` bytes, or nil if it fails.
    private func all(_ producer: BodyProducer, room: Int, file: Int32) -> [UInt8]? {
        var result: [UInt8] = []
        var memory = [UInt8](repeating: 0, count: room)
        for _ in 0..<200_000 {
            let slice = unsafe memory.withUnsafeMutableBytes {
                unsafe producer.produce(into: $0, file: file)
            }
            switch slice {
            case .failed: return nil
            case .written(let count, let isLast):
                #expect(count <= room)
                result += memory[..<count]
                if isLast { return result }
            }
        }
        Issue.record("it does not come to an end")
        return nil
    }

    private static func whole(_ count: Int) -> [BodySegment] {
        [.file(offset: 0, count: Int64(count))]
    }

    @Test(arguments: [1, 7, 1000, 32767, 32768, 32769, 200_000])
    func plainBodyIsFile(room: Int) throws {
        let content = room < 100 ? Array(Self.content.prefix(5000)) : Self.content
        try withFile(content) { file in
            let producer = BodyProducer(Self.whole(content.count))
            #expect(all(producer, room: room, file: file) == content)
        }
    }

    @Test(arguments: [1, 13, 4096, 500_000])
    func piecesAreSentInOrder(room: Int) throws {
        try withFile(Self.content) { file in
            let producer = BodyProducer(
                [
                    .bytes([1, 2, 3]), .file(offset: 70, count: 100), .bytes([]),
                    .file(offset: 99_990, count: 10), .file(offset: 0, count: 1), .bytes([9]),
                ])
            let expected =
                [1, 2, 3] + Self.content[70..<170] + Self.content[99_990...]
                + Self.content[..<1] + [9]
            #expect(all(producer, room: room, file: file) == Array(expected))
        }
    }

    @Test(arguments: [18, 19, 33, 100, 4096, 20480, 300_000])
    func chunkedCompressedBodyIsFile(room: Int) throws {
        for count in [0, 1, 5000, 100_000] where room > 50 || count <= 5000 {
            let content = Array(Self.content.prefix(count))
            try withFile(content) { file in
                let encoder = try #require(Gzip(level: 1, sizeHint: Int64(count)))
                let producer = BodyProducer(
                    Self.whole(count), through: [.compress(encoder)], isChunked: true)
                let bytes = try #require(all(producer, room: room, file: file))
                let packed = try #require(dechunked(bytes), "room \(room), \(count) bytes")
                #expect(inflated(packed) == content, "room \(room), \(count) bytes")
                #expect(producer.detachEncoder() === encoder)
                #expect(producer.detachEncoder() == nil)
            }
        }
    }

    @Test(arguments: [20, 4096])
    func bodyWithoutChunksIsStream(room: Int) throws {
        let content = Array(Self.content.prefix(5000))
        try withFile(content) { file in
            let encoder = try #require(Gzip(level: 9, sizeHint: nil))
            let producer = BodyProducer(
                Self.whole(content.count), through: [.compress(encoder)])
            #expect(inflated(try #require(all(producer, room: room, file: file))) == content)
        }
    }

    @Test(arguments: [64, 4096, 200_000])
    func truncatedFileFails(room: Int) throws {
        for isCompressed in [false, true] {
            try withFile(Array(Self.content.prefix(50_000))) { file in
                let encoder = isCompressed ? Gzip(level: 1, sizeHint: nil) : nil
                let producer = BodyProducer(
                    Self.whole(50_001), through: encoder.map { [.compress($0)] } ?? [],
                    isChunked: isCompressed)
                #expect(all(producer, room: room, file: file) == nil)
            }
        }
    }

    @Test func unreadableFileFails() {
        #expect(all(BodyProducer(Self.whole(1)), room: 10, file: -1) == nil)
    }

    @Test(arguments: [0, 1, 17])
    func noRoomForAChunkFails(room: Int) throws {
        let encoder = try #require(Gzip(level: 1, sizeHint: nil))
        let producer = BodyProducer(
            [.bytes([1])], through: [.compress(encoder)], isChunked: true)
        #expect(all(producer, room: room, file: -1) == nil)
    }

    @Test(arguments: [64, 4096, 300_000])
    func decompressedRecodedAndCompressedAgain(room: Int) throws {
        let count = room < 100 ? 3000 : 90_000
        let text = Array(String(repeating: "café €, ", count: count / 10).utf8)
        var map = CharsetMap(toUTF8: true)
        let isMapped = map.map(0xE9, to: [0xC3, 0xA9]) && map.map(0x80, to: [0xE2, 0x82, 0xAC])
        #expect(isMapped)
        let first = try #require(Gzip(level: 1, sizeHint: nil))
        let packer = BodyProducer([.bytes(text)], through: [.compress(first)])
        let packed = try #require(all(packer, room: 4096, file: -1))
        try withFile([0] + packed) { file in
            let decoder = try #require(Gunzip())
            let inner = BodyProducer(
                [.file(offset: 1, count: Int64(packed.count))],
                through: [.decompress(decoder), .recode(map.backward)])
            let encoder = try #require(Gzip(level: 1, sizeHint: nil))
            let producer = BodyProducer(
                [.bytes([60]), .body(inner), .bytes([62])], through: [.compress(encoder)],
                isChunked: true)
            let sent = try #require(all(producer, room: room, file: file))
            let bytes = try #require(dechunked(sent))
            let line: [UInt8] = [99, 97, 102, 0xE9, 32, 0x80, 44, 32]
            let expected = [60] + Array(repeatElement(line, count: count / 10).joined()) + [62]
            #expect(inflated(bytes) == expected)
            #expect(producer.detachEncoder() === encoder)
        }
    }

    @Test func ownFileIsClosed() throws {
        try withFile([1, 2, 3]) { file in
            let own = dup(file)
            do {
                let producer = BodyProducer([.file(offset: 1, count: 2)], owning: own)
                #expect(all(producer, room: 10, file: -1) == [2, 3])
            }
            #expect(fcntl(own, F_GETFD) == -1)
        }
    }

    @Test func damagedBodyFails() throws {
        let decoder = try #require(Gunzip())
        let producer = BodyProducer(
            [.bytes(Array("not gzip".utf8))], through: [.decompress(decoder)])
        #expect(all(producer, room: 100, file: -1) == nil)
    }

    // MARK: reading it back

    /// Returns the content of a chunked body, or nil if the framing is not exactly that of RFC
    /// 9112, section 7.1.
    private func dechunked(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 13) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest[end...].dropFirst(2)
            if size == 0 { return rest.elementsEqual([13, 10]) ? result : nil }
            result += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [13, 10]) else { return nil }
            rest = rest.dropFirst(2)
        }
        return nil
    }

    /// Decompresses a gzip body with zlib. Returns nil if it is damaged or bytes follow it.
    private func inflated(_ packed: [UInt8]) -> [UInt8]? {
        var input = packed
        var room = [UInt8](repeating: 0, count: 200_000)
        var stream = unsafe z_stream()
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        return unsafe withUnsafeMutablePointer(to: &stream) { stream in
            guard unsafe inflateInit2_(stream, 31, ZLIB_VERSION, size) == Z_OK else { return nil }
            defer { unsafe inflateEnd(stream) }
            return unsafe input.withUnsafeMutableBufferPointer { input in
                unsafe room.withUnsafeMutableBufferPointer { room in
                    unsafe stream.pointee.next_in = input.baseAddress
                    unsafe stream.pointee.avail_in = UInt32(input.count)
                    unsafe stream.pointee.next_out = room.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(room.count)
                    let returned = unsafe inflate(stream, Z_FINISH)
                    guard returned == Z_STREAM_END, unsafe stream.pointee.avail_in == 0
                    else { return nil }
                    return unsafe Array(room.prefix(room.count - Int(stream.pointee.avail_out)))
                }
            }
        }
    }
}
