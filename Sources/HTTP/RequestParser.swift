/// Size limits of a head, and the rules for odd names.
public struct HeadLimits: BitwiseCopyable, Sendable, Equatable {
    /// The longest request line in bytes, with its end (a buffer of large_client_header_buffers).
    public var requestLine: Int
    /// The longest field line in bytes, with its end.
    public var fieldLine: Int
    /// The largest head in bytes.
    public var head: Int
    /// The maximum number of fields (max_headers).
    public var fields: Int
    /// Whether names may have underscores (underscores_in_headers).
    public var allowsUnderscores: Bool
    /// Whether a field with an invalid name is dropped (ignore_invalid_headers on) or kept (off).
    public var dropsInvalidNames: Bool
    /// Whether requests are refused that nginx accepts although RFC 9112 does not
    /// (strict_requests).
    public var isStrict: Bool

    /// Creates limits. The defaults are nginx's.
    public init(
        requestLine: Int = 8192, fieldLine: Int = 8192, head: Int = 32768, fields: Int = 1000,
        allowsUnderscores: Bool = false, dropsInvalidNames: Bool = true, isStrict: Bool = false
    ) {
        self.requestLine = requestLine
        self.fieldLine = fieldLine
        self.head = head
        self.fields = fields
        self.allowsUnderscores = allowsUnderscores
        self.dropsInvalidNames = dropsInvalidNames
        self.isStrict = isStrict
    }

    /// Returns true if a block of fields parses the same under both rules, apart from its length
    /// limits.
    @inline(__always)
    func readFields(as other: HeadLimits) -> Bool {
        fieldLine == other.fieldLine && fields == other.fields
            && allowsUnderscores == other.allowsUnderscores
            && dropsInvalidNames == other.dropsInvalidNames && isStrict == other.isStrict
    }
}

/// The progress of parsing a head.
public enum ParseOutcome: BitwiseCopyable, Sendable, Equatable {
    /// The head is incomplete.
    case needsMore
    /// The head is complete and valid.
    case complete
    /// The request must be refused with the fault's status, and the connection closed.
    case invalid(RequestFault)
}

/// An incremental parser for the head of a request (RFC 9112, section 2.2), by nginx's rules. The
/// result does not depend on how the bytes were split.
public struct RequestParser: BitwiseCopyable, Sendable {
    /// The parsed head: complete after `.complete`; after `.invalid` it has the request line if
    /// that was read.
    public private(set) var head = RequestHead()
    /// The line that has the fault, as far as it was received.
    public private(set) var faultLine = ByteExtent.empty

    private enum Stage: UInt8, BitwiseCopyable {
        case beforeRequestLine, requestLine, fields, complete, invalid
    }

    /// The limits of this request.
    public private(set) var limits: HeadLimits
    private var stage = Stage.beforeRequestLine
    private var fault = RequestFault.invalidRequestLine
    private var lineStart = 0
    private var scanned = 0
    private var fieldCount = 0

    /// Creates a parser for one request.
    @inline(__always)
    public init(limits: HeadLimits) {
        self.limits = limits
        head.allowsUnderscores = limits.allowsUnderscores
        head.dropsInvalidNames = limits.dropsInvalidNames
    }

    /// True if the whole head was read, and is valid.
    public var isComplete: Bool { stage == .complete }

    /// The length of the lines that were read, from the first byte of the request line: the whole
    /// head once it is complete, 0 while the request line is incomplete (nginx's $request_length).
    public var readCount: Int {
        switch stage {
        case .beforeRequestLine, .requestLine: return 0
        case .fields: return max(0, lineStart &- Int(head.requestLine.offset))
        case .complete, .invalid:
            return max(0, head.byteCount &- Int(head.requestLine.offset))
        }
    }

    /// Starts over for a request of another client.
    public mutating func restart(limits: HeadLimits) {
        self.limits = limits
        restart()
    }

