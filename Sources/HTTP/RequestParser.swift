/// How large a head may be, and what becomes of odd names.
public struct HeadLimits: BitwiseCopyable, Sendable, Equatable {
    /// The longest request line in bytes, with its end (a buffer of large_client_header_buffers).
    public var requestLine: Int
    /// The longest field line in bytes, with its end.
    public var fieldLine: Int
    /// The largest head in bytes.
    public var head: Int
    /// How many fields there may be (max_headers).
    public var fields: Int
    /// Whether a name may have underscores (underscores_in_headers).
    public var allowsUnderscores: Bool
    /// Whether a field whose name has an odd byte is dropped (ignore_invalid_headers on) or kept
    /// (off).
    public var dropsInvalidNames: Bool
    /// Whether what nginx tolerates and RFC 9112 does not is refused (strict_requests).
    public var isStrict: Bool

    /// The limits; what is not given is as nginx has it.
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

    /// Whether what was read of a block of fields by these holds by others, too. How long it may be
    /// is not asked.
    @inline(__always)
    func readFields(as other: HeadLimits) -> Bool {
        fieldLine == other.fieldLine && fields == other.fields
            && allowsUnderscores == other.allowsUnderscores
            && dropsInvalidNames == other.dropsInvalidNames && isStrict == other.isStrict
    }
}

/// How far a head has come.
public enum ParseOutcome: BitwiseCopyable, Sendable, Equatable {
    /// The head does not end in what was received.
    case needsMore
    /// `head` can be read.
    case complete
    /// The request must be answered with the fault's status, and the connection closed.
    case invalid(RequestFault)
}

/// Reads the head of a request (RFC 9112, section 2.2) out of bytes as they come in, by nginx's
/// rules. However the bytes were split, what is found is the same.
public struct RequestParser: BitwiseCopyable, Sendable {
    /// What was read: all of it after `.complete`, at least the request line after `.invalid`
    /// when it has come that far.
    public private(set) var head = RequestHead()
    /// The line that an `.invalid` was found in, as far as it was received.
    public private(set) var faultLine = ByteExtent.empty

    private enum Stage: UInt8, BitwiseCopyable {
        case beforeRequestLine, requestLine, fields, complete, invalid
    }

    /// What the request is held to.
    public private(set) var limits: HeadLimits
    private var stage = Stage.beforeRequestLine
    private var fault = RequestFault.invalidRequestLine
    private var lineStart = 0
    private var scanned = 0
    private var fieldCount = 0

    /// A parser for one request.
    @inline(__always)
    public init(limits: HeadLimits) {
        self.limits = limits
        head.allowsUnderscores = limits.allowsUnderscores
        head.dropsInvalidNames = limits.dropsInvalidNames
    }

    /// True if the whole head was read, and is valid.
    public var isComplete: Bool { stage == .complete }

    /// The bytes of the lines that were read, from the request line's first byte on: all of the
    /// head once it is complete, none while its request line is not (nginx's $request_length).
    public var readCount: Int {
        switch stage {
        case .beforeRequestLine, .requestLine: return 0
        case .fields: return max(0, lineStart &- Int(head.requestLine.offset))
        case .complete, .invalid:
            return max(0, head.byteCount &- Int(head.requestLine.offset))
        }
    }

    /// Begins anew, with another client's request.
    public mutating func restart(limits: HeadLimits) {
        self.limits = limits
        restart()
    }

    /// Begins anew, with another request.
    public mutating func restart() {
        head.reset(limits)
        faultLine = .empty
        stage = .beforeRequestLine
        fault = .invalidRequestLine
        lineStart = 0
        scanned = 0
        fieldCount = 0
    }

    /// Goes on with what has come. `received` begins with the request's first byte and has all
    /// bytes so far; they may have moved since the last call, and more requests may follow them.
    ///
    /// Fields that `memory` knows are not read again.
    public mutating func resume(
        _ received: Span<UInt8>, memory: FieldMemory = .none
    ) -> ParseOutcome {
        switch stage {
        case .complete: return .complete
        case .invalid: return .invalid(fault)
        case .beforeRequestLine:
            if !takePlainLine(received) {
                if let outcome = skipEmptyLines(received) { return outcome }
                if let outcome = takeRequestLine(received) { return outcome }
            }
            if recallFields(received, memory) { return .complete }
        case .requestLine:
            if let outcome = takeRequestLine(received) { return outcome }
        case .fields: break
        }
        let outcome = takeFields(received)
        if outcome == .complete {
            memory.learn(received, at: Int(head.fields.offset), limits, head)
        }
        return outcome
    }

    /// Takes the fields from memory, where the head is such that they say all of it.
    @inline(__always)
    private mutating func recallFields(_ received: Span<UInt8>, _ memory: FieldMemory) -> Bool {
        guard head.hasOrdinaryLine, head.host.isEmpty,
            let block = memory.block(received, at: lineStart), received.count <= limits.head,
            memory[block].limits.readFields(as: limits)
        else { return false }
        head.take(memory[block].head, at: UInt32(truncatingIfNeeded: lineStart))
        _ = finish(received.count)
        return true
    }

