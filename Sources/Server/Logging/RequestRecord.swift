import HTTP
import Linux

/// What a log line can tell of a request: the values of the variables.
struct RequestRecord {
    let connection: Connection
    let peer: Peer
    let exchange: Exchange
    let plan: Plan
    let clock: TurnClock
    /// The answer's head, where the format names its fields.
    let sentHead: [UInt8]

    /// Writes a line of a format.
    func write(_ format: LogFormat, into writer: inout HeadWriter) {
        for index in 0..<format.pieces.count {
            let piece = format.pieces[index]
            if piece.variable == .literal {
                writer.append(piece.text.span)
            } else {
                write(piece, format.escaping, into: &writer)
            }
        }
    }

    private func write(
        _ piece: LogPiece, _ escaping: LogEscapingCode, into writer: inout HeadWriter
    ) {
        if writeNumber(piece.variable, into: &writer) { return }
        if writeTime(piece.variable, into: &writer) { return }
        if writeServer(piece.variable, into: &writer) { return }
        writeText(piece, escaping, into: &writer)
    }

    // MARK: numbers and times

    private func writeNumber(_ variable: Variable, into writer: inout HeadWriter) -> Bool {
        switch variable {
        case .status:
            let status = Int64(exchange.status)
            if status < 100 { writer.append("00") }
            writer.append(decimal: status)
        case .bodyBytesSent:
            writer.append(decimal: max(0, exchange.sentBytes &- exchange.headBytes))
        case .bytesSent: writer.append(decimal: exchange.sentBytes)
        case .connection: writer.append(decimal: Int64(clamping: connection.number))
        case .connectionRequests: writer.append(decimal: Int64(connection.requests))
        case .requestLength:
            writer.append(
                decimal: Int64(exchange.parser.head.byteCount &+ exchange.bodyBesideHead))
        case .pid: writer.append(decimal: Int64(currentProcess()))
        default: return false
        }
        return true
    }

    private func writeTime(_ variable: Variable, into writer: inout HeadWriter) -> Bool {
        switch variable {
        case .timeLocal: writer.append(clock.logTime.span)
        case .timeISO8601: writer.append(clock.iso8601.span)
        case .milliseconds: writeSeconds(clock.seconds, clock.milliseconds, into: &writer)
        case .requestTime:
            let spent = max(0, clock.monotonicMs &- exchange.startedMs)
            writeSeconds(spent / 1000, spent % 1000, into: &writer)
        case .connectionTime:
            let age = max(0, clock.monotonicMs &- connection.acceptedMs)
            writeSeconds(age / 1000, age % 1000, into: &writer)
        default: return false
        }
        return true
    }

    private func writeSeconds(
        _ seconds: Int64, _ milliseconds: Int64, into writer: inout HeadWriter
    ) {
        writer.append(decimal: seconds)
        writer.append(byte: UInt8(ascii: "."))
        writer.append(decimal: milliseconds / 100)
        writer.append(twoDigits: Int(milliseconds % 100))
    }

    // MARK: server and connection

    private func writeServer(_ variable: Variable, into writer: inout HeadWriter) -> Bool {
        switch variable {
        case .remoteAddress: peer.write(into: &writer)
        case .remotePort:
            if peer.family != .unix { writer.append(decimal: Int64(peer.port)) }
        case .serverAddress: Peer.local(of: connection.fd).write(into: &writer)
        case .serverPort:
            writer.append(decimal: Int64(Peer.local(of: connection.fd).port))
        case .serverName: writer.append(serverName.span)
        case .documentRoot: writer.append(documentRoot.span)
        case .scheme: writer.append("http")
        case .nginxVersion: writer.append(Version.nginx)
        case .hostname: writer.append(string: plan.hostname)
        case .requestCompletion:
            writer.append(exchange.isComplete ? "OK" : "")
        case .pipe:
            writer.append(connection.requests > 1 && exchange.requestsInTurn > 1 ? "p" : ".")
        case .isArgs: writer.append(exchange.parser.head.query.isEmpty ? "" : "?")
        default: return false
        }
        return true
    }

