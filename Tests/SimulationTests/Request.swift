/// A request of a simulated client, with what is expected of its response.
struct Request {
    /// The response that a request calls for.
    enum Kind {
        /// A file, by the index of its path; `prefix` is that of the location.
        case file(Int, prefix: String)
        /// A response that does not depend on files.
        case fixed(Fixed)
        /// The counters of connections.
        case counts
        /// No response: the connection is closed.
        case dropped
        /// A refusal of a request that is invalid or too large.
        case refused(Int)
    }

    /// A response from the configuration.
    struct Fixed {
        var status = 200
        var body: [UInt8] = []
        var location = ""
        /// The path, if the status does not determine it.
        var path = ""
    }

    /// The part of a file that is requested.
    struct Part {
        let first: Int64
        /// The last byte, or nil for the end of the file.
        let last: Int64?
    }

    var kind: Kind
    var bytes: [UInt8] = []
    /// The length of the head.
    var headCount = 0
    var isHead = false
    /// True for HTTP/1.0.
    var isOld = false
    var keepsAlive = true
    var part: Part?
    /// True for `If-None-Match: *`.
    var isConditional = false
    var acceptsGzip = false
    /// True if an interim response may precede the response.
    var expectsContinue = false
    /// True if the framing of the body is invalid: 400 if that is known before the response, or the
    /// end of the connection after it.
    var hasInvalidBody = false

    /// The time at which the first byte was sent.
    var startedMs = Int64.max
    /// The moment at which the last byte of the head was sent.
    var sentAt: UInt64?
    /// The number of different dates that the clock had shown at that moment.
    var datesBefore = 0

    var isRefused: Bool {
        if case .refused = kind { return true }
        return false
    }

    /// True if the number of such requests at once is limited.
    var isLimited: Bool {
        if case .file(_, "/c") = kind { return true }
        return false
    }

    /// True if the response may be delayed by something other than the client.
    var mayBeDelayed: Bool {
        if case .file(_, let prefix) = kind { return !["", "/p", "/z", "/e"].contains(prefix) }
        return isDropped || isRefused
    }

    /// True if the helper process reads the file, which may fail.
    var isReadByHelper: Bool {
        if case .file(_, let prefix) = kind { return prefix.hasPrefix("/a") }
        return false
    }

    var isDropped: Bool {
        if case .dropped = kind { return true }
        return false
    }
}

extension Request {
    /// Returns a random request.
    static func random(
        for setup: ClientSetup, hasBody: Bool = false, using random: inout SeededGenerator
    ) -> Request {
        if random.once(in: 60) { return invalid(using: &random) }
        var request = Request(kind: kind(for: setup, using: &random))
        var fields = ""
        request.isHead = random.once(in: 12)
        if case .file(_, let prefix) = request.kind {
            if random.once(in: 8) {
                let first = Int64(random.below(random.once(in: 4) ? 40_000 : 30))
                let last = random.once(in: 2) ? first + Int64(random.below(20_000)) : nil
                request.part = Part(first: first, last: last)
                fields += "Range: bytes=\(first)-\(last.map { "\($0)" } ?? "")\r\n"
            } else if random.once(in: 12) {
                request.isConditional = true
                fields += "If-None-Match: *\r\n"
            }
            if prefix == "/z" || random.once(in: 4) {
                request.acceptsGzip = prefix == "/z"
                fields += "Accept-Encoding: gzip\r\n"
            }
        }
        if random.once(in: 10) {
            let filler = String(repeating: "x", count: random.from(1...1500))
            fields += "X-Filler: \(filler)\r\n"
        }
        var version = "HTTP/1.1"
        switch random.below(40) {
        case 0:
            fields += "Connection: close\r\n"
            request.keepsAlive = false
        case 1:
            version = "HTTP/1.0"
            request.keepsAlive = false
        case 2:
            version = "HTTP/1.0"
            fields += "Connection: keep-alive\r\n"
        default: break
        }
        request.isOld = version == "HTTP/1.0"
        let body =
            version == "HTTP/1.1" && (hasBody || random.once(in: 8))
            ? request.addBody(&fields, using: &random) : []
        let empty = random.once(in: 20) ? "\r\n" : ""
        let method = request.isHead ? "HEAD" : "GET"
        let head = "\(method) \(request.target) \(version)\r\nHost: a\r\n\(fields)\r\n"
        request.bytes = Array((empty + head).utf8)
        request.headCount = request.bytes.count
        request.bytes += body
        return request
    }

