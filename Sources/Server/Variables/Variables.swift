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
        switch piece.source {
        case .literal:
            writer.append(piece.text.span)
        // The variables of the format combined come first, and copy nothing.
        case .remoteAddress: services.peers[request.slot].write(into: &writer)
        case .timeLocal: writer.append(services.clock.logTime.span)
        case .status: writer.append(status: request.currentStatus)
        case .bodyBytesSent: writer.append(decimal: request.sentBodyBytes)
        case .request where !request.parser.head.requestLine.isEmpty:
            writer.append(
                request.received.slice(request.parser.head.requestLine))
        case .field:
            guard let name = piece.field, request.parser.head.hasAtMostOne(name) else {
                return writeRareValue(of: piece, &request, &services, into: &writer)
            }
            guard let value = request.parser.head.field(name) else { return false }
            writer.append(request.received.slice(value))
        default: return writeRareValue(of: piece, &request, &services, into: &writer)
        }
        return true
    }

    @inline(never)
    private static func writeRareValue(
        of piece: TemplatePiece, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        switch piece.source {
        case .capture:
            guard let group = request.context?.captures[Int(piece.index)] else { return false }
            writer.append(group.span)
            return true
        case .slot: return writeSlot(Int(piece.index), &request, &services, into: &writer)
        default: break
        }
        guard piece.traits.contains(.computedOnce) else {
            return callRow(of: piece, &request, &services, into: &writer)
        }
        let context = services.context(of: &request)
        if let known = context.computedValues[piece.row] {
            guard let known else { return false }
            writer.append(known.span)
            return true
        }
        var isThere = false
        let value = services.bytes { (services, writer) in
            isThere = callRow(of: piece, &request, &services, into: &writer)
        }
        context.computedValues[piece.row] = .some(isThere ? value : nil)
        writer.append(value.span)
        return isThere
    }

    /// Calls the function of a built-in variable.
    @inline(__always)
    private static func callRow(
        of piece: TemplatePiece, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        switch VariableList.rows[Int(piece.row)].write {
        case .always(let write):
            write(&request, &services, piece, &writer)
            return true
        case .ifAny(let write): return write(&request, &services, piece, &writer)
        case .directly: return false
        }
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
