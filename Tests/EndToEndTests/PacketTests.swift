import Testing

/// Distribution of a file's bytes to packets, and the system calls that control it.
@Suite(
    .serialized, .enabled(if: CallTrace.isPossible, Comment(rawValue: CallTrace.lacking))
) struct PacketTests {
    private static let files: [String: Fixture] = [
        "20k": .pattern(20 << 10), "60k": .pattern(60 << 10), "514k": .pattern(514 << 10),
        "3m": .pattern(3 << 20),
    ]

    /// The calls of a worker that send a response.
    private enum Sending {
        case head(count: Int, isHeld: Bool)
        case slice(asked: Int, sent: Int)
        case transportQuery

        /// Parses a line of a trace.
        init?(_ line: String) {
            let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
            switch CallTrace.name(line) {
            case "sendto":
                self = .head(count: numbers.last ?? 0, isHeld: line.contains("MSG_MORE"))
            case "sendfile" where !line.contains("EAGAIN") && numbers.count > 2:
                self = .slice(asked: numbers[numbers.count - 2], sent: numbers[numbers.count - 1])
            case "getsockopt" where line.contains("TCP_INFO"): self = .transportQuery
            default: return nil
            }
        }
    }

    /// Returns the calls that send the response to a request.
    private func sending(
        _ name: String, _ directives: String = "", fields: [String] = []
    ) throws -> [Sending] {
        let server = try TestServer("sendfile on; \(directives)", files: Self.files)
        let client = try server.connect()
        try client.request("GET /20k HTTP/1.1")
        _ = try client.response()
        let lines = try CallTrace.during(server) {
            try client.request("GET /\(name) HTTP/1.1", fields)
            #expect(try client.response().status < 300)
            // The response may arrive before the call that sent it returns; afterwards it has
            // returned.
            try client.request("HEAD / HTTP/1.1")
            _ = try client.response(to: "HEAD")
        }
        return lines.compactMap { Sending($0) }.dropLast()
    }

    /// The header is in the file's first packet, and no unneeded call is made.
    @Test(arguments: ["20k", "60k"], ["", "tcp_nopush on;"])
    func smallFileSharesPacketWithHead(name: String, directives: String) throws {
        let calls = try sending(name, directives)
        let size = Self.files[name]?.content.count ?? 0
        guard case .head(let count, isHeld: true)? = calls.first, count < 1000 else {
            Issue.record("\(calls)")
            return
        }
        // The socket may accept it in parts.
        var sum = 0
        for call in calls.dropFirst() {
            guard case .slice(let asked, let sent) = call else {
                Issue.record("\(calls)")
                return
            }
            #expect(asked == size - sum)
            sum += sent
        }
        #expect(sum == size, "\(calls)")
    }

    /// A slice ends at a segment boundary, so that only the last packet is small. The first slice
    /// of a large file is one packet, with the header.
    @Test(arguments: ["", "sendfile_max_chunk 300k;"], [0, 1000])
    func slicesEndAtSegmentBoundary(directives: String, start: Int) throws {
        let fields = start > 0 ? ["Range: bytes=\(start)-"] : []
        for name in ["514k", "3m"] {
            let calls = try sending(name, directives, fields: fields)
            let queries = calls.count { if case .transportQuery = $0 { true } else { false } }
            #expect(queries == 1, "\(calls)")
            var (packet, position, end, slices) = (0, 0, 0, 0)
            for call in calls {
                if case .head(let count, _) = call {
                    position = count
                    end = count + (Self.files[name]?.content.count ?? 0) - start
                }
                guard case .slice(let asked, let sent) = call else { continue }
                if packet == 0 { packet = position + asked }
                let isWhole = (position + asked).isMultiple(of: packet)
                #expect(isWhole || position + asked == end, "\(name): \(calls)")
                position += sent
                slices += 1
            }
            #expect((1000...65536).contains(packet), "\(calls)")
            #expect(slices > 2 && position == end, "\(name): \(calls)")
        }
    }

    /// With a rate limit, available bytes are sent at once, unless the directive says otherwise.
    @Test(arguments: [("", false), ("tcp_nopush on;", true)])
    func rateLimitedHeadIsSentAlone(directives: String, isHeld: Bool) throws {
        for name in ["20k", "3m"] {
            let calls = try sending(name, "limit_rate 100m; \(directives)")
            guard case .head(_, isHeld: isHeld)? = calls.first else {
                Issue.record("\(calls)")
                continue
            }
            for call in calls {
                if case .transportQuery = call { Issue.record("whole segments: \(calls)") }
            }
        }
    }

    /// However little the socket accepts at a time.
    @Test func slowReaderGetsWholeFile() throws {
        let server = try TestServer(
            "sendfile on;", files: ["big": .pattern(30 << 20), "a": "hello"])
        let client = try server.connect(receiveBuffer: 4096)
        let lines = try CallTrace.during(server) {
            try client.request("GET /big HTTP/1.1")
            try client.awaitBytes(1000)
            #expect(try client.response().body == patternBytes(30 << 20))
            try client.request("GET /a HTTP/1.1")
            #expect(try client.response().text == "hello")
        }
        #expect(lines.contains { $0.hasPrefix("epoll_wait") && $0.contains("EPOLLOUT") })
        #expect(lines.count { $0.contains("TCP_INFO") } == 1)
    }
}
