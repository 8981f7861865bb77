import Files
import HTTP
import Linux

/// Evaluation of texts with variables for a request.
extension Worker {
    /// The maximum depth of variables that depend on others, as in nginx.
    private static let maxEvaluationDepth = 100
    /// The maximum length of a value in bytes.
    private static let maxValueLength = 1 << 20

    /// Returns the context of a request, and creates it on first use.
    func context(of request: inout Request) -> RequestContext {
        if let context = request.context { return context }
        let context = RequestContext(slots: plan.variables.count)
        request.context = context
        return context
    }

    /// Drops the context at the end of the request.
    mutating func dropContext(_ request: inout Request) {
        guard request.context != nil else { return }
        uncountConnections(&request)
        cancelPasswordCheck(&request)
        request.context = nil
    }

    /// Returns the value of a text.
    mutating func value(of template: Template, _ request: inout Request) -> [UInt8] {
        if let constant = template.constant { return Array(constant) }
        return bytes { (worker, writer) in worker.write(template, &request, into: &writer) }
    }

    /// Writes the value of a text. A variable without a value is empty.
    mutating func write(
        _ template: Template, _ request: inout Request, into writer: inout ByteWriter
    ) {
        for index in 0..<template.pieces.count {
            _ = writeValue(of: template.pieces[index], &request, into: &writer)
        }
    }

    /// Returns the bytes that `body` writes, of any length.
    mutating func bytes(_ body: (inout Worker, inout ByteWriter) -> Void) -> [UInt8] {
        var capacity = 1024
        while true {
            var hasOverflowed = false
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
                guard let start = memory.baseAddress else { return }
                var writer = unsafe ByteWriter(
                    unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
                body(&self, &writer)
                hasOverflowed = writer.hasOverflowed
                count = writer.count
            }
            if !hasOverflowed || capacity >= Worker.maxValueLength { return bytes }
            capacity &*= 8
        }
    }

    /// Writes the value of a piece. Returns false if it has none.
    mutating func writeValue(
        of piece: TemplatePiece, _ request: inout Request, into writer: inout ByteWriter
    ) -> Bool {
        if recorder.isCacheable, !piece.dependsOnPathOnly { preventCaching() }
        switch piece.variable {
        case .literal:
            writer.append(piece.text.span)
        // The variables of the format combined come first, and copy nothing.
        case .remoteAddress: peers[request.slot].write(into: &writer)
        case .timeLocal: writer.append(clock.logTime.span)
        case .status:
            RequestVariables.write(status: request.currentStatus, into: &writer)
        case .bodyBytesSent: writer.append(decimal: request.sentBodyBytes)
        case .request where !request.parser.head.requestLine.isEmpty:
            writer.append(
                request.received.slice(request.parser.head.requestLine))
        case .field where hasAtMostOne(piece, request):
            return writeOnlyField(piece, request, into: &writer)
        default: return writeRareValue(of: piece, &request, into: &writer)
        }
        return true
    }

    /// Returns true if a header whose position is stored occurs at most once.
    private func hasAtMostOne(_ piece: TemplatePiece, _ request: borrowing Request) -> Bool {
        guard let name = piece.fieldName else { return false }
        return request.parser.head.hasAtMostOne(name)
    }

    private func writeOnlyField(
        _ piece: TemplatePiece, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        guard let name = piece.fieldName,
            let value = request.parser.head.field(name)
        else { return false }
        writer.append(request.received.slice(value))
        return true
    }

    @inline(never)
    private mutating func writeRareValue(
        of piece: TemplatePiece, _ request: inout Request, into writer: inout ByteWriter
    ) -> Bool {
        switch piece.variable {
        case .capture:
            guard let group = request.context?.captures[Int(piece.index)] else {
                return false
            }
            writer.append(group.span)
            return true
        case .slot: return writeSlot(Int(piece.index), &request, into: &writer)
        case .documentURI where request.uri.isLoaded:
            writer.append(request.uri.span)
            return !request.uri.isEmpty || request.parser.head.isLineRead
        case .documentRoot, .realpathRoot, .requestFilename:
            return writePath(piece.variable, &request, into: &writer)
        case .proxyAddress, .proxyPort, .proxyServerAddress, .proxyServerPort, .socketAddress,
            .socketPort:
            return writePeer(piece.variable, request, into: &writer)
        case .serverAddress, .serverPort, .requestPort:
            return writeServer(piece, &request, into: &writer)
        case .tcpRoundTrip, .tcpRoundTripVariance, .tcpWindow, .tcpReceiveSpace:
            return writeTCPInfo(piece.variable, request.slot, into: &writer)
        case .requestID:
            writer.append(requestID(of: &request).span)
            return true
        case .gzipRatio: return writeGzipRatio(request, into: &writer)
        case .limitRate:
            // As in nginx, limit_rate applies once the header is written.
            let isWritten = request.headBytes > 0
            let assigned = request.context?.assignedRate ?? 0
            writer.append(decimal: isWritten ? bytesPerSecond(&request) : assigned)
            return true
        case .limitRequestStatus, .limitConnectionStatus:
            let context = request.context
            let status =
                piece.variable == .limitRequestStatus
                ? context?.requestLimiting : context?.connectionLimiting
            guard let status else { return false }
            writer.append(string: status.rawValue)
            return true
        case .connectionsActive, .connectionsReading, .connectionsWriting, .connectionsWaiting:
            writer.append(decimal: Int64(clamping: connectionCount(piece.variable, request.slot)))
            return true
        case .secureLink, .secureLinkExpires, .invalidReferer, .uidGot, .uidSet, .uidReset:
            return writeAccessValue(piece.variable, &request, into: &writer)
        case .remoteUser:
            guard let credentials = credentials(request) else { return false }
            writer.append(credentials.user.span)
            return true
        default: return requestVariables(request).writeValue(of: piece, into: &writer)
        }
    }

