import Files
import HTTP
import Linux

/// Whether an answer is compressed on its way out, by the rules of nginx's gzip filter.
extension Worker {
    /// Whether this client gets this answer compressed; says in the head that there is a choice.
    mutating func isCoded(
        _ head: AnswerHead, _ exchange: Int, _ location: LocationPlan
    ) -> Bool {
        guard location.features.contains(.gzip), wouldBeCoded(head, exchange, location) else {
            return false
        }
        exchanges[exchange].varies = true
        return acceptsGzip(exchange, plan.gzips[Int(location.gzip)])
    }

    /// Whether type and length are such that the answer is compressed for clients that take it.
    func wouldBeCoded(_ head: AnswerHead, _ exchange: Int, _ location: LocationPlan) -> Bool {
        guard head.status == 200 || head.status == 403 || head.status == 404 else { return false }
        let gzip = plan.gzips[Int(location.gzip)]
        guard head.contentLength >= gzip.minLength else { return false }
        if gzip.codesEverything { return true }
        guard let type = head.contentType else { return false }
        let name = type.span.upToParameters
        for index in 0..<gzip.types.count
        where name.equalsIgnoringCase(gzip.types[index].span) { return true }
        return false
    }

    /// Whether the client takes gzip and nothing of gzip_http_version, gzip_disable and
    /// gzip_proxied speaks against it (ngx_http_gzip_ok).
    func acceptsGzip(_ exchange: Int, _ gzip: GzipPlan) -> Bool {
        let head = exchanges[exchange].parser.head
        let received = exchanges[exchange].received
        guard let field = head.field(.acceptEncoding) else { return false }
        let value = received.slice(field)
        let isTaken =
            isStrict(exchange)
            ? AcceptEncoding.takesGzip(value) : AcceptEncoding.acceptsGzip(value)
        guard isTaken else { return false }
        if head.version < (gzip.minVersion == .http10 ? .http10 : .http11) { return false }
        if gzip.disabledCount > 0, let agent = head.field(.userAgent) {
            for index in 0..<Int(gzip.disabledCount) {
                let regex = plan.regexes[Int(gzip.disabledFrom) &+ index]
                if regex.matches(received.slice(agent)) == .match { return false }
            }
        }
        return head.field(.via) == nil || allowsProxied(exchange, gzip.proxied)
    }

    /// What gzip_proxied says of an answer to a request with Via (ngx_http_gzip_proxied). What is
    /// not forbidden is allowed: answers of files have no Expires and no Cache-Control, and their
    /// Last-Modified is no field yet when nginx decides.
    private func allowsProxied(_ exchange: Int, _ proxied: GzipProxied) -> Bool {
        if proxied.isEmpty { return false }
        if proxied.contains(.any) { return true }
        if proxied.contains(.authorized),
            exchanges[exchange].parser.head.field(.authorization) != nil
        {
            return true
        }
        let location = plan.locations[Int(exchanges[exchange].location)]
        return !(proxied.contains(.noETag) && location.features.contains(.etag))
    }

    /// Sends the exchange's file compressed, in chunks where the client knows them; to HEAD the
    /// fields of that, without a length, for nothing is compressed to find it.
    mutating func answerCoded(
        _ whole: AnswerHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) -> Outcome {
        guard exchanges[exchange].method != .head else {
            closeSource(exchange)
            sendCodedHead(whole, slot, exchange, location)
            return .answered
        }
        let segment = BodySegment.file(
            offset: 0, count: exchanges[exchange].fileRemaining)
        guard let producer = codedProducer([segment], whole.contentLength, exchange, location)
        else {
            closeSource(exchange)
            return .status(500)
        }
        sendCodedHead(whole, slot, exchange, location)
        attach(producer, exchange)
        return .answered
    }

    /// The head of the same answer, compressed.
    private func codedHead(_ whole: AnswerHead, _ exchange: Int) -> AnswerHead {
        var head = whole
        let request = exchanges[exchange].parser.head
        let isChunked = request.version == .http11 && exchanges[exchange].method != .head
        head.contentLength = -1
        head.coding = .gzip
        head.isWeak = true
        head.acceptsRanges = false
        head.isChunked = isChunked
        return head
    }

    /// A producer that compresses segments of `length` bytes; nil when memory is short.
    mutating func codedProducer(
        _ segments: [BodySegment], _ length: Int64, _ exchange: Int, _ location: LocationPlan
    ) -> BodyProducer? {
        let level = Int(plan.gzips[Int(location.gzip)].level)
        guard let encoder = gzips.take(level: level, sizeHint: length) else { return nil }
        let isChunked = exchanges[exchange].parser.head.version == .http11
        return BodyProducer(segments, coding: encoder, isChunked: isChunked)
    }

    /// The head of a compressed answer. Without chunks only the connection's end shows where it
    /// ends.
    mutating func sendCodedHead(
        _ whole: AnswerHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) {
        let request = exchanges[exchange].parser.head
        if request.version < .http11, exchanges[exchange].method != .head {
            exchanges[exchange].keepsAlive = false
        }
        var head = codedHead(whole, exchange)
        head.keepsAlive = exchanges[exchange].keepsAlive
        head.varies = location.features.contains(.gzipVary)
        send(head, slot, exchange)
    }
}

extension Span where Element == UInt8 {
    /// The media type without parameters and the space before them.
    var upToParameters: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard let semicolon = firstIndex(of: UInt8(ascii: ";")) else { return self }
            return slice(from: 0, to: semicolon).trimmed()
        }
    }

    /// Whether the bytes are the same but for the case of ASCII.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index].asciiLowercased != other[index].asciiLowercased {
            return false
        }
        return true
    }
}
