import HTTP

/// The request parser: compares it with itself for other splits of the same bytes, and the parsed
/// header with the bytes.
enum RequestFuzzer {
    static func fuzz(_ bytes: Span<UInt8>) throws {
        var random = InputGenerator(bytes)
        let tight = HeadLimits(
            requestLine: Int.random(in: 1...96, using: &random),
            fieldLine: Int.random(in: 1...96, using: &random),
            head: Int.random(in: 1...384, using: &random),
            fields: Int.random(in: 0...6, using: &random))
        let lenient = HeadLimits(allowsUnderscores: true, dropsInvalidNames: false)
        for limits in [HeadLimits(), lenient, tight] {
            let whole = read(bytes, ends: [bytes.count], limits)
            for ends in [Array(0...bytes.count), random.ends(of: bytes.count)] {
                let pieces = read(bytes, ends: ends, limits)
                try require(pieces == whole, "\(limits): whole \(whole), pieces \(pieces)")
            }
            try checkMemory(bytes, whole, limits)
            guard whole.outcome == .complete else { continue }
            try checkExtent(bytes, whole, limits)
            try checkFields(bytes, limits)
        }
    }

    /// Cached headers equal parsed ones: stores them first, then looks them up.
    private static func checkMemory(
        _ bytes: Span<UInt8>, _ whole: Reading, _ limits: HeadLimits
    ) throws {
        let memory = FieldBlockCache.allocate()
        defer { memory.free() }
        for _ in 0..<2 {
            var parser = RequestParser(limits: limits)
            let outcome = parser.resume(bytes, memory: memory)
            let recalled = reading(outcome, parser)
            try require(recalled == whole, "\(limits): read \(whole), recalled \(recalled)")
        }
    }

    /// The parts of a result that must not depend on how the bytes are split.
    struct Reading: Equatable {
        var outcome: ParseOutcome
        var byteCount = 0
        var method = Method.unknown
        var version = HTTPVersion.http11
        var flags: [Bool] = []
        var port: UInt16 = 0
        var contentLength: Int64 = -1
        var extents: [ByteExtent] = []
        var fields: [ByteExtent?] = []
    }

    private static func read(
        _ bytes: Span<UInt8>, ends: [Int], _ limits: HeadLimits
    ) -> Reading {
        var parser = RequestParser(limits: limits)
        for end in ends {
            let outcome = parser.resume(bytes.extracting(0..<end))
            if outcome != .needsMore { return reading(outcome, parser) }
        }
        return reading(.needsMore, parser)
    }

    private static func reading(_ outcome: ParseOutcome, _ parser: RequestParser) -> Reading {
        // The rest of an incomplete header depends on what has arrived.
        guard outcome == .complete else { return Reading(outcome: outcome) }
        let head = parser.head
        return Reading(
            outcome: outcome, byteCount: head.byteCount, method: head.method,
            version: head.version,
            flags: [
                head.hasQuery, head.isChunked, head.connectionClose, head.connectionKeepAlive,
                head.expectsContinue, head.keepsAlive,
            ], port: head.port, contentLength: head.contentLength,
            extents: [
                head.methodName, head.requestLine, head.target, head.path, head.query, head.host,
                head.fields,
            ], fields: FieldName.allCases.map { head.field($0) })
    }

    /// The header ends where the parser says: one byte less makes it incomplete, and the bytes that
    /// follow do not matter.
    private static func checkExtent(
        _ bytes: Span<UInt8>, _ whole: Reading, _ limits: HeadLimits
    ) throws {
        let count = whole.byteCount
        try require(count > 0 && count <= min(bytes.count, limits.head), "\(count) bytes")
        let alone = read(bytes.extracting(0..<count), ends: [count], limits)
        try require(alone == whole, "what follows the head counts: \(whole), alone \(alone)")
        let less = read(bytes.extracting(0..<(count - 1)), ends: [count - 1], limits)
        try require(less.outcome == .needsMore, "complete without its last byte")
        for extent in whole.extents + whole.fields.compactMap({ $0 }) {
            try require(extent.end <= count, "\(extent) is outside of the head")
        }
    }

    private static func checkFields(_ bytes: Span<UInt8>, _ limits: HeadLimits) throws {
        var parser = RequestParser(limits: limits)
        guard parser.resume(bytes) == .complete else { return }
        let head = parser.head
        for index in 0..<head.byteCount {
            try require(bytes[index] != 0, "NUL in a head")
        }
        let path = bytes.slice(head.path)
        for index in path.indices {
            try require(path[index] > 0x20 && path[index] != 0x7F, "control byte in the path")
            try require(path[index] != 0x3F && path[index] != 0x23, "query in the path")
        }
        try require(path.count == 0 || path[0] == 0x2F, "the path is not absolute")
        try require(head.method != .connect && head.method != .trace, "\(head.method)")
        try require(!head.isChunked || head.contentLength < 0, "chunked, and a length")
        try require(!head.isChunked || head.version == .http11, "chunked in an old version")
        try require(head.version != .http11 || head.field(.host) != nil, "no host")
        var seen: [FieldName: ByteExtent] = [:]
        var iterator = FieldIterator(head)
        var count = 0
        while let field = iterator.next(in: bytes) {
            count += 1
            try require(!field.name.isEmpty, "a field without a name")
            let value = bytes.slice(field.value)
            try require(value.equals(value.trimmed()), "white space around a value")
            for index in value.indices {
                try require(value[index] != 0x0A && value[index] != 0x0D, "line end in a value")
            }
            guard let name = FieldName(name: bytes.slice(field.name)) else { continue }
            if seen[name] == nil { seen[name] = field.value }
        }
        try require(count <= limits.fields, "\(count) fields")
        for name in FieldName.allCases {
            try require(head.field(name) == seen[name], "\(name) differs from the first field line")
        }
    }
}
