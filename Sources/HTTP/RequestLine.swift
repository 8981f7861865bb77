/// Parses a request line (RFC 9112, section 3), as leniently as nginx's
/// ngx_http_parse_request_line: several spaces between the parts and after them are accepted, and
/// any 1.x counts as 1.1.
///
/// The line has no line end and no byte below 0x0E: the parser has checked that.
struct RequestLine {
    private let start: Int
    private let end: Int
    private let isStrict: Bool
    private var position: Int

    /// Creates a parser for the line from `start` to `end`; `isStrict` refuses what only nginx
    /// accepts.
    init(from start: Int, to end: Int, isStrict: Bool = false) {
        self.start = start
        self.end = end
        self.isStrict = isStrict
        position = start
    }

    /// Parses the line into `head`. Returns the fault of an invalid line.
    @inline(__always)
    mutating func parse(_ received: Span<UInt8>, into head: inout RequestHead) -> RequestFault? {
        if let fault = parseMethod(received, into: &head) { return fault }
        guard skipSpaces(received), position < end else { return .invalidRequestLine }
        let targetStart = position
        if head.method == .options, isStrict, received[position] == 0x2A {
            // The asterisk form (RFC 9112, section 3.2.4).
            position &+= 1
            head.target = ByteExtent(from: targetStart, to: position)
            head.path = head.target
        } else if head.method == .connect {
            if let fault = parseAuthority(received, into: &head) { return fault }
        } else if received[position] == 0x2F {
            if let fault = parseTarget(received, from: targetStart, into: &head) { return fault }
        } else {
            if let fault = parseAbsolute(received, into: &head) { return fault }
        }
        return parseVersion(received, into: &head)
    }

    /// Parses the most common form, if the line is complete: `GET`, a path without a query,
    /// `HTTP/1.1` and CRLF. Returns the start of the next line; nil, without changing `head`, if
    /// the line that begins at `start` has another form or continues beyond `limit`.
    @inline(__always)
    static func parsePlain(
        _ received: Span<UInt8>, from start: Int, to limit: Int, into head: inout RequestHead
    ) -> Int? {
        let pathStart = start &+ 4
        guard pathStart < limit, received.matches("GET /", at: start, foldsCase: false) else {
            return nil
        }
        let pathEnd = received.firstTargetDelimiter(from: pathStart, to: limit)
        let next = pathEnd &+ 11
        guard next <= limit, received.matches(" HTTP/1.1\r\n", at: pathEnd, foldsCase: false)
        else { return nil }
        head.requestLine = ByteExtent(from: start, to: next &- 2)
        head.methodName = ByteExtent(from: start, to: start &+ 3)
        head.method = .get
        head.path = ByteExtent(from: pathStart, to: pathEnd)
        head.target = head.path
        head.version = .http11
        return next
    }

    /// Skips spaces. Returns false if there is more than one where that matters.
    @inline(__always)
    private mutating func skipSpaces(_ received: Span<UInt8>) -> Bool {
        let first = position
        while position < end, received[position] == 0x20 { position &+= 1 }
        return !isStrict || position &- first <= 1
    }

    @inline(__always)
    private mutating func parseMethod(
        _ received: Span<UInt8>, into head: inout RequestHead
    ) -> RequestFault? {
        if end &- start >= 4, received.matches("GET ", at: start, foldsCase: false) {
            position = start &+ 3
            head.methodName = ByteExtent(from: start, to: position)
            head.method = .get
            return nil
        }
        while position < end, received[position].isMethodByte(isStrict) { position &+= 1 }
        // A line that ends inside the method is refused as in nginx: the line end is no byte of a
        // method.
        guard position > start, position < end, received[position] == 0x20 else {
            return .invalidMethod
        }
        head.methodName = ByteExtent(from: start, to: position)
        head.method = Method(in: received, at: start, count: position &- start)
        return nil
    }

