import Files
import HTTP
import Linux

/// Evaluation of texts with variables for a request.
enum Variables {
    /// The maximum depth of variables that depend on others, as in nginx.
    private static let maxEvaluationDepth = 100

    /// Drops the context at the end of the request.
    static func dropContext(_ request: inout Request, _ services: inout Services) {
        guard request.context != nil else { return }
        Limits.uncountConnections(&request, &services)
        AuthBasic.cancelPasswordCheck(&request, &services)
        request.context = nil
    }

    /// Returns the value of a text.
    static func value(of template: Template, _ request: inout Request, _ services: inout Services)
        -> [UInt8]
    {
        if let constant = template.constant { return Array(constant) }
        return services.bytes { (services, writer) in
            write(template, &request, &services, into: &writer)
        }
    }

    /// Writes the value of a text. A variable without a value is empty.
    static func write(
        _ template: Template, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) {
        for index in 0..<template.pieces.count {
            _ = writeValue(of: template.pieces[index], &request, &services, into: &writer)
        }
    }

    /// Writes the value of a piece. Returns false if it has none.
    static func writeValue(
        of piece: TemplatePiece, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        if request.recorder.isCacheable { request.recorder.record(piece.cacheability) }
        switch piece.variable {
        case .literal:
            writer.append(piece.text.span)
        // The variables of the format combined come first, and copy nothing.
        case .remoteAddress: services.peers[request.slot].write(into: &writer)
        case .timeLocal: writer.append(services.clock.logTime.span)
        case .status:
            RequestVariables.write(status: request.currentStatus, into: &writer)
        case .bodyBytesSent: writer.append(decimal: request.sentBodyBytes)
        case .request where !request.parser.head.requestLine.isEmpty:
            writer.append(
                request.received.slice(request.parser.head.requestLine))
        case .field where hasAtMostOne(piece, request):
            return writeOnlyField(piece, request, into: &writer)
        default: return writeRareValue(of: piece, &request, &services, into: &writer)
        }
        return true
    }

    /// Returns true if a header whose position is stored occurs at most once.
    private static func hasAtMostOne(_ piece: TemplatePiece, _ request: borrowing Request) -> Bool {
        guard let name = piece.fieldName else { return false }
        return request.parser.head.hasAtMostOne(name)
    }

    private static func writeOnlyField(
        _ piece: TemplatePiece, _ request: borrowing Request, into writer: inout ByteWriter
    ) -> Bool {
        guard let name = piece.fieldName,
            let value = request.parser.head.field(name)
        else { return false }
        writer.append(request.received.slice(value))
        return true
    }

    @inline(never)
    private static func writeRareValue(
        of piece: TemplatePiece, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        switch piece.variable {
        case .capture:
            guard let group = request.context?.captures[Int(piece.index)] else {
                return false
            }
            writer.append(group.span)
            return true
        case .slot: return writeSlot(Int(piece.index), &request, &services, into: &writer)
        case .documentURI where request.uri.isLoaded:
            writer.append(request.uri.span)
            return !request.uri.isEmpty || request.parser.head.isLineRead
        case .documentRoot, .realpathRoot, .requestFilename:
            return FilePaths.writePath(piece.variable, &request, &services, into: &writer)
        case .proxyAddress, .proxyPort, .proxyServerAddress, .proxyServerPort, .socketAddress,
            .socketPort:
            return PeerVariables.writePeer(piece.variable, request, services, into: &writer)
        case .proxyTLV:
            return ProxyProtocolTLV.write(piece.text.span, request, services, into: &writer)
        case .serverAddress, .serverPort, .requestPort:
            return PeerVariables.writeServer(piece, &request, &services, into: &writer)
        case .tcpRoundTrip, .tcpRoundTripVariance, .tcpWindow, .tcpReceiveSpace:
            return PeerVariables.writeTCPInfo(piece.variable, request.slot, into: &writer, services)
        case .requestID:
            writer.append(RequestIdentity.requestID(of: &request, &services).span)
            return true
        case .gzipRatio: return RequestIdentity.writeGzipRatio(request, into: &writer)
        case .limitRate:
            // As in nginx, limit_rate applies once the header is written.
            let isWritten = request.headBytes > 0
            let assigned = request.context?.assignedRate ?? 0
            writer.append(
                decimal: isWritten ? LimitRate.bytesPerSecond(&request, &services) : assigned)
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
            writer.append(
                decimal: Int64(
                    clamping: StubStatus.connectionCount(piece.variable, request.slot, &services)))
            return true
        case .secureLink, .secureLinkExpires, .invalidReferer, .uidGot, .uidSet, .uidReset:
            return AccessVariables.writeAccessValue(
                piece.variable, &request, &services, into: &writer)
        case .remoteUser:
            guard let credentials = AuthBasic.credentials(request) else { return false }
            writer.append(credentials.user.span)
            return true
        default: return requestVariables(request, services).writeValue(of: piece, into: &writer)
        }
    }

