import Files
import Linux
import Testing

@Suite struct CompressedBodyCacheTests {
    private func body(_ count: Int) -> CompressedBody {
        .bytes([UInt8](repeating: 1, count: count))
    }

    @Test func storedBodyIsFound() {
        var memory = CompressedBodyCache(bytes: 100)
        memory.store([1], body(60))
        #expect(memory.body(of: [1])?.count == 60)
        #expect(memory.body(of: [2]) == nil)
        #expect(memory.byteCount == 60)
        memory.store([1], body(30))
        #expect(memory.body(of: [1])?.count == 60)
        #expect(memory.byteCount == 60)
    }

    @Test func leastRecentlyUsedBodyIsEvicted() {
        var memory = CompressedBodyCache(bytes: 100)
        for number in 1...3 { memory.store([UInt8(number)], body(30)) }
        #expect(memory.body(of: [1]) != nil)
        memory.store([4], body(40))
        #expect(memory.body(of: [2]) == nil)
        #expect(memory.body(of: [1]) != nil && memory.body(of: [3]) != nil)
        #expect(memory.byteCount == 100)
        memory.store([5], body(101))
        #expect(memory.body(of: [5]) == nil)
        #expect(memory.byteCount == 100)
    }

    @Test func numberOfBodiesIsBounded() {
        var memory = CompressedBodyCache(bytes: 1 << 20)
        for number in 0..<2000 {
            memory.store([UInt8(number & 255), UInt8(number >> 8)], body(1))
        }
        #expect(memory.byteCount == 512)
    }
}
