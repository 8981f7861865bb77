import HTTP
import Testing

/// What strict_requests adds: refused is what nginx lets pass and the RFCs do not.
@Suite struct StrictRequestTests {
    /// A request, whether a tolerant parser takes it, whether a strict one does, and the section.
    static let cases: [(request: String, isTaken: Bool, isTakenStrictly: Bool, section: String)] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, true, "RFC 9112, 3"),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3.2"),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3"),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3"),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", true, false, "RFC 9112, 3"),
        ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", true, false, "RFC 9112, 2.3"),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", true, true, "RFC 9110, 2.5"),
        ("GET /\r\n", true, false, "RFC 9112, 2.3"),
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", true, false, "RFC 9112, 2.2"),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", true, false, "RFC 9112, 2.2"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\n", true, false, "RFC 9112, 2.2"),
        ("GET / HTTP/1.1\r\nHost: a\r\nNoColon\r\n\r\n", true, false, "RFC 9112, 5"),
        ("GET / HTTP/1.1\r\nHost: a\r\nx@y: 1\r\n\r\n", true, false, "RFC 9110, 5.1"),
        ("GET / HTTP/1.1\r\nHost: a\r\nx_y!: 1\r\n\r\n", true, true, "RFC 9110, 5.1"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{1}b\r\n\r\n", true, false, "RFC 9110, 5.5"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n", true, true, "RFC 9110, 5.5"),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", false, true, "RFC 9110, 9.1"),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "RFC 9110, 9.1"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", false, true, "RFC 9112, 3.2.4"),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "RFC 9112, 3.2.4"),
        ("OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", false, false, "RFC 9112, 3.2.4"),
    ]

    /// RFC 9110, section 5.5: a value has visible bytes, spaces and tabs, wherever they stand.
    @Test(arguments: [0, 1, 6, 7, 8, 9, 15, 16, 17, 40])
    func controlsInValues(place: Int) {
        let limits = HeadLimits(isStrict: true)
        for byte in UInt8.min...UInt8.max {
            let before = String(repeating: "v", count: place)
            let bytes =
                Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(before)".utf8) + [byte]
                + Array("v\r\n\r\n".utf8)
            let isTaken = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            let outcome = verdict(bytes, limits: limits).outcome
            #expect((outcome == .complete) == isTaken, "\(byte)")
        }
    }

    @Test(arguments: cases.indices)
    func isRefused(index: Int) {
        let row = Self.cases[index]
        for isStrict in [false, true] {
            let limits = HeadLimits(isStrict: isStrict)
            let outcome = verdict(Array(row.request.utf8), limits: limits).outcome
            let isTaken = isStrict ? row.isTakenStrictly : row.isTaken
            #expect((outcome == .complete) == isTaken, "\(row.section), strict: \(isStrict)")
            #expect(outcome != .needsMore, "\(row.section), strict: \(isStrict)")
        }
    }
}
