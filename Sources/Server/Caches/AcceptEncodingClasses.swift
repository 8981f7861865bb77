import Files
import HTTP
import Linux

/// Groups clients by what they accept: two clients of one class get the same response, as far as it
/// depends on Accept-Encoding, User-Agent (gzip_disable) and the version of the request.
///
/// Classes are created as clients appear. The classes of recent header values are cached, since
/// browsers send the same values again and again.
struct AcceptEncodingClasses: ~Copyable {
    /// The properties of a client that a class depends on.
    private struct EncodingPreferences: Hashable {
        var gzip = false
        var strictGzip = false
        var zstandardWeight = 0
        var brotliWeight = 0
        var gzipWeight = 0
        var refusesUncompressed = false
        var identityWeight = 0
        var isOldVersion = false
        /// For each regular expression of gzip_disable in the plan, whether it matches the user
        /// agent.
        var disabled: [Bool] = []
    }

    /// A header value with a known class; its bytes are in `texts`.
    private struct KnownText: BitwiseCopyable {
        var hash: UInt64
        var codingsCount: Int
        var agentCount: Int
        var isOldVersion: Bool
        /// The number of the class; 0 for none.
        var number: UInt16
    }

    /// The maximum number of classes. Other clients get responses that are not cached.
    private static let maxClasses = 64
    private static let places = 32
    /// Longer values are classified each time.
    private static let maxLength = 512

    private var classes: [EncodingPreferences: UInt16] = [:]
    private var remembered = ZeroedStorage<KnownText>(count: AcceptEncodingClasses.places)
    private let texts = Buffer.allocate(
        AcceptEncodingClasses.places * AcceptEncodingClasses.maxLength)

    deinit { texts.free() }

    /// Returns the class of a client; nil if there are too many. `isOldVersion` is true for
    /// HTTP/1.0. `matches` is called for each of the `expressions` of gzip_disable.
    mutating func number(
        codings: Span<UInt8>, agent: Span<UInt8>, isOldVersion: Bool, expressions: Int,
        _ matches: (Int) -> Bool
    ) -> UInt16? {
        var hash = ByteHash(seed: isOldVersion ? 1 : 0)
        hash.add(codings)
        hash.add(agent)
        let place = Int(truncatingIfNeeded: hash.value) & (AcceptEncodingClasses.places - 1)
        let start = place &* AcceptEncodingClasses.maxLength
        let known = remembered[place]
        if known.number != 0, known.hash == hash.value, known.isOldVersion == isOldVersion {
            let middle = start &+ known.codingsCount
            if texts.span(from: start, to: middle).equals(codings),
                texts.span(from: middle, to: middle &+ known.agentCount).equals(agent)
            {
                return known.number
            }
        }
        guard
            let number = number(
                sorting: codings, agent: agent, isOldVersion: isOldVersion,
                expressions: expressions, matches)
        else { return nil }
        guard codings.count &+ agent.count <= AcceptEncodingClasses.maxLength else { return number }
        var writer = texts.writer(from: start)
        writer.append(codings)
        writer.append(agent)
        remembered[place] = KnownText(
            hash: hash.value, codingsCount: codings.count, agentCount: agent.count,
            isOldVersion: isOldVersion, number: number)
        return number
    }

    private mutating func number(
        sorting codings: Span<UInt8>, agent: Span<UInt8>, isOldVersion: Bool, expressions: Int,
        _ matches: (Int) -> Bool
    ) -> UInt16? {
        var taste = EncodingPreferences()
        taste.gzip = AcceptEncoding.acceptsGzip(codings)
        taste.strictGzip = AcceptEncoding.acceptsGzipOrAlias(codings)
        taste.zstandardWeight = AcceptEncoding.quality(of: "zstd", in: codings)
        taste.brotliWeight = AcceptEncoding.quality(of: "br", in: codings)
        taste.gzipWeight = AcceptEncoding.quality(of: "gzip", in: codings)
        taste.identityWeight = AcceptEncoding.identityWeight(in: codings)
        taste.refusesUncompressed = AcceptEncoding.refusesUncompressed(codings)
        taste.isOldVersion = isOldVersion
        for index in 0..<expressions { taste.disabled.append(matches(index)) }
        return number(of: taste)
    }

    private mutating func number(of taste: EncodingPreferences) -> UInt16? {
        if let known = classes[taste] { return known }
        guard classes.count < AcceptEncodingClasses.maxClasses else { return nil }
        // 0 is for plans that depend on none of this.
        let number = UInt16(classes.count &+ 1)
        classes[taste] = number
        return number
    }
}

enum EncodingClass {
    /// Returns the class of a request's client; nil if its responses must not be cached.
    @inline(__always)
    static func encodingClass(_ request: inout Request, _ services: inout Services) -> UInt16? {
        services.plan.dependsOnEncodings ? sort(&request, &services) : 0
    }

    private static func sort(_ request: inout Request, _ services: inout Services) -> UInt16? {
        // With strict_requests all lines count, otherwise only the first.
        if request.parser.head.hasSeveral(.acceptEncoding) { return nil }
        let received = request.received
        let field = request.parser.head.field(.acceptEncoding) ?? .empty
        let codings = received.slice(field)
        let expressions = services.plan.disablingRegexes
        let agent =
            expressions.isEmpty
            ? ByteExtent.empty : request.parser.head.field(.userAgent) ?? .empty
        let text = received.slice(agent)
        let regexes = services.plan.regexes
        return services.encodingClasses.number(
            codings: codings, agent: text,
            isOldVersion: request.parser.head.version < .http11,
            expressions: agent.isEmpty ? 0 : expressions.count
        ) { regexes[expressions[$0]].matches(text) == .match }
    }
}
