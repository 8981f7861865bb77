import Files
import Linux
import Testing

@Suite struct CodedMemoryTests {
    private func body(_ count: Int) -> CodedBody { .bytes([UInt8](repeating: 1, count: count)) }

    @Test func whatIsKeptIsFound() {
        var memory = CodedMemory(bytes: 100)
        memory.keep([1], body(60))
        #expect(memory.body(of: [1])?.count == 60)
        #expect(memory.body(of: [2]) == nil)
        #expect(memory.byteCount == 60)
        memory.keep([1], body(30))
        #expect(memory.body(of: [1])?.count == 60)
        #expect(memory.byteCount == 60)
    }

    @Test func whatWasUsedLongAgoGivesWay() {
        var memory = CodedMemory(bytes: 100)
        for number in 1...3 { memory.keep([UInt8(number)], body(30)) }
        #expect(memory.body(of: [1]) != nil)
        memory.keep([4], body(40))
        #expect(memory.body(of: [2]) == nil)
        #expect(memory.body(of: [1]) != nil && memory.body(of: [3]) != nil)
        #expect(memory.byteCount == 100)
        memory.keep([5], body(101))
        #expect(memory.body(of: [5]) == nil)
        #expect(memory.byteCount == 100)
    }

    @Test func thereAreNotMoreThanDescriptors() {
        var memory = CodedMemory(bytes: 1 << 20)
        for number in 0..<2000 {
            memory.keep([UInt8(number & 255), UInt8(number >> 8)], body(1))
        }
        #expect(memory.byteCount == 512)
    }
}
