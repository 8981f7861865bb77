import Files
import HTTP
import Linux

/// The phases of a request, in nginx's order. A suspended request resumes at its phase.
enum Phase: UInt8, BitwiseCopyable, Comparable {
    case start, serverRewrite, findLocation, rewrite, limits, access, tryFiles, content

    static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
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
extension Worker {
    /// The maximum number of changes of a request's path (NGX_HTTP_MAX_URI_CHANGES).
    static let maxRedirects: UInt8 = 10

    /// Starts processing a request, or resumes one that was suspended.
    mutating func processRequest(_ request: inout Request) {
        if request.output.isNone { request.output = outputs.acquire() }
        guard !request.output.isNone else {
            request.outOfMemory = true
            return
        }
        let isBeginning = request.phase == .start
        // The client may have sent this request after the poller reported its events, if it follows
        // another request or its connection was just accepted: mounts may have changed since.
        let mayBeNewer = request.requestsInSlice > 1 || connections[request.slot].interest == 0
        if mayBeNewer, request.hasReceived {
            request.hasReceived = false
            checkMounts()
        }
        if isBeginning, responses.isOn, explanation == nil, sendCached(&request) {
            return
        }
        loadPath(&request)
        guard request.uri.isLoaded else {
            request.outOfMemory = true
            return
        }
        if isBeginning { beginRecording(&request) }
        let outcome =
            isBeginning
            ? startRequest(&request)
            : runPhasesOnce(from: request.phase, &request)
        followOutcome(outcome, &request)
        if recorder.isCacheable { storeResponse(&request) }
        unloadPath(&request)
    }

    /// Runs the phases from `phase` on, until there is a response or the request is suspended.
    mutating func runPhases(from phase: Phase, _ request: inout Request) {
        followOutcome(runPhasesOnce(from: phase, &request), &request)
    }

    /// Runs the phases that an outcome leads to, until there is nothing more to do now.
    private mutating func followOutcome(_ first: Outcome, _ request: inout Request) {
        var outcome = first
        while let next = nextPhase(outcome, &request) {
            outcome = runPhasesOnce(from: next, &request)
        }
    }

    /// The result of a phase.
    enum Outcome {
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

    /// Returns the phase that an outcome leads to; nil if there is nothing more to do now.
    private mutating func nextPhase(_ outcome: Outcome, _ request: inout Request) -> Phase? {
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
            guard let redirect = respondWithErrorPage(for: status, &request) else {
                return nil
            }
            return nextPhase(redirect, &request)
        case .redirected, .entered:
            request.isInternal = true
            if case .redirected = outcome {
                explanation?.note("internal redirect to \(request.uri.span.text)")
            }
            guard countRedirect(&request) else {
                logError(
                    .error,
                    "rewrite or internal redirection cycle while internally redirecting "
                        + "to \"\(request.uri.span.text)\"", request)
                request.errorStatus = 0
                endKeepAlive(after: 500, &request)
                respondWithStatus(500, &request)
                return nil
            }
            if case .entered = outcome { return .rewrite }
            return .serverRewrite
        }
    }

    /// Performs steps 1 to 3, then steps 4 to 8.
    private mutating func startRequest(_ request: inout Request) -> Outcome {
        if let fault = request.fault {
            selectServerForRefused(&request)
            explanation?.note("the request is refused: \(fault.reason)")
            logFault(fault, &request)
            let isTooLarge = fault.status == 494 && isStrict(request)
            return .status(isTooLarge ? 431 : fault.status)
        }
        request.method = request.parser.head.method
        selectServer(&request)
        if isServerOptions(request) { return respondToServerOptions(&request) }
        guard normalizePath(&request) else {
            // nginx validates the path before it reads Host.
            request.server = plan.addresses[Int(address(of: request.slot))].defaultServer
            request.uri.removeAll()
            enterServer(&request)
            logError(.info, "client sent invalid request", request)
            return .status(400)
        }
        explanation?.note("path \(request.uri.span.text)")
        let settings = Int(plan.servers[Int(request.server)].settings)
        if plan.locations[settings].features.contains(.realIP) {
            applyRealAddress(plan.locations[settings], &request)
        }
        return runPhasesOnce(from: .serverRewrite, &request)
    }

