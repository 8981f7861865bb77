import Testing

@testable import Configuration

@Suite struct NginxSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("007", 7), ("512", 512), ("1k", 1024), ("1K", 1024),
            ("8m", 8 << 20), ("8M", 8 << 20), ("9223372036854775807", Int.max),
            ("9007199254740991k", 9_007_199_254_740_991 << 10), ("1g", nil), ("1G", nil),
            ("9223372036854775808", nil), ("9007199254740992k", nil), ("99999999999999999999", nil),
            ("", nil), ("k", nil), ("-1", nil), ("+1", nil), ("1.5m", nil), ("1kk", nil),
            ("1 k", nil),
            ("1b", nil), ("0x10", nil), ("\u{0661}", nil),
        ] as [(String, Int?)])
    func size(text: String, expected: Int?) {
        #expect(NginxSize.size(Array(text.utf8)) == expected)
    }

    @Test(
        arguments: [
            ("1g", 1 << 30), ("2G", 2 << 30), ("3k", 3072), ("4M", 4 << 20), ("5", 5),
            ("8589934591g", 8_589_934_591 << 30), ("8589934592g", nil), ("g", nil), ("1t", nil),
        ] as [(String, Int?)])
    func offset(text: String, expected: Int?) {
        #expect(NginxSize.offset(Array(text.utf8)) == expected)
    }
}
