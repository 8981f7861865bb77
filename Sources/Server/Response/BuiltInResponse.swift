import Files
import HTTP
import Linux

/// Responses without a file: built-in pages, redirects and texts of the configuration.
extension Worker {
    /// Sends a status with its built-in page (nginx's ngx_http_special_response_handler).
    mutating func respondWithStatus(_ status: Int, _ slot: Int, _ exchange: Int) {
        let location = plan.locations[Int(exchanges[exchange].location)]
        var head = commonHead(Status.sent(status), exchange, location)
        if status == 416, exchanges[exchange].unsatisfiedSize >= 0 {
            head.contentRange = .unsatisfied(of: exchanges[exchange].unsatisfiedSize)
        }
        head.sendsAllow = status == 405 || status == 204 && exchanges[exchange].method == .options
        head.allowsOptions = isStrict(exchange)
        let target =
            Status.isRedirect(status) ? locationFieldValue(slot, exchange, location, &head) : []
        if status == 204 {
            // A 204 has no content, and must not have Content-Length (RFC 9110, section 8.6).
            appendHead(head, slot, exchange)
            return
        }
        head.contentType = plan.htmlType
        if location.features.contains(.refreshesMSIE), status == 301 || status == 302,
            isExplorer(exchange)
        {
            respondWithRefresh(slot, exchange)
            return
        }
        let page = plan.errorPages.page(
            of: status, showsVersion: location.features.contains(.serverTokens))
        // nginx has no page for 431; apus has one with `strict_requests on` only.
        if let page, status != 431 || head.allowsOptions {
            var bytes = Array(page)
            if padsPage(of: status, exchange, location) { bytes += ErrorPage.padding }
            head.contentLength = Int64(bytes.count)
            respond(head, [.bytes(bytes)], slot, exchange, location, target: target)
        } else {
            head.contentType = nil
            head.contentLength = 0
            appendHead(head, slot, exchange, location: target)
        }
    }

    /// Sends a text of the configuration (ngx_http_send_response). Without a `type`, the path
    /// determines it.
    mutating func respondWithText(
        _ status: Int, _ text: [UInt8], type: PlanBytes? = nil, _ slot: Int, _ exchange: Int
    ) -> Outcome {
        let location = plan.locations[Int(exchanges[exchange].location)]
        var head = commonHead(status, exchange, location)
        if head.status == 204 {
            appendHead(head, slot, exchange)
            return .responded
        }
        head.contentType = type ?? mediaType(location)
        head.contentLength = Int64(text.count)
        if let outcome = preconditionsOutcome(head, slot, exchange, location) { return outcome }
        respond(head, [.bytes(text)], slot, exchange, location)
        return .responded
    }

    /// Evaluates the preconditions of a request (RFC 9110, section 13) whose response has no
    /// validators: a text or a listing. Returns nil if the response is sent, else the outcome of
    /// 304 or 412.
    mutating func preconditionsOutcome(
        _ head: ResponseHead, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) -> Outcome? {
        let request = exchanges[exchange].parser.head
        guard head.status == 200, request.isConditional, !exchanges[exchange].isSubrequest else {
            return nil
        }
        let received = exchanges[exchange].received
        let none = Validators(modified: nil, etag: received.slice(.empty))
        let method = exchanges[exchange].method
        switch Preconditions.evaluate(request, received, none, method: method) {
        case .proceed: return nil
        case .notModified:
            respondNotModified(head, slot, exchange, location)
            return .responded
        case .failed:
            explanation?.note("preconditions: not met")
            return .status(412)
        }
    }

    /// Redirects with 301 to the same path with a trailing slash. The target begins with a single
    /// slash, since two would name a host.
    mutating func redirectToSlash(_ slot: Int, _ exchange: Int) -> Outcome {
        let location = plan.locations[Int(exchanges[exchange].location)]
        let isAbsolute = location.features.contains(.absoluteRedirect)
        let arguments = arguments(slot, exchange)
        // The response also depends on whether there is a query.
        preventCaching()
        let target = bytes { (worker, writer) in
            worker.writePath(into: &writer, isAbsolute: isAbsolute)
            writer.append(byte: UInt8(ascii: "/"))
            if !arguments.isEmpty {
                writer.append(byte: UInt8(ascii: "?"))
                writer.append(arguments.span)
            }
        }
        context(of: exchange).target = target
        return .status(301)
    }

    /// Returns the value of Location: scheme, host and port are prepended to a path unless
    /// absolute_redirect is off. Control characters, with which a client could end the field, are
    /// escaped.
    private mutating func locationFieldValue(
        _ slot: Int, _ exchange: Int, _ location: LocationPlan, _ head: inout ResponseHead
    ) -> [UInt8] {
        guard let target = contextIfAny(exchange)?.target else { return [] }
        let isMadeAbsolute =
            target.first == UInt8(ascii: "/") && location.features.contains(.absoluteRedirect)
        head.locationPlace = isMadeAbsolute ? .first : .amongAdded
        return bytes { (worker, writer) in
            if isMadeAbsolute {
                worker.writeOrigin(slot, exchange, location, into: &writer)
            }
            RequestTarget.escape(controlsOf: target.span, into: &writer)
        }
    }

    private func writePath(into writer: inout ByteWriter, isAbsolute: Bool) {
        let path = uri.span(from: 0, to: uriCount)
        var start = 0
        // merge_slashes off leaves `//host` in a path; as a relative reference it would name a
        // host.
        while !isAbsolute, start &+ 1 < path.count, path[start &+ 1] == UInt8(ascii: "/") {
            start &+= 1
        }
        RequestTarget.escape(uri: path.slice(from: start, to: path.count), into: &writer)
    }

