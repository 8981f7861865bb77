import Files
import HTTP
import Linux

/// The phases of a request, in nginx's order. A suspended request resumes at its phase.
enum Phase: UInt8, BitwiseCopyable, Comparable {
    case start, serverRewrite, findLocation, rewrite, limits, access, tryFiles, content

    static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
}

/// The result of a phase.
enum PhaseOutcome {
    /// The response is in the request's output.
    case responded
    /// The response is the error page of a status, or its built-in page.
    case status(Int)
    /// The path has changed, and processing starts again (an internal redirect).
    case redirected
    /// A named location was entered, and the path is unchanged.
    case entered
    /// The request is suspended at its phase.
    case suspended
}

/// The processing of a request, in these steps:
///
/// 1. A request that could not be parsed is refused with its fault's status.
/// 2. The server is selected by the local address of the connection and the request's host.
/// 3. The path is decoded, and its dot segments and adjacent slashes removed. The client's address
/// may be replaced by that of a trusted proxy (realip).
/// 4. The server's script runs.
/// 5. The location is selected by the path; a body that is too large, or invalid, is refused.
/// 6. The location's script runs. If it changes the path, 5 is repeated.
/// 7. Limits, access, then the files of try_files.
/// 8. The content: an index file or a listing for a path that ends in a slash, otherwise a file. An
/// index file is an internal redirect: its path starts again at 4.
/// 9. Preconditions, ranges and codings decide which bytes are sent, and the head describes them.
///
/// A status is looked up among the error pages, which may cause another internal redirect.
enum Phases {
    /// The maximum number of changes of a request's path (NGX_HTTP_MAX_URI_CHANGES).
    static let maxRedirects: UInt8 = 10

    /// Starts processing a request, or resumes one that was suspended.
    static func processRequest(_ request: inout Request, _ services: inout Services) {
        if request.output.isNone { request.output = services.outputs.acquire() }
        guard !request.output.isNone else {
            request.outOfMemory = true
            return
        }
        let isBeginning = request.phase == .start
        // The client may have sent this request after the poller reported its events, if it follows
        // another request or its connection was just accepted: mounts may have changed since.
        let mayBeNewer =
            request.requestsInSlice > 1 || services.connections[request.slot].interest == 0
        if mayBeNewer, request.hasReceived {
            request.hasReceived = false
            services.checkMounts()
        }
        if isBeginning, services.responses.isOn, services.explanation == nil,
            FastPath.sendCached(&request, &services)
        {
            return
        }
        Variables.loadPath(&request, &services)
        guard request.uri.isLoaded else {
            request.outOfMemory = true
            return
        }
        if isBeginning { ResponseRecording.beginRecording(&request, &services) }
        let outcome =
            isBeginning
            ? startRequest(&request, &services)
            : runPhasesOnce(from: request.phase, &request, &services)
        followOutcome(outcome, &request, &services)
        if request.recorder.isCacheable { ResponseRecording.storeResponse(&request, &services) }
        Variables.unloadPath(&request, &services)
    }

    /// Runs the phases from `phase` on, until there is a response or the request is suspended.
    static func runPhases(from phase: Phase, _ request: inout Request, _ services: inout Services) {
        followOutcome(runPhasesOnce(from: phase, &request, &services), &request, &services)
    }

    /// Runs the phases that an outcome leads to, until there is nothing more to do now.
    private static func followOutcome(
        _ first: PhaseOutcome, _ request: inout Request, _ services: inout Services
    ) {
        var outcome = first
        while let next = nextPhase(outcome, &request, &services) {
            outcome = runPhasesOnce(from: next, &request, &services)
        }
    }

    /// Returns the phase that an outcome leads to; nil if there is nothing more to do now.
    private static func nextPhase(
        _ outcome: PhaseOutcome, _ request: inout Request, _ services: inout Services
    ) -> Phase? {
        switch outcome {
        case .responded: return nil
        case .suspended:
            request.isWaiting = true
            return nil
        case .status(let status) where Status.closesSilently(status):
            request.status = status
            request.closesWithoutResponse = true
            return nil
        case .status(let status):
            guard
                let redirect = ErrorPageResponse.respondWithErrorPage(
                    for: status, &request, &services)
            else {
                return nil
            }
            return nextPhase(redirect, &request, &services)
        case .redirected, .entered:
            request.isInternal = true
            if case .redirected = outcome {
                services.explanation?.note("internal redirect to \(request.uri.span.text)")
            }
            guard countRedirect(&request) else {
                services.logError(
                    .error,
                    "rewrite or internal redirection cycle while internally redirecting "
                        + "to \"\(request.uri.span.text)\"", request)
                request.errorStatus = 0
                ErrorPageResponse.endKeepAlive(after: 500, &request)
                BuiltInResponse.respondWithStatus(500, &request, &services)
                return nil
            }
            if case .entered = outcome { return .rewrite }
            return .serverRewrite
        }
    }

