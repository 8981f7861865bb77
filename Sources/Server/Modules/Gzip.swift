import Configuration
import Files
import HTTP
import Linux

/// Compression on the fly, and precompressed files.
struct GzipSettings: Equatable {
    var isOn: Bool?
    var types: [String]?
    var minLength: Int?
    var level: Int?
    var vary: Bool?
    var minVersion: GzipVersion?
    var proxied: GzipProxied?
    var disabled: [String]?
    var staticMode: GzipStatic?
    var brotliStatic: GzipStatic?
    var zstandardStatic: GzipStatic?
    var cache: GzipCache?

    /// True if precompressed files are looked up.
    var hasSidecars: Bool {
        [staticMode, brotliStatic, zstandardStatic].contains { ($0 ?? .off) != .off }
    }
}

/// gzip_http_version: the oldest version whose requests get compressed responses.
enum GzipVersion: UInt8, BitwiseCopyable {
    case http10, http11
}

/// gzip_cache: whether a file is compressed once, and what is sent until that is done.
enum GzipCache: UInt8, BitwiseCopyable {
    case off
    /// The file compressed on the fly.
    case on
    /// The uncompressed file.
    case plain
}

/// gzip_static, brotli_static, zstd_static.
enum GzipStatic: UInt8, BitwiseCopyable {
    case off
    case on
    /// Sent even if the client does not accept it.
    case always
    /// Sent as with `on`, if it is not older than the file.
    case fresh
}

/// gzip_proxied: the responses that are compressed for requests that came through a proxy (Via).
struct GzipProxied: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt16
    static let any = GzipProxied(rawValue: 1)
    static let expired = GzipProxied(rawValue: 2)
    static let noCache = GzipProxied(rawValue: 4)
    static let noStore = GzipProxied(rawValue: 8)
    static let isPrivate = GzipProxied(rawValue: 16)
    static let noLastModified = GzipProxied(rawValue: 32)
    static let noETag = GzipProxied(rawValue: 64)
    static let authorized = GzipProxied(rawValue: 128)
}

/// gzip and gzip_static.
enum GzipFilter {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "gzip", in: [.http, .server, .location, .ifInLocation], sets: \.scope.gzip.isOn,
            default: "off", "Compresses responses for clients that accept gzip."),
        .row(
            "gzip_types", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            default: "text/html",
            "Sets the media types that are compressed in addition to text/html; * matches all.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.types),
            apply: DirectiveRow.addingTypes(to: \.scope.gzip.types)),
        .size(
            "gzip_min_length", in: .httpServerLocation, sets: \.scope.gzip.minLength,
            default: "20", "Sets the minimum length of responses that are compressed."),
        .row(
            "gzip_comp_level", in: .httpServerLocation, takes: .exactly(1), default: "1",
            "Sets the compression level, from 1 to 9.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.level),
            apply: { (draft, use) throws(Diagnostic) in
                let level = try use.integer(0)
                guard level >= 1, level <= 9 else {
                    throw use.fail("value must be between 1 and 9", at: 0)
                }
                draft.scope.gzip.level = level
            }),
        .choice(
            "gzip_cache", in: .httpServerLocation, sets: \.scope.gzip.cache,
            [("off", .off), ("on", .on), ("plain", .plain)], default: "on",
            "Compresses each file once, by the helper process; plain sends files uncompressed "
                + "until then; specific to apus."),
        .flag(
            "gzip_vary", in: .httpServerLocation, sets: \.scope.gzip.vary, default: "off",
            "Adds Vary: Accept-Encoding to responses that may be compressed."),
        .choice(
            "gzip_http_version", in: .httpServerLocation, sets: \.scope.gzip.minVersion,
            [("1.0", .http10), ("1.1", .http11)], default: "1.1",
            "Sets the oldest HTTP version that gets compressed responses."),
        .row(
            "gzip_proxied", in: .httpServerLocation, takes: .atLeast(1), default: "off",
            "Sets which responses to requests with Via are compressed.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.proxied),
            apply: { (draft, use) throws(Diagnostic) in
                var proxied: GzipProxied = []
                for index in use.arguments.indices {
                    proxied.formUnion(try use.oneOf(index, proxiedNames))
                }
                draft.scope.gzip.proxied = proxied
            }),
        .row(
            "gzip_disable", in: .httpServerLocation, takes: .atLeast(1), repeats: .yes,
            "Disables compression for User-Agents that match regular expressions.",
            inherit: DirectiveRow.inheriting(\.scope.gzip.disabled),
            apply: { (draft, use) throws(Diagnostic) in
                var patterns = draft.scope.gzip.disabled ?? []
                for index in use.arguments.indices {
                    patterns.append(try disablePattern(use, index))
                }
                draft.scope.gzip.disabled = patterns
            }),
        .choice(
            "gzip_static", in: .httpServerLocation, sets: \.scope.gzip.staticMode,
            staticModes, default: "off",
            "Sends FILE.gz in place of FILE; fresh: unless it is older."),
        .choice(
            "brotli_static", in: .httpServerLocation, sets: \.scope.gzip.brotliStatic,
            staticModes, default: "off",
            "Sends FILE.br in place of FILE, as in nginx's brotli "
                + "module."),
        .choice(
            "zstd_static", in: .httpServerLocation, sets: \.scope.gzip.zstandardStatic,
            staticModes, default: "off",
            "Sends FILE.zst in place of FILE, as in nginx's zstd "
                + "module."),
    ]

    private static let staticModes: [(String, GzipStatic)] = [
        ("off", .off), ("on", .on), ("always", .always), ("fresh", .fresh),
    ]

    private static let proxiedNames: [(String, GzipProxied)] = [
        ("off", []), ("any", .any), ("expired", .expired), ("no-cache", .noCache),
        ("no-store", .noStore), ("private", .isPrivate), ("no_last_modified", .noLastModified),
        ("no_etag", .noETag), ("auth", .authorized),
    ]

    /// `msie6` is nginx's abbreviation for Internet Explorer 4 to 6 without SV1.
    private static func disablePattern(
        _ use: DirectiveUse, _ index: Int
    ) throws(Diagnostic) -> String {
        let text = try use.text(index)
        let pattern = text == "msie6" ? "MSIE [4-6]\\.(?!.*SV1)" : text
        do {
            _ = try Regex.compile(pattern: pattern, caseless: true)
        } catch {
            throw use.fail("\(error.message) in the regular expression \"\(text)\"", at: index)
        }
        return pattern
    }
}

