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
    public var requestsWhole: Bool { present & RequestHead.uncacheableFields == 0 }

    /// True if the request is for the whole representation, or for a 304 by If-None-Match or
    /// If-Modified-Since.
    @inlinable @inline(__always)
    public var requestsWholeOrNotModified: Bool {
        present & (RequestHead.uncacheableFields & ~RequestHead.cacheValidators) == 0
    }

    @inlinable @inline(__always)
    static var cacheValidators: UInt32 { bit(.ifNoneMatch) | bit(.ifModifiedSince) }

    @inlinable @inline(__always)
    static var uncacheableFields: UInt32 {
        bit(.range) | bit(.ifRange) | bit(.ifMatch) | cacheValidators | bit(.ifUnmodifiedSince)
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

/// A field line split into name, colon and value (RFC 9112, section 5). A line without a colon is a
/// name without a value, as in nginx.
struct FieldLine: BitwiseCopyable {
    let name: ByteExtent
    let value: ByteExtent
    /// True if the name is known to have only letters, digits and dashes, as nearly all do.
    let hasPlainName: Bool

    /// The verdict on a name.
    enum NameValidity {
        case valid
        /// The name has a byte that is not allowed in field names: ignore_invalid_headers decides.
        case invalid
        /// The name is empty, or has white space or a control character: the request is refused.
        case malformed
    }

    /// Splits the line from `start` to `end`, which is before its line end.
    @inline(__always)
    init(in received: Span<UInt8>, from start: Int, to end: Int) {
        var colon = received.firstNotPlain(from: start, to: end)
        hasPlainName = colon > start && (colon == end || received[colon] == 0x3A)
        if !hasPlainName { colon = received.firstIndex(of: 0x3A, from: colon, to: end) }
        name = ByteExtent(from: start, to: colon)
        var first = colon &+ 1
        var last = end
        while first < last, received[first].isOptionalWhitespace { first &+= 1 }
        while last > first, received[last &- 1].isOptionalWhitespace { last &-= 1 }
        value = first < last ? ByteExtent(from: first, to: last) : ByteExtent(from: end, to: end)
    }

    /// Returns true if the line has a colon, a token before it (RFC 9110, section 5.6.2), and no
    /// control characters but tabs after it (section 5.5).
    @inline(__always)
    func isStrict(in received: Span<UInt8>, to end: Int) -> Bool {
        guard name.end < end, hasPlainName || received.slice(name).isToken else { return false }
        var index = name.end &+ 1
        while true {
            index = received.firstControlOrDelete(from: index, to: end)
            guard index < end else { return true }
            guard received[index] == 0x09 else { return false }
            index &+= 1
        }
    }

    /// Checks each byte of the name, as nginx's ngx_http_parse_header_line does.
    func validateName(in received: Span<UInt8>, allowsUnderscores: Bool) -> NameValidity {
        if hasPlainName { return .valid }
        guard !name.isEmpty else { return .malformed }
        var verdict = NameValidity.valid
        for index in Int(name.offset)..<name.end {
            let byte = received[index]
            if byte.isASCIILetter || byte.decimalDigit != nil || byte == 0x2D { continue }
            if byte <= 0x20 || byte == 0x7F { return .malformed }
            if byte != 0x5F || !allowsUnderscores { verdict = .invalid }
        }
        return verdict
    }
}

/// The request headers that the server acts on, or that logs and variables read so often that their
/// positions are stored.
public enum FieldName: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case host, connection, contentLength, transferEncoding, expect
    case range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince
    case acceptEncoding, userAgent, referer, via, authorization, cookie
    case xForwardedFor, keepAlive, upgrade

    /// Looks up a name in any case (RFC 9110, section 5.1); nil for all others.
    public init?(name: Span<UInt8>) {
        guard let field = FieldName.find(in: name, at: 0, count: name.count) else { return nil }
        self = field
    }

    /// Returns the field whose name is the `count` bytes at `offset`, which must be in the span.
    @inline(__always)
    static func find(in bytes: Span<UInt8>, at offset: Int, count: Int) -> FieldName? {
        @inline(__always)
        func isNamed(_ name: StaticString) -> Bool {
            bytes.matches(name, at: offset, foldsCase: true)
        }
        switch count {
        case 3: return isNamed("via") ? .via : nil
        case 4: return isNamed("host") ? .host : nil
        case 5: return isNamed("range") ? .range : nil
        case 6: return isNamed("cookie") ? .cookie : isNamed("expect") ? .expect : nil
        case 7: return isNamed("referer") ? .referer : isNamed("upgrade") ? .upgrade : nil
        case 8: return isNamed("if-range") ? .ifRange : isNamed("if-match") ? .ifMatch : nil
        case 10:
            if isNamed("user-agent") { return .userAgent }
            if isNamed("connection") { return .connection }
            return isNamed("keep-alive") ? .keepAlive : nil
        case 13:
            if isNamed("if-none-match") { return .ifNoneMatch }
            return isNamed("authorization") ? .authorization : nil
        case 14: return isNamed("content-length") ? .contentLength : nil
        case 15:
            if isNamed("accept-encoding") { return .acceptEncoding }
            return isNamed("x-forwarded-for") ? .xForwardedFor : nil
        case 17:
            if isNamed("if-modified-since") { return .ifModifiedSince }
            return isNamed("transfer-encoding") ? .transferEncoding : nil
        case 19: return isNamed("if-unmodified-since") ? .ifUnmodifiedSince : nil
        default: return nil
        }
    }

    /// True if the value is a list: several lines are one list (RFC 9110, section 5.3), which
    /// nginx refuses all the same and `strict_requests` accepts.
    var isList: Bool { self == .ifMatch || self == .ifNoneMatch || self == .expect }

    /// True if a request with two lines of the field is refused, as in nginx.
    var isUnique: Bool {
        switch self {
        case .host, .contentLength, .transferEncoding, .expect, .ifRange, .ifMatch, .ifNoneMatch,
            .ifModifiedSince, .ifUnmodifiedSince, .authorization:
            return true
        default:
            return false
        }
    }
}
