import Files
import HTTP
import Linux

/// Responses without a file: built-in pages, redirects and texts of the configuration.
extension Worker {
    /// Sends a status with its built-in page (nginx's ngx_http_special_response_handler).
    mutating func respondWithStatus(_ status: Int, _ request: inout Request) {
        let location = plan.locations[Int(request.location)]
        var head = commonHead(Status.sent(status), request, location)
        if status == 416, request.unsatisfiedSize >= 0 {
            head.contentRange = .unsatisfied(of: request.unsatisfiedSize)
        }
        head.sendsAllow = status == 405 || status == 204 && request.method == .options
        head.allowsOptions = isStrict(request)
        let target =
            Status.isRedirect(status) ? locationFieldValue(&request, location, &head) : []
        if status == 204 {
            // A 204 has no content, and must not have Content-Length (RFC 9110, section 8.6).
            appendHead(head, &request)
            return
        }
        head.contentType = plan.htmlType
        if location.features.contains(.refreshesMSIE), status == 301 || status == 302,
            isExplorer(request)
        {
            respondWithRefresh(&request)
            return
        }
        let page = plan.errorPages.page(
            of: status, showsVersion: location.features.contains(.serverTokens))
        // nginx has no page for 431; apus has one with `strict_requests on` only.
        if let page, status != 431 || head.allowsOptions {
            var bytes = Array(page)
            if padsPage(of: status, &request, location) { bytes += ErrorPage.padding }
            head.contentLength = Int64(bytes.count)
            respond(head, [.bytes(bytes)], &request, location, target: target)
        } else {
            head.contentType = nil
            head.contentLength = 0
            appendHead(head, &request, location: target)
        }
    }

    /// Sends a text of the configuration (ngx_http_send_response). Without a `type`, the path
    /// determines it.
    mutating func respondWithText(
        _ status: Int, _ text: [UInt8], type: PlanBytes? = nil, _ request: inout Request
    ) -> Outcome {
        let location = plan.locations[Int(request.location)]
        var head = commonHead(status, request, location)
        if head.status == 204 {
            appendHead(head, &request)
            return .responded
        }
        head.contentType = type ?? mediaType(request, location)
        head.contentLength = Int64(text.count)
        if let outcome = preconditionsOutcome(head, &request, location) { return outcome }
        respond(head, [.bytes(text)], &request, location)
        return .responded
    }

    /// Evaluates the preconditions of a request (RFC 9110, section 13) whose response has no
    /// validators: a text or a listing. Returns nil if the response is sent, else the outcome of
    /// 304 or 412.
    mutating func preconditionsOutcome(
        _ head: ResponseHead, _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        let requestHead = request.parser.head
        guard head.status == 200, requestHead.isConditional, !request.isSubrequest else {
            return nil
        }
        let input = request.input
        let received = input.span(from: request.inputStart, to: request.inputEnd)
        let none = Validators(modified: nil, etag: received.slice(.empty))
        let method = request.method
        switch Preconditions.evaluate(requestHead, received, none, method: method) {
        case .proceed: return nil
        case .notModified:
            respondNotModified(head, &request, location)
            return .responded
        case .failed:
            explanation?.note("preconditions: not met")
            return .status(412)
        }
    }

    /// Redirects with 301 to the same path with a trailing slash. The target begins with a single
    /// slash, since two would name a host.
    mutating func redirectToSlash(_ request: inout Request) -> Outcome {
        let location = plan.locations[Int(request.location)]
        let isAbsolute = location.features.contains(.absoluteRedirect)
        let arguments = arguments(request)
        // The response also depends on whether there is a query.
        preventCaching()
        let target = bytes { (worker, writer) in
            worker.writePath(request, into: &writer, isAbsolute: isAbsolute)
            writer.append(byte: UInt8(ascii: "/"))
            if !arguments.isEmpty {
                writer.append(byte: UInt8(ascii: "?"))
                writer.append(arguments.span)
            }
        }
        context(of: &request).target = target
        return .status(301)
    }

    /// Returns the value of Location: scheme, host and port are prepended to a path unless
    /// absolute_redirect is off. Control characters, with which a client could end the field, are
    /// escaped.
    private mutating func locationFieldValue(
        _ request: inout Request, _ location: LocationPlan, _ head: inout ResponseHead
    ) -> [UInt8] {
        guard let target = request.context?.target else { return [] }
        let isMadeAbsolute =
            target.first == UInt8(ascii: "/") && location.features.contains(.absoluteRedirect)
        head.locationPlace = isMadeAbsolute ? .first : .amongAdded
        return bytes { (worker, writer) in
            if isMadeAbsolute {
                worker.writeOrigin(&request, location, into: &writer)
            }
            RequestTarget.escape(controlsOf: target.span, into: &writer)
        }
    }