    private var serverName: PlanBytes { plan.servers[Int(exchange.server)].name }

    private var documentRoot: PlanBytes { plan.locations[Int(exchange.location)].root }

    // MARK: what the client sent

    private func writeText(
        _ piece: LogPiece, _ escaping: LogEscapingCode, into writer: inout HeadWriter
    ) {
        let head = exchange.parser.head
        let received = exchange.received
        switch piece.variable {
        case .request: put(requestLine(received), escaping, into: &writer)
        case .requestMethod: put(received.slice(head.methodName), escaping, into: &writer)
        case .requestURI: put(received.slice(head.target), escaping, into: &writer)
        case .args: put(received.slice(head.query), escaping, into: &writer)
        case .serverProtocol:
            writer.append(
                head.version == .http11
                    ? "HTTP/1.1" : head.version == .http10 ? "HTTP/1.0" : "HTTP/0.9")
        case .host: writeHost(received, escaping, into: &writer)
        case .documentURI: writePath(received, escaping, into: &writer)
        case .field: put(field(piece.text.span, in: received), escaping, into: &writer)
        case .sentField: put(sentField(piece.text.span, in: sentHead.span), escaping, into: &writer)
        case .contentType: put(field("content-type", in: received), escaping, into: &writer)
        case .contentLength: put(field("content-length", in: received), escaping, into: &writer)
        case .argument: put(argument(piece.text.span, in: received), escaping, into: &writer)
        case .cookie: put(cookie(piece.text.span, in: received), escaping, into: &writer)
        case .remoteUser: put(received.slice(.empty), escaping, into: &writer)
        default: break
        }
    }

    /// The request line, or as much of one as has come.
    @_lifetime(copy received)
    private func requestLine(_ received: Span<UInt8>) -> Span<UInt8> {
        let line = exchange.parser.head.requestLine
        if !line.isEmpty { return received.slice(line) }
        let end = received.indices.first {
            received[$0] == UInt8(ascii: "\r") || received[$0] == UInt8(ascii: "\n")
        }
        return received.slice(from: 0, to: end ?? received.count)
    }

    /// The host of the request, or the server's name.
    private func writeHost(
        _ received: Span<UInt8>, _ escaping: LogEscapingCode, into writer: inout HeadWriter
    ) {
        let host = received.slice(exchange.parser.head.host)
        guard !host.isEmpty else {
            put(serverName.span, escaping, into: &writer)
            return
        }
        // A host that was taken has letters, digits and punctuation only: nothing to escape.
        for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
    }

    /// The path as it was looked up: decoded, and with the index file that was found.
    private func writePath(
        _ received: Span<UInt8>, _ escaping: LogEscapingCode, into writer: inout HeadWriter
    ) {
        let raw = received.slice(exchange.parser.head.path)
        let path = unsafe [UInt8](unsafeUninitializedCapacity: raw.count &+ 16) { memory, count in
            guard let start = memory.baseAddress else { return }
            var target = unsafe HeadWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
            _ = RequestTarget.normalize(
                path: raw, mergesSlashes: plan.servers[Int(exchange.server)].mergesSlashes,
                into: &target)
            count = target.count
        }
        put(path.span, escaping, into: &writer)
        if let index = exchange.index { put(index.span, escaping, into: &writer) }
    }

    /// Writes a value, or `-` when it is empty, as nginx does.
    private func put(
        _ value: Span<UInt8>, _ escaping: LogEscapingCode, into writer: inout HeadWriter
    ) {
        if value.isEmpty {
            if escaping == .standard { writer.append(byte: UInt8(ascii: "-")) }
            return
        }
        switch escaping {
        case .none: writer.append(value)
        case .standard: LogEscape.standard(value, into: &writer)
        case .json: LogEscape.json(value, into: &writer)
        }
    }
}
