import Glibc
import Linux
import Testing

@testable import Server

/// The ring between a worker and the logger: the logger gets each record that the worker wrote,
/// complete.
@Suite struct LogRingTests {
    private let rings: LogRings
    private let ring: LogRing
    private let access = LogRecord(kind: .access)

    init() throws {
        rings = try LogRings(count: 1)
        ring = rings.rings[0]
    }

    private static let pattern = (0..<(1 << 21)).map { UInt8(truncatingIfNeeded: $0) }

    /// Returns the waiting records and removes them.
    private func drain() -> [(record: LogRecord, line: [UInt8])] {
        var reader = ring.reader()
        var taken: [(record: LogRecord, line: [UInt8])] = []
        while let record = reader.next() {
            let line = ring.bytes.span(at: reader.lineStart, count: reader.lineCount)
            taken.append((record, unsafe line.withUnsafeBufferPointer { unsafe Array($0) }))
        }
        #expect(!reader.isBroken)
        ring.commit(reader.position)
        return taken
    }

    /// Consumes the ring's wake-ups; index 0 is the master's.
    private func isWoken() -> Bool { consumeWakes(rings.wakeDescriptors[1]) }

    private func put(_ record: LogRecord, _ line: [UInt8]) -> Bool { ring.put(record, line.span) }

    private func line(_ number: Int, count: Int) -> [UInt8] {
        Array(LogRingTests.pattern[(number & 0xFF)..<((number & 0xFF) + count)])
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func linesOfManySizesRoundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var expected: [(record: LogRecord, line: [UInt8])] = []
        // The ring wraps around several times, at any point of a record.
        var total = 0
        while total < 3 * LogRing.size {
            let isLong = UInt8.random(in: 0..<50, using: &generator) == 0
            let count = Int.random(in: 0...(isLong ? 300_000 : 700), using: &generator)
            let record = LogRecord(
                kind: .error, level: .warn, errorLog: expected.count, target: total & 0xFFFF)
            let bytes = line(total, count: count)
            if !put(record, bytes) {
                // The ring was full: after the waiting records are removed, the next one fits.
                compare(drain(), with: &expected)
                #expect(put(record, bytes))
            }
            expected.append((record, bytes))
            total += count
            if UInt8.random(in: 0..<40, using: &generator) == 0 {
                compare(drain(), with: &expected)
            }
        }
        compare(drain(), with: &expected)
        #expect(ring.isEmpty)
    }

    private func compare(
        _ taken: [(record: LogRecord, line: [UInt8])],
        with expected: inout [(record: LogRecord, line: [UInt8])]
    ) {
        #expect(taken.map(\.record) == expected.map(\.record))
        #expect(taken.map(\.line) == expected.map(\.line))
        expected = []
    }

