import HTTP
import Linux

/// The variables that depend only on a request itself, for log lines and other texts.
struct RequestVariables {
    let connection: Connection
    let peer: Peer
    let request: Request
    let plan: Plan
    let clock: CachedTime
    /// The local address of a connection whose descriptor does not know it.
    var assumedLocal: Peer?

    /// Writes the value of a built-in variable. Returns false if it has none.
    func writeValue(of piece: TemplatePiece, into writer: inout ByteWriter) -> Bool {
        if writeNumber(piece.variable, into: &writer) { return true }
        if writeTime(piece.variable, into: &writer) { return true }
        if writeServer(piece.variable, into: &writer) { return true }
        return writeText(piece, into: &writer)
    }

    // MARK: numbers and times

    private func writeNumber(_ variable: Variable, into writer: inout ByteWriter) -> Bool {
        switch variable {
        case .status:
            RequestVariables.write(status: request.currentStatus, into: &writer)
        case .bodyBytesSent: writer.append(decimal: request.sentBodyBytes)
        case .bytesSent: writer.append(decimal: request.sentBytes)
        case .connection: writer.append(decimal: Int64(clamping: connection.number))
        case .connectionRequests: writer.append(decimal: Int64(connection.requests))
        case .requestLength:
            writer.append(
                decimal: Int64(request.parser.readCount &+ request.bodyBytesWithHead))
        case .pid: writer.append(decimal: Int64(currentProcess()))
        default: return false
        }
        return true
    }

    /// Writes a status with at least three digits.
    static func write(status: Int, into writer: inout ByteWriter) {
        writer.append(status: status)
    }

    private func writeTime(_ variable: Variable, into writer: inout ByteWriter) -> Bool {
        switch variable {
        case .timeLocal: writer.append(clock.logTime.span)
        case .timeISO8601: writer.append(clock.iso8601.span)
        case .dateGMT: writer.append(Clock.longDate(of: clock.seconds, isLocal: false).span)
        case .dateLocal: writer.append(Clock.longDate(of: clock.seconds, isLocal: true).span)
        case .milliseconds: writeSeconds(clock.seconds, clock.milliseconds, into: &writer)
        case .requestTime:
            let elapsedMs = max(0, clock.monotonicMs &- request.startedMs)
            writeSeconds(elapsedMs / 1000, elapsedMs % 1000, into: &writer)
        case .connectionTime:
            let age = max(0, clock.monotonicMs &- connection.acceptedMs)
            writeSeconds(age / 1000, age % 1000, into: &writer)
        default: return false
        }
        return true
    }

    private func writeSeconds(
        _ seconds: Int64, _ milliseconds: Int64, into writer: inout ByteWriter
    ) {
        writer.append(decimal: seconds)
        writer.append(byte: UInt8(ascii: "."))
        writer.append(decimal: milliseconds / 100)
        writer.append(twoDigits: Int(milliseconds % 100))
    }

    // MARK: server and connection

    private func writeServer(_ variable: Variable, into writer: inout ByteWriter) -> Bool {
        switch variable {
        case .remoteAddress: peer.write(into: &writer)
        case .remotePort:
            // A header with the client's address may have no port.
            if peer.port > 0 { writer.append(decimal: Int64(peer.port)) }
        case .serverAddress: local.write(into: &writer)
        case .serverPort: writer.append(decimal: Int64(local.port))
        case .serverName: writer.append(serverName.span)
        case .binaryRemoteAddress: peer.writeBytes(into: &writer)
        case .scheme: writer.append("http")
        case .nginxVersion: writer.append(Version.nginx)
        case .hostname: writer.append(string: plan.hostname)
        case .requestCompletion:
            writer.append(request.isComplete ? "OK" : "")
        case .pipe:
            writer.append(connection.requests > 1 && request.requestsInSlice > 1 ? "p" : ".")
        case .isArgs: writer.append(hasArguments ? "?" : "")
        case .requestPort: writer.append(decimal: Int64(requestPort))
        case .isRequestPort: writer.append(request.parser.head.port > 0 ? ":" : "")
        default: return false
        }
        return true
    }