    private func writePath(
        _ request: borrowing Request, into writer: inout ByteWriter, isAbsolute: Bool
    ) {
        let path = request.uri.span
        var start = 0
        // merge_slashes off leaves `//host` in a path; as a relative reference it would name a
        // host.
        while !isAbsolute, start &+ 1 < path.count, path[start &+ 1] == UInt8(ascii: "/") {
            start &+= 1
        }
        RequestTarget.escape(uri: path.slice(from: start, to: path.count), into: &writer)
    }

    private mutating func writeOrigin(
        _ request: inout Request, _ location: LocationPlan, into writer: inout ByteWriter
    ) {
        preventCaching()
        let requestHead = request.parser.head
        let received = request.received
        let server = plan.servers[Int(request.server)]
        let local = localAddress(of: request.slot)
        writer.append("http://")
        if location.features.contains(.serverNameInRedirect), !server.name.isEmpty {
            writer.append(server.name.span)
        } else if !requestHead.host.isEmpty {
            let host = received.slice(requestHead.host)
            for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        } else if local.family == .unix {
            writeSocketName(request.slot, into: &writer)
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
        _ whole: ResponseHead, _ request: inout Request, location: [UInt8] = []
    ) {
        let head = whole.status == 204 ? whole.withoutContent : whole
        request.status = head.status
        // HTTP/0.9 has no response head.
        if request.parser.head.version == .http09 {
            return delimitBodyByClose(request.slot)
        }
        let index = Int(request.location)
        guard plan.locations[index].features.contains(.addsFields),
            !request.isSubrequest
        else {
            write(head, nil, &request, location: location)
            return
        }
        let place = plan.locations[index]
        let added = allAddedFields(to: head, &request, place, target: location)
        request.status = head.status
        write(head, added, &request, location: location)
    }

    private mutating func write(
        _ head: ResponseHead, _ added: AddedFields?, _ request: inout Request,
        location: [UInt8]
    ) {
        let challenges = challenges(request)
        let cookies = cookies(&request)
        while true {
            let end = request.outputEnd
            var writer = request.output.writer(from: end)
            head.write(
                into: &writer, clock, location: location.span, charset: evaluatedCharset.span,
                challenges: challenges.span, cookies: cookies.span, adding: added)
            if !writer.hasOverflowed {
                request.outputEnd = end &+ writer.count
                request.headBytes = Int64(writer.count)
                if plan.namesSentFields { storeHead(writer, &request) }
                return
            }
            guard growOutput(&request) else { return }
        }
    }

    private mutating func storeHead(_ writer: ByteWriter, _ request: inout Request) {
        let bytes = writer.bytes
        storeSentHead(bytes.indices.map { bytes[$0] }, &request)
    }

    mutating func appendBody(_ bytes: Span<UInt8>, _ request: inout Request) {
        while true {
            let end = request.outputEnd
            var writer = request.output.writer(from: end)
            writer.append(bytes)
            if !writer.hasOverflowed {
                request.outputEnd = end &+ writer.count
                request.bodyBytes &+= Int64(writer.count)
                return
            }
            guard growOutput(&request) else { return }
        }
    }

    /// Doubles the output buffer. Returns false if memory is short.
    private mutating func growOutput(_ request: inout Request) -> Bool {
        let old = request.output
        let larger = outputs.acquire(atLeast: max(old.capacity &* 2, 8192))
        guard !larger.isNone else {
            request.outOfMemory = true
            return false
        }
        larger.copy(from: old, count: request.outputEnd)
        outputs.release(old)
        request.output = larger
        return true
    }

    /// Fills the output from the producer.
    mutating func produce(_ request: inout Request) -> Connection.Input {
        guard let producer = request.producer else { return .sourceFailed }
        let features = plan.locations[Int(request.location)].features
        if readsViaHelper(features), let piece = producer.nextPiece,
            startReading(2 * Int64(BufferedStage.size), of: piece, &request)
        {
            return .fileNotInMemory
        }
        request.hasProduced = true
        let start = request.outputEnd
        let output = request.output
        let room = unsafe output.bytes(from: start, to: output.capacity)
        switch unsafe producer.produce(into: room, file: request.file) {
        case .failed: return .sourceFailed
        case .written(let count, let isLast):
            request.outputEnd = start &+ count
            request.bodyBytes &+= Int64(count)
            if isLast, producer.hasTrailers {
                appendBody(trailerLines(&request).span, &request)
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