    /// Performs steps 1 to 3, then steps 4 to 8.
    private static func startRequest(_ request: inout Request, _ services: inout Services)
        -> PhaseOutcome
    {
        if let fault = request.fault {
            selectServerForRefused(&request, &services)
            services.explanation?.note("the request is refused: \(fault.reason)")
            RequestLog.logFault(fault, &request, &services)
            let isTooLarge = fault.status == 494 && Content.isStrict(request, services)
            return .status(isTooLarge ? 431 : fault.status)
        }
        request.method = request.parser.head.method
        selectServer(&request, &services)
        if isServerOptions(request) { return respondToServerOptions(&request, &services) }
        guard normalizePath(&request, &services) else {
            // nginx validates the path before it reads Host.
            request.server =
                services.plan.addresses[Int(services.connections[request.slot].address)]
                .defaultServer
            request.uri.removeAll()
            enterServer(&request, &services)
            services.explanation?.note("the path is invalid, or leads out of the root")
            services.logError(.info, "client sent invalid request", request)
            return .status(400)
        }
        services.explanation?.note("path \(request.uri.span.text)")
        let settings = Int(services.plan.servers[Int(request.server)].settings)
        if services.plan.locations[settings].features.contains(.realIP) {
            _ = RealIP.perform(&request, &services, services.plan.locations[settings])
        }
        return runPhasesOnce(from: .serverRewrite, &request, &services)
    }