    /// Starts over for the next request.
    public mutating func restart() {
        head.reset(limits)
        faultLine = .empty
        stage = .beforeRequestLine
        fault = .invalidRequestLine
        lineStart = 0
        scanned = 0
        fieldCount = 0
    }

    /// Continues parsing. `received` begins with the first byte of the request and has all bytes so
    /// far; they may have moved since the last call, and more requests may follow.
    ///
    /// Header blocks that `memory` has are not parsed again.
    public mutating func resume(
        _ received: Span<UInt8>, memory: FieldBlockCache = .none
    ) -> ParseOutcome {
        switch stage {
        case .complete: return .complete
        case .invalid: return .invalid(fault)
        case .beforeRequestLine:
            if !parsePlainLine(received) {
                if let outcome = skipEmptyLines(received) { return outcome }
                if let outcome = parseRequestLine(received) { return outcome }
            }
            if reuseFields(received, memory) { return .complete }
        case .requestLine:
            if let outcome = parseRequestLine(received) { return outcome }
        case .fields: break
        }
        let outcome = parseFields(received)
        if outcome == .complete {
            memory.store(received, at: Int(head.fields.offset), limits, head)
        }
        return outcome
    }

    /// Takes the fields from the cache, if the request line is one for which they are complete.
    @inline(__always)
    private mutating func reuseFields(_ received: Span<UInt8>, _ memory: FieldBlockCache) -> Bool {
        guard head.hasOrdinaryLine, head.host.isEmpty,
            let block = memory.block(received, at: lineStart), received.count <= limits.head,
            memory[block].limits.readFields(as: limits)
        else { return false }
        head.copyFields(memory[block].head, at: UInt32(truncatingIfNeeded: lineStart))
        _ = finish(received.count)
        return true
    }

    /// Parses a plain request line that was received completely. Returns false for any other.
    @inline(__always)
    private mutating func parsePlainLine(_ received: Span<UInt8>) -> Bool {
        let limit = min(received.count, bound(ofLineAt: scanned, limits.requestLine))
        guard
            let next = RequestLine.parsePlain(received, from: scanned, to: limit, into: &head)
        else { return false }
        beginFields(at: next)
        return true
    }

    @inline(__always)
    private mutating func beginFields(at position: Int) {
        head.fields = ByteExtent(from: position, to: position)
        stage = .fields
        lineStart = position
        scanned = position
    }

    /// Skips the empty lines that may precede a request (RFC 9112, section 2.2), and refuses at
    /// once what cannot be a method, such as a TLS greeting.
    private mutating func skipEmptyLines(_ received: Span<UInt8>) -> ParseOutcome? {
        let window = min(received.count, limits.head)
        while scanned < window, received[scanned] == 0x0D || received[scanned] == 0x0A {
            scanned &+= 1
        }
        lineStart = scanned
        guard scanned < window else {
            return window == limits.head ? refuse(.headTooLarge, received) : .needsMore
        }
        stage = .requestLine
        guard received[scanned].isMethodByte(limits.isStrict) else {
            return refuse(.invalidMethod, received)
        }
        return nil
    }

    /// Returns how many of the received bytes may belong to the line at `start`: a limit is hit at
    /// the same byte however the bytes were split.
    @inline(__always)
    private func bound(ofLineAt start: Int, _ limit: Int) -> Int {
        min(limits.head, start &+ limit)
    }

    /// Parses the request line once it is complete. Returns nil if fields follow.
    private mutating func parseRequestLine(_ received: Span<UInt8>) -> ParseOutcome? {
        let bound = bound(ofLineAt: lineStart, limits.requestLine)
        let window = min(received.count, bound)
        let end = received.firstControl(from: scanned, to: window)
        guard end < window else { return waitOrRefuse(received, at: end, bound) }
        var next = end &+ 1
        if received[end] == 0x0D {
            guard next < window else { return waitOrRefuse(received, at: end, bound) }
            guard received[next] == 0x0A else { return refuse(.invalidRequestLine, received) }
            next &+= 1
        } else if received[end] != 0x0A || limits.isStrict {
            return refuse(.invalidRequestLine, received)
        }
        head.requestLine = ByteExtent(from: lineStart, to: end)
        var line = RequestLine(from: lineStart, to: end, isStrict: limits.isStrict)
        if let fault = line.parse(received, into: &head) { return refuse(fault, received) }
        beginFields(at: next)
        return head.version == .http09 ? finish(next) : nil
    }