    /// The target of the request line.
    private var target: String {
        switch kind {
        case .file(let path, let prefix): "\(prefix)/\(Site.paths[path])"
        case .fixed(let fixed): fixed.path.isEmpty ? "/status-\(fixed.status)" : fixed.path
        case .counts: "/counts"
        case .dropped: "/drop"
        case .refused: "/"
        }
    }

    private static func kind(for setup: ClientSetup, using random: inout SeededGenerator) -> Kind {
        switch random.below(40) {
        case 0: return .fixed(Fixed(body: Setup.text, path: "/text"))
        case 1:
            let body = Array("[\(setup.proxiedAddress)]".utf8)
            return .fixed(Fixed(body: body, path: "/proxy"))
        case 2: return .fixed(Fixed(status: 204))
        case 3: return .fixed(Fixed(status: 403))
        case 4: return .fixed(Fixed(status: 301, location: "http://a/elsewhere"))
        case 5 where random.once(in: 3): return .dropped
        case 6 where setup.server.countsConnections: return .counts
        default:
            let path = random.pick(setup.server.paths)
            let prefix = random.pick(setup.server.prefixes)
            return .file(path, prefix: Site.paths[path].hasPrefix("try/") ? "" : prefix)
        }
    }

    /// Adds a body that looks like a request, so that a framing error shows.
    private mutating func addBody(
        _ fields: inout String, using random: inout SeededGenerator
    ) -> [UInt8] {
        let pattern = Array("GET /text HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let text = { (count: Int) in (0..<count).map { pattern[$0 % pattern.count] } }
        expectsContinue = random.once(in: 4)
        if expectsContinue { fields += "Expect: 100-continue\r\n" }
        if random.once(in: 2) {
            let isTooLarge = random.once(in: 10)
            let count = isTooLarge ? Setup.bodyLimit + 1 : random.below(3000)
            if isTooLarge { kind = .refused(413) }
            fields += "Content-Length: \(count)\r\n"
            return text(count)
        }
        fields += "Transfer-Encoding: chunked\r\n"
        var chunks: [UInt8] = []
        for _ in 0..<random.below(4) {
            let count = random.from(1...600)
            chunks += Array("\(String(count, radix: 16))\r\n".utf8) + text(count) + [13, 10]
        }
        hasInvalidBody = random.once(in: 12)
        if hasInvalidBody { return chunks + Array("no size\r\n".utf8) }
        return chunks + Array((random.once(in: 2) ? "0\r\nT: GET /\r\n\r\n" : "0\r\n\r\n").utf8)
    }

    /// Returns a request of a few bytes, so that many of them arrive at once.
    static func short(using random: inout SeededGenerator) -> Request {
        var request = Request(kind: .fixed(Fixed(body: Setup.text, path: "/text")))
        if random.once(in: 3) { request.kind = .file(9, prefix: "") }
        request.bytes = Array("GET \(request.target) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        request.headCount = request.bytes.count
        return request
    }

    private static func invalid(using random: inout SeededGenerator) -> Request {
        let long = String(repeating: "y", count: 9000)
        let (status, text) = random.pick([
            (400, "GET /text HTTP/1.1\r\n\r\n"), (400, "G\u{1}T / HTTP/1.1\r\nHost: a\r\n\r\n"),
            (400, "GET /text HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
            (414, "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n"),
            // 400 with a page of its own.
            (494, "GET /text HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n"),
        ])
        var request = Request(kind: .refused(status))
        request.bytes = Array(text.utf8)
        request.headCount = request.bytes.count
        request.keepsAlive = false
        return request
    }
}