    /// Performs steps 4 to 8, from `phase` on, until one of them has an outcome.
    private mutating func runPhasesOnce(from phase: Phase, _ request: inout Request) -> Outcome {
        if phase <= .serverRewrite {
            let script = plan.servers[Int(request.server)].script
            if script >= 0 {
                enterServer(&request)
                if let outcome = runScript(script, &request) { return outcome }
            }
        }
        if phase <= .rewrite, let outcome = runLocationPhases(from: phase, &request) {
            return outcome
        }
        let location = plan.locations[Int(request.location)]
        // A location may trust other proxies than its server does.
        if phase <= .limits, location.features.contains(.realIP) {
            applyRealAddress(location, &request)
        }
        if phase <= .limits, location.features.contains(.limits),
            !request.isSubrequest,
            let outcome = applyLimits(&request, location)
        {
            return outcome
        }
        if phase <= .access, location.features.contains(.access),
            !request.isSubrequest
        {
            request.phase = .access
            if let outcome = access(&request, location) { return outcome }
        }
        if phase <= .tryFiles, location.tryFiles >= 0,
            let outcome = runTryFiles(&request, location)
        {
            return outcome
        }
        return runContentPhase(&request)
    }

    /// Performs steps 5 and 6, until the path does not change any more.
    private mutating func runLocationPhases(
        from phase: Phase, _ request: inout Request
    ) -> Outcome? {
        var isNamed = phase == .rewrite
        while true {
            request.isRewritten = false
            if !isNamed {
                guard findLocation(&request) else { return .status(500) }
                if let outcome = checkLocation(&request) { return outcome }
            }
            isNamed = false
            let script = plan.locations[Int(request.location)].script
            guard script >= 0 else { return nil }
            if let outcome = runScript(script, &request) { return outcome }
            guard request.isRewritten else { return nil }
            guard countRedirect(&request) else {
                logError(
                    .error,
                    "rewrite or internal redirection cycle while processing "
                        + "\"\(request.uri.span.text)\"", request)
                return .status(500)
            }
        }
    }

    /// Counts an internal redirect. Returns false if there were too many.
    private mutating func countRedirect(_ request: inout Request) -> Bool {
        request.redirects &+= 1
        return request.redirects <= Worker.maxRedirects
    }

    // MARK: 2. server

    mutating func selectServer(_ request: inout Request) {
        let address = Int(address(of: request.slot))
        request.server = plan.addresses[address].defaultServer
        guard plan.addresses[address].hasNames else {
            if explanation != nil {
                noteServer(.onlyServer, -1, hostName.span(from: 0, to: 0), request)
            }
            return
        }
        let host = request.parser.head.host
        // Before its header is complete, a request without a host may still name one.
        if host.isEmpty, !isHeaderRead(request) {
            if explanation != nil {
                noteServer(.defaultServer, -1, hostName.span(from: 0, to: 0), request)
            }
            return
        }
        let input = request.input
        let received = input.span(from: request.inputStart, to: request.inputEnd)
        let buffer = hostName
        let name = lowercase(received.slice(host), into: buffer)
        let found = plan.server(for: name, at: plan.addresses[address])
        request.server = found.server
        if explanation != nil { noteServer(found.rule, found.regex, name, request) }
        if found.regex >= 0 {
            preventCaching()
            storeCaptures(of: found.regex, in: name, &request)
        }
    }

    private func isHeaderRead(_ request: borrowing Request) -> Bool {
        request.fault?.isAboutWholeHead ?? request.parser.isComplete
    }

    @_lifetime(borrow buffer)
    private func lowercase(_ host: Span<UInt8>, into buffer: borrowing Buffer) -> Span<UInt8> {
        var writer = buffer.writer(from: 0)
        for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        return buffer.span(from: 0, to: writer.count)
    }

    /// Selects the server of a request that is refused before its path is processed, or that was
    /// not received completely. Only the part that was read determines the server and the values of
    /// variables; other variables are empty.
    mutating func selectServerForRefused(_ request: inout Request) {
        loadPath(&request)
        request.method = request.parser.head.method
        selectServer(&request)
        if request.parser.head.isLineRead { _ = normalizePath(&request) }
        enterServer(&request)
    }

    // MARK: 3. path

    mutating func normalizePath(_ request: inout Request) -> Bool {
        let (input, start, buffer) = (request.input, request.inputStart, request.uri.buffer)
        let raw = input.span(from: start, to: request.inputEnd).slice(request.parser.head.path)
        var writer = buffer.writer(from: 0)
        let merges = plan.servers[Int(request.server)].mergesSlashes
        let isValid =
            RequestTarget.normalize(path: raw, mergesSlashes: merges, into: &writer)
            && !writer.hasOverflowed
        request.uri.setCount(isValid ? writer.count : 0)
        return isValid
    }

    /// Responds to `OPTIONS *`, which has no path, unless the server's script returns a response.
    private mutating func respondToServerOptions(_ request: inout Request) -> Outcome {
        request.uri.removeAll()
        enterServer(&request)
        explanation?.note("OPTIONS * applies to the whole server")
        let script = plan.servers[Int(request.server)].script
        if script >= 0, let outcome = runScript(script, &request) { return outcome }
        return .status(204)
    }

    /// Returns true for `OPTIONS *` (RFC 9110, section 9.3.7), which only the strict parser
    /// accepts.
    private func isServerOptions(_ request: borrowing Request) -> Bool {
        guard request.method == .options else { return false }
        let path = request.parser.head.path
        return request.received.slice(path).equals("*")
    }

