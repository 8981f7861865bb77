import Files
import HTTP
import Linux

/// Compression of responses on the fly, by the rules of nginx's gzip filter.
enum CompressedResponse {
    /// Returns true if the response is compressed for this client. Records in the request whether
    /// other clients may get another representation (Vary).
    static func shouldCompress(
        _ head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> Bool {
        guard location.features.contains(.gzip), isCompressible(head, request, services, location)
        else {
            return false
        }
        request.varies = true
        guard allowsGzip(head, &request, &services, location) else { return false }
        services.explanation?.noteOnce("gzip: compressed")
        return true
    }

    /// Returns true if the client accepts gzip, and gzip_proxied allows it for this response.
    static func allowsGzip(
        _ head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> Bool {
        let gzip = services.plan.gzips[Int(location.gzip)]
        guard acceptsGzip(request, services, gzip) else { return false }
        guard ProxiedGzip.isProxied(request) else { return true }
        if ProxiedGzip.allowsProxied(head, gzip.proxied, &request, &services, location) {
            return true
        }
        services.explanation?.noteOnce(
            "gzip: not compressed, the request has Via and gzip_proxied does not "
                + "allow it")
        return false
    }

    /// Returns true if type and length of the response are such that it is compressed for clients
    /// that accept it.
    static func isCompressible(
        _ head: ResponseHead, _ request: borrowing Request, _ services: borrowing Services,
        _ location: LocationPlan
    ) -> Bool {
        guard head.status == 200 || head.status == 403 || head.status == 404 else {
            services.explanation?.noteOnce("gzip: not compressed, the status is \(head.status)")
            return false
        }
        let gzip = services.plan.gzips[Int(location.gzip)]
        // A response of unknown length is compressed.
        guard head.contentLength < 0 || head.contentLength >= gzip.minLength else {
            services.explanation?.noteOnce(
                "gzip: not compressed, shorter than gzip_min_length "
                    + "\(gzip.minLength)")
            return false
        }
        if gzip.compressesAllTypes { return true }
        guard let type = head.contentType else { return false }
        // As in nginx, the type includes its parameters: `text/html; charset=utf-8` does not equal
        // text/html.
        for index in 0..<gzip.types.count
        where type.span.equalsIgnoringCase(gzip.types[index].span) { return true }
        services.explanation?.noteOnce("gzip: not compressed, \(type.text) is not in gzip_types")
        return false
    }

    /// Returns true if the client accepts gzip, and gzip_http_version and gzip_disable allow it
    /// (ngx_http_gzip_ok, without gzip_proxied).
    static func acceptsGzip(
        _ request: borrowing Request, _ services: borrowing Services, _ gzip: GzipPlan
    ) -> Bool {
        let head = request.parser.head
        let received = request.received
        let isStrict = Content.isStrict(request, services)
        guard !request.isSubrequest,
            let isAccepted = acceptEncoding(
                request, services,
                { value in
                    isStrict
                        ? AcceptEncoding.acceptsGzipOrAlias(value)
                        : AcceptEncoding.acceptsGzip(value)
                })
        else {
            services.explanation?.noteOnce(
                "gzip: not compressed, the request has no Accept-Encoding")
            return false
        }
        guard isAccepted else {
            services.explanation?.noteOnce(
                "gzip: not compressed, Accept-Encoding does not accept it")
            return false
        }
        if head.version < (gzip.minVersion == .http10 ? .http10 : .http11) { return false }
        if gzip.disabledCount > 0, let agent = head.field(.userAgent) {
            for index in 0..<Int(gzip.disabledCount) {
                let regex = services.plan.regexes[Int(gzip.disabledFrom) &+ index]
                if regex.matches(received.slice(agent)) == .match {
                    services.explanation?.noteOnce(
                        "gzip: not compressed, gzip_disable \(regex.pattern) "
                            + "matches")
                    return false
                }
            }
        }
        return true
    }

    /// Calls `body` with the value of Accept-Encoding. Returns nil if the request has none. Of
    /// several lines, nginx reads the first; with `strict_requests` they form one list.
    static func acceptEncoding<Result>(
        _ request: borrowing Request, _ services: borrowing Services,
        _ body: (Span<UInt8>) -> Result
    ) -> Result? {
        let head = request.parser.head
        guard let field = head.field(.acceptEncoding) else { return nil }
        let received = request.received
        if Content.isStrict(request, services), head.hasSeveral(.acceptEncoding) {
            return body(head.combined(.acceptEncoding, in: received).span)
        }
        return body(received.slice(field))
    }

    /// Sends a response with a body of these segments through the filters of its location.
    static func respond(
        _ whole: ResponseHead, _ segments: [BodySegment], _ request: inout Request,
        _ services: inout Services,
        _ location: LocationPlan, target: [UInt8] = []
    ) {
        var head = whole
        let filters = BodyFilterChain.filter(&head, &request, &services, location)
        deliver(head, segments, filters, &request, &services, location, target: target)
    }

    /// Sends a response after ``filter(_:_:_:_:)``: the body is compressed if the client accepts
    /// that, and sent in chunks (or up to the end of the connection) if its length is unknown.
    static func deliver(
        _ whole: ResponseHead, _ segments: [BodySegment], _ filters: BodyFilters,
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan,
        target: [UInt8] = []
    ) {
        var head = whole
        var stages: [BodyFilterStage] = []
        let hasBody = request.method != .head && head.allowsContent
        if head.coding == .identity, shouldCompress(head, &request, &services, location) {
            if hasBody {
                guard let encoder = acquireEncoder(head.contentLength, location, &services) else {
                    FileResponse.closeSource(&request, &services)
                    request.outOfMemory = true
                    return
                }
                stages.append(.compress(encoder))
            }
            head.coding = .gzip
            head.isCompressedOnTheFly = true
            head.isWeak = true
            head.loseLength()
        }
        let endsInTrailers =
            hasBody && !request.isSubrequest
            && Headers.hasTrailers(head.status, request, services, location)
        if endsInTrailers, head.contentLength >= 0 {
            if head.wholeLength < 0 { head.wholeLength = head.contentLength }
            head.contentLength = -1
        }
        head.varies = request.varies && location.features.contains(.gzipVary)
        if head.contentLength < 0, hasBody, !request.isSubrequest {
            head.isChunked =
                request.parser.head.version == .http11
                && !location.features.contains(.forbidsChunks)
            if !head.isChunked {
                request.keepsAlive = false
                services.delimitBodyByClose(request.slot)
            }
        }
        head.keepsAlive = request.keepsAlive
        guard hasBody else {
            BuiltInResponse.appendHead(head, &request, &services, location: target)
            FileResponse.closeSource(&request, &services)
            return
        }
        guard let body = BodyFilterChain.filtered(segments, filters, &request, &services) else {
            FileResponse.closeSource(&request, &services)
            request.outOfMemory = true
            return
        }
        BuiltInResponse.appendHead(head, &request, &services, location: target)
        if head.contentLength >= 0, filters.isNone, appendIfItFits(segments, &request, &services) {
            return
        }
        FileResponse.attach(
            BodyProducer(
                body, through: stages, isChunked: head.isChunked, hasTrailers: endsInTrailers),
            &request)
    }

    /// Returns an encoder for a body of `length` bytes, -1 if unknown; nil if memory is short.
    private static func acquireEncoder(
        _ length: Int64, _ location: LocationPlan, _ services: inout Services
    ) -> Gzip? {
        let level = Int(services.plan.gzips[Int(location.gzip)].level)
        return services.gzips.acquire(level: level, sizeHint: length < 0 ? nil : length)
    }

    /// Appends a short body to its head, so that they are sent together.
    private static func appendIfItFits(
        _ segments: [BodySegment], _ request: inout Request, _ services: inout Services
    )
        -> Bool
    {
        guard segments.count == 1, case .bytes(let bytes) = segments[0] else { return false }
        let output = request.output
        guard output.capacity &- request.outputEnd >= bytes.count else { return false }
        BuiltInResponse.appendBody(bytes.span, &request, &services)
        return true
    }
}

extension Span where Element == UInt8 {
    /// Returns true if the bytes are the same, ignoring the case of ASCII letters.
    func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index].asciiLowercased != other[index].asciiLowercased {
            return false
        }
        return true
    }
}