    /// Parses complete field lines, and the empty line that ends the head.
    private mutating func parseFields(_ received: Span<UInt8>) -> ParseOutcome {
        var position = scanned
        while true {
            let bound = bound(ofLineAt: lineStart, limits.fieldLine)
            let window = min(received.count, bound)
            var next = 0
            while true {
                position = received.firstControl(from: position, to: window)
                guard position < window else { return waitOrRefuse(received, at: window, bound) }
                next = position &+ 1
                let byte = received[position]
                if byte == 0x0D {
                    guard next < window else {
                        return waitOrRefuse(received, at: position, bound)
                    }
                    guard received[next] == 0x0A else { return refuse(.invalidField, received) }
                    next &+= 1
                    break
                }
                if byte == 0x0A {
                    // RFC 9112, section 2.2: a line feed alone may be accepted as a line end.
                    if limits.isStrict { return refuse(.invalidField, received) }
                    break
                }
                // NUL is refused; a tab may occur in a value, other control characters if allowed.
                guard byte != 0, !limits.isStrict || byte == 0x09 else {
                    return refuse(.invalidField, received)
                }
                position = next
            }
            if position == lineStart {
                head.fields.count = UInt32(truncatingIfNeeded: position) &- head.fields.offset
                if let fault = wholeHeadFault(received) {
                    return refuse(fault, received, readCount: next)
                }
                return finish(next)
            }
            if let fault = parseField(received, to: position) {
                // A line with the form of a field counts as read, whatever its value.
                let isRead = fault != .invalidField && fault != .tooManyFields
                return refuse(fault, received, readCount: isRead ? next : lineStart)
            }
            lineStart = next
            position = next
        }
    }

    /// Handles a line that is incomplete: it needs more bytes, or is too long.
    private mutating func waitOrRefuse(
        _ received: Span<UInt8>, at position: Int, _ bound: Int
    ) -> ParseOutcome {
        scanned = position
        guard received.count >= bound else { return .needsMore }
        let isRequestLine = stage == .requestLine
        let limit = isRequestLine ? limits.requestLine : limits.fieldLine
        guard lineStart &+ limit <= limits.head else { return refuse(.headTooLarge, received) }
        return refuse(isRequestLine ? .requestLineTooLong : .fieldLineTooLong, received)
    }

    private mutating func finish(_ byteCount: Int) -> ParseOutcome {
        stage = .complete
        head.byteCount = byteCount
        return .complete
    }

    /// Parses the field line from `lineStart` to `end`.
    @inline(__always)
    private mutating func parseField(_ received: Span<UInt8>, to end: Int) -> RequestFault? {
        let line = FieldLine(in: received, from: lineStart, to: end)
        if limits.isStrict, !line.isStrict(in: received, to: end) { return .invalidField }
        let name: FieldName?
        if line.hasPlainName {
            name = FieldName.find(
                in: received, at: Int(line.name.offset), count: Int(line.name.count))
        } else {
            name = nil
            switch line.validateName(in: received, allowsUnderscores: limits.allowsUnderscores) {
            case .malformed: return .invalidField
            case .invalid: if limits.dropsInvalidNames { return nil }
            case .valid: break
            }
        }
        guard fieldCount < limits.fields else { return .tooManyFields }
        fieldCount &+= 1
        guard let name else { return nil }
        if head.has(name) {
            if name.isUnique, !limits.isStrict || !name.isList {
                return name == .host ? .duplicateHost : .duplicateField
            }
            head.repeated |= 1 << UInt32(name.rawValue)
        } else {
            head.present |= 1 << UInt32(name.rawValue)
            head.known[Int(name.rawValue)] = ByteExtent(
                offset: line.value.offset &- head.fields.offset, count: line.value.count)
        }
        switch name {
        case .host: return parseHostField(received, line.value)
        case .connection: parseConnection(received.slice(line.value))
        default: break
        }
        return nil
    }

