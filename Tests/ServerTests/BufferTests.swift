import HTTP
import Testing

@testable import Server

@Suite struct BufferTests {
    @Test func aPoolGivesTheLastOneBackFirst() {
        var pool = BufferPool(size: 64, keeps: 2)
        let buffers = [pool.take(), pool.take(), pool.take()]
        #expect(buffers.map(\.capacity) == [64, 64, 64])
        for buffer in buffers { pool.give(buffer) }
        // Two are kept, the third was freed.
        let again = [pool.take(), pool.take()]
        #expect(unsafe again[0].start == buffers[1].start)
        #expect(unsafe again[1].start == buffers[0].start)
        for buffer in again { pool.give(buffer) }
    }

    @Test(arguments: [(0, 64), (64, 64), (65, 65), (4096, 4096)])
    func largerOnesAreMade(capacity: Int, expected: Int) {
        var pool = BufferPool(size: 64, keeps: 1)
        let buffer = pool.take(atLeast: capacity)
        #expect(buffer.capacity == expected)
        pool.give(buffer)
        let next = pool.take()
        #expect(next.capacity == 64)
        pool.give(next)
        pool.give(.none)
    }

    @Test(arguments: [
        (0, 4, "abcd"), (2, 99, "cdefgh"), (-5, 2, "ab"), (5, 3, ""), (8, 8, ""), (99, 100, ""),
        (Int.min, Int.max, "abcdefgh"),
    ])
    func bytesOutsideAreCutOff(lower: Int, upper: Int, expected: String) {
        var pool = BufferPool(size: 8, keeps: 0)
        let buffer = pool.take()
        defer { pool.give(buffer) }
        unsafe buffer.bytes(from: 0, to: 8).copyBytes(from: "abcdefgh".utf8)
        #expect(buffer.span(from: lower, to: upper).text == expected)
        #expect(Buffer.none.span(from: lower, to: upper).count == 0)
    }

    @Test(arguments: [
        (0, 2, 6, "ababcdef"), (2, 0, 6, "cdefghgh"), (0, 0, 8, "abcdefgh"),
        // What would not fit is not moved at all.
        (0, 4, 5, "abcdefgh"), (4, 0, 5, "abcdefgh"),
    ])
    func bytesMoveWithin(source: Int, target: Int, count: Int, expected: String) {
        var pool = BufferPool(size: 8, keeps: 0)
        let buffer = pool.take()
        defer { pool.give(buffer) }
        unsafe buffer.bytes(from: 0, to: 8).copyBytes(from: "abcdefgh".utf8)
        buffer.move(from: source, to: target, count: count)
        #expect(buffer.span(from: 0, to: 8).text == expected)
    }

    @Test func bytesAreCopiedFromASmallerOne() {
        var pool = BufferPool(size: 4, keeps: 0)
        let small = pool.take()
        let large = pool.take(atLeast: 8)
        defer {
            pool.give(small)
            pool.give(large)
        }
        unsafe small.bytes(from: 0, to: 4).copyBytes(from: "abcd".utf8)
        large.copy(from: small, count: 3)
        #expect(large.span(from: 0, to: 3).text == "abc")
    }

    @Test func aWriterEndsWithTheBuffer() {
        var pool = BufferPool(size: 8, keeps: 0)
        let buffer = pool.take()
        defer { pool.give(buffer) }
        var writer = buffer.writer(from: 5)
        writer.append("abc")
        #expect(writer.count == 3 && !writer.hasOverflowed)
        writer.append("d")
        #expect(writer.hasOverflowed)
        var none = Buffer.none.writer(from: 0)
        none.append("a")
        #expect(none.hasOverflowed && none.count == 0)
    }
}
