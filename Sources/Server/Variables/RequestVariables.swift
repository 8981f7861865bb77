import HTTP
import Linux

/// Variables about a request: its line, headers, arguments and cookies.
enum RequestVariables {
    static let variables: [VariableRow] = [
        .ifAny("request", .perRequest, source: .request) { request, _, _, writer in
            put(requestLine(request), into: &writer)
        },
        .ifAny("request_method", .perRequest) { writeMethod($0, into: &$3) },
        .ifAny("request_uri", .perRequest) {
            put($0.received.slice($0.parser.head.target), into: &$3)
        },
        .ifAny("args", .perRequest, .ofContext) { writeArguments($0, into: &$3) },
        .ifAny("query_string", .perRequest, .ofContext) { writeArguments($0, into: &$3) },
        .always("is_args", .perRequest, .ofContext) { $3.append(hasArguments($0) ? "?" : "") },
        .ifAny("arg_", .perRequest, [.prefix, .definable, .ofContext]) {
            writeArgument($2.text.span, $0, into: &$3)
        },
        .ifAny("server_protocol", .perRequest) { writeProtocol($0, into: &$3) },
        .ifAny("host", .perRequest) { writeHost($0, $1, into: &$3) },
        .ifAny("uri", .shared, .ofContext) { writePath($0, $1, into: &$3) },
        .ifAny("document_uri", .shared, .ofContext) { writePath($0, $1, into: &$3) },
        .ifAny("fastcgi_script_name", .shared, .ofContext) { writePath($0, $1, into: &$3) },
        .ifAny("http_", .perRequest, [.fieldPrefix, .definable], source: .field) {
            writeFields($2.text.span, $0, into: &$3)
        },
        .ifAny("content_type", .perRequest) { writeFields("content-type", $0, into: &$3) },
        .ifAny("content_length", .perRequest) { writeFields("content-length", $0, into: &$3) },
        .ifAny("cookie_", .perRequest, [.prefix, .definable]) {
            writeCookie($2.text.span, $0, into: &$3)
        },
        // nginx's module for proxies defines it, but it needs no proxy.
        .always("proxy_add_x_forwarded_for", .perRequest) { request, services, _, writer in
            if writeFields("x-forwarded-for", request, into: &writer) { writer.append(", ") }
            services.peers[request.slot].write(into: &writer)
        },
        .always("request_length", .perRequest, .numberOrTime) {
            $3.append(decimal: Int64($0.parser.readCount &+ $0.bodyBytesWithHead))
        },
        .always("request_id", .perRequest, .computedOnce) { writeRandom(into: &$3) },
    ]

    // MARK: the request line

    /// Returns the request line, or the part that was received.
    @_lifetime(borrow request)
    private static func requestLine(_ request: borrowing Request) -> Span<UInt8> {
        let received = request.received
        let line = request.parser.head.requestLine
        if !line.isEmpty { return received.slice(line) }
        let end = received.indices.first {
            received[$0] == UInt8(ascii: "\r") || received[$0] == UInt8(ascii: "\n")
        }
        return received.slice(from: 0, to: end ?? received.count)
    }

    private static func writeMethod(
        _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        let head = request.parser.head
        guard request.method == .get, head.method != .get else {
            return put(request.received.slice(head.methodName), into: &writer)
        }
        writer.append("GET")
        return true
    }

    private static func writeProtocol(
        _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        let head = request.parser.head
        guard head.isLineRead, head.version > .http09 else { return false }
        writer.append(head.version == .http11 ? "HTTP/1.1" : "HTTP/1.0")
        return true
    }

    private static func writeArguments(
        _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        if let args = request.context?.args { return put(args.span, into: &writer) }
        return put(request.received.slice(request.parser.head.query), into: &writer)
    }

    private static func hasArguments(_ request: borrowing Request) -> Bool {
        request.context?.args.map { !$0.isEmpty } ?? !request.parser.head.query.isEmpty
    }

    /// Writes the host of the request, or the server's name.
    private static func writeHost(
        _ request: borrowing Request, _ services: borrowing Services, into writer: inout ByteWriter
    ) -> Bool {
        let host = request.received.slice(request.parser.head.host)
        guard !host.isEmpty else {
            writer.append(ServerVariables.serverName(request, services).span)
            return true
        }
        for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        return true
    }

