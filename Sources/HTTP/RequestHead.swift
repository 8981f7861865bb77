/// The HTTP version of a request (RFC 9112, section 2.3).
public enum HTTPVersion: UInt8, BitwiseCopyable, Sendable, Comparable {
    /// A request line without a version: the response has no head.
    case http09
    case http10
    /// 1.1, and any later 1.x.
    case http11

    /// Returns true if `left` is older.
    @inlinable
    public static func < (left: HTTPVersion, right: HTTPVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The parsed head of a request (RFC 9112, section 2.1). All texts are extents of the received
/// bytes, relative to the first byte of the request.
@frozen
public struct RequestHead: BitwiseCopyable, Sendable {
    /// The request method.
    public internal(set) var method = Method.unknown
    /// The version of the request line.
    public internal(set) var version = HTTPVersion.http11
    /// True if the target has a `?`.
    public internal(set) var hasQuery = false
    /// True if the body is chunked (RFC 9112, section 7.1).
    public internal(set) var isChunked = false
    /// True if Connection has the option `close` (RFC 9112, section 9.6).
    public internal(set) var connectionClose = false
    /// True if Connection has the option `keep-alive` (RFC 9112, appendix C.2.2).
    public internal(set) var connectionKeepAlive = false
    /// True if the client waits for a 100 before it sends the body (RFC 9110, section 10.1.1).
    public internal(set) var expectsContinue = false
    @usableFromInline var allowsUnderscores = false
    @usableFromInline var dropsInvalidNames = true
    /// The port after the host; 0 if there is none.
    public internal(set) var port: UInt16 = 0

    /// The method as written.
    public internal(set) var methodName = ByteExtent.empty
    /// The request line without its end.
    public internal(set) var requestLine = ByteExtent.empty
    /// The target as it was sent, from its path on: the scheme and host of an absolute form are not
    /// part of it (nginx's $request_uri).
    public internal(set) var target = ByteExtent.empty
    /// The path of the target, not decoded, before `?` or `#`; empty for `http://host?query`.
    public internal(set) var path = ByteExtent.empty
    /// The query of the target, without the `?`, up to a `#`.
    public internal(set) var query = ByteExtent.empty
    /// The host of an absolute form, or else of Host, without port and trailing dot, in its
    /// original case; empty if there is neither.
    public internal(set) var host = ByteExtent.empty
    /// All field lines with their ends; the empty line that ends the head is not part of it.
    public internal(set) var fields = ByteExtent.empty
    /// The length of the head in bytes, including empty lines before it and the one that ends it:
    /// the offset of the body, or of the next request.
    public internal(set) var byteCount = 0
    /// The value of Content-Length in bytes; -1 if there is none.
    public internal(set) var contentLength: Int64 = -1

    /// The headers that are present, as bits by their names' numbers.
    @usableFromInline var present: UInt32 = 0
    /// The headers of `present` that occur more than once.
    @usableFromInline var repeated: UInt32 = 0
    /// The values of the headers, relative to the first byte of the first field.
    // Written out, so that it compiles to a few stores instead of a loop.
    @usableFromInline var known: InlineArray<20, ByteExtent> = [
        .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty,
        .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty, .empty,
    ]

    @inline(__always)
    init() {}

    /// Returns the value of the first line of a header, without the white space around it (RFC
    /// 9110, section 5.5); nil if it is missing.
    @inlinable @inline(__always)
    public func field(_ name: FieldName) -> ByteExtent? {
        guard has(name) else { return nil }
        let value = known[Int(name.rawValue)]
        return ByteExtent(offset: fields.offset &+ value.offset, count: value.count)
    }

    /// Returns true if ``field(_:)`` is the only line of that header in any spelling.
    @inlinable @inline(__always)
    public func hasAtMostOne(_ name: FieldName) -> Bool {
        repeated &>> UInt32(name.rawValue) & 1 == 0 && !allowsUnderscores && dropsInvalidNames
    }

    /// Returns true if the request has several lines of a header.
    @inlinable @inline(__always)
    public func hasSeveral(_ name: FieldName) -> Bool {
        repeated &>> UInt32(name.rawValue) & 1 != 0
    }

    /// Returns true if `matches` is true for the value of one of the header's lines.
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

    /// Returns true if a member of a list-valued header is this word, in any case.
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

    /// Returns the lines of a header as one list (RFC 9110, section 5.3).
    public func combined(_ name: FieldName, in received: Span<UInt8>) -> [UInt8] {
        var all: [UInt8] = []
        _ = hasLine(of: name, in: received) { value in
            if !all.isEmpty { all += [0x2C, 0x20] }
            for index in value.indices { all.append(value[index]) }
            return false
        }
        return all
    }

    /// Returns true if the request has a header.
    @inlinable @inline(__always)
    func has(_ name: FieldName) -> Bool {
        present &>> UInt32(name.rawValue) & 1 != 0
    }

    /// Whether the request line could be parsed. If not, nothing else of the request is known.
    public var isLineRead: Bool { !methodName.isEmpty }

    /// Whether the request has a header that makes it conditional (RFC 9110, section 13.1), except
    /// If-Range.
    public var isConditional: Bool { present & Preconditions.conditional != 0 }

    /// True if the headers ask for nothing but the whole representation, in any acceptable coding:
    /// no ranges, conditions, expectations or body, and no proxy.
    @inlinable @inline(__always)
    public var requestsWhole: Bool { present & RequestHead.distinctive == 0 }

    /// True for a request that is like that except for If-None-Match or If-Modified-Since.
    @inlinable @inline(__always)
    public var requestsWholeOrNotModified: Bool {
        present & (RequestHead.distinctive & ~RequestHead.known) == 0
    }

    @inlinable @inline(__always)
    static var known: UInt32 { bit(.ifNoneMatch) | bit(.ifModifiedSince) }

    @inlinable @inline(__always)
    static var distinctive: UInt32 {
        bit(.range) | bit(.ifRange) | bit(.ifMatch) | known | bit(.ifUnmodifiedSince)
            | bit(.expect) | bit(.contentLength) | bit(.transferEncoding) | bit(.via)
    }

    @inlinable @inline(__always)
    static func bit(_ name: FieldName) -> UInt32 { 1 &<< UInt32(name.rawValue) }

    /// True if the client expects the connection to stay open after the response (RFC 9112, section
    /// 9.3).
    public var keepsAlive: Bool {
        switch version {
        case .http09: return false
        case .http10: return connectionKeepAlive && !connectionClose
        case .http11: return !connectionClose
        }
    }
}

/// Iterates over the field lines of a parsed head, in the order they were sent. Lines that were
/// dropped for their names are skipped.
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

    /// Returns the next field: its name, and its value without the white space around it; nil after
    /// the last one. `received` is the buffer that the head was parsed from.
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
            let verdict = line.validateName(in: received, allowsUnderscores: allowsUnderscores)
            if verdict == .valid || !dropsInvalidNames {
                return (line.name, line.value)
            }
        }
        return nil
    }
}