    private var local: Peer { assumedLocal ?? Peer.local(of: connection.fd) }

    private var serverName: PlanBytes { plan.servers[Int(request.server)].name }

    private var hasArguments: Bool {
        request.context?.args.map { !$0.isEmpty } ?? !request.parser.head.query.isEmpty
    }

    /// The port of Host or of an absolute target, or else the local port of the connection.
    private var requestPort: UInt16 {
        let port = request.parser.head.port
        return port > 0 ? port : local.port
    }

    // MARK: the client's cookie

    private func writeText(_ piece: TemplatePiece, into writer: inout ByteWriter) -> Bool {
        let head = request.parser.head
        let received = request.received
        switch piece.variable {
        case .request: return put(requestLine(received), into: &writer)
        case .requestMethod:
            if request.method == .get, head.method != .get {
                writer.append("GET")
                return true
            }
            return put(received.slice(head.methodName), into: &writer)
        case .requestURI: return put(received.slice(head.target), into: &writer)
        case .args: return writeArguments(received, into: &writer)
        case .serverProtocol:
            guard head.isLineRead, head.version > .http09 else { return false }
            writer.append(
                head.version == .http11 ? "HTTP/1.1" : "HTTP/1.0")
            return true
        case .host: return writeHost(received, into: &writer)
        case .documentURI: return writePath(received, into: &writer)
        case .field: return writeFields(piece.text.span, in: received, into: &writer)
        case .sentField:
            let sentHead = request.sentHead ?? []
            return writeSentFields(
                piece.text.span, in: ownFields(sentHead.span), skipsVary: sendsVary, into: &writer)
        case .sentTrailer:
            let trailers = request.context?.trailers ?? []
            return writeSentFields(
                piece.text.span, in: trailers.span, skipsVary: false, into: &writer)
        case .forwardedFor:
            if writeFields("x-forwarded-for", in: received, into: &writer) {
                writer.append(", ")
            }
            peer.write(into: &writer)
            return true
        case .empty: return true
        case .contentType: return writeFields("content-type", in: received, into: &writer)
        case .contentLength: return writeFields("content-length", in: received, into: &writer)
        case .argument: return writeArgument(piece.text.span, in: received, into: &writer)
        case .cookie: return writeCookie(piece.text.span, in: received, into: &writer)
        default: return false
        }
    }

    /// True if gzip_vary adds a Vary field, which is not a field for nginx's variables.
    private var sendsVary: Bool {
        let location = Int(request.location)
        return request.varies && location < plan.locations.count
            && plan.locations[location].features.contains(.gzipVary)
    }

    /// Returns the response's fields except Server and Date, which are no fields for nginx's
    /// variables.
    @_lifetime(copy head)
    private func ownFields(_ head: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        for _ in 0..<3 {
            guard let end = head.firstIndex(of: UInt8(ascii: "\n"), from: start) else { break }
            start = end &+ 1
        }
        return head.slice(from: start, to: head.count)
    }

    /// Returns the request line, or the part that was received.
    @_lifetime(copy received)
    private func requestLine(_ received: Span<UInt8>) -> Span<UInt8> {
        let line = request.parser.head.requestLine
        if !line.isEmpty { return received.slice(line) }
        let end = received.indices.first {
            received[$0] == UInt8(ascii: "\r") || received[$0] == UInt8(ascii: "\n")
        }
        return received.slice(from: 0, to: end ?? received.count)
    }

    private func writeArguments(
        _ received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        if let args = request.context?.args { return put(args.span, into: &writer) }
        return put(received.slice(request.parser.head.query), into: &writer)
    }

    /// Writes the host of the request, or the server's name.
    private func writeHost(_ received: Span<UInt8>, into writer: inout ByteWriter) -> Bool {
        let host = received.slice(request.parser.head.host)
        guard !host.isEmpty else {
            writer.append(serverName.span)
            return true
        }
        for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        return true
    }

