import HTTP
import Testing

struct ChunkedRow: CustomTestStringConvertible {
    let body: String
    let state: ChunkedDecoder.State
    var bodyBytes: Int64 = 0
    /// The number of bytes of `body` that do not belong to it.
    var rest = 0

    var testDescription: String { body.debugDescription.prefix(60) + "" }
}

@Suite struct ChunkedDecoderTests {
    static let long = String(repeating: "x", count: 5000)
    static let trailers = String(repeating: "a: b\r\n", count: 1500)

    static let rows: [ChunkedRow] = [
        // RFC 9112, section 7.1.
        .init(body: "0\r\n\r\n", state: .finished),
        .init(body: "5\r\nhello\r\n0\r\n\r\n", state: .finished, bodyBytes: 5),
        .init(body: "5\r\nhello\r\n0\r\n\r\nGET /", state: .finished, bodyBytes: 5, rest: 5),
        .init(body: "1\r\na\r\n02\r\nbc\r\n000\r\n\r\n", state: .finished, bodyBytes: 3),
        .init(body: "A\r\n0123456789\r\n0\r\n\r\n", state: .finished, bodyBytes: 10),
        .init(body: "a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", state: .finished, bodyBytes: 10),
        .init(body: "", state: .more), .init(body: "5", state: .more),
        .init(body: "5\r\nhel", state: .more, bodyBytes: 3),
        .init(body: "5\r\nhello", state: .more, bodyBytes: 5),
        .init(body: "0\r\n", state: .more), .init(body: "0\r\n\r", state: .more),
        .init(body: "0\r\na: b\r\n", state: .more),
        // RFC 9112, section 7.1.1: extensions are skipped.
        .init(body: "1;a=b\r\nx\r\n0;c\r\n\r\n", state: .finished, bodyBytes: 1),
        .init(body: "1 ; a=\"b\"\r\nx\r\n0 \r\n\r\n", state: .finished, bodyBytes: 1),
        .init(body: "1\t\r\nx\r\n0\r\n\r\n", state: .finished, bodyBytes: 1),
        .init(body: "1;a\nx\r\n", state: .invalid), .init(body: "1;a\rb\r\nx\r\n", state: .invalid),
        .init(body: "1;a\0\r\n", state: .invalid), .init(body: "1 2\r\n", state: .invalid),
        .init(body: "1;" + long, state: .invalid), .init(body: "0;" + long, state: .invalid),
        // RFC 9112, section 7.1.2: trailers are skipped.
        .init(body: "0\r\na: b\r\nc: d\r\n\r\n", state: .finished),
        .init(body: "0\r\na: b\n\r\n", state: .invalid),
        .init(body: "0\r\na: b\rc\r\n", state: .invalid),
        .init(body: "0\r\n\n", state: .invalid), .init(body: "0\r\n\rx", state: .invalid),
        .init(body: "0\r\na\0: b\r\n\r\n", state: .invalid),
        .init(body: "0\r\n" + trailers + "\r\n", state: .invalid),
        .init(body: "0\r\n" + long + "\r\n\r\n", state: .finished),
        // Sizes.
        .init(body: "\r\n", state: .invalid), .init(body: ";a\r\n", state: .invalid),
        .init(body: " 1\r\n", state: .invalid), .init(body: "-1\r\n", state: .invalid),
        .init(body: "+1\r\n", state: .invalid), .init(body: "0x1\r\n", state: .invalid),
        .init(body: "g\r\n", state: .invalid), .init(body: "1_0\r\n", state: .invalid),
        .init(body: "7fffffffffffffff\r\n", state: .more),
        .init(body: "8000000000000000\r\n", state: .invalid),
        .init(body: "10000000000000000\r\n", state: .invalid),
        .init(body: "00000000000000001\r\n", state: .invalid),
        .init(body: "0000000000000001\r\n", state: .more),
        // Lines end with CRLF.
        .init(body: "1\nx\r\n", state: .invalid),
        .init(body: "1\r\nx\n", state: .invalid, bodyBytes: 1),
        .init(body: "1\r\nxy", state: .invalid, bodyBytes: 1), .init(body: "1\rx", state: .invalid),
        .init(body: "1\r\nx\rx", state: .invalid, bodyBytes: 1),
    ]

