import HTTP
import Testing

/// Valid requests with random damage, in random pieces: the result equals that of the whole.
@Suite struct RequestParserSplitTests {
    static let seed: UInt64 = 20_260_731

    static let seeds = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://[::1]:80/x?y HTTP/1.1\r\nHost: b.\r\nRange: bytes=0-\r\n\r\n",
        "\r\nPOST /a/../%41?b#c HTTP/1.0\nContent-Length: 12\nConnection: close, x\n\nbody",
        "PUT /x HTTP/1.1\r\nHost: c:8080\r\nTransfer-Encoding: chunked\r\n"
            + "Expect: 100-continue\r\nX_y: 1\r\n\r\n",
        "GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11)\r\n"
            + "Accept-Encoding: gzip, deflate, br\r\nIf-None-Match: \"5f-3\"\r\n"
            + "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
    ]

    /// Bytes with a meaning for the parser occur often.
    static let tellingBytes: [UInt8] = Array("\r\n\n\r: \t\0/?#%.[]@,_-HGT019".utf8)

    @Test func damagedRequests() {
        var random = SeededGenerator(seed: Self.seed)
        let memory = GuardedBytes(capacity: 1024)
        var outcomes = (complete: 0, invalid: 0, needsMore: 0)
        for round in 0..<20_000 {
            var bytes = Array(Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &random)].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                Self.damage(&bytes, &random)
            }
            let limits = HeadLimits(
                requestLine: Int.random(in: 16...80, using: &random),
                fieldLine: Int.random(in: 16...80, using: &random),
                head: Int.random(in: 40...300, using: &random),
                fields: Int.random(in: 1...6, using: &random),
                allowsUnderscores: Bool.random(using: &random),
                dropsInvalidNames: Bool.random(using: &random))
            var ends: [Int] = []
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                ends.append(Int.random(in: 0...bytes.count, using: &random))
            }
            ends.sort()
            ends.append(bytes.count)
            let whole = parse(bytes, ends: [bytes.count], limits: limits, memory: memory)
            let pieces = parse(bytes, ends: ends, limits: limits, memory: memory)
            #expect(pieces == whole, "seed \(Self.seed), round \(round), pieces \(ends)")
            switch whole.outcome {
            case .complete: outcomes.complete += 1
            case .invalid: outcomes.invalid += 1
            case .needsMore: outcomes.needsMore += 1
            }
        }
        // The damage is enough, but not too much, for a meaningful test.
        #expect(outcomes.complete > 1000 && outcomes.invalid > 1000 && outcomes.needsMore > 100)
    }

    static func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let byte =
            Bool.random(using: &random)
            ? UInt8.random(in: 0...255, using: &random)
            : tellingBytes[Int.random(in: 0..<tellingBytes.count, using: &random)]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        case 2: bytes.remove(at: place)
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { bytes = [byte] }
    }
}
