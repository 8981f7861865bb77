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
    mutating func context(of exchange: Int) -> RequestContext {
        if let context = contextIfAny(exchange) { return context }
        let context = RequestContext(slots: plan.variables.count)
        while contexts.count <= exchange { contexts.append(nil) }
        contexts[exchange] = context
        exchanges[exchange].hasContext = true
        return context
    }

    func contextIfAny(_ exchange: Int) -> RequestContext? {
        exchanges[exchange].hasContext ? contexts[exchange] : nil
    }

    /// Drops the context at the end of the request.
    mutating func dropContext(_ exchange: Int) {
        if uriExchange == exchange { uriExchange = -1 }
        guard exchanges[exchange].hasContext else { return }
        uncountConnections(exchange)
        cancelPasswordCheck(exchange)
        contexts[exchange] = nil
        exchanges[exchange].hasContext = false
    }

    /// Returns the value of a text.
    mutating func value(of template: Template, _ slot: Int, _ exchange: Int) -> [UInt8] {
        if let constant = template.constant { return Array(constant) }
        return bytes { (worker, writer) in worker.write(template, slot, exchange, into: &writer) }
    }

    /// Writes the value of a text. A variable without a value is empty.
    mutating func write(
        _ template: Template, _ slot: Int, _ exchange: Int, into writer: inout ByteWriter
    ) {
        for index in 0..<template.pieces.count {
            _ = writeValue(of: template.pieces[index], slot, exchange, into: &writer)
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
        of piece: TemplatePiece, _ slot: Int, _ exchange: Int, into writer: inout ByteWriter
    ) -> Bool {
        if recorder.isCacheable, !piece.dependsOnPathOnly { preventCaching() }
        switch piece.variable {
        case .literal:
            writer.append(piece.text.span)
        // The variables of the format combined come first, and copy nothing.
        case .remoteAddress: peers[slot].write(into: &writer)
        case .timeLocal: writer.append(clock.logTime.span)
        case .status:
            RequestVariables.write(status: exchanges[exchange].currentStatus, into: &writer)
        case .bodyBytesSent: writer.append(decimal: exchanges[exchange].sentBodyBytes)
        case .request where !exchanges[exchange].parser.head.requestLine.isEmpty:
            writer.append(
                exchanges[exchange].received.slice(exchanges[exchange].parser.head.requestLine))
        case .field where hasAtMostOne(piece, exchange):
            return writeOnlyField(piece, exchange, into: &writer)
        default: return writeRareValue(of: piece, slot, exchange, into: &writer)
        }
        return true
    }

    /// Returns true if a header whose position is stored occurs at most once.
    private func hasAtMostOne(_ piece: TemplatePiece, _ exchange: Int) -> Bool {
        guard let name = piece.fieldName else { return false }
        return exchanges[exchange].parser.head.hasAtMostOne(name)
    }

    private func writeOnlyField(
        _ piece: TemplatePiece, _ exchange: Int, into writer: inout ByteWriter
    ) -> Bool {
        guard let name = piece.fieldName,
            let value = exchanges[exchange].parser.head.field(name)
        else { return false }
        writer.append(exchanges[exchange].received.slice(value))
        return true
    }

    @inline(never)
    private mutating func writeRareValue(
        of piece: TemplatePiece, _ slot: Int, _ exchange: Int, into writer: inout ByteWriter
    ) -> Bool {
        switch piece.variable {
        case .capture:
            guard let group = contextIfAny(exchange)?.captures[Int(piece.index)] else {
                return false
            }
            writer.append(group.span)
            return true
        case .slot: return writeSlot(Int(piece.index), slot, exchange, into: &writer)
        case .documentURI where uriExchange == exchange:
            writer.append(uri.span(from: 0, to: uriCount))
            return uriCount > 0 || exchanges[exchange].parser.head.isLineRead
        case .documentRoot, .realpathRoot, .requestFilename:
            return writePath(piece.variable, slot, exchange, into: &writer)
        case .proxyAddress, .proxyPort, .proxyServerAddress, .proxyServerPort, .socketAddress,
            .socketPort:
            return writePeer(piece.variable, slot, exchange, into: &writer)
        case .serverAddress, .serverPort, .requestPort:
            return writeServer(piece, slot, exchange, into: &writer)
        case .tcpRoundTrip, .tcpRoundTripVariance, .tcpWindow, .tcpReceiveSpace:
            return writeTCPInfo(piece.variable, slot, into: &writer)
        case .requestID:
            writer.append(requestID(of: exchange).span)
            return true
        case .gzipRatio: return writeGzipRatio(exchange, into: &writer)
        case .limitRate:
            // As in nginx, limit_rate applies once the header is written.
            let isWritten = exchanges[exchange].headBytes > 0
            let assigned = contextIfAny(exchange)?.assignedRate ?? 0
            writer.append(decimal: isWritten ? bytesPerSecond(slot, exchange) : assigned)
            return true
        case .limitRequestStatus, .limitConnectionStatus:
            let context = contextIfAny(exchange)
            let status =
                piece.variable == .limitRequestStatus
                ? context?.requestLimiting : context?.connectionLimiting
            guard let status else { return false }
            writer.append(string: status.rawValue)
            return true
        case .connectionsActive, .connectionsReading, .connectionsWriting, .connectionsWaiting:
            writer.append(decimal: Int64(clamping: connectionCount(piece.variable, slot)))
            return true
        case .secureLink, .secureLinkExpires, .invalidReferer, .uidGot, .uidSet, .uidReset:
            return writeAccessValue(piece.variable, slot, exchange, into: &writer)
        case .remoteUser:
            guard let credentials = credentials(exchange) else { return false }
            writer.append(credentials.user.span)
            return true
        default: return requestVariables(slot, exchange).writeValue(of: piece, into: &writer)
        }
    }

    /// Returns the variables that depend only on the request itself.
    func requestVariables(_ slot: Int, _ exchange: Int) -> RequestVariables {
        RequestVariables(
            connection: connections[slot], peer: peers[slot], exchange: exchanges[exchange],
            plan: plan, clock: clock, context: contextIfAny(exchange),
            sentHead: exchanges[exchange].hasSentHead ? sentHeads[exchange] : [],
            assumedLocal: explanation?.local)
    }

    // MARK: variables of the configuration

    private mutating func writeSlot(
        _ index: Int, _ slot: Int, _ exchange: Int, into writer: inout ByteWriter
    ) -> Bool {
        let context = context(of: exchange)
        switch context.values[index] {
        case .known(let bytes):
            writer.append(bytes.span)
            return true
        case .missing: return false
        case .unset: break
        }
        let variable = plan.variables[index]
        guard beginEvaluation("variable \"\(variable.name.text)\"", slot, exchange) else {
            return false
        }
        defer { endEvaluation() }
        switch variable.source {
        case .captured: return false
        case .assigned:
            let location = plan.locations[Int(exchanges[exchange].location)]
            if location.features.contains(.warnsOfUnset) {
                logError(
                    .warn, "using uninitialized \"\(variable.name.text)\" variable", slot,
                    exchange)
            }
            context.values[index] = .known([])
            return true
        case .map, .geo, .split:
            lookUp(index, slot, exchange, into: &writer)
            return true
        }
    }

    // MARK: variables that depend on others

    /// Begins the evaluation of a value that may depend on others. Returns false, with a log
    /// message, if it depends on itself: then everything in it is empty, so that the evaluation
    /// ends.
    mutating func beginEvaluation(
        _ name: @autoclosure () -> String, _ slot: Int, _ exchange: Int
    ) -> Bool {
        if evaluationDepth == 0 { hasCycled = false }
        guard !hasCycled else { return false }
        guard evaluationDepth < Worker.maxEvaluationDepth else {
            hasCycled = true
            logError(.error, "cycle while evaluating \(name())", slot, exchange)
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
        of regex: Int32, in subject: Span<UInt8>, _ exchange: Int, always: Bool = false
    ) {
        let names = plan.namedCaptures[Int(regex)]
        guard always || plan.usesCaptures || !names.isEmpty else { return }
        let matched = plan.regexes[Int(regex)]
        let bytes = subject.indices.map { subject[$0] }
        let context = context(of: exchange)
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

    /// Makes the worker's buffer hold the path of an exchange. The buffer is emptied first, so that
    /// a part of another request's path is never used. A changed path is stored in the exchange's
    /// context while another exchange uses the buffer; any other is computed again from the
    /// request.
    mutating func loadURI(_ exchange: Int) {
        guard uriExchange != exchange else { return }
        if uriExchange >= 0, let context = contextIfAny(uriExchange) {
            let bytes = uri.span(from: 0, to: uriCount)
            context.uri = bytes.indices.map { bytes[$0] }
        }
        uriExchange = exchange
        uriCount = 0
        uri.fillWithMarker()
        if let kept = contextIfAny(exchange)?.uri {
            setURI(kept.span)
        } else if exchanges[exchange].phase > .start, normalizePath(exchange),
            let index = exchanges[exchange].index
        {
            extendURI(index.span)
        }
    }

    /// Replaces the path. Returns false if it is too long.
    @discardableResult
    mutating func setURI(_ bytes: Span<UInt8>) -> Bool {
        var writer = uri.writer(from: 0)
        writer.append(bytes)
        uriCount = writer.count
        return !writer.hasOverflowed
    }
}