    /// Strict parsing of RFC 9112, sections 7.1.1 and 7.1.2.
    static let strictRows: [ChunkedRow] = [
        .init(body: "0\r\na: b\r\nc:\r\nd:\te\u{E4}\r\n\r\n", state: .finished),
        .init(body: "0\r\n\r\n", state: .finished),
        .init(body: "0\r\na", state: .more), .init(body: "0\r\na:", state: .more),
        .init(body: "0\r\nnocolon\r\n", state: .invalid),
        .init(body: "0\r\na: b\r\nnocolon\r\n", state: .invalid),
        .init(body: "0\r\n: b\r\n", state: .invalid), .init(body: "0\r\na : b", state: .invalid),
        .init(body: "0\r\n a: b", state: .invalid), .init(body: "0\r\na(: b", state: .invalid),
        .init(body: "0\r\na: b\r\n c\r\n", state: .invalid),
        .init(body: "0\r\na: \u{1B}", state: .invalid),
        .init(body: "0\r\na: \u{7F}", state: .invalid),
        .init(body: "1;a\r\nx\r\n0\r\n\r\n", state: .finished, bodyBytes: 1),
        .init(body: "1;a=b;c=\"d\"\r\nx\r\n0;e\r\n\r\n", state: .finished, bodyBytes: 1),
        .init(
            body: "1 ; a = \"b;\\\" c\t\" ; d\t\r\nx\r\n0\r\n\r\n", state: .finished,
            bodyBytes: 1),
        .init(body: "1;\r\n", state: .invalid), .init(body: "1;;a\r\n", state: .invalid),
        .init(body: "1;a;\r\n", state: .invalid), .init(body: "1;a=\r\n", state: .invalid),
        .init(body: "1;=b\r\n", state: .invalid), .init(body: "1;a b\r\n", state: .invalid),
        .init(body: "1;a=b c\r\n", state: .invalid), .init(body: "1;a/b\r\n", state: .invalid),
        .init(body: "1;a=\"b\r\n", state: .invalid), .init(body: "1;a=\"b\"c", state: .invalid),
        .init(body: "1;a=\"\\\r\n", state: .invalid), .init(body: "1;a=\"\u{1}\"", state: .invalid),
        .init(body: "1;a=\"" + long, state: .invalid), .init(body: "1;" + long, state: .invalid),
        .init(body: "1;a\n", state: .invalid), .init(body: "1;a\rx", state: .invalid),
    ]

    /// Decodes in pieces of `step` bytes. Returns the rest, and the decoder's result.
    static func decode(
        _ bytes: [UInt8], step: Int, _ memory: GuardedBytes, isStrict: Bool = false
    ) -> (state: ChunkedDecoder.State, bodyBytes: Int64, rest: Int) {
        var decoder = ChunkedDecoder(isStrict: isStrict)
        var position = 0
        while position < bytes.count {
            let end = min(position + step, bytes.count)
            let (consumed, state) = memory.place(bytes[position..<end]) { decoder.consume($0) }
            position += consumed
            if state != .more { break }
            #expect(position == end)
        }
        return (decoder.state, decoder.bodyBytes, bytes.count - position)
    }

    @Test(arguments: rows)
    func decoding(row: ChunkedRow) {
        let bytes = Array(row.body.utf8)
        let memory = GuardedBytes(capacity: bytes.count)
        for step in [1, 2, 3, 7, 4096, 100_000] {
            let result = Self.decode(bytes, step: step, memory)
            #expect(result.state == row.state, "in pieces of \(step)")
            #expect(result.bodyBytes == row.bodyBytes, "in pieces of \(step)")
            if row.state == .finished { #expect(result.rest == row.rest, "in pieces of \(step)") }
        }
    }

    @Test(arguments: strictRows)
    func decodingStrictly(row: ChunkedRow) {
        let bytes = Array(row.body.utf8)
        let memory = GuardedBytes(capacity: bytes.count)
        for step in [1, 2, 3, 7, 4096] {
            let result = Self.decode(bytes, step: step, memory, isStrict: true)
            #expect(result.state == row.state, "in pieces of \(step)")
            #expect(result.bodyBytes == row.bodyBytes, "in pieces of \(step)")
        }
    }

    @Test func nothingIsConsumedAfterTheEnd() {
        var decoder = ChunkedDecoder()
        guarded("0\r\n\r\n") { #expect(decoder.consume($0) == (5, .finished)) }
        guarded("x") { #expect(decoder.consume($0) == (0, .finished)) }
    }
}
