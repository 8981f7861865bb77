import Testing

@testable import Server

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