    /// Writes the path as it was looked up: decoded, and with the index file that was found.
    private func writePath(_ received: Span<UInt8>, into writer: inout ByteWriter) -> Bool {
        if let uri = request.context?.uri {
            return put(uri.span, into: &writer) || request.parser.head.isLineRead
        }
        let raw = received.slice(request.parser.head.path)
        guard request.parser.head.isLineRead else { return false }
        let path = unsafe [UInt8](unsafeUninitializedCapacity: raw.count &+ 16) { memory, count in
            guard let start = memory.baseAddress else { return }
            var target = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
            let isValid = RequestTarget.normalize(
                path: raw, mergesSlashes: plan.servers[Int(request.server)].mergesSlashes,
                into: &target)
            count = isValid ? target.count : 0
        }
        guard put(path.span, into: &writer) else { return true }
        if let index = request.index { writer.append(index.span) }
        return true
    }

    /// Writes a value. Returns false if it is empty, which means that the client did not send it.
    private func put(_ value: Span<UInt8>, into writer: inout ByteWriter) -> Bool {
        writer.append(value)
        return !value.isEmpty
    }
}

/// Variables about parts of a request: headers, arguments of the query, cookies.
extension RequestVariables {
    /// Writes the values of all headers with a name in lower case, joined as in nginx: Cookie by
    /// semicolons, others by commas. Returns false if there is none.
    func writeFields(
        _ name: Span<UInt8>, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
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

    func writeFields(
        _ name: StaticString, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        name.withUTF8Buffer { unsafe writeFields($0.span, in: received, into: &writer) }
    }

    /// Writes the values of all headers with a name in the response's head.
    func writeSentFields(
        _ name: Span<UInt8>, in head: Span<UInt8>, skipsVary: Bool, into writer: inout ByteWriter
    ) -> Bool {
        var start = 0
        var isFound = false
        // The Vary of gzip_vary precedes those of the configuration.
        var skipsNext = skipsVary && name.equalsIgnoringCase("vary")
        while start < head.count {
            let end = head.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? head.count
            let line = head.slice(from: start, to: end)
            if line.count > name.count, line[name.count] == UInt8(ascii: ":"),
                line.slice(from: 0, to: name.count).equalsField(name)
            {
                if skipsNext {
                    skipsNext = false
                } else {
                    if isFound { writer.append(", ") }
                    writer.append(line.slice(from: name.count &+ 1, to: line.count).trimmedLine)
                    isFound = true
                }
            }
            start = end &+ 1
        }
        return isFound
    }

    /// Writes the value of an argument of the query.
    func writeArgument(
        _ name: Span<UInt8>, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        // As in nginx, `$arg_` has no value, while `$cookie_` is the cookie with the empty name.
        guard !name.isEmpty else { return false }
        if let args = request.context?.args {
            return RequestVariables.writeValue(
                of: name, in: args.span, separatedBy: UInt8(ascii: "&"), into: &writer)
        }
        return RequestVariables.writeValue(
            of: name, in: received.slice(request.parser.head.query),
            separatedBy: UInt8(ascii: "&"), into: &writer)
    }

    /// Writes the value of a cookie, from any of the Cookie headers.
    func writeCookie(
        _ name: Span<UInt8>, in received: Span<UInt8>, into writer: inout ByteWriter
    ) -> Bool {
        var fields = FieldIterator(request.parser.head)
        while let field = fields.next(in: received) {
            if received.slice(field.name).equalsIgnoringCase("cookie"),
                RequestVariables.writeValue(
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
    fileprivate func equalsField(_ name: Span<UInt8>) -> Bool {
        guard count == name.count else { return false }
        for index in indices {
            let byte = self[index].asciiLowercased
            let folded = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
            if folded != name[index] { return false }
        }
        return true
    }

    /// The line without the carriage return at its end and the space around it.
    fileprivate var trimmedLine: Span<UInt8> {
        @_lifetime(copy self)
        get {
            guard count > 0, self[count &- 1] == UInt8(ascii: "\r") else { return trimmed() }
            return slice(from: 0, to: count &- 1).trimmed()
        }
    }
}
