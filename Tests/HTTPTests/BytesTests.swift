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