/// Compression of responses on the fly, by the rules of nginx's gzip filter.
extension GzipFilter {
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
        guard GzipFilter.isProxied(request) else { return true }
        if GzipFilter.allowsProxied(head, gzip.proxied, &request, &services, location) {
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

/// gzip_proxied: compression of responses to requests that came through a proxy (ngx_http_gzip_ok).
extension GzipFilter {
    /// Returns true if the request came through a proxy.
    static func isProxied(_ request: borrowing Request) -> Bool {
        request.parser.head.field(.via) != nil
    }

    /// Returns true if gzip_proxied allows compression of a response. Only an added Last-Modified
    /// counts: when nginx decides, the file's own is not set yet.
    static func allowsProxied(
        _ head: ResponseHead, _ proxied: GzipProxied, _ request: inout Request,
        _ services: inout Services,
        _ location: LocationPlan
    ) -> Bool {
        if proxied.isEmpty { return false }
        if proxied.contains(.any) { return true }
        if proxied.contains(.authorized),
            request.parser.head.field(.authorization) != nil
        {
            return true
        }
        let added = knownFields(of: head, &request, &services, location)
        if let expiry = added.expiry {
            return proxied.contains(.expired) && expiry < services.clock.seconds
        }
        if !added.cacheControls.isEmpty {
            let directives: [(GzipProxied, StaticString)] = [
                (.noCache, "no-cache"), (.noStore, "no-store"), (.isPrivate, "private"),
            ]
            return directives.contains { bit, name in
                proxied.contains(bit)
                    && added.cacheControls.contains { hasDirective(name, in: $0.span) }
            }
        }
        if proxied.contains(.noLastModified), added.addsModified { return false }
        let hasTag = added.tagLine.map { !$0.isEmpty } ?? head.hasETag || added.addsTag
        return !(proxied.contains(.noETag) && hasTag)
    }

    /// Returns the values of the fields that the location adds.
    private static func knownFields(
        of head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> AddedFields {
        guard location.features.contains(.addsFields) else { return AddedFields() }
        return Headers.addedFields(to: head, &request, &services, location, isForGzip: true)
    }

    /// Returns true if a list of cache directives has this one, without a value.
    static func hasDirective(_ directive: StaticString, in list: Span<UInt8>) -> Bool {
        var start = 0
        while start < list.count {
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ","), list[end] != UInt8(ascii: ";") {
                end &+= 1
            }
            let member = list.slice(from: start, to: end).trimmed()
            let endsHere = end == list.count || list[end] == UInt8(ascii: ",")
            if endsHere, member.equalsIgnoringCase(directive) { return true }
            start = end &+ 1
        }
        return false
    }
}

/// $gzip_ratio
extension GzipFilter {
    static let variables: [VariableRow] = [
        .ifAny("gzip_ratio", .perRequest, .ofEvaluation) { writeRatio($0, into: &$3) }
    ]

    /// Writes the factor by which gzip has reduced the body, with two decimals. Returns false if it
    /// was not compressed completely.
    private static func writeRatio(
        _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        guard
            let sizes = request.producer?.compressedSizes ?? request.context?.compressedSizes,
            sizes.compressed > 0
        else { return false }
        // Rounded up if the third digit is 5 or more, as in nginx.
        let hundredths = (sizes.plain &* 1000 / sizes.compressed &+ 5) / 10
        writer.append(decimal: hundredths / 100)
        writer.append(byte: UInt8(ascii: "."))
        writer.append(twoDigits: Int(hundredths % 100))
        return true
    }
}