    /// Returns the variables that depend only on the request itself.
    func requestVariables(_ request: borrowing Request) -> RequestVariables {
        RequestVariables(
            connection: connections[request.slot], peer: peers[request.slot],
            request: copy request, plan: plan, clock: clock, assumedLocal: explanation?.local)
    }

    // MARK: variables of the configuration

    private mutating func writeSlot(
        _ index: Int, _ request: inout Request, into writer: inout ByteWriter
    ) -> Bool {
        let context = context(of: &request)
        switch context.values[index] {
        case .known(let bytes):
            writer.append(bytes.span)
            return true
        case .missing: return false
        case .unset: break
        }
        let variable = plan.variables[index]
        guard beginEvaluation("variable \"\(variable.name.text)\"", &request) else {
            return false
        }
        defer { endEvaluation() }
        switch variable.source {
        case .captured: return false
        case .assigned:
            let location = plan.locations[Int(request.location)]
            if location.features.contains(.warnsOfUnset) {
                logError(
                    .warn, "using uninitialized \"\(variable.name.text)\" variable",
                    request)
            }
            context.values[index] = .known([])
            return true
        case .map, .geo, .split:
            lookUp(index, &request, into: &writer)
            return true
        }
    }

    // MARK: variables that depend on others

    /// Begins the evaluation of a value that may depend on others. Returns false, with a log
    /// message, if it depends on itself: then everything in it is empty, so that the evaluation
    /// ends.
    mutating func beginEvaluation(
        _ name: @autoclosure () -> String, _ request: inout Request
    ) -> Bool {
        if evaluationDepth == 0 { hasCycled = false }
        guard !hasCycled else { return false }
        guard evaluationDepth < Worker.maxEvaluationDepth else {
            hasCycled = true
            logError(.error, "cycle while evaluating \(name())", request)
            return false
        }
        evaluationDepth &+= 1
        return true
    }

    mutating func endEvaluation() { evaluationDepth &-= 1 }

    // MARK: captures

    /// Stores the captures of a regular expression that matched `subject`: its groups, and the
    /// variables of its named groups.
    mutating func storeCaptures(
        of regex: Int32, in subject: Span<UInt8>, _ request: inout Request, always: Bool = false
    ) {
        let names = plan.namedCaptures[Int(regex)]
        guard always || plan.usesCaptures || !names.isEmpty else { return }
        let matched = plan.regexes[Int(regex)]
        let bytes = subject.indices.map { subject[$0] }
        let context = context(of: &request)
        let captures = Captures(
            subject: bytes, ranges: (0...matched.captureCount).map { matched.capture($0) })
        context.captures = captures
        for index in 0..<names.count {
            let name = names[index]
            guard context.values.indices.contains(Int(name.slot)) else { continue }
            let group = captures[Int(name.number)]
            context.values[Int(name.slot)] = group.map { .known(Array($0)) } ?? .missing
        }
    }

    // MARK: the path

    /// Gives the request a buffer with its path, which it has while it is processed. A path that was
    /// changed comes from its context; any other is computed again.
    mutating func loadPath(_ request: inout Request) {
        guard !request.uri.isLoaded else { return }
        request.uri.load(paths.acquire())
        if let stored = request.context?.uri {
            request.uri.replace(by: stored.span)
        } else if request.phase > .start, normalizePath(&request), let index = request.index {
            request.uri.append(index.span)
        }
    }

    /// Releases the buffer of the path, and stores a path that may have changed.
    mutating func unloadPath(_ request: inout Request) {
        guard request.uri.isLoaded else { return }
        if let context = request.context {
            let path = request.uri.span
            context.uri = path.indices.map { path[$0] }
        }
        paths.release(request.uri.unload())
    }
}
