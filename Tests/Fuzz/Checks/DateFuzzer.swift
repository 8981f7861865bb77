import Glibc
import HTTP

/// The three forms of a date, parsed and written.
enum DateFuzzer {
    /// The first and last second of the years 0 to 9999.
    private static let span: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    static func fuzz(_ bytes: Span<UInt8>) throws {
        if let time = HTTPDate.parse(bytes) {
            try require(span.contains(time), "\(time) is of no year")
            try checkForms(time)
            try checkFields(bytes.array, time)
        }
        var number: UInt64 = 0
        for index in 0..<min(bytes.count, 8) { number = number << 8 | UInt64(bytes[index]) }
        let time = Int64(bitPattern: number)
        try checkForms(time)
        try checkForms(time % 253_402_300_800)
    }

    /// A date in the fixed format is the one that it names, not the next one that exists.
    private static func checkFields(_ text: [UInt8], _ time: Int64) throws {
        guard text.count == 29, text[3] == 0x2C, text[4] == 0x20, text[7] == 0x20,
            !text[..<3].contains(where: { $0 == 0x2C || $0 == 0x20 }), text[5] != 0x20
        else { return }
        let plain = written(29) { HTTPDate.write(time, into: &$0) }.bytes
        try require(
            plain[5..<25].elementsEqual(text.inLowerCase[5..<25]) { $0.asciiLowercased == $1 },
            "\(text.text) became \(plain.text)")
    }

    private static func checkForms(_ time: Int64) throws {
        let clamped = min(max(time, span.lowerBound), span.upperBound)
        let written = written(29) { HTTPDate.write(time, into: &$0) }
        try require(!written.hasOverflowed && written.bytes.count == 29, "not 29 bytes")
        try require(
            HTTPDate.parse(written.bytes.span) == clamped, "\(time) is \(written.bytes.text)")
        let fixed = cLibrary("%a, %d %b %04Y %H:%M:%S GMT", clamped)
        try require(written.bytes == fixed, "\(fixed.text), not \(written.bytes.text)")
        var forms = ["%a %b %e %H:%M:%S %04Y"]
        // A two-digit year is in these hundred years.
        if (0..<3_155_760_000).contains(clamped) { forms.append("%A, %d-%b-%y %H:%M:%S GMT") }
        for form in forms {
            let text = cLibrary(form, clamped)
            try require(HTTPDate.parse(text.span) == clamped, "\(text.text) is not \(clamped)")
        }
    }

    /// Returns a time in a format of strftime(3), by the C library's calendar.
    private static func cLibrary(_ form: String, _ time: Int64) -> [UInt8] {
        var seconds = time_t(time)
        var calendar = unsafe tm()
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard unsafe gmtime_r(&seconds, &calendar) != nil, let start = text.baseAddress else {
                return []
            }
            let count = unsafe strftime(start, 64, form, &calendar)
            return unsafe text[..<count].map { UInt8(bitPattern: $0) }
        }
    }
}