    /// Performs steps 4 to 8, from `phase` on, until one of them has an outcome.
    private static func runPhasesOnce(
        from phase: Phase, _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome {
        if phase <= .serverRewrite {
            let script = services.plan.servers[Int(request.server)].script
            if script >= 0 {
                enterServer(&request, &services)
                if let outcome = Rewrite.perform(&request, &services, script) { return outcome }
            }
        }
        if phase <= .rewrite, let outcome = runLocationPhases(from: phase, &request, &services) {
            return outcome
        }
        let location = services.plan.locations[Int(request.location)]
        // A location may trust other proxies than its server does.
        if phase <= .limits, location.features.contains(.realIP) {
            _ = RealIP.perform(&request, &services, location)
        }
        if phase <= .limits, location.features.contains(.limits),
            !request.isSubrequest,
            let outcome = Limits.perform(&request, &services, location)
        {
            return outcome
        }
        if phase <= .access, location.features.contains(.access),
            !request.isSubrequest
        {
            request.phase = .access
            if let outcome = Access.perform(&request, &services, location) { return outcome }
        }
        if phase <= .tryFiles, location.tryFiles >= 0,
            let outcome = TryFiles.perform(&request, &services, location)
        {
            return outcome
        }
        return Content.runContentPhase(&request, &services)
    }

    /// Performs steps 5 and 6, until the path does not change any more.
    private static func runLocationPhases(
        from phase: Phase, _ request: inout Request, _ services: inout Services
    ) -> PhaseOutcome? {
        var isNamed = phase == .rewrite
        while true {
            request.isRewritten = false
            if !isNamed {
                guard findLocation(&request, &services) else { return .status(500) }
                if let outcome = checkLocation(&request, &services) { return outcome }
            }
            isNamed = false
            let script = services.plan.locations[Int(request.location)].script
            guard script >= 0 else { return nil }
            if let outcome = Rewrite.perform(&request, &services, script) { return outcome }
            guard request.isRewritten else { return nil }
            guard countRedirect(&request) else {
                services.logError(
                    .error,
                    "rewrite or internal redirection cycle while processing "
                        + "\"\(request.uri.span.text)\"", request)
                return .status(500)
            }
        }
    }

    /// Counts an internal redirect. Returns false if there were too many.
    private static func countRedirect(_ request: inout Request) -> Bool {
        request.redirects &+= 1
        return request.redirects <= maxRedirects
    }

    // MARK: 2. server

    static func selectServer(_ request: inout Request, _ services: inout Services) {
        let address = Int(services.connections[request.slot].address)
        request.server = services.plan.addresses[address].defaultServer
        guard services.plan.addresses[address].hasNames else {
            if services.explanation != nil {
                ChoiceNotes.noteServer(
                    .onlyServer, -1, services.hostName.span(from: 0, to: 0), request, services)
            }
            return
        }
        let host = request.parser.head.host
        // Before its header is complete, a request without a host may still name one.
        if host.isEmpty, !isHeaderRead(request) {
            if services.explanation != nil {
                ChoiceNotes.noteServer(
                    .defaultServer, -1, services.hostName.span(from: 0, to: 0), request, services)
            }
            return
        }
        let input = request.input
        let received = input.span(from: request.inputStart, to: request.inputEnd)
        let buffer = services.hostName
        let name = lowercase(received.slice(host), into: buffer)
        let found = services.plan.server(for: name, at: services.plan.addresses[address])
        request.server = found.server
        if services.explanation != nil {
            ChoiceNotes.noteServer(found.rule, found.regex, name, request, services)
        }
        if found.regex >= 0 {
            request.recorder.record(.perRequest)
            Variables.storeCaptures(of: found.regex, in: name, &request, &services)
        }
    }

    private static func isHeaderRead(_ request: borrowing Request) -> Bool {
        request.fault?.isAboutWholeHead ?? request.parser.isComplete
    }

    @_lifetime(borrow buffer)
    private static func lowercase(_ host: Span<UInt8>, into buffer: borrowing Buffer) -> Span<UInt8>
    {
        var writer = buffer.writer(from: 0)
        for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        return buffer.span(from: 0, to: writer.count)
    }

    /// Selects the server of a request that is refused before its path is processed, or that was
    /// not received completely. Only the part that was read determines the server and the values of
    /// variables; other variables are empty.
    static func selectServerForRefused(_ request: inout Request, _ services: inout Services) {
        Variables.loadPath(&request, &services)
        request.method = request.parser.head.method
        selectServer(&request, &services)
        if request.parser.head.isLineRead { _ = normalizePath(&request, &services) }
        enterServer(&request, &services)
    }

    // MARK: 3. path

    static func normalizePath(_ request: inout Request, _ services: inout Services) -> Bool {
        let (input, start, buffer) = (request.input, request.inputStart, request.uri.buffer)
        let raw = input.span(from: start, to: request.inputEnd).slice(request.parser.head.path)
        var writer = buffer.writer(from: 0)
        let merges = services.plan.servers[Int(request.server)].mergesSlashes
        let isValid =
            RequestTarget.normalize(path: raw, mergesSlashes: merges, into: &writer)
            && !writer.hasOverflowed
        request.uri.setCount(isValid ? writer.count : 0)
        request.hasPath = true
        return isValid
    }

    /// Responds to `OPTIONS *`, which has no path, unless the server's script returns a response.
    private static func respondToServerOptions(_ request: inout Request, _ services: inout Services)
        -> PhaseOutcome
    {
        request.uri.removeAll()
        enterServer(&request, &services)
        services.explanation?.note("OPTIONS * applies to the whole server")
        let script = services.plan.servers[Int(request.server)].script
        if script >= 0, let outcome = Rewrite.perform(&request, &services, script) {
            return outcome
        }
        return .status(204)
    }

    /// Returns true for `OPTIONS *` (RFC 9110, section 9.3.7), which only the strict parser
    /// accepts.
    private static func isServerOptions(_ request: borrowing Request) -> Bool {
        guard request.method == .options else { return false }
        let path = request.parser.head.path
        return request.received.slice(path).equals("*")
    }

    // MARK: 5. location

    /// Finds the location of the path. Returns false if a regular expression took too many steps.
    private static func findLocation(_ request: inout Request, _ services: inout Services) -> Bool {
        let locations = services.plan.servers[Int(request.server)].locations
        guard !locations.isEmpty else {
            enterServer(&request, &services)
            return true
        }
        let match =
            services.explanation == nil
            ? services.plan.location(for: request.uri.span, in: locations)
            : ChoiceNotes.explainedLocation(of: request, services)
        switch match {
        case .prefix(let location), .final(let location):
            enterLocation(location, &request, &services)
        case .matched(let location, let regex):
            enterLocation(location, &request, &services)
            let path = request.uri
            storeOuterCaptures(of: location, in: path.span, &request, &services)
            Variables.storeCaptures(of: regex, in: path.span, &request, &services)
        case .none: enterServer(&request, &services)
        case .limitReached(let tried):
            enterServer(&request, &services)
            services.logError(
                .error,
                "the regular expression of \(services.plan.text(ofLocation: tried)) took too many "
                    + "steps on \"\(request.uri.span.text)\"", request)
            return false
        }
        return true
    }

    /// Stores the captures of the enclosing locations' regular expressions, the outermost first:
    /// their named groups stay set when an inner one matches (ngx_http_core_find_location).
    private static func storeOuterCaptures(
        of location: Int32, in path: Span<UInt8>, _ request: inout Request,
        _ services: inout Services
    ) {
        let outer = services.plan.locations[Int(location)].outerRegex
        guard outer >= 0 else { return }
        storeOuterCaptures(of: outer, in: path, &request, &services)
        let regex = services.plan.locations[Int(outer)].regex
        guard regex >= 0, case .match = services.plan.regexes[Int(regex)].matches(path) else {
            return
        }
        Variables.storeCaptures(of: regex, in: path, &request, &services)
    }

    /// Applies the checks that precede the location's script: `internal` and the request's body.
    private static func checkLocation(_ request: inout Request, _ services: inout Services)
        -> PhaseOutcome?
    {
        let location = services.plan.locations[Int(request.location)]
        if location.features.contains(.isInternal), !request.isInternal {
            services.explanation?.note("internal: the location is for internal redirects only")
            return .status(404)
        }
        return refusedBody(&request, &services).map { .status($0) }
    }

    /// Applies the settings of the server, for processing outside of locations.
    private static func enterServer(_ request: inout Request, _ services: inout Services) {
        enterLocation(services.plan.servers[Int(request.server)].settings, &request, &services)
    }

    /// Enters a location: applies its settings to the request and the connection.
    static func enterLocation(_ found: Int32, _ request: inout Request, _ services: inout Services)
    {
        let location = limitedLocation(found, request, services)
        let index = Int(location)
        let features = services.plan.locations[index].features
        let timeouts = services.plan.locations[index].timeouts
        request.location = location
        request.lingeringClose = timeouts.lingeringClose
        request.maxBodySize = services.plan.locations[index].maxBodySize
        request.isRateLimited = features.contains(.limitsRate)
        request.keepsAlive = keepsAlive(&request, &services, index)
        if !features.isDisjoint(with: .perRequest) {
            request.recorder.record(.perRequest)
        }
        let asksBrowser =
            features.contains(.limitsKeepalive) || request.parser.head.method == .post
        if asksBrowser, request.keepsAlive,
            Browsers.closesForBrowser(request, services.plan.locations[index])
        {
            request.keepsAlive = false
        }
    }

    /// Returns true if the connection is kept open after a response of this location.
    @inline(__always)
    static func keepsAlive(_ request: inout Request, _ services: inout Services, _ location: Int)
        -> Bool
    {
        request.parser.head.keepsAlive
            && request.fault == nil && !request.endsConnection
            && services.plan.locations[location].timeouts.keepsAlive && !services.isDraining
            && Int(services.connections[request.slot].requests)
                < services.plan.locations[location].timeouts.keepaliveRequests
            && services.clock.monotonicMs &- services.connections[request.slot].acceptedMs
                <= services.plan.locations[location].timeouts.keepaliveTimeMs
    }

    /// Returns the location, or its limit_except block for the request's method.
    private static func limitedLocation(
        _ location: Int32, _ request: borrowing Request, _ services: borrowing Services
    ) -> Int32 {
        guard services.plan.locations[Int(location)].features.contains(.limitsMethods) else {
            return location
        }
        let limit = services.plan.methodLimits[
            Int(services.plan.locations[Int(location)].methodLimit)]
        guard limit.allowed.isDisjoint(with: MethodSet(request.method)) else {
            return location
        }
        services.explanation?.note(
            "limit_except applies: \(services.plan.text(ofLocation: limit.location))")
        return limit.location
    }

    private static func refusedBody(_ request: inout Request, _ services: inout Services) -> Int? {
        let head = request.parser.head
        if request.body == .invalid {
            services.logError(.info, "client sent invalid chunked body", request)
            return 400
        }
        // An error page is sent whatever the size of the request's body.
        let limit = request.endsConnection ? 0 : request.maxBodySize
        if limit > 0, head.contentLength > limit {
            services.explanation?.note("client_max_body_size is \(limit)")
            services.logError(
                .error, "client intended to send too large body: \(head.contentLength) bytes",
                request)
            return 413
        }
        if head.expectsContinue, request.body != .none, head.version == .http11,
            !request.sentContinue
        {
            request.sentContinue = true
            var writer = request.output.writer(from: request.outputEnd)
            writer.append("HTTP/1.1 100 Continue\r\n\r\n")
            request.outputEnd &+= writer.count
        }
        return nil
    }
}