    /// Takes a plain request line that is there as a whole; false for any other.
    @inline(__always)
    private mutating func takePlainLine(_ received: Span<UInt8>) -> Bool {
        let limit = min(received.count, bound(ofLineAt: scanned, limits.requestLine))
        guard
            let next = RequestLine.takePlain(received, from: scanned, to: limit, into: &head)
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

    /// Passes over the empty lines that may stand before a request (RFC 9112, section 2.2), and
    /// refuses at once what cannot be a method: a TLS greeting, say.
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

    /// How many of the received bytes may be part of the line at `start`: so a limit is found at
    /// the same byte whether that came alone or with others.
    @inline(__always)
    private func bound(ofLineAt start: Int, _ limit: Int) -> Int {
        min(limits.head, start &+ limit)
    }

    /// Reads the request line when all of it is there; nil when fields follow.
    private mutating func takeRequestLine(_ received: Span<UInt8>) -> ParseOutcome? {
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

    /// Reads field lines as far as they are there, and the empty line that ends the head.
    private mutating func takeFields(_ received: Span<UInt8>) -> ParseOutcome {
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
                    // RFC 9112, section 2.2: a line feed alone may be taken for a line's end.
                    if limits.isStrict { return refuse(.invalidField, received) }
                    break
                }
                // NUL is refused; a tab may stand in a value, another control where it is let.
                guard byte != 0, !limits.isStrict || byte == 0x09 else {
                    return refuse(.invalidField, received)
                }
                position = next
            }
            if position == lineStart {
                head.fields.count = UInt32(truncatingIfNeeded: position) &- head.fields.offset
                if let fault = faultOfWhole(received) {
                    return refuse(fault, received, readCount: next)
                }
                return finish(next)
            }
            if let fault = takeField(received, to: position) {
                // A line that has the form of a field counts as read, whatever its value.
                let isRead = fault != .invalidField && fault != .tooManyFields
                return refuse(fault, received, readCount: isRead ? next : lineStart)
            }
            lineStart = next
            position = next
        }
    }

    /// Nothing ends the line so far: more is to come, or the line is too long.
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

    /// Reads the field line from `lineStart` to `end`.
    @inline(__always)
    private mutating func takeField(_ received: Span<UInt8>, to end: Int) -> RequestFault? {
        let line = FieldLine(in: received, from: lineStart, to: end)
        if limits.isStrict, !line.isStrict(in: received, to: end) { return .invalidField }
        let name: FieldName?
        if line.hasPlainName {
            name = FieldName.find(
                in: received, at: Int(line.name.offset), count: Int(line.name.count))
        } else {
            name = nil
            switch line.judgeName(in: received, allowsUnderscores: limits.allowsUnderscores) {
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
        case .host: return takeHost(received, line.value)
        case .connection: takeConnection(received.slice(line.value))
        default: break
        }
        return nil
    }

    /// The host of Host counts when the request line had none, but must be valid in any case.
    @inline(__always)
    private mutating func takeHost(
        _ received: Span<UInt8>, _ value: ByteExtent
    ) -> RequestFault? {
        guard let host = HostName(received, value) else { return .invalidHost }
        guard head.host.isEmpty else { return nil }
        head.host = ByteExtent(
            offset: value.offset, count: UInt32(truncatingIfNeeded: host.count))
        head.port = host.port
        return nil
    }

    /// Reads a list of connection options (RFC 9110, section 7.6.1).
    private mutating func takeConnection(_ value: Span<UInt8>) {
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

    /// What is wrong with the fields taken together, in the order that nginx looks at them.
    private mutating func faultOfWhole(_ received: Span<UInt8>) -> RequestFault? {
        if head.version == .http11, !head.has(.host) { return .missingHost }
        if let length = head.field(.contentLength) {
            guard let value = received.slice(length).decimalValue() else {
                return .invalidContentLength
            }
            head.contentLength = value
        }
        if let coding = head.field(.transferEncoding) {
            // RFC 9112, section 6.1: a length that two readers could take for different ones.
            guard head.version == .http11 else { return .codedHTTP10 }
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

    /// Ends the request with a fault. `readCount` is how many bytes the lines before it have, its
    /// own included where that could be read; nil for those before the current line.
    private mutating func refuse(
        _ fault: RequestFault, _ received: Span<UInt8>, readCount: Int? = nil
    ) -> ParseOutcome {
        self.fault = fault
        var end = lineStart
        while end < received.count, received[end] != 0x0A, received[end] != 0x0D { end &+= 1 }
        faultLine = ByteExtent(from: lineStart, to: end)
        if stage == .requestLine || stage == .beforeRequestLine {
            forgetRequestLine()
        } else {
            head.byteCount = readCount ?? lineStart
        }
        stage = .invalid
        return .invalid(fault)
    }

    /// Keeps nothing of a request line that could not be read but the line itself, and that it is
    /// one of HTTP/0.9, which has no response header, even for a refusal.
    private mutating func forgetRequestLine() {
        let isHTTP09 = head.version == .http09
        head.reset(limits)
        if isHTTP09 { head.version = .http09 }
        head.requestLine = faultLine
        head.byteCount = lineStart
    }
}
