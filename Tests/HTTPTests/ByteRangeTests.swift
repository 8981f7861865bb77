import HTTP
import Testing

/// Returns ranges from pairs of the first byte and the one after the last.
func ranges(_ pairs: (Int64, Int64)...) -> ByteRanges {
    let ranges = pairs.map { ByteRange(start: $0.0, end: $0.1) }
    return ranges.count == 1 ? .one(ranges[0]) : .many(ranges)
}

@Suite struct ByteRangeTests {
    @Test(arguments: [
        // RFC 9110, section 5.6.1.2.
        ("bytes=1-2,", ranges((1, 3))), ("bytes=,1-2", ranges((1, 3))),
        ("bytes= , ,1-2 ,\t, 4-4,,", ranges((1, 3), (4, 5))), ("bytes=,", .none),
        ("bytes=1-2", ranges((1, 3))), ("bytes=10-,", .unsatisfiable),
        ("bytes=10-,1-2", ranges((1, 3))), ("bytes=-0", .unsatisfiable),
        // Section 14.1.1: if a member is invalid, the header is ignored as a whole.
        ("bytes=,x", .none), ("bytes=1-2,,x", .none), ("bytes=5-2", .none),
        ("bytes=1-2,5-2", .none), ("bytes=5-2,1-2", .none), ("bytes=20-19", .none),
        ("bytes=x", .none), ("bytes=-", .none), ("bytes=1", .none), ("bytes=--1", .none),
        ("bytes=1-2;3-4", .none), ("bytes=10-,x", .none), ("bytes=5-5", ranges((5, 6))),
        ("bytes=1 -2", .none), ("bytes=1- 2", .none), ("bytes=- 2", .none),
        ("bytes= 1-2 ", ranges((1, 3))),
        // Section 14.1.2: a position may have any number of digits.
        ("bytes=5-99999999999999999999", ranges((5, 10))),
        ("bytes=-99999999999999999999", ranges((0, 10))),
        ("bytes=99999999999999999999-", .unsatisfiable),
        ("bytes=99999999999999999999-99999999999999999999", .unsatisfiable),
    ])
    func strictParsing(value: String, expected: ByteRanges) {
        let found = guarded(value) { ByteRanges($0, size: 10, isStrict: true) }
        #expect(found == expected)
    }

    @Test(
        arguments: [
            // RFC 9110, section 14.1.2.
            ("bytes=0-499", 10_000, ranges((0, 500))),
            ("bytes=500-999", 10_000, ranges((500, 1000))),
            ("bytes=-500", 10_000, ranges((9500, 10_000))),
            ("bytes=9500-", 10_000, ranges((9500, 10_000))),
            ("bytes=0-0,-1", 10_000, ranges((0, 1), (9999, 10_000))),
            (
                "bytes= 0-999, 4500-5499, -1000", 10_000,
                ranges((0, 1000), (4500, 5500), (9000, 10_000))
            ),
            ("bytes=500-600,601-999", 10_000, ranges((500, 601), (601, 1000))),
            ("bytes=500-700,601-999", 10_000, ranges((500, 701), (601, 1000))),
            ("Bytes=0-0", 10, ranges((0, 1))), ("bytes=0-", 10, ranges((0, 10))),
            ("bytes=9-", 10, ranges((9, 10))),
            ("bytes=5-100", 10, ranges((5, 10))), ("bytes=-100", 10, ranges((0, 10))),
            ("bytes= 1 - 2 , 3 - 4 ", 10, ranges((1, 3), (3, 5))),
            ("bytes=007-008", 10, ranges((7, 9))),
            ("bytes=\t1-2\t,\t3-4\t", 10, ranges((1, 3), (3, 5))),
            // Ignored: another unit, or no range at all.
            ("lines=0-1", 10, .none), ("bytes:0-1", 10, .none), ("bytes=", 10, .none),
            ("", 10, .none),
            ("bytes =0-1", 10, .none),
            // A range outside the file is dropped; if it is the only one, 416 (RFC 9110, 15.5.17).
            ("bytes=10-", 10, .unsatisfiable), ("bytes=10-20", 10, .unsatisfiable),
            ("bytes=0-1,10-", 10, ranges((0, 2))), ("bytes=10-,0-1", 10, ranges((0, 2))),
            ("bytes=-0", 10, .unsatisfiable), ("bytes=5-4", 10, .unsatisfiable),
            ("bytes=-0,1-1", 10, ranges((1, 2))),
            // An empty file.
            ("bytes=0-", 0, .none), ("bytes=0-0", 0, .none), ("bytes=-5", 0, .none),
            ("bytes=1-", 0, .unsatisfiable),
            // Invalid syntax is 416 in nginx.
            ("bytes=x", 10, .unsatisfiable), ("bytes=-", 10, .unsatisfiable),
            ("bytes=1", 10, .unsatisfiable),
            ("bytes=1-x", 10, .unsatisfiable), ("bytes=--1", 10, .unsatisfiable),
            ("bytes=1-2x", 10, .unsatisfiable),
            ("bytes=1-2,", 10, .unsatisfiable), ("bytes=,1-2", 10, .unsatisfiable),
            ("bytes=1-2;3-4", 10, .unsatisfiable),
            ("bytes=+1-2", 10, .unsatisfiable), ("bytes=1-2,x", 10, .unsatisfiable),
            ("bytes=1-\t2", 10, .unsatisfiable),
            ("bytes=0x1-2", 10, .unsatisfiable),
            // Numbers larger than any file.
            ("bytes=0-9223372036854775807", 10, ranges((0, 10))),
            ("bytes=0-9223372036854775808", 10, .unsatisfiable),
            ("bytes=9223372036854775808-", 10, .unsatisfiable),
            ("bytes=9223372036854775807-", 10, .unsatisfiable),
            ("bytes=-9223372036854775807", 10, ranges((0, 10))),
            ("bytes=-99999999999999999999", 10, .unsatisfiable),
            ("bytes=0-", Int64.max, ranges((0, Int64.max))),
            ("bytes=-1", Int64.max, ranges((Int64.max - 1, Int64.max))),
            ("bytes=0-,0-", Int64.max, .unsatisfiable),
            // Together larger than the file: ignored (RFC 9110, 17.15).
            ("bytes=0-,0-", 10, .none), ("bytes=0-5,4-9", 10, .none),
            ("bytes=0-4,5-9", 10, ranges((0, 5), (5, 10))),
        ] as [(String, Int64, ByteRanges)])
    func validRangesAreParsed(value: String, size: Int64, expected: ByteRanges) {
        #expect(guarded(value) { ByteRanges($0, size: size) } == expected)
    }