    @Test func lineThatDoesNotFitIsCounted() {
        let bytes = line(0, count: 1000)
        var count = 0
        while put(access, bytes) { count += 1 }
        #expect(count == LogRing.size / 1016)
        for _ in 0..<9 { #expect(!put(access, bytes)) }
        #expect(ring.unreportedLosses == (10, 0))
        ring.markReported((4, 0))
        #expect(ring.unreportedLosses == (6, 0))
        #expect(drain().count == count)
        #expect(put(access, bytes))
        #expect(drain().map(\.line) == [bytes])
    }

    @Test func tooLongLineIsCounted() {
        let longest = LogRing.maxRecordSize - LogRecord.size
        #expect(put(access, line(0, count: longest)))
        #expect(!put(access, line(0, count: longest + 1)))
        #expect(ring.unreportedLosses == (0, 1))
        #expect(drain().map(\.line.count) == [longest])
    }

    @Test func onlyFirstLineWakesLogger() {
        let bytes = line(0, count: 100)
        #expect(put(access, bytes))
        #expect(!isWoken())
        ring.wakeup.announceSleep()
        for _ in 0..<3 { #expect(put(access, bytes)) }
        #expect(isWoken())
        #expect(put(access, bytes))
        #expect(!isWoken())
    }

    @Test func largeBacklogWakesLoggerFromPause() {
        let bytes = line(0, count: 10_000)
        var wakes = 0
        for _ in 0..<(LogRing.size / 10_016) {
            #expect(put(access, bytes))
            if isWoken() { wakes += 1 }
        }
        #expect(wakes == 3)
    }

    @Test(arguments: [UInt64.max, 0xFFFF_FFFF, 1 << 20, 3 << 20, 0xFF << 32])
    func invalidRecordIsSkipped(first: UInt64) {
        let bytes = line(0, count: 100)
        #expect(put(access, bytes) && put(access, bytes))
        // The second record is overwritten.
        ring.bytes.store(first, at: 120)
        var reader = ring.reader()
        #expect(reader.next() == access)
        #expect(reader.next() == nil && reader.isBroken)
        ring.commit(reader.position)
        #expect(ring.isEmpty)
        #expect(put(access, bytes))
        #expect(drain().map(\.line) == [bytes])
    }

    /// Garbage from a worker that was taken over costs its replacement no line.
    @Test func linesAfterGarbageAreRead() {
        let bytes = line(0, count: 100)
        #expect(put(access, bytes) && put(access, bytes))
        ring.bytes.store(.max, at: 120)
        ring.takeOver()
        #expect(put(access, line(7, count: 50)))
        var reader = ring.reader()
        #expect(reader.next() == access && reader.lineCount == 100)
        #expect(reader.next() == access && reader.lineCount == 50 && reader.isBroken)
        #expect(reader.next() == nil)
        ring.commit(reader.position)
        // Contradictory numbers: the logger continues from what it has read.
        #expect(put(access, bytes))
        ring.commit(1 << 40)
        ring.takeOver()
        #expect(put(access, line(7, count: 60)))
        ring.commit(1 << 50)
        reader = ring.reader()
        #expect(reader.next() == access && reader.lineCount == 60 && reader.isBroken)
        #expect(reader.next() == nil)
        ring.commit(reader.position)
        #expect(put(access, bytes))
        #expect(drain().map(\.line) == [bytes])
    }

    /// Writers are killed at arbitrary instructions. All numbered lines up to the last finished one
    /// are there, and complete.
    @Test func killedWriterLeavesWholeRecords() throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<60 {
            let child = try forkProcess()
            if child == 0 { writeForever() }
            usleep(UInt32.random(in: 100..<3000, using: &generator))
            var next: UInt64 = 0
            for round in 0..<2 {
                if round == 1 {
                    kill(child, SIGKILL)
                    var status: Int32 = 0
                    #expect(unsafe waitpid(child, &status, 0) == child)
                }
                try check(&next)
            }
        }
    }

    /// Reads lines; each contains its number as often as the number says.
    private func check(_ next: inout UInt64) throws {
        var reader = ring.reader()
        while reader.next() != nil {
            let line = ring.bytes.span(at: reader.lineStart, count: reader.lineCount)
            var isWhole = line.count == Int(next % 200) + 1
            for index in line.indices where line[index] != UInt8(truncatingIfNeeded: next) {
                isWhole = false
            }
            try #require(isWhole)
            next += 1
        }
        #expect(!reader.isBroken)
        ring.commit(reader.position)
    }

    /// Runs until it is killed. Allocates no memory, since the parent may have forked during an
    /// allocation.
    private func writeForever() -> Never {
        var bytes = InlineArray<256, UInt8>(repeating: 0)
        var number: UInt64 = 0
        while true {
            let count = Int(number % 200) + 1
            for index in 0..<count { bytes[index] = UInt8(truncatingIfNeeded: number) }
            if ring.put(access, bytes.span.extracting(0..<count)) { number &+= 1 }
        }
    }
}

@Suite struct LogRecordTests {
    @Test(arguments: [
        (LogRecord(kind: .access, target: 7), 0),
        (LogRecord(kind: .syslog, target: 3, detail: 4_102_444_800), 120),
        (LogRecord(kind: .named, errorLog: 65535, target: -1, detail: 4096), 1 << 20),
        (LogRecord(kind: .error, level: .debug, errorLog: 2), 1),
    ])
    func recordRoundTrips(record: LogRecord, count: Int) throws {
        let numbers = record.numbers(count: count)
        let read = try #require(LogRecord.read(numbers.0, numbers.1))
        #expect(read.record == record && read.count == count)
    }

    @Test(arguments: [UInt64.max, 4 << 32, 0xFF << 32, 8 << 40])
    func invalidNumbersAreNoRecord(first: UInt64) {
        #expect(LogRecord.read(first, 0) == nil)
    }
}
