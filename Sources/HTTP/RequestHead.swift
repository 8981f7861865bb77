/// The version that a request was sent in (RFC 9112, section 2.3).
public enum HTTPVersion: UInt8, BitwiseCopyable, Sendable, Comparable {
    /// A request line without a version: the answer has no head.
    case http09
    case http10
    /// 1.1, and any later 1.x.
    case http11

    /// Whether `left` is older.
    @inlinable
    public static func < (left: HTTPVersion, right: HTTPVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What the head of a request says (RFC 9112, section 2.1). Everything that is text is an extent
/// of the received bytes, counted from the first byte of the request.
@frozen
public struct RequestHead: BitwiseCopyable, Sendable {
    /// What is asked to be done.
    public internal(set) var method = Method.unknown
    /// The version of the request line.
    public internal(set) var version = HTTPVersion.http11
    /// Whether the target has a `?`.
    public internal(set) var hasQuery = false
    /// Whether the body comes in chunks (RFC 9112, section 7.1).
    public internal(set) var isChunked = false
    /// Whether Connection has the option `close` (RFC 9112, section 9.6).
    public internal(set) var connectionClose = false
    /// Whether Connection has the option `keep-alive` (RFC 9112, appendix C.2.2).
    public internal(set) var connectionKeepAlive = false
    /// Whether the client waits for a 100 before it sends the body (RFC 9110, section 10.1.1).
    public internal(set) var expectsContinue = false
    @usableFromInline var allowsUnderscores = false
    @usableFromInline var dropsInvalidNames = true
    /// The port that was named with the host; 0 when there was none.
    public internal(set) var port: UInt16 = 0

    /// The name of the method.
    public internal(set) var methodName = ByteExtent.empty
    /// The request line without its end.
    public internal(set) var requestLine = ByteExtent.empty
    /// The target as it was sent, from its path on: an absolute form's scheme and host are not
    /// part of it (nginx's $request_uri).
    public internal(set) var target = ByteExtent.empty
    /// The path of the target, not decoded, before `?` or `#`; empty for `http://host?query`.
    public internal(set) var path = ByteExtent.empty
    /// The query of the target, without the `?`, up to a `#`.
    public internal(set) var query = ByteExtent.empty
    /// The host of an absolute form, or else of Host, without port and trailing dot, in the case
    /// that it was sent in; empty when there is neither.
    public internal(set) var host = ByteExtent.empty
    /// All field lines with their ends; the empty line that ends the head is not part of it.
    public internal(set) var fields = ByteExtent.empty
    /// How many bytes the head has, with empty lines before it and the one that ends it: where
    /// the body, or the next request, begins.
    public internal(set) var byteCount = 0
    /// The value of Content-Length in bytes; -1 when there is none.
    public internal(set) var contentLength: Int64 = -1

    /// Which fields there are, by their names' numbers.
    @usableFromInline var present: UInt32 = 0
    /// Those of `present` that came more than once.
    @usableFromInline var repeated: UInt32 = 0
    /// Their values, counted from the first field's first byte.
    // Written out: this way it is a few stores, not a loop.
    @usableFromInline var known: InlineArray<20, ByteExtent> = [
        .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty,
        .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty,
    ]

    @inline(__always)
    init() {}

    /// The value of the first field of a name, without the white space around it (RFC 9110,
    /// section 5.5); nil when the request has no such field.
    @inlinable @inline(__always)
    public func field(_ name: FieldName) -> ByteExtent? {
        guard has(name) else { return nil }
        let value = known[Int(name.rawValue)]
        return ByteExtent(offset: fields.offset &+ value.offset, count: value.count)
    }

    /// Whether there is no other field of a name than ``field(_:)`` says, however it is written.
    @inlinable @inline(__always)
    public func hasAtMostOne(_ name: FieldName) -> Bool {
        repeated &>> UInt32(name.rawValue) & 1 == 0 && !allowsUnderscores && dropsInvalidNames
    }

    /// True if the request has several lines of a field.
    @inlinable @inline(__always)
    public func hasSeveral(_ name: FieldName) -> Bool {
        repeated &>> UInt32(name.rawValue) & 1 != 0
    }

    /// True if `matches` is true for the value of one of the field's lines.
    func hasLine(
        of name: FieldName, in received: Span<UInt8>, _ matches: (Span<UInt8>) -> Bool
    ) -> Bool {
        guard let first = field(name) else { return false }
        guard hasSeveral(name) else { return matches(received.slice(first)) }
        var lines = FieldIterator(self)
        while let line = lines.next(in: received) {
            if FieldName(name: received.slice(line.name)) == name,
                matches(received.slice(line.value))
            {
                return true
            }
        }
        return false
    }

    /// True if a member of a list-valued field is this word, in any case.
    func hasMember(
        _ member: StaticString, of name: FieldName, in received: Span<UInt8>
    ) -> Bool {
        hasLine(of: name, in: received) { value in
            var start = 0
            while start < value.count {
                let comma = value.firstIndex(of: 0x2C, from: start) ?? value.count
                if value.slice(from: start, to: comma).trimmed().equalsIgnoringCase(member) {
                    return true
                }
                start = comma &+ 1
            }
            return false
        }
    }

    /// Returns the lines of a field as one list (RFC 9110, section 5.3).
    public func combined(_ name: FieldName, in received: Span<UInt8>) -> [UInt8] {
        var all: [UInt8] = []
        _ = hasLine(of: name, in: received) { value in
            if !all.isEmpty { all += [0x2C, 0x20] }
            for index in value.indices { all.append(value[index]) }
            return false
        }
        return all
    }

    /// Whether the request has a field of a name.
    @inlinable @inline(__always)
    func has(_ name: FieldName) -> Bool {
        present &>> UInt32(name.rawValue) & 1 != 0
    }

    /// Whether the request line could be read. Where it could not, nothing of the request is known
    /// but that line.
    public var isLineRead: Bool { !methodName.isEmpty }

    /// Whether the request has a field that makes it conditional (RFC 9110, section 13.1), If-Range
    /// apart.
    public var isConditional: Bool { present & Preconditions.conditional != 0 }

    /// Whether no field asks for anything else than the whole of what the path names, in any coding
    /// that is acceptable: no ranges, conditions, expectations, no body, and no proxy before it.
    @inlinable @inline(__always)
    public var asksForWhole: Bool { present & RequestHead.particular == 0 }

    /// The same, but that the client may have the answer already: If-None-Match or
    /// If-Modified-Since, and nothing else.
    @inlinable @inline(__always)
    public var asksForWholeUnlessKnown: Bool {
        present & (RequestHead.particular & ~RequestHead.known) == 0
    }

    @inlinable @inline(__always)
    static var known: UInt32 { bit(.ifNoneMatch) | bit(.ifModifiedSince) }

    @inlinable @inline(__always)
    static var particular: UInt32 {
        bit(.range) | bit(.ifRange) | bit(.ifMatch) | known | bit(.ifUnmodifiedSince)
            | bit(.expect) | bit(.contentLength) | bit(.transferEncoding) | bit(.via)
    }

    @inlinable @inline(__always)
    static func bit(_ name: FieldName) -> UInt32 { 1 &<< UInt32(name.rawValue) }

    /// Whether the client expects the connection to stay open after the answer (RFC 9112,
    /// section 9.3).
    public var keepsAlive: Bool {
        switch version {
        case .http09: return false
        case .http10: return connectionKeepAlive && !connectionClose
        case .http11: return !connectionClose
        }
    }
}

/// Walks the field lines of a head that was parsed, in the order they were sent. Lines that were
/// dropped for their names are passed over.
public struct FieldIterator: BitwiseCopyable, Sendable {
    private var position: Int
    private let end: Int
    private let allowsUnderscores: Bool
    private let dropsInvalidNames: Bool

    /// Starts at the first field line of a head.
    public init(_ head: RequestHead) {
        position = Int(head.fields.offset)
        end = head.fields.end
        allowsUnderscores = head.allowsUnderscores
        dropsInvalidNames = head.dropsInvalidNames
    }

    /// The next field: its name, and its value without the white space around it; nil after the
    /// last one. `received` is what the head was parsed from.
    public mutating func next(
        in received: Span<UInt8>
    ) -> (name: ByteExtent, value: ByteExtent)? {
        let limit = min(end, received.count)
        while position < limit {
            let start = position
            let lineFeed = received.firstIndex(of: 0x0A, from: start, to: limit)
            position = lineFeed &+ 1
            var lineEnd = lineFeed
            if lineEnd > start, received[lineEnd &- 1] == 0x0D { lineEnd &-= 1 }
            let line = FieldLine(in: received, from: start, to: lineEnd)
            let verdict = line.judgeName(in: received, allowsUnderscores: allowsUnderscores)
            if verdict == .valid || !dropsInvalidNames {
                return (line.name, line.value)
            }
        }
        return nil
    }
}