    // MARK: 5. location

    /// Finds the location of the path. Returns false if a regular expression hit its limit.
    private mutating func findLocation(_ request: inout Request) -> Bool {
        let locations = plan.servers[Int(request.server)].locations
        guard !locations.isEmpty else {
            enterServer(&request)
            return true
        }
        let match =
            explanation == nil
            ? plan.location(for: request.uri.span, in: locations)
            : explainedLocation(of: request)
        switch match {
        case .prefix(let location), .final(let location):
            enterLocation(location, &request)
        case .matched(let location, let regex):
            enterLocation(location, &request)
            let path = request.uri
            storeOuterCaptures(of: location, in: path.span, &request)
            storeCaptures(of: regex, in: path.span, &request)
        case .none: enterServer(&request)
        case .limitReached(let tried):
            enterServer(&request)
            logError(
                .error,
                "the regular expression of \(plan.text(ofLocation: tried)) hit its limit on "
                    + "\"\(request.uri.span.text)\"", request)
            return false
        }
        return true
    }

    /// Stores the captures of the enclosing locations' regular expressions, the outermost first:
    /// their named groups stay set when an inner one matches (ngx_http_core_find_location).
    private mutating func storeOuterCaptures(
        of location: Int32, in path: Span<UInt8>, _ request: inout Request
    ) {
        let outer = plan.locations[Int(location)].outerRegex
        guard outer >= 0 else { return }
        storeOuterCaptures(of: outer, in: path, &request)
        let regex = plan.locations[Int(outer)].regex
        guard regex >= 0, case .match = plan.regexes[Int(regex)].matches(path) else { return }
        storeCaptures(of: regex, in: path, &request)
    }

    /// Applies the checks that precede the location's script: `internal` and the request's body.
    private mutating func checkLocation(_ request: inout Request) -> Outcome? {
        let location = plan.locations[Int(request.location)]
        if location.features.contains(.isInternal), !request.isInternal {
            explanation?.note("internal: the location is for internal redirects only")
            return .status(404)
        }
        return refusedBody(&request).map { .status($0) }
    }

    /// Applies the settings of the server, for processing outside of locations.
    private mutating func enterServer(_ request: inout Request) {
        enterLocation(plan.servers[Int(request.server)].settings, &request)
    }

    /// Enters a location: applies its settings to the request and the connection.
    mutating func enterLocation(_ found: Int32, _ request: inout Request) {
        let location = limitedLocation(found, request)
        let index = Int(location)
        let features = plan.locations[index].features
        let timeouts = plan.locations[index].timeouts
        request.location = location
        request.lingeringClose = timeouts.lingeringClose
        request.maxBodySize = plan.locations[index].maxBodySize
        request.isRateLimited = features.contains(.limitsRate)
        request.keepsAlive = keepsAlive(&request, index)
        if !features.isDisjoint(with: .dependOnRequest) { preventCaching() }
        let asksBrowser =
            features.contains(.limitsKeepalive) || request.parser.head.method == .post
        if asksBrowser, request.keepsAlive,
            closesForBrowser(request, plan.locations[index])
        {
            request.keepsAlive = false
        }
    }

    /// Returns true if the connection is kept open after a response of this location.
    @inline(__always)
    mutating func keepsAlive(_ request: inout Request, _ location: Int) -> Bool {
        request.parser.head.keepsAlive
            && request.fault == nil && !request.endsConnection
            && plan.locations[location].timeouts.keepsAlive && state == .serving
            && Int(connections[request.slot].requests)
                < plan.locations[location].timeouts.keepaliveRequests
            && clock.monotonicMs &- connections[request.slot].acceptedMs
                <= plan.locations[location].timeouts.keepaliveTimeMs
    }

    /// Returns the location, or its limit_except block for the request's method.
    private func limitedLocation(_ location: Int32, _ request: borrowing Request) -> Int32 {
        guard plan.locations[Int(location)].features.contains(.limitsMethods) else {
            return location
        }
        let limit = plan.methodLimits[Int(plan.locations[Int(location)].methodLimit)]
        guard limit.allowed.isDisjoint(with: MethodSet(request.method)) else {
            return location
        }
        explanation?.note("limit_except applies: \(plan.text(ofLocation: limit.location))")
        return limit.location
    }

    private mutating func refusedBody(_ request: inout Request) -> Int? {
        let head = request.parser.head
        if request.body == .invalid {
            logError(.info, "client sent invalid chunked body", request)
            return 400
        }
        // An error page is sent whatever the size of the request's body.
        let limit = request.endsConnection ? 0 : request.maxBodySize
        if limit > 0, head.contentLength > limit {
            explanation?.note("client_max_body_size is \(limit)")
            logError(
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
