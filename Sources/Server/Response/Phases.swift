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
    mutating func processRequest(_ slot: Int, _ exchange: Int) {
        if exchanges[exchange].output.isNone { exchanges[exchange].output = outputs.acquire() }
        guard !exchanges[exchange].output.isNone else {
            exchanges[exchange].outOfMemory = true
            return
        }
        let isBeginning = exchanges[exchange].phase == .start
        // The client may have sent this request after the poller reported its events, if it follows
        // another request or its connection was just accepted: mounts may have changed since.
        let mayBeNewer = exchanges[exchange].requestsInSlice > 1 || connections[slot].interest == 0
        if mayBeNewer, exchanges[exchange].hasReceived {
            exchanges[exchange].hasReceived = false
            checkMounts()
        }
        if isBeginning, responses.isOn, explanation == nil, sendCached(slot, exchange) {
            return
        }
        loadURI(exchange)
        if isBeginning { beginRecording(exchange) }
        let outcome =
            isBeginning
            ? startRequest(slot, exchange)
            : runPhasesOnce(from: exchanges[exchange].phase, slot, exchange)
        followOutcome(outcome, slot, exchange)
        if recorder.isCacheable { storeResponse(slot, exchange) }
    }

    /// Runs the phases from `phase` on, until there is a response or the request is suspended.
    mutating func runPhases(from phase: Phase, _ slot: Int, _ exchange: Int) {
        followOutcome(runPhasesOnce(from: phase, slot, exchange), slot, exchange)
    }

    /// Runs the phases that an outcome leads to, until there is nothing more to do now.
    private mutating func followOutcome(_ first: Outcome, _ slot: Int, _ exchange: Int) {
        var outcome = first
        while let next = nextPhase(outcome, slot, exchange) {
            outcome = runPhasesOnce(from: next, slot, exchange)
        }
    }

    /// The result of a phase.
    enum Outcome {
        /// The response is in the exchange.
        case responded
        /// The response is the error page of a status, or its built-in page.
        case status(Int)
        /// The path has changed, and processing starts again (an internal redirect).
        case redirected
        /// A named location was entered, and the path is unchanged.
        case entered
        /// The request is suspended at the exchange's phase.
        case suspended
    }

    /// Returns the phase that an outcome leads to; nil if there is nothing more to do now.
    private mutating func nextPhase(_ outcome: Outcome, _ slot: Int, _ exchange: Int) -> Phase? {
        switch outcome {
        case .responded: return nil
        case .suspended:
            exchanges[exchange].isWaiting = true
            return nil
        case .status(let status) where Status.closesSilently(status):
            exchanges[exchange].status = status
            exchanges[exchange].closesWithoutResponse = true
            return nil
        case .status(let status):
            guard let redirect = respondWithErrorPage(for: status, slot, exchange) else {
                return nil
            }
            return nextPhase(redirect, slot, exchange)
        case .redirected, .entered:
            exchanges[exchange].isInternal = true
            if case .redirected = outcome {
                explanation?.note("internal redirect to \(uri.span(from: 0, to: uriCount).text)")
            }
            guard countRedirect(exchange) else {
                logError(
                    .error,
                    "rewrite or internal redirection cycle while internally redirecting "
                        + "to \"\(uri.span(from: 0, to: uriCount).text)\"", slot, exchange)
                exchanges[exchange].errorStatus = 0
                endKeepAlive(after: 500, exchange)
                respondWithStatus(500, slot, exchange)
                return nil
            }
            if case .entered = outcome { return .rewrite }
            return .serverRewrite
        }
    }

    /// Performs steps 1 to 3, then steps 4 to 8.
    private mutating func startRequest(_ slot: Int, _ exchange: Int) -> Outcome {
        if let fault = exchanges[exchange].fault {
            selectServerForRefused(slot, exchange)
            explanation?.note("the request is refused: \(fault.reason)")
            logFault(fault, slot, exchange)
            let isTooLarge = fault.status == 494 && isStrict(exchange)
            return .status(isTooLarge ? 431 : fault.status)
        }
        exchanges[exchange].method = exchanges[exchange].parser.head.method
        selectServer(slot, exchange)
        if isServerOptions(exchange) { return respondToServerOptions(slot, exchange) }
        guard normalizePath(exchange) else {
            // nginx validates the path before it reads Host.
            exchanges[exchange].server = plan.addresses[Int(address(of: slot))].defaultServer
            uriCount = 0
            enterServer(slot, exchange)
            logError(.info, "client sent invalid request", slot, exchange)
            return .status(400)
        }
        explanation?.note("path \(uri.span(from: 0, to: uriCount).text)")
        let settings = Int(plan.servers[Int(exchanges[exchange].server)].settings)
        if plan.locations[settings].features.contains(.realIP) {
            applyRealAddress(plan.locations[settings], slot, exchange)
        }
        return runPhasesOnce(from: .serverRewrite, slot, exchange)
    }

    /// Performs steps 4 to 8, from `phase` on, until one of them has an outcome.
    private mutating func runPhasesOnce(from phase: Phase, _ slot: Int, _ exchange: Int) -> Outcome
    {
        if phase <= .serverRewrite {
            let script = plan.servers[Int(exchanges[exchange].server)].script
            if script >= 0 {
                enterServer(slot, exchange)
                if let outcome = runScript(script, slot, exchange) { return outcome }
            }
        }
        if phase <= .rewrite, let outcome = runLocationPhases(from: phase, slot, exchange) {
            return outcome
        }
        let location = plan.locations[Int(exchanges[exchange].location)]
        // A location may trust other proxies than its server does.
        if phase <= .limits, location.features.contains(.realIP) {
            applyRealAddress(location, slot, exchange)
        }
        if phase <= .limits, location.features.contains(.limits),
            !exchanges[exchange].isSubrequest,
            let outcome = applyLimits(slot, exchange, location)
        {
            return outcome
        }
        if phase <= .access, location.features.contains(.access),
            !exchanges[exchange].isSubrequest
        {
            exchanges[exchange].phase = .access
            if let outcome = access(slot, exchange, location) { return outcome }
        }
        if phase <= .tryFiles, location.tryFiles >= 0,
            let outcome = runTryFiles(slot, exchange, location)
        {
            return outcome
        }
        return runContentPhase(slot, exchange)
    }

    /// Performs steps 5 and 6, until the path does not change any more.
    private mutating func runLocationPhases(
        from phase: Phase, _ slot: Int, _ exchange: Int
    ) -> Outcome? {
        var isNamed = phase == .rewrite
        while true {
            exchanges[exchange].isRewritten = false
            if !isNamed {
                guard findLocation(slot, exchange) else { return .status(500) }
                if let outcome = checkLocation(slot, exchange) { return outcome }
            }
            isNamed = false
            let script = plan.locations[Int(exchanges[exchange].location)].script
            guard script >= 0 else { return nil }
            if let outcome = runScript(script, slot, exchange) { return outcome }
            guard exchanges[exchange].isRewritten else { return nil }
            guard countRedirect(exchange) else {
                logError(
                    .error,
                    "rewrite or internal redirection cycle while processing "
                        + "\"\(uri.span(from: 0, to: uriCount).text)\"", slot, exchange)
                return .status(500)
            }
        }
    }

    /// Counts an internal redirect. Returns false if there were too many.
    private mutating func countRedirect(_ exchange: Int) -> Bool {
        exchanges[exchange].redirects &+= 1
        return exchanges[exchange].redirects <= Worker.maxRedirects
    }

    // MARK: 2. server

    mutating func selectServer(_ slot: Int, _ exchange: Int) {
        let address = Int(address(of: slot))
        exchanges[exchange].server = plan.addresses[address].defaultServer
        guard plan.addresses[address].hasNames else {
            if explanation != nil {
                noteServer(.onlyServer, -1, hostName.span(from: 0, to: 0), exchange)
            }
            return
        }
        let host = exchanges[exchange].parser.head.host
        // Before its header is complete, a request without a host may still name one.
        if host.isEmpty, !isHeaderRead(exchange) {
            if explanation != nil {
                noteServer(.defaultServer, -1, hostName.span(from: 0, to: 0), exchange)
            }
            return
        }
        let received = exchanges[exchange].received
        let buffer = hostName
        let name = lowercase(received.slice(host), into: buffer)
        let found = plan.server(for: name, at: plan.addresses[address])
        exchanges[exchange].server = found.server
        if explanation != nil { noteServer(found.rule, found.regex, name, exchange) }
        if found.regex >= 0 {
            preventCaching()
            storeCaptures(of: found.regex, in: name, exchange)
        }
    }

    private func isHeaderRead(_ exchange: Int) -> Bool {
        exchanges[exchange].fault?.isAboutWholeHead ?? exchanges[exchange].parser.isComplete
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
    mutating func selectServerForRefused(_ slot: Int, _ exchange: Int) {
        loadURI(exchange)
        exchanges[exchange].method = exchanges[exchange].parser.head.method
        selectServer(slot, exchange)
        if exchanges[exchange].parser.head.isLineRead { _ = normalizePath(exchange) }
        enterServer(slot, exchange)
    }

    // MARK: 3. path

    mutating func normalizePath(_ exchange: Int) -> Bool {
        let raw = exchanges[exchange].path
        var writer = uri.writer(from: 0)
        let merges = plan.servers[Int(exchanges[exchange].server)].mergesSlashes
        let isValid =
            RequestTarget.normalize(path: raw, mergesSlashes: merges, into: &writer)
            && !writer.hasOverflowed
        uriCount = isValid ? writer.count : 0
        return isValid
    }

    /// Responds to `OPTIONS *`, which has no path, unless the server's script returns a response.
    private mutating func respondToServerOptions(_ slot: Int, _ exchange: Int) -> Outcome {
        uriCount = 0
        enterServer(slot, exchange)
        explanation?.note("OPTIONS * applies to the whole server")
        let script = plan.servers[Int(exchanges[exchange].server)].script
        if script >= 0, let outcome = runScript(script, slot, exchange) { return outcome }
        return .status(204)
    }

    /// Returns true for `OPTIONS *` (RFC 9110, section 9.3.7), which only the strict parser
    /// accepts.
    private func isServerOptions(_ exchange: Int) -> Bool {
        guard exchanges[exchange].method == .options else { return false }
        let path = exchanges[exchange].parser.head.path
        return exchanges[exchange].received.slice(path).equals("*")
    }

    // MARK: 5. location

    /// Finds the location of the path. Returns false if a regular expression hit its limit.
    private mutating func findLocation(_ slot: Int, _ exchange: Int) -> Bool {
        let locations = plan.servers[Int(exchanges[exchange].server)].locations
        guard !locations.isEmpty else {
            enterServer(slot, exchange)
            return true
        }
        let match =
            explanation == nil
            ? plan.location(for: uri.span(from: 0, to: uriCount), in: locations)
            : explainedLocation(of: exchange)
        switch match {
        case .prefix(let location), .final(let location):
            enterLocation(location, slot, exchange)
        case .matched(let location, let regex):
            enterLocation(location, slot, exchange)
            let path = uri
            storeOuterCaptures(of: location, in: path.span(from: 0, to: uriCount), exchange)
            storeCaptures(of: regex, in: path.span(from: 0, to: uriCount), exchange)
        case .none: enterServer(slot, exchange)
        case .limitReached(let tried):
            enterServer(slot, exchange)
            logError(
                .error,
                "the regular expression of \(plan.text(ofLocation: tried)) hit its limit on "
                    + "\"\(uri.span(from: 0, to: uriCount).text)\"", slot, exchange)
            return false
        }
        return true
    }

    /// Stores the captures of the enclosing locations' regular expressions, the outermost first:
    /// their named groups stay set when an inner one matches (ngx_http_core_find_location).
    private mutating func storeOuterCaptures(
        of location: Int32, in path: Span<UInt8>, _ exchange: Int
    ) {
        let outer = plan.locations[Int(location)].outerRegex
        guard outer >= 0 else { return }
        storeOuterCaptures(of: outer, in: path, exchange)
        let regex = plan.locations[Int(outer)].regex
        guard regex >= 0, case .match = plan.regexes[Int(regex)].matches(path) else { return }
        storeCaptures(of: regex, in: path, exchange)
    }

    /// Applies the checks that precede the location's script: `internal` and the request's body.
    private mutating func checkLocation(_ slot: Int, _ exchange: Int) -> Outcome? {
        let location = plan.locations[Int(exchanges[exchange].location)]
        if location.features.contains(.isInternal), !exchanges[exchange].isInternal {
            explanation?.note("internal: the location is for internal redirects only")
            return .status(404)
        }
        return refusedBody(slot, exchange).map { .status($0) }
    }

    /// Applies the settings of the server, for processing outside of locations.
    private mutating func enterServer(_ slot: Int, _ exchange: Int) {
        enterLocation(plan.servers[Int(exchanges[exchange].server)].settings, slot, exchange)
    }

    /// Enters a location: applies its settings to the exchange and the connection.
    mutating func enterLocation(_ found: Int32, _ slot: Int, _ exchange: Int) {
        let location = limitedLocation(found, exchange)
        let index = Int(location)
        let features = plan.locations[index].features
        let timeouts = plan.locations[index].timeouts
        exchanges[exchange].location = location
        exchanges[exchange].lingeringClose = timeouts.lingeringClose
        exchanges[exchange].maxBodySize = plan.locations[index].maxBodySize
        exchanges[exchange].isRateLimited = features.contains(.limitsRate)
        exchanges[exchange].keepsAlive = keepsAlive(slot, exchange, index)
        if !features.isDisjoint(with: .dependOnRequest) { preventCaching() }
        let asksBrowser =
            features.contains(.limitsKeepalive) || exchanges[exchange].parser.head.method == .post
        if asksBrowser, exchanges[exchange].keepsAlive,
            closesForBrowser(exchange, plan.locations[index])
        {
            exchanges[exchange].keepsAlive = false
        }
    }

    /// Returns true if the connection is kept open after a response of this location.
    @inline(__always)
    mutating func keepsAlive(_ slot: Int, _ exchange: Int, _ location: Int) -> Bool {
        exchanges[exchange].parser.head.keepsAlive
            && exchanges[exchange].fault == nil && !exchanges[exchange].endsConnection
            && plan.locations[location].timeouts.keepsAlive && state == .serving
            && Int(connections[slot].requests)
                < plan.locations[location].timeouts.keepaliveRequests
            && clock.monotonicMs &- connections[slot].acceptedMs
                <= plan.locations[location].timeouts.keepaliveTimeMs
    }

    /// Returns the location, or its limit_except block for the request's method.
    private func limitedLocation(_ location: Int32, _ exchange: Int) -> Int32 {
        guard plan.locations[Int(location)].features.contains(.limitsMethods) else {
            return location
        }
        let limit = plan.methodLimits[Int(plan.locations[Int(location)].methodLimit)]
        guard limit.allowed.isDisjoint(with: MethodSet(exchanges[exchange].method)) else {
            return location
        }
        explanation?.note("limit_except applies: \(plan.text(ofLocation: limit.location))")
        return limit.location
    }

    private mutating func refusedBody(_ slot: Int, _ exchange: Int) -> Int? {
        let head = exchanges[exchange].parser.head
        if exchanges[exchange].body == .invalid {
            logError(.info, "client sent invalid chunked body", slot, exchange)
            return 400
        }
        // An error page is sent whatever the size of the request's body.
        let limit = exchanges[exchange].endsConnection ? 0 : exchanges[exchange].maxBodySize
        if limit > 0, head.contentLength > limit {
            explanation?.note("client_max_body_size is \(limit)")
            logError(
                .error, "client intended to send too large body: \(head.contentLength) bytes",
                slot, exchange)
            return 413
        }
        if head.expectsContinue, exchanges[exchange].body != .none, head.version == .http11,
            !exchanges[exchange].sentContinue
        {
            exchanges[exchange].sentContinue = true
            var writer = exchanges[exchange].output.writer(from: exchanges[exchange].outputEnd)
            writer.append("HTTP/1.1 100 Continue\r\n\r\n")
            exchanges[exchange].outputEnd &+= writer.count
        }
        return nil
    }
}