    /// Parses Host, which must be valid even if the request line has a host, which wins.
    @inline(__always)
    private mutating func parseHostField(
        _ received: Span<UInt8>, _ value: ByteExtent
    ) -> RequestFault? {
        guard let host = HostName(received, value) else { return .invalidHost }
        guard head.host.isEmpty else { return nil }
        head.host = ByteExtent(
            offset: value.offset, count: UInt32(truncatingIfNeeded: host.count))
        head.port = host.port
        return nil
    }

    /// Parses a list of connection options (RFC 9110, section 7.6.1).
    private mutating func parseConnection(_ value: Span<UInt8>) {
        if value.count == 10, value.matches("keep-alive", at: 0, foldsCase: true) {
            head.connectionKeepAlive = true
            return
        }
        var start = 0
        while start < value.count {
            let comma = value.firstIndex(of: 0x2C, from: start) ?? value.count
            let option = value.slice(from: start, to: comma).trimmed()
            if option.equalsIgnoringCase("keep-alive") {
                head.connectionKeepAlive = true
            } else if option.equalsIgnoringCase("close") {
                head.connectionClose = true
            }
            start = comma &+ 1
        }
    }

    /// Returns the fault of the combined fields, checked in nginx's order.
    private mutating func wholeHeadFault(_ received: Span<UInt8>) -> RequestFault? {
        if head.version == .http11, !head.has(.host) { return .missingHost }
        if let length = head.field(.contentLength) {
            guard let value = received.slice(length).decimalValue() else {
                return .invalidContentLength
            }
            head.contentLength = value
        }
        if let coding = head.field(.transferEncoding) {
            // RFC 9112, section 6.1: two recipients could disagree about the length.
            guard head.version == .http11 else { return .transferEncodingHTTP10 }
            guard received.slice(coding).equalsIgnoringCase("chunked") else {
                return .unknownTransferEncoding
            }
            guard head.contentLength < 0 else { return .lengthAndChunked }
            head.isChunked = true
        }
        if let expectation = head.field(.expect), head.version == .http11 {
            head.expectsContinue =
                limits.isStrict
                ? head.hasMember("100-continue", of: .expect, in: received)
                : received.slice(expectation).equalsIgnoringCase("100-continue")
        }
        switch head.method {
        case .connect: return .connectMethod
        case .trace: return .traceMethod
        default: return nil
        }
    }

    /// Ends the request with a fault. `readCount` is the length of the lines including this one, if
    /// it could be read; nil leaves it at those before the current line.
    private mutating func refuse(
        _ fault: RequestFault, _ received: Span<UInt8>, readCount: Int? = nil
    ) -> ParseOutcome {
        self.fault = fault
        var end = lineStart
        while end < received.count, received[end] != 0x0A, received[end] != 0x0D { end &+= 1 }
        faultLine = ByteExtent(from: lineStart, to: end)
        if stage == .requestLine || stage == .beforeRequestLine {
            clearRequestLine()
        } else {
            head.byteCount = readCount ?? lineStart
        }
        stage = .invalid
        return .invalid(fault)
    }

    /// Clears what was parsed of an invalid request line, except the line itself and whether it is
    /// one of HTTP/0.9, which gets no response header even for a refusal.
    private mutating func clearRequestLine() {
        let isHTTP09 = head.version == .http09
        head.reset(limits)
        if isHTTP09 { head.version = .http09 }
        head.requestLine = faultLine
        head.byteCount = lineStart
    }
}