    /// Returns the variables that depend only on the request itself.
    static func requestVariables(_ request: borrowing Request, _ services: borrowing Services)
        -> RequestVariables
    {
        RequestVariables(
            connection: services.connections[request.slot], peer: services.peers[request.slot],
            request: copy request, plan: services.plan, clock: services.clock,
            assumedLocal: services.explanation?.local)
    }

    // MARK: variables of the configuration

    private static func writeSlot(
        _ index: Int, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let context = services.context(of: &request)
        switch context.values[index] {
        case .known(let bytes):
            writer.append(bytes.span)
            return true
        case .missing: return false
        case .unset: break
        }
        let variable = services.plan.variables[index]
        guard beginEvaluation("variable \"\(variable.name.text)\"", &request, &services) else {
            return false
        }
        defer { endEvaluation(&request) }
        switch variable.source {
        case .captured: return false
        case .assigned:
            let location = services.plan.locations[Int(request.location)]
            if location.features.contains(.warnsOfUnset) {
                services.logError(
                    .warn, "using uninitialized \"\(variable.name.text)\" variable",
                    request)
            }
            context.values[index] = .known([])
            return true
        case .map, .geo, .split:
            LookupVariables.lookUp(index, &request, &services, into: &writer)
            return true
        }
    }

    // MARK: variables that depend on others

    /// Begins the evaluation of a value that may depend on others. Returns false, with a log
    /// message, if it depends on itself: then everything in it is empty, so that the evaluation
    /// ends.
    static func beginEvaluation(
        _ name: @autoclosure () -> String, _ request: inout Request, _ services: inout Services
    ) -> Bool {
        if request.evaluationDepth == 0 { request.hasCycled = false }
        guard !request.hasCycled else { return false }
        guard request.evaluationDepth < maxEvaluationDepth else {
            request.hasCycled = true
            services.logError(.error, "cycle while evaluating \(name())", request)
            return false
        }
        request.evaluationDepth &+= 1
        return true
    }

    static func endEvaluation(_ request: inout Request) { request.evaluationDepth &-= 1 }

    // MARK: captures

    /// Stores the captures of a regular expression that matched `subject`: its groups, and the
    /// variables of its named groups.
    static func storeCaptures(
        of regex: Int32, in subject: Span<UInt8>, _ request: inout Request,
        _ services: inout Services, always: Bool = false
    ) {
        let names = services.plan.namedCaptures[Int(regex)]
        guard always || services.plan.usesCaptures || !names.isEmpty else { return }
        let matched = services.plan.regexes[Int(regex)]
        let bytes = subject.indices.map { subject[$0] }
        let context = services.context(of: &request)
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

    /// Gives the request a buffer with its path, which it has while it is processed. A path that
    /// was changed comes from its context; any other is computed again.
    static func loadPath(_ request: inout Request, _ services: inout Services) {
        guard !request.uri.isLoaded else { return }
        request.uri.load(services.paths.acquire())
        if let stored = request.context?.uri {
            request.uri.replace(by: stored.span)
        } else if request.hasPath, Phases.normalizePath(&request, &services),
            let index = request.index
        {
            request.uri.append(index.span)
        }
    }

    /// Releases the buffer of the path, and stores a path that may have changed.
    static func unloadPath(_ request: inout Request, _ services: inout Services) {
        guard request.uri.isLoaded else { return }
        if let context = request.context {
            let path = request.uri.span
            context.uri = path.indices.map { path[$0] }
        }
        services.paths.release(request.uri.unload())
    }
}

/// The variables of access modules.
enum AccessVariables {
    /// Writes the value of a variable. Returns false if it has none. As in nginx the value is
    /// computed when a request first uses it, and stays the same for the rest of the request.
    static func writeAccessValue(
        _ variable: Variable, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let context = services.context(of: &request)
        if let known = context.accessValues[variable] {
            guard let known else { return false }
            writer.append(known.span)
            return true
        }
        var isThere = false
        let value = services.bytes { (services, writer) in
            isThere = decide(variable, &request, &services, into: &writer)
        }
        context.accessValues[variable] = .some(isThere ? value : nil)
        writer.append(value.span)
        return isThere
    }

    private static func decide(
        _ variable: Variable, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        switch variable {
        case .secureLink, .secureLinkExpires:
            return SecureLinks.writeSecureLink(variable, &request, &services, into: &writer)
        case .invalidReferer: return Referer.writeInvalidReferer(request, services, into: &writer)
        default: return UserIDCookies.writeUserID(variable, &request, &services, into: &writer)
        }
    }
}