    /// Writes the path as it was looked up: decoded, and with the index file that was found.
    private static func writePath(
        _ request: borrowing Request, _ services: borrowing Services, into writer: inout ByteWriter
    ) -> Bool {
        let isLineRead = request.parser.head.isLineRead
        if request.uri.isLoaded { return put(request.uri.span, into: &writer) || isLineRead }
        if let uri = request.context?.uri { return put(uri.span, into: &writer) || isLineRead }
        guard isLineRead else { return false }
        let raw = request.path
        let mergesSlashes = services.plan.servers[Int(request.server)].mergesSlashes
        let path = unsafe [UInt8](unsafeUninitializedCapacity: raw.count &+ 16) { memory, count in
            guard let start = memory.baseAddress else { return }
            var target = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
            let isValid = RequestTarget.normalize(
                path: raw, mergesSlashes: mergesSlashes, into: &target)
            count = isValid ? target.count : 0
        }
        guard put(path.span, into: &writer) else { return true }
        if let index = request.index { writer.append(index.span) }
        return true
    }

    /// Writes a value. Returns false if it is empty, which means that the client did not send it.
    private static func put(_ value: Span<UInt8>, into writer: inout ByteWriter) -> Bool {
        writer.append(value)
        return !value.isEmpty
    }

    /// Writes sixteen random bytes in hexadecimal.
    private static func writeRandom(into writer: inout ByteWriter) {
        var generator = SystemRandomNumberGenerator()
        let bits = [generator.next(), generator.next()]
        let digits = Array("0123456789abcdef".utf8)
        for index in 0..<32 {
            writer.append(byte: digits[Int(bits[index / 16] >> UInt64(index % 16 &* 4) & 15)])
        }
    }
}

/// Headers, arguments of the query, cookies.
extension RequestVariables {
    /// Writes the values of all headers with a name in lower case, joined as in nginx: Cookie by
    /// semicolons, others by commas. Returns false if there is none.
    static func writeFields(
        _ name: Span<UInt8>, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        let received = request.received
        var fields = FieldIterator(request.parser.head)
        var isFound = false
        while let field = fields.next(in: received) {
            guard received.slice(field.name).equalsField(name) else { continue }
            if isFound { writer.append(name.equals("cookie") ? "; " : ", ") }
            writer.append(received.slice(field.value))
            isFound = true
        }
        return isFound
    }

    static func writeFields(
        _ name: StaticString, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        name.withUTF8Buffer { unsafe writeFields($0.span, request, into: &writer) }
    }

    /// Writes the value of an argument of the query.
    static func writeArgument(
        _ name: Span<UInt8>, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        // As in nginx, `$arg_` has no value, while `$cookie_` is the cookie with the empty name.
        guard !name.isEmpty else { return false }
        if let args = request.context?.args {
            return writeValue(
                of: name, in: args.span, separatedBy: UInt8(ascii: "&"), into: &writer)
        }
        return writeValue(
            of: name, in: request.received.slice(request.parser.head.query),
            separatedBy: UInt8(ascii: "&"), into: &writer)
    }

    /// Writes the value of a cookie, from any of the Cookie headers.
    static func writeCookie(
        _ name: Span<UInt8>, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        let received = request.received
        var fields = FieldIterator(request.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase("cookie"),
                writeValue(
                    of: name, in: received.slice(field.value), separatedBy: UInt8(ascii: ";"),
                    into: &writer)
            {
                return true
            }
        }
        return false
    }

    /// Writes the value of `name=value` in a list.
    private static func writeValue(
        of name: Span<UInt8>, in list: Span<UInt8>, separatedBy separator: UInt8,
        into writer: inout ByteWriter
    ) -> Bool {
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: separator, from: start) ?? list.count
            let pair = list.slice(from: start, to: end).trimmed()
            if pair.count > name.count, pair[name.count] == UInt8(ascii: "="),
                pair.slice(from: 0, to: name.count).equalsIgnoringCase(name)
            {
                writer.append(pair.slice(from: name.count &+ 1, to: pair.count))
                return true
            }
            start = end &+ 1
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Returns true if this is the header that a variable's name refers to: case is ignored, and an
    /// underscore in the variable matches a dash.
    func equalsField(_ name: Span<UInt8>) -> Bool {
        guard count == name.count else { return false }
        for index in indices {
            let byte = self[index].asciiLowercased
            let folded = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
            if folded != name[index] { return false }
        }
        return true
    }
}
