import Testing

@testable import HTTP

/// A header from the cache equals the parsed one.
@Suite struct FieldBlockCacheTests {
    private func parse(
        _ request: String, _ memory: FieldBlockCache, limits: HeadLimits = HeadLimits()
    ) -> (outcome: ParseOutcome, facts: String) {
        let bytes = Array(request.utf8)
        var parser = RequestParser(limits: limits)
        let outcome = parser.resume(bytes.span, memory: memory)
        let head = parser.head
        func text(_ extent: ByteExtent) -> String {
            let piece = bytes.span.slice(extent)
            return String(decoding: piece.indices.map { piece[$0] }, as: UTF8.self)
        }
        var facts = "\(head.method) \(head.version) \(head.port) \(head.byteCount)"
        facts += " \(head.connectionClose) \(head.connectionKeepAlive) \(head.contentLength)"
        facts += " [\(text(head.host))] [\(text(head.fields))] [\(text(head.path))]"
        for name in FieldName.allCases {
            if let value = head.field(name) { facts += " \(name)=[\(text(value))]" }
            if !head.hasAtMostOne(name) { facts += " and more" }
        }
        return (outcome, facts)
    }

    private let blocks = [
        "Host: a.example:81\r\n\r\n",
        "Host: a\r\nUser-Agent: b\r\nAccept-Encoding: gzip, br\r\nX: y\r\n\r\n",
        "Host: a\r\nConnection: close\r\nCookie: c\r\nRange: bytes=0-1\r\n\r\n",
        "Host: a\r\nCookie: c\r\nCookie: d\r\n\r\n",
        "host:a\nIf-None-Match:  \"x\" \n\n",
        "Host: a\r\nContent-Length: 3\r\n\r\n", "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Host: a\r\nExpect: 100-continue\r\n\r\n", "User-Agent: b\r\n\r\n", "Host: \r\n\r\n",
    ]
    private let lines = [
        "GET / HTTP/1.1\r\n", "HEAD /longer/path?query HTTP/1.1\r\n", "GET /a HTTP/1.0\r\n",
        "POST / HTTP/1.1\r\n", "GET http://other.example/x HTTP/1.1\r\n", "\r\nGET / HTTP/1.1\r\n",
    ]

    @Test func cachedFieldsEqualParsedFields() {
        let memory = FieldBlockCache.allocate()
        defer { memory.free() }
        // Each block is stored for one request line and looked up with another, or must not be
        // found.
        for block in blocks {
            for first in lines {
                for second in lines {
                    _ = parse(first + block, memory)
                    let recalled = parse(second + block, memory)
                    let read = parse(second + block, .none)
                    #expect(recalled == read, "\(first)\(second)\(block)")
                }
            }
        }
    }

    @Test func repeatedBlockIsReused() throws {
        let memory = FieldBlockCache.allocate()
        defer { memory.free() }
        let bytes = Array((lines[0] + blocks[1]).utf8)
        var parser = RequestParser(limits: HeadLimits())
        _ = parser.resume(bytes.span, memory: memory)
        var head = RequestHead()
        let position = lines[0].utf8.count
        let known = memory.block(bytes.span, at: position)
        let block = try #require(known)
        #expect(memory[block].count == blocks[1].utf8.count)
        head.copyFields(memory[block].head, at: UInt32(position))
        #expect(head.field(.userAgent) == parser.head.field(.userAgent))
        var other = bytes
        other[other.count - 6] = UInt8(ascii: "z")
        let unknown = memory.block(other.span, at: position)
        #expect(unknown == nil)
    }

    @Test func otherLimitsParseAgain() {
        let memory = FieldBlockCache.allocate()
        defer { memory.free() }
        let long = String(repeating: "x", count: 200)
        let text = "GET / HTTP/1.1\r\nHost: a\r\nX-Long: \(long)\r\n\r\n"
        #expect(parse(text, memory).outcome == .complete)
        var limits = HeadLimits()
        limits.fieldLine = 100
        #expect(parse(text, memory, limits: limits).outcome == .invalid(.fieldLineTooLong))
        limits = HeadLimits()
        limits.head = 100
        #expect(parse(text, memory, limits: limits).outcome != .complete)
    }

    @Test func bytesAfterHeadAreIgnored() {
        let memory = FieldBlockCache.allocate()
        defer { memory.free() }
        let request = lines[0] + blocks[1]
        _ = parse(request, memory)
        #expect(parse(request + request, memory) == parse(request + request, .none))
        #expect(parse(String(request.dropLast()), memory).outcome == .needsMore)
    }
}
