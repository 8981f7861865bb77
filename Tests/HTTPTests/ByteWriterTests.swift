import HTTP
import Testing

@Suite struct ByteWriterTests {
    @Test(arguments: [
        (Int64(0), "0"), (7, "7"), (10, "10"), (-1, "-1"), (1_234_567, "1234567"),
        (Int64.max, "9223372036854775807"), (Int64.min, "-9223372036854775808"),
    ])
    func decimal(number: Int64, expected: String) {
        #expect(written { $0.append(decimal: number) }.text == expected)
    }

    @Test(arguments: [
        (UInt64(0), "0"), (10, "a"), (0x10, "10"), (0x5f3a_9b01, "5f3a9b01"),
        (UInt64.max, "ffffffffffffffff"),
    ])
    func hexadecimal(number: UInt64, expected: String) {
        #expect(written { $0.append(hexadecimal: number) }.text == expected)
    }

    @Test(arguments: [(0, "00"), (7, "07"), (42, "42"), (99, "99"), (100, "00"), (-5, "05")])
    func twoDigits(number: Int, expected: String) {
        #expect(written { $0.append(twoDigits: number) }.text == expected)
    }

    @Test func partsAreAppendedInOrder() {
        let result = written(capacity: 24) { writer in
            writer.append("HTTP/1.1 ")
            writer.append(decimal: 200)
            writer.append(byte: 0x20)
            guarded("OK") { writer.append($0) }
            writer.append(string: " café")
            guarded("") { writer.append($0) }
            writer.append("")
        }
        #expect(result.text == "HTTP/1.1 200 OK café")
        #expect(!result.hasOverflowed)
    }

    @Test func overflowStopsAllFurtherOutput() {
        let result = written(capacity: 5) { writer in
            writer.append("abc")
            writer.append("def")
            writer.append("g")
            #expect(writer.count == 3)
        }
        #expect(result.text == "abc")
        #expect(result.hasOverflowed)
    }

    @Test func exactlyFull() {
        let result = written(capacity: 3) { $0.append("abc") }
        #expect(result.text == "abc")
        #expect(!result.hasOverflowed)
        #expect(written(capacity: 2) { $0.append(decimal: 100) }.hasOverflowed)
        #expect(written(capacity: 0) { $0.append(byte: 1) }.hasOverflowed)
    }

    @Test func truncating() {
        let result = written { writer in
            writer.append("abcdef")
            writer.truncate(to: 9)
            writer.truncate(to: -1)
            #expect(writer.count == 6)
            writer.truncate(to: 2)
            #expect(writer.byte(at: 1) == 0x62)
            #expect(writer.byte(at: 2) == 0)
            #expect(writer.byte(at: -1) == 0)
            writer.append("z")
        }
        #expect(result.text == "abz")
    }
}