    @Test(
        arguments: [
            ("bytes=0-0", 0, .none), ("bytes=0-0", 1, ranges((0, 1))), ("bytes=0-0,2-2", 1, .none),
            ("bytes=0-0,2-2", 2, ranges((0, 1), (2, 3))), ("bytes=0-0,2-2,4-4", 2, .none),
            ("bytes=20-,30-,0-0", 1, ranges((0, 1))), ("bytes=0-0", -1, .none),
        ] as [(String, Int, ByteRanges)])
    func maximum(value: String, maximum: Int, expected: ByteRanges) {
        #expect(guarded(value) { ByteRanges($0, size: 10, maximum: maximum) } == expected)
    }

    /// For any text, a range lies within the file.
    @Test func randomFields() {
        let pieces = ["0", "1", "5", "9", "10", "9223372036854775807", "-", "-", ",", " ", "x"]
        let seed: UInt64 = 11
        var random = SeededGenerator(seed: seed)
        var found = 0
        for round in 0..<20_000 {
            var value = "bytes="
            for _ in 0..<Int.random(in: 1..<10, using: &random) {
                value += pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            let size = Int64.random(in: 0..<12, using: &random)
            let all: [ByteRange]
            switch guarded(value, { ByteRanges($0, size: size) }) {
            case .none, .unsatisfiable: continue
            case .one(let range): all = [range]
            case .many(let ranges): all = ranges
            }
            found += 1
            for range in all {
                #expect(
                    range.start >= 0 && range.start < range.end && range.end <= size,
                    "seed \(seed), round \(round), \(value), size \(size)")
            }
            #expect(all.reduce(0) { $0 + $1.count } <= size)
        }
        #expect(found > 500)
    }

    @Test(arguments: [
        // RFC 9110, section 13.1.5.
        ("\"1\"", "\"1\"", true), ("\"2\"", "\"1\"", false), ("W/\"1\"", "W/\"1\"", false),
        ("\"1\"", "W/\"1\"", false), ("\"1\"", "", false), ("\"", "\"", false),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "\"1\"", true), ("Sun Nov  6 08:49:37 1994", "", true),
        ("Sun, 06 Nov 1994 08:49:38 GMT", "\"1\"", false),
        ("Sun, 06 Nov 1994 08:49:36 GMT", "\"1\"", false), ("", "", false), ("*", "\"1\"", false),
        ("\"1\", \"2\"", "\"1\"", false),
    ])
    func ifRange(value: String, etag: String, isAllowed: Bool) {
        guarded(etag) { etag in
            guarded(value) { value in
                let validators = Validators(modified: 784_111_777, etag: etag)
                let result = IfRange.allowsRange(value, validators)
                #expect(result == isAllowed)
            }
        }
    }

    @Test func ifRangeWithoutATime() {
        guarded("Wed, 31 Dec 1969 23:59:59 GMT") { value in
            guarded("") { etag in
                let validators = Validators(modified: nil, etag: etag)
                let isAllowed = IfRange.allowsRange(value, validators)
                #expect(!isAllowed)
            }
        }
    }

    @Test func ifRangeWithATimeBefore1970() {
        guarded("Wed, 31 Dec 1969 23:59:59 GMT") { value in
            guarded("") { etag in
                let validators = Validators(modified: -1, etag: etag)
                let isAllowed = IfRange.allowsRange(value, validators)
                #expect(isAllowed)
            }
        }
    }
}
