import Foundation
import Linux
import Testing

@Suite struct ZeroedStorageTests {
    private struct Pair: BitwiseCopyable {
        var number: Int64
        var byte: UInt8
    }

    @Test(arguments: [1, 2, 513, 100_000])
    func storageIsZeroed(count: Int) {
        let storage = ZeroedStorage<Pair>(count: count)
        #expect(storage.count == count)
        for index in [0, count / 2, count - 1] {
            #expect(storage[index].number == 0)
            #expect(storage[index].byte == 0)
        }
    }

    @Test func elementsAreChangedInPlace() {
        var storage = ZeroedStorage<Pair>(count: 100)
        for index in 0..<100 {
            storage[index].number = Int64(index) * 3
            storage[index].byte = UInt8(index)
        }
        for index in 0..<100 {
            #expect(storage[index].number == Int64(index) * 3)
            #expect(storage[index].byte == UInt8(index))
        }
    }

    @Test func emptyStorageIsAllowed() {
        #expect(ZeroedStorage<Int>(count: 0).count == 0)
    }

    /// A table for many slots costs only the used ones.
    @Test func unusedPagesUseNoMemory() throws {
        let before = try residentBytes()
        var storage = ZeroedStorage<Pair>(count: 16 << 20)
        storage[0].number = 1
        storage[(16 << 20) - 1].number = 2
        #expect(storage[0].number + storage[(16 << 20) - 1].number == 3)
        // 256 MiB are used by the table; the slack is for tests that run at the same time.
        #expect(try residentBytes() - before < 128 << 20)
    }

    @Test func indexOutsideBoundsTraps() async {
        await #expect(processExitsWith: .failure) {
            let storage = ZeroedStorage<Int>(count: 4)
            _ = storage[4]
        }
        await #expect(processExitsWith: .failure) {
            let storage = ZeroedStorage<Int>(count: 4)
            _ = storage[-1]
        }
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            .split(separator: " ")
        return try #require(Int(fields[1])) * Int(getpagesize())
    }
}