    private mutating func writeOrigin(
        _ slot: Int, _ exchange: Int, _ location: LocationPlan, into writer: inout ByteWriter
    ) {
        preventCaching()
        let request = exchanges[exchange].parser.head
        let received = exchanges[exchange].received
        let server = plan.servers[Int(exchanges[exchange].server)]
        let local = localAddress(of: slot)
        writer.append("http://")
        if location.features.contains(.serverNameInRedirect), !server.name.isEmpty {
            writer.append(server.name.span)
        } else if !request.host.isEmpty {
            let host = received.slice(request.host)
            for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        } else if local.family == .unix {
            writeSocketName(slot, into: &writer)
        } else {
            local.write(into: &writer)
        }
        if location.features.contains(.portInRedirect), local.family != .unix, local.port != 80 {
            writer.append(byte: UInt8(ascii: ":"))
            writer.append(decimal: Int64(local.port))
        }
    }

    // MARK: into the output

    /// Writes a head into the output, which grows if necessary.
    mutating func appendHead(
        _ whole: ResponseHead, _ slot: Int, _ exchange: Int, location: [UInt8] = []
    ) {
        let head = whole.status == 204 ? whole.withoutContent : whole
        exchanges[exchange].status = head.status
        // HTTP/0.9 has no response head.
        if exchanges[exchange].parser.head.version == .http09 {
            return delimitBodyByClose(slot)
        }
        let index = Int(exchanges[exchange].location)
        guard plan.locations[index].features.contains(.addsFields),
            !exchanges[exchange].isSubrequest
        else {
            write(head, nil, slot, exchange, location: location)
            return
        }
        let place = plan.locations[index]
        let added = allAddedFields(to: head, slot, exchange, place, target: location)
        exchanges[exchange].status = head.status
        write(head, added, slot, exchange, location: location)
    }

    private mutating func write(
        _ head: ResponseHead, _ added: AddedFields?, _ slot: Int, _ exchange: Int,
        location: [UInt8]
    ) {
        let challenges = challenges(exchange)
        let cookies = cookies(slot, exchange)
        while true {
            let end = exchanges[exchange].outputEnd
            var writer = exchanges[exchange].output.writer(from: end)
            head.write(
                into: &writer, clock, location: location.span, charset: evaluatedCharset.span,
                challenges: challenges.span, cookies: cookies.span, adding: added)
            if !writer.hasOverflowed {
                exchanges[exchange].outputEnd = end &+ writer.count
                exchanges[exchange].headBytes = Int64(writer.count)
                if plan.namesSentFields { storeHead(writer, exchange) }
                return
            }
            guard growOutput(exchange) else { return }
        }
    }

    private mutating func storeHead(_ writer: ByteWriter, _ exchange: Int) {
        let bytes = writer.bytes
        storeSentHead(bytes.indices.map { bytes[$0] }, exchange)
    }

    mutating func appendBody(_ bytes: Span<UInt8>, _ exchange: Int) {
        while true {
            let end = exchanges[exchange].outputEnd
            var writer = exchanges[exchange].output.writer(from: end)
            writer.append(bytes)
            if !writer.hasOverflowed {
                exchanges[exchange].outputEnd = end &+ writer.count
                exchanges[exchange].bodyBytes &+= Int64(writer.count)
                return
            }
            guard growOutput(exchange) else { return }
        }
    }

    /// Doubles the output buffer. Returns false if memory is short.
    private mutating func growOutput(_ exchange: Int) -> Bool {
        let old = exchanges[exchange].output
        let larger = outputs.acquire(atLeast: max(old.capacity &* 2, 8192))
        guard !larger.isNone else {
            exchanges[exchange].outOfMemory = true
            return false
        }
        larger.copy(from: old, count: exchanges[exchange].outputEnd)
        outputs.release(old)
        exchanges[exchange].output = larger
        return true
    }

    /// Fills the output from the producer.
    mutating func produce(_ slot: Int, _ exchange: Int) -> Connection.Input {
        guard producers.indices.contains(exchange), let producer = producers[exchange] else {
            return .sourceFailed
        }
        let features = plan.locations[Int(exchanges[exchange].location)].features
        if readsViaHelper(features), let piece = producer.nextPiece,
            startReading(2 * Int64(BufferedStage.size), of: piece, slot, exchange)
        {
            return .fileNotInMemory
        }
        exchanges[exchange].hasProduced = true
        let start = exchanges[exchange].outputEnd
        let output = exchanges[exchange].output
        let room = unsafe output.bytes(from: start, to: output.capacity)
        switch unsafe producer.produce(into: room, file: exchanges[exchange].file) {
        case .failed: return .sourceFailed
        case .written(let count, let isLast):
            exchanges[exchange].outputEnd = start &+ count
            exchanges[exchange].bodyBytes &+= Int64(count)
            if isLast, producer.hasTrailers {
                appendBody(trailerLines(slot, exchange).span, exchange)
            }
            return .produced(isLast: isLast)
        }
    }
}

extension Array where Element == UInt8 {
    /// Creates a copy of bytes of the plan.
    init(_ bytes: PlanBytes) { self.init(copying: bytes.span) }

    /// Creates a copy of a span.
    init(copying span: Span<UInt8>) {
        self = []
        reserveCapacity(span.count)
        for index in span.indices { append(span[index]) }
    }
}
