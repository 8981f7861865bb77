import Files
import HTTP
import Linux

/// The way of a request, top to bottom:
///
/// 1. A request that could not be read is refused with its fault's status.
/// 2. The server is chosen by the address that the connection came to and the request's host.
/// 3. The path is decoded, and its dot segments and double slashes taken out.
/// 4. The location is chosen by the path.
/// 5. A body that is too large, or broken, is refused.
/// 6. The content: an index file or a listing for a path that ends in a slash, else a file. An
///    index file is an internal redirect: its path goes through 4 again.
/// 7. Preconditions, ranges and coding choose what of the file is sent, and the head says so.
extension Worker {
    /// As many internal redirects as nginx makes before it gives up.
    static let mostRedirects = 10

    mutating func answer(_ slot: Int, _ exchange: Int) {
        takeURI(exchange)
        if exchanges[exchange].output.isNone { exchanges[exchange].output = outputs.take() }
        guard !exchanges[exchange].output.isNone else {
            exchanges[exchange].lacksMemory = true
            return
        }
        chooseServer(slot, exchange)
        if let fault = exchanges[exchange].fault {
            enterLocation(plan.servers[Int(exchanges[exchange].server)].settings, slot, exchange)
            logFault(fault, slot, exchange)
            let isTooLarge = fault.status == 494 && isStrict(exchange)
            answerStatus(isTooLarge ? 431 : fault.status, slot, exchange)
            return
        }
        if asksForServerOptions(exchange) {
            enterLocation(plan.servers[Int(exchanges[exchange].server)].settings, slot, exchange)
            answerStatus(204, slot, exchange)
            return
        }
        guard normalizePath(exchange) else {
            enterLocation(plan.servers[Int(exchanges[exchange].server)].settings, slot, exchange)
            logError(.info, "client sent invalid request", slot, exchange)
            answerStatus(400, slot, exchange)
            return
        }
        for _ in 0..<Worker.mostRedirects {
            guard findLocation(slot, exchange) else {
                answerStatus(500, slot, exchange)
                return
            }
            if let status = refusedBody(slot, exchange) {
                answerStatus(status, slot, exchange)
                return
            }
            switch content(slot, exchange) {
            case .answered: return
            case .status(let status):
                answerStatus(status, slot, exchange)
                return
            case .redirected: continue
            }
        }
        logError(.error, "rewrite or internal redirection cycle", slot, exchange)
        answerStatus(500, slot, exchange)
    }

    /// What handling a path came to.
    enum Outcome {
        /// The answer is in the exchange.
        case answered
        /// The built-in answer of a status is to be sent.
        case status(Int)
        /// The path is another now.
        case redirected
    }

    // MARK: 2. server

    private mutating func chooseServer(_ slot: Int, _ exchange: Int) {
        let address = plan.addresses[Int(address(of: slot))]
        exchanges[exchange].server = address.defaultServer
        let host = exchanges[exchange].parser.head.host
        guard address.hasNames else { return }
        let received = exchanges[exchange].received
        lowercase(received.slice(host))
        exchanges[exchange].server = plan.server(
            for: uri.span(from: 0, to: uriCount), at: address)
    }

    private mutating func lowercase(_ host: Span<UInt8>) {
        var writer = uri.writer(from: 0)
        for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        uriCount = writer.count
    }

    // MARK: 3. path

    private mutating func normalizePath(_ exchange: Int) -> Bool {
        let received = exchanges[exchange].received
        let raw = received.slice(exchanges[exchange].parser.head.path)
        var writer = uri.writer(from: 0)
        let merges = plan.servers[Int(exchanges[exchange].server)].mergesSlashes
        let isValid = RequestTarget.normalize(path: raw, mergesSlashes: merges, into: &writer)
        uriCount = writer.count
        return isValid && !writer.hasOverflowed
    }

    /// `OPTIONS *` (RFC 9110, section 9.3.7), which only a strict parser lets through.
    private func asksForServerOptions(_ exchange: Int) -> Bool {
        let head = exchanges[exchange].parser.head
        return head.method == .options
            && exchanges[exchange].received.slice(head.path).equals("*")
    }

    // MARK: 4. location

    /// False when a regular expression hit its limit.
    private mutating func findLocation(_ slot: Int, _ exchange: Int) -> Bool {
        let server = plan.servers[Int(exchanges[exchange].server)]
        guard !server.locations.isEmpty else {
            enterLocation(server.settings, slot, exchange)
            return true
        }
        switch plan.location(for: uri.span(from: 0, to: uriCount), in: server.locations) {
        case .prefix(let location), .final(let location):
            enterLocation(location, slot, exchange)
        case .matched(let location, let regex):
            enterLocation(location, slot, exchange)
            let path = uri
            keepCaptures(of: regex, in: path.span(from: 0, to: uriCount), exchange)
        case .none: enterLocation(server.settings, slot, exchange)
        case .limitReached:
            enterLocation(server.settings, slot, exchange)
            return false
        }
        return true
    }

    /// Takes over what the location says of the connection.
    private mutating func enterLocation(_ location: Int32, _ slot: Int, _ exchange: Int) {
        exchanges[exchange].location = location
        let plan = plan.locations[Int(location)]
        exchanges[exchange].lingeringClose = plan.timeouts.lingeringClose
        exchanges[exchange].bodyLimit = plan.maxBodySize
        exchanges[exchange].keepsAlive =
            exchanges[exchange].fault == nil && exchanges[exchange].parser.head.keepsAlive
            && plan.timeouts.keepsAlive && state == .serving
            && Int(connections[slot].requests) < plan.timeouts.keepaliveRequests
            && clock.monotonicMs &- connections[slot].acceptedMs < plan.timeouts.keepaliveTimeMs
    }

    // MARK: 5. body

    private mutating func refusedBody(_ slot: Int, _ exchange: Int) -> Int? {
        let head = exchanges[exchange].parser.head
        if exchanges[exchange].body == .invalid {
            logError(.info, "client sent invalid chunked body", slot, exchange)
            return 400
        }
        let limit = exchanges[exchange].bodyLimit
        if limit > 0, head.contentLength > limit {
            logError(
                .error, "client intended to send too large body: \(head.contentLength) bytes",
                slot, exchange)
            return 413
        }
        // What is still to come of it is counted while it is thrown away.
        if limit > 0, head.isChunked, exchanges[exchange].decoder.bodyBytes > limit {
            logError(.error, "client intended to send too large chunked body", slot, exchange)
            return 413
        }
        if head.expectsContinue, exchanges[exchange].body != .none, head.version == .http11 {
            var writer = exchanges[exchange].output.writer(from: exchanges[exchange].outputEnd)
            writer.append("HTTP/1.1 100 Continue\r\n\r\n")
            exchanges[exchange].outputEnd &+= writer.count
        }
        return nil
    }
}
