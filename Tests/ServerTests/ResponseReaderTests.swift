import Testing

@testable import Server

@Suite struct ResponseReaderTests {
    /// Returns a reader that was given a text in pieces of a size.
    private func read(_ text: String, pieces: Int) -> ResponseReader {
        var reader = ResponseReader()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = Array(bytes[start..<min(start + pieces, bytes.count)])
            reader.take(piece.span)
        }
        return reader
    }

    @Test(arguments: [
        ("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", ["HTTP/1.1 204 No Content"], "no body"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", ["HTTP/1.1 200 OK"], "body: 1 byte"),
        ("HTTP/1.1 200 OK\r\n\r\nab\r\n\r\n", ["HTTP/1.1 200 OK"], "body: 6 bytes"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
            ["HTTP/1.1 200 OK"], "body: 5 bytes, in chunks"
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nA: b\r\n\r\nno",
            ["HTTP/1.1 100 Continue", "HTTP/1.1 403 Forbidden"], "body: 2 bytes"
        ),
        ("", [], "no body"),
    ])
    func headsAreStoredAndBodiesCounted(text: String, heads: [String], body: String) {
        for pieces in [1, 2, 3, 7, 1000] {
            let reader = read(text, pieces: pieces)
            #expect(reader.heads.compactMap(\.first) == heads)
            #expect(reader.body == body)
        }
    }
}
