import Files
import HTTP
import Linux

/// Sorts clients by what they take: two of one class get the same answer to a request, as far as
/// that depends on Accept-Encoding, User-Agent (gzip_disable) and the request's version.
///
/// The classes are those that were met. Texts that were sorted lately are remembered, for browsers
/// send the same ones again and again.
struct CodingClasses: ~Copyable {
    /// What is read of a request.
    private struct Taste: Hashable {
        var gzip = false
        var strictGzip = false
        var zstandardWeight = 0
        var brotliWeight = 0
        var gzipWeight = 0
        var refusesIdentity = false
        var identityWeight = 0
        var isOldVersion = false
        /// Which of the plan's expressions of gzip_disable match the agent, one after the other.
        var disabled: [Bool] = []
    }

    /// A text that was sorted; its bytes are in `texts`.
    private struct Remembered: BitwiseCopyable {
        var hash: UInt64
        var codingsCount: Int
        var agentCount: Int
        var isOldVersion: Bool
        /// 0 for none.
        var number: UInt16
    }

    /// More kinds of clients than this share no answers.
    private static let most = 64
    private static let places = 32
    /// Longer texts are sorted each time.
    private static let longest = 512

    private var classes: [Taste: UInt16] = [:]
    private var remembered = ZeroedStorage<Remembered>(count: CodingClasses.places)
    private let texts = Buffer.allocate(CodingClasses.places * CodingClasses.longest)

    deinit { texts.free() }

    /// The class of a client whose request is HTTP/1.0 or not; nil when there are too many.
    /// `matches` is asked whether expressions of gzip_disable match the agent, of which there are
    /// `expressions`.
    mutating func number(
        codings: Span<UInt8>, agent: Span<UInt8>, isOldVersion: Bool, expressions: Int,
        _ matches: (Int) -> Bool
    ) -> UInt16? {
        var hash = ByteHash(seed: isOldVersion ? 1 : 0)
        hash.add(codings)
        hash.add(agent)
        let place = Int(truncatingIfNeeded: hash.value) & (CodingClasses.places - 1)
        let start = place &* CodingClasses.longest
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
        guard codings.count &+ agent.count <= CodingClasses.longest else { return number }
        var writer = texts.writer(from: start)
        writer.append(codings)
        writer.append(agent)
        remembered[place] = Remembered(
            hash: hash.value, codingsCount: codings.count, agentCount: agent.count,
            isOldVersion: isOldVersion, number: number)
        return number
    }

    private mutating func number(
        sorting codings: Span<UInt8>, agent: Span<UInt8>, isOldVersion: Bool, expressions: Int,
        _ matches: (Int) -> Bool
    ) -> UInt16? {
        var taste = Taste()
        taste.gzip = AcceptEncoding.acceptsGzip(codings)
        taste.strictGzip = AcceptEncoding.takesGzip(codings)
        taste.zstandardWeight = AcceptEncoding.quality(of: "zstd", in: codings)
        taste.brotliWeight = AcceptEncoding.quality(of: "br", in: codings)
        taste.gzipWeight = AcceptEncoding.quality(of: "gzip", in: codings)
        taste.identityWeight = AcceptEncoding.identityWeight(in: codings)
        taste.refusesIdentity = AcceptEncoding.refusesIdentity(codings)
        taste.isOldVersion = isOldVersion
        for index in 0..<expressions { taste.disabled.append(matches(index)) }
        return number(of: taste)
    }

    private mutating func number(of taste: Taste) -> UInt16? {
        if let known = classes[taste] { return known }
        guard classes.count < CodingClasses.most else { return nil }
        // 0 is for plans that look at none of this.
        let number = UInt16(classes.count &+ 1)
        classes[taste] = number
        return number
    }
}

extension Worker {
    /// The class of an exchange's client; nil when its answers are not to be shared.
    @inline(__always)
    mutating func codingClass(_ exchange: Int) -> UInt16? {
        plan.looksAtCodings ? sort(exchange) : 0
    }

    private mutating func sort(_ exchange: Int) -> UInt16? {
        // Strictly, all of several lines count, otherwise the first.
        if exchanges[exchange].parser.head.hasSeveral(.acceptEncoding) { return nil }
        let received = exchanges[exchange].received
        let field = exchanges[exchange].parser.head.field(.acceptEncoding) ?? .empty
        let codings = received.slice(field)
        let expressions = plan.disablingRegexes
        let agent =
            expressions.isEmpty
            ? ByteExtent.empty : exchanges[exchange].parser.head.field(.userAgent) ?? .empty
        let text = received.slice(agent)
        let regexes = plan.regexes
        return codingClasses.number(
            codings: codings, agent: text,
            isOldVersion: exchanges[exchange].parser.head.version < .http11,
            expressions: agent.isEmpty ? 0 : expressions.count
        ) { regexes[expressions[$0]].matches(text) == .match }
    }
}