    /// Parses the path and query that begin at `first` and at the current position, up to a space
    /// or the end of the line.
    @inline(__always)
    private mutating func parseTarget(
        _ received: Span<UInt8>, from first: Int, into head: inout RequestHead
    ) -> RequestFault? {
        var pathEnd = -1
        var queryStart = -1
        var queryEnd = -1
        while true {
            position = received.firstTargetDelimiter(from: position, to: end)
            guard position < end else { break }
            let byte = received[position]
            if byte == 0x20 { break }
            if byte == 0x3F {
                if pathEnd < 0 {
                    pathEnd = position
                    queryStart = position &+ 1
                }
            } else if byte == 0x23, !isStrict {
                if pathEnd < 0 { pathEnd = position }
                if queryEnd < 0 { queryEnd = position }
            } else {
                return .invalidRequestLine
            }
            position &+= 1
        }
        head.target = ByteExtent(from: first, to: position)
        head.path = ByteExtent(from: first, to: pathEnd < 0 ? position : pathEnd)
        if queryStart >= 0 {
            head.hasQuery = true
            head.query = ByteExtent(from: queryStart, to: queryEnd < 0 ? position : queryEnd)
        }
        return nil
    }

    /// Parses the absolute form (RFC 9112, section 3.2.2).
    @inline(never)
    private mutating func parseAbsolute(
        _ received: Span<UInt8>, into head: inout RequestHead
    ) -> RequestFault? {
        guard received[position].isASCIILetter else { return .invalidRequestLine }
        while position < end, received[position].isSchemeByte { position &+= 1 }
        let slashes = position &+ 1
        guard slashes &+ 2 <= end, received[position] == 0x3A, received[slashes] == 0x2F,
            received[slashes &+ 1] == 0x2F
        else { return .invalidRequestLine }
        position = slashes &+ 2
        guard let (authority, _) = parseHostAndPort(received) else { return .invalidRequestLine }
        guard let host = HostName(received, authority) else {
            return .invalidHostInRequestLine
        }
        head.host = ByteExtent(offset: authority.offset, count: UInt32(host.count))
        head.port = host.port
        guard position < end, received[position] != 0x20 else {
            // A missing path is the path "/": one of the two slashes is used for it.
            guard position < end else { return .invalidRequestLine }
            head.target = ByteExtent(from: slashes, to: slashes &+ 1)
            head.path = head.target
            return nil
        }
        guard received[position] == 0x2F || received[position] == 0x3F else {
            return .invalidRequestLine
        }
        return parseTarget(received, from: position, into: &head)
    }

    /// Parses the authority form (RFC 9112, section 3.2.3): host, colon, port.
    @inline(never)
    private mutating func parseAuthority(
        _ received: Span<UInt8>, into head: inout RequestHead
    ) -> RequestFault? {
        let first = position
        guard let (authority, hasPort) = parseHostAndPort(received), hasPort, position < end,
            received[position] == 0x20
        else { return .invalidRequestLine }
        guard let host = HostName(received, authority) else {
            return .invalidHostInRequestLine
        }
        head.host = ByteExtent(from: first, to: first &+ host.count)
        head.port = host.port
        head.target = authority
        return nil
    }

    /// Reads a host and port: nginx accepts fewer bytes here than in Host.
    private mutating func parseHostAndPort(
        _ received: Span<UInt8>
    ) -> (authority: ByteExtent, hasPort: Bool)? {
        let first = position
        if position < end, received[position] == 0x5B {
            while position < end, received[position] != 0x5D {
                // The content of the brackets is checked with the host.
                guard received[position] > 0x20 else { return nil }
                position &+= 1
            }
            guard position < end else { return nil }
            position &+= 1
        } else {
            while position < end, received[position].isRequestHostByte { position &+= 1 }
        }
        let hasPort = position < end && received[position] == 0x3A
        if hasPort {
            position &+= 1
            while position < end, received[position].decimalDigit != nil { position &+= 1 }
        }
        return (ByteExtent(from: first, to: position), hasPort)
    }

    @inline(__always)
    private mutating func parseVersion(
        _ received: Span<UInt8>, into head: inout RequestHead
    ) -> RequestFault? {
        guard skipSpaces(received) else { return .invalidRequestLine }
        if end &- position == 8,
            received.matches("HTTP/1.1", at: position, foldsCase: false)
        {
            head.version = .http11
            return nil
        }
        return parseOtherVersion(received, into: &head)
    }

