import Glibc
import HTTP
import Testing

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            // RFC 9110, section 5.6.7.
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu Jan 1 00:00:00 1970", 0),
            ("Thu Jan 01 00:00:00 1970", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Sat, 29 Feb 2020 00:00:00 GMT", 1_582_934_400),
            ("Friday, 31-Dec-99 23:59:59 GMT", 946_684_799),
            ("Monday, 01-Jan-00 00:00:00 GMT", 946_684_800),
            ("Tuesday, 31-Dec-69 00:00:00 GMT", 3_155_673_600),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
            // As in nginx, weekday and zone are ignored.
            ("x, 06 Nov 1994 08:49:37", 784_111_777), ("Sun,06 Nov 1994 08:49:37 PST", 784_111_777),
            ("Sun, 06 nov 1994 08:49:37 GMT", 784_111_777),
            ("Sun, 29 Feb 1900 00:00:00 GMT", nil), ("Sun, 29 Feb 2021 00:00:00 GMT", nil),
            ("Sun, 31 Apr 2021 00:00:00 GMT", nil), ("Sun, 00 Jan 2021 00:00:00 GMT", nil),
            ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("Sun, 06 Nov 1994 00:60:00 GMT", nil),
            ("Sun, 06 Nov 1994 00:00:60 GMT", nil), ("Sun, 06 Nvo 1994 08:49:37 GMT", nil),
            ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06-Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Nov 94 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:3", nil),
            ("Sun, 06 Nov", nil),
            ("Sun Nov  6 08:49:37 199", nil), ("Sun Nov 6", nil), ("", nil), (",", nil), (" ", nil),
            ("784111777", nil), ("Sun, ", nil), ("Sun, 0", nil), ("0", nil),
        ] as [(String, Int64?)])
    func validDatesAreParsed(value: String, expected: Int64?) {
        #expect(guarded(value) { HTTPDate.parse($0) } == expected)
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_825_600, "Tue, 29 Feb 2000 12:00:00 GMT"),
        (-62_167_219_200, "Sat, 01 Jan 0000 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"), (Int64.min, "Sat, 01 Jan 0000 00:00:00 GMT"),
    ])
    func writing(seconds: Int64, expected: String) {
        #expect(written(capacity: 29) { HTTPDate.write(seconds, into: &$0) }.text == expected)
    }

    /// Compares with the C library for all years that can be written.
    @Test func dateMatchesCLibrary() {
        let seed: UInt64 = 3
        var random = SeededGenerator(seed: seed)
        for round in 0..<20_000 {
            let seconds = Int64.random(in: -62_167_219_200...253_402_300_799, using: &random)
            var clock = time_t(seconds)
            var parts = unsafe tm()
            unsafe gmtime_r(&clock, &parts)
            let time = CivilTime(seconds)
            let ours = [
                time.year, time.month, time.day, time.hour, time.minute, time.second, time.weekday,
            ]
            let theirs = unsafe [
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                parts.tm_min, parts.tm_sec, parts.tm_wday,
            ].map(Int.init)
            #expect(ours == theirs, "seed \(seed), round \(round)")
            let text = written { HTTPDate.write(seconds, into: &$0) }.text
            #expect(guarded(text) { HTTPDate.parse($0) } == seconds, "seed \(seed), round \(round)")
        }
    }
}
