import HTTP
import Testing

@Suite struct BytesTests {
    @Test(arguments: [
        (UInt32(0), UInt32(3), "abc"), (1, 1, "b"), (2, 9, "c"), (3, 1, ""), (9, 9, ""),
        (UInt32.max, UInt32.max, ""), (0, UInt32.max, "abc"), (0, 0, ""),
    ])
    func slicesAreCutOff(offset: UInt32, count: UInt32, expected: String) {
        let extent = ByteExtent(offset: offset, count: count)
        #expect(guarded("abc") { text($0.slice(extent)) } == expected)
    }

    @Test(arguments: [(-5, 2, "ab"), (2, 1, ""), (0, -1, ""), (1, 99, "bc"), (99, 100, "")])
    func slicesByIndexAreCutOff(start: Int, end: Int, expected: String) {
        #expect(guarded("abc") { text($0.slice(from: start, to: end)) } == expected)
    }

    @Test(arguments: [
        ("chunked", true, true), ("Chunked", false, true), ("chunke", false, false),
        ("chunkedd", false, false), ("chunk@d", false, false), ("", false, false),
    ])
    func comparing(value: String, isEqual: Bool, isEqualIgnoringCase: Bool) {
        #expect(guarded(value) { $0.equals("chunked") } == isEqual)
        #expect(guarded(value) { $0.equalsIgnoringCase("chunked") } == isEqualIgnoringCase)
    }

    /// Each byte at each position of a text that is longer than a word.
    @Test func plainTextHasNoControlsQuotesOrBackslashes() {
        for length in [1, 7, 8, 9, 16, 21] {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: 0x61, count: length)
                    bytes[place] = byte
                    let isPlain = byte >= 0x20 && byte <= 0x7E && byte != 0x22 && byte != 0x5C
                    if guarded(bytes, { $0.isPlainText }) != isPlain {
                        Issue.record("\(byte) at \(place) of \(length)")
                    }
                }
            }
        }
        #expect(guarded([UInt8]()) { $0.isPlainText })
    }

    @Test(arguments: [
        (" a\t", "a"), ("a b", "a b"), (" \t ", ""), ("", ""), ("\u{b}a", "\u{b}a"),
    ])
    func trimming(value: String, expected: String) {
        #expect(guarded(value) { text($0.trimmed()) } == expected)
    }

    @Test(arguments: [
        ("0", Int64?(0)), ("007", 7), ("9223372036854775807", Int64.max),
        ("9223372036854775808", nil), ("99999999999999999999", nil), ("", nil), ("-1", nil),
        ("+1", nil), ("1 ", nil), ("1a", nil), ("٣", nil),
    ])
    func decimalNumbers(value: String, expected: Int64?) {
        #expect(guarded(value) { $0.decimalValue() } == expected)
    }

    @Test func finding() {
        guarded("a,b,c") { bytes in
            #expect(bytes.firstIndex(of: 0x2C) == 1)
            #expect(bytes.firstIndex(of: 0x2C, from: 2) == 3)
            #expect(bytes.firstIndex(of: 0x2C, from: 4) == nil)
            #expect(bytes.firstIndex(of: 0x2C, from: 99) == nil)
            #expect(bytes.firstIndex(of: 0x61, from: -1) == 0)
        }
    }
}