    @inline(never)
    private mutating func parseOtherVersion(
        _ received: Span<UInt8>, into head: inout RequestHead
    ) -> RequestFault? {
        guard position < end else {
            guard !isStrict else { return .invalidRequestLine }
            head.version = .http09
            return head.method == .get ? nil : .invalidHTTP09Method
        }
        guard end &- position > 5, received.slice(from: position, to: position &+ 5).equals("HTTP/")
        else { return .invalidRequestLine }
        position &+= 5
        guard received[position] != 0x30, let major = received[position].decimalDigit else {
            return .invalidRequestLine
        }
        guard major == 1 else { return .unsupportedVersion }
        position &+= 1
        guard position < end else { return .invalidRequestLine }
        if received[position].decimalDigit != nil { return .unsupportedVersion }
        guard received[position] == 0x2E else { return .invalidRequestLine }
        position &+= 1
        return parseMinorVersion(received, into: &head)
    }

    private mutating func parseMinorVersion(
        _ received: Span<UInt8>, into head: inout RequestHead
    ) -> RequestFault? {
        let first = position
        var minor = 0
        while position < end, let digit = received[position].decimalDigit {
            guard minor <= 99 else { return .invalidRequestLine }
            minor = minor * 10 + Int(digit)
            position &+= 1
        }
        guard position > first, !isStrict || position == first &+ 1 else {
            return .invalidRequestLine
        }
        if !isStrict { _ = skipSpaces(received) }
        guard position == end else { return .invalidRequestLine }
        head.version = minor == 0 ? .http10 : .http11
        return nil
    }
}

extension UInt8 {
    /// True if nginx accepts a byte as part of a method.
    @inline(__always)
    var isMethodByte: Bool { self &- 0x41 < 26 || self == 0x5F || self == 0x2D }

    /// Returns true if a byte may be part of a method: nginx's rule, or with strict parsing that of
    /// a token (RFC 9110, section 9.1).
    @inline(__always)
    func isMethodByte(_ isStrict: Bool) -> Bool { isMethodByte || isStrict && isTokenByte }

    /// True for a tchar (RFC 9110, section 5.6.2).
    var isTokenByte: Bool {
        switch self {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7A,
            0x7C, 0x7E:
            return true
        default: return false
        }
    }

    /// True for a byte of a scheme (RFC 3986, section 3.1).
    fileprivate var isSchemeByte: Bool {
        isASCIILetter || decimalDigit != nil || self == 0x2B || self == 0x2D || self == 0x2E
    }

    /// True if nginx accepts a byte as part of a host in a request line.
    fileprivate var isRequestHostByte: Bool {
        isASCIILetter || decimalDigit != nil || self == 0x2D || self == 0x2E
    }
}

/// The method of a request (RFC 9110, section 9): those that nginx distinguishes, including those
/// of WebDAV (RFC 4918).
public enum Method: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    case get, head, post, put, delete, options, trace, connect, patch
    case mkcol, copy, move, propfind, proppatch, lock, unlock
    /// Any other method.
    case unknown

    /// Looks up a name, which is case-sensitive (RFC 9110, section 9.1).
    public init(name: Span<UInt8>) {
        self.init(in: name, at: 0, count: name.count)
    }

    /// Looks up the name in the `count` bytes at `offset`.
    init(in bytes: Span<UInt8>, at offset: Int, count: Int) {
        self = Method.find(in: bytes, at: offset, count: count)
    }

    private static func find(in bytes: Span<UInt8>, at offset: Int, count: Int) -> Method {
        func isNamed(_ name: StaticString) -> Bool {
            bytes.matches(name, at: offset, foldsCase: false)
        }
        switch count {
        case 3:
            if isNamed("GET") { return .get }
            return isNamed("PUT") ? .put : .unknown
        case 4:
            if isNamed("HEAD") { return .head }
            if isNamed("POST") { return .post }
            if isNamed("COPY") { return .copy }
            if isNamed("MOVE") { return .move }
            return isNamed("LOCK") ? .lock : .unknown
        case 5:
            if isNamed("MKCOL") { return .mkcol }
            if isNamed("PATCH") { return .patch }
            return isNamed("TRACE") ? .trace : .unknown
        case 6:
            if isNamed("DELETE") { return .delete }
            return isNamed("UNLOCK") ? .unlock : .unknown
        case 7:
            if isNamed("OPTIONS") { return .options }
            return isNamed("CONNECT") ? .connect : .unknown
        case 8:
            return isNamed("PROPFIND") ? .propfind : .unknown
        case 9:
            return isNamed("PROPPATCH") ? .proppatch : .unknown
        default:
            return .unknown
        }
    }
}
