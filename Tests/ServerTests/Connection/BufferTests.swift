import HTTP
import Testing

@testable import Server

@Suite struct BufferTests {
    @Test func lastReleasedBufferIsReusedFirst() {
        var pool = BufferPool(size: 64, keeps: 2)
        let buffers = [pool.acquire(), pool.acquire(), pool.acquire()]
        #expect(buffers.map(\.capacity) == [64, 64, 64])
        for buffer in buffers { pool.release(buffer) }
        // The pool keeps two buffers; the third was freed.
        let again = [pool.acquire(), pool.acquire()]
        #expect(unsafe again[0].start == buffers[1].start)
        #expect(unsafe again[1].start == buffers[0].start)
        for buffer in again { pool.release(buffer) }
    }

    @Test(arguments: [(0, 64), (64, 64), (65, 65), (4096, 4096)])
    func largerBuffersAreAllocated(capacity: Int, expected: Int) {
        var pool = BufferPool(size: 64, keeps: 1)
        let buffer = pool.acquire(atLeast: capacity)
        #expect(buffer.capacity == expected)
        pool.release(buffer)
        let next = pool.acquire()
        #expect(next.capacity == 64)
        pool.release(next)
        pool.release(.none)
    }

    @Test(arguments: [
        (0, 4, "abcd"), (2, 99, "cdefgh"), (-5, 2, "ab"), (5, 3, ""), (8, 8, ""), (99, 100, ""),
        (Int.min, Int.max, "abcdefgh"),
    ])
    func bytesOutsideAreCutOff(lower: Int, upper: Int, expected: String) {
        var pool = BufferPool(size: 8, keeps: 0)
        let buffer = pool.acquire()
        defer { pool.release(buffer) }
        unsafe buffer.bytes(from: 0, to: 8).copyBytes(from: "abcdefgh".utf8)
        #expect(buffer.span(from: lower, to: upper).text == expected)
        #expect(Buffer.none.span(from: lower, to: upper).count == 0)
    }

    @Test(arguments: [
        (0, 2, 6, "ababcdef"), (2, 0, 6, "cdefghgh"), (0, 0, 8, "abcdefgh"),
        // Input that does not fit is not moved.
        (0, 4, 5, "abcdefgh"), (4, 0, 5, "abcdefgh"),
    ])
    func bytesMoveWithin(source: Int, target: Int, count: Int, expected: String) {
        var pool = BufferPool(size: 8, keeps: 0)
        let buffer = pool.acquire()
        defer { pool.release(buffer) }
        unsafe buffer.bytes(from: 0, to: 8).copyBytes(from: "abcdefgh".utf8)
        buffer.move(from: source, to: target, count: count)
        #expect(buffer.span(from: 0, to: 8).text == expected)
    }

    @Test func bytesAreCopiedFromASmallerOne() {
        var pool = BufferPool(size: 4, keeps: 0)
        let small = pool.acquire()
        let large = pool.acquire(atLeast: 8)
        defer {
            pool.release(small)
            pool.release(large)
        }
        unsafe small.bytes(from: 0, to: 4).copyBytes(from: "abcd".utf8)
        large.copy(from: small, count: 3)
        #expect(large.span(from: 0, to: 3).text == "abc")
    }

    @Test func writerEndsWithBuffer() {
        var pool = BufferPool(size: 8, keeps: 0)
        let buffer = pool.acquire()
        defer { pool.release(buffer) }
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
