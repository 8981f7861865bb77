import Files
import HTTP
import Linux

/// Responses without a file: built-in pages, redirects and texts of the configuration.
enum BuiltInResponse {
    /// Sends a status with its built-in page (nginx's ngx_http_special_response_handler).
    static func respondWithStatus(
        _ status: Int, _ request: inout Request, _ services: inout Services
    ) {
        let location = services.plan.locations[Int(request.location)]
        var head = FileResponse.commonHead(Status.sent(status), request, services, location)
        if status == 416, request.unsatisfiedSize >= 0 {
            head.contentRange = .unsatisfied(of: request.unsatisfiedSize)
        }
        head.sendsAllow = status == 405 || status == 204 && request.method == .options
        head.allowsOptions = Content.isStrict(request, services)
        let target =
            Status.isRedirect(status)
            ? locationFieldValue(&request, &services, location, &head) : []
        if status == 204 {
            // A 204 has no content, and must not have Content-Length (RFC 9110, section 8.6).
            appendHead(head, &request, &services)
            return
        }
        head.contentType = services.plan.htmlType
        if location.features.contains(.refreshesMSIE), status == 301 || status == 302,
            Browsers.isExplorer(request)
        {
            Browsers.respondWithRefresh(&request, &services)
            return
        }
        let page = services.plan.errorPages.page(
            of: status, showsVersion: location.features.contains(.serverTokens))
        // nginx has no page for 431; apus has one with `strict_requests on` only.
        if let page, status != 431 || head.allowsOptions {
            var bytes = Array(page)
            if Browsers.padsPage(of: status, &request, location) {
                bytes += ErrorPage.padding
            }
            head.contentLength = Int64(bytes.count)
            GzipFilter.respond(
                head, [.bytes(bytes)], &request, &services, location, target: target)
        } else {
            head.contentType = nil
            head.contentLength = 0
            appendHead(head, &request, &services, location: target)
        }
    }

    /// Sends a text of the configuration (ngx_http_send_response). Without a `type`, the path
    /// determines it.
    static func respondWithText(
        _ status: Int, _ text: [UInt8], type: PlanBytes? = nil, _ request: inout Request,
        _ services: inout Services
    ) -> PhaseOutcome {
        let location = services.plan.locations[Int(request.location)]
        var head = FileResponse.commonHead(status, request, services, location)
        if head.status == 204 {
            appendHead(head, &request, &services)
            return .responded
        }
        head.contentType = type ?? FileResponse.mediaType(request, services, location)
        head.contentLength = Int64(text.count)
        if let outcome = preconditionsOutcome(head, &request, &services, location) {
            return outcome
        }
        GzipFilter.respond(head, [.bytes(text)], &request, &services, location)
        return .responded
    }

    /// Evaluates the preconditions of a request (RFC 9110, section 13) whose response has no
    /// validators: a text or a listing. Returns nil if the response is sent, else the outcome of
    /// 304 or 412.
    static func preconditionsOutcome(
        _ head: ResponseHead, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) -> PhaseOutcome? {
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
            NotModified.respondNotModified(head, &request, &services, location)
            return .responded
        case .failed:
            services.explanation?.note("preconditions: not met")
            return .status(412)
        }
    }

    /// Redirects with 301 to the same path with a trailing slash. The target begins with a single
    /// slash, since two would name a host.
    static func redirectToSlash(_ request: inout Request, _ services: inout Services)
        -> PhaseOutcome
    {
        let location = services.plan.locations[Int(request.location)]
        let isAbsolute = location.features.contains(.absoluteRedirect)
        let arguments = Rewrite.arguments(request)
        // The target ends in the query.
        request.recorder.record(.perRequest)
        let target = services.bytes { (services, writer) in
            writePath(request, into: &writer, isAbsolute: isAbsolute)
            writer.append(byte: UInt8(ascii: "/"))
            if !arguments.isEmpty {
                writer.append(byte: UInt8(ascii: "?"))
                writer.append(arguments.span)
            }
        }
        services.context(of: &request).target = target
        return .status(301)
    }

    /// Returns the value of Location: scheme, host and port are prepended to a path unless
    /// absolute_redirect is off. Control characters, with which a client could end the field, are
    /// escaped.
    private static func locationFieldValue(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan,
        _ head: inout ResponseHead
    ) -> [UInt8] {
        guard let target = request.context?.target else { return [] }
        let isMadeAbsolute =
            target.first == UInt8(ascii: "/") && location.features.contains(.absoluteRedirect)
        head.locationPlace = isMadeAbsolute ? .first : .amongAdded
        return services.bytes { (services, writer) in
            if isMadeAbsolute {
                writeOrigin(&request, &services, location, into: &writer)
            }
            RequestTarget.escape(controlsOf: target.span, into: &writer)
        }
    }

    private static func writePath(
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

    private static func writeOrigin(
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan,
        into writer: inout ByteWriter
    ) {
        // The origin has the host and the local address.
        request.recorder.record(.perRequest)
        let requestHead = request.parser.head
        let received = request.received
        let server = services.plan.servers[Int(request.server)]
        let local = services.localAddress(of: request.slot)
        writer.append("http://")
        if location.features.contains(.serverNameInRedirect), !server.name.isEmpty {
            writer.append(server.name.span)
        } else if !requestHead.host.isEmpty {
            let host = received.slice(requestHead.host)
            for index in host.indices { writer.append(byte: host[index].asciiLowercased) }
        } else if local.family == .unix {
            ConnectionVariables.writeSocketName(request.slot, into: &writer, services)
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
    static func appendHead(
        _ whole: ResponseHead, _ request: inout Request, _ services: inout Services,
        location: [UInt8] = []
    ) {
        let head = whole.status == 204 ? whole.withoutContent : whole
        request.status = head.status
        // HTTP/0.9 has no response head.
        if request.parser.head.version == .http09 {
            return services.delimitBodyByClose(request.slot)
        }
        let index = Int(request.location)
        guard services.plan.locations[index].features.contains(.addsFields),
            !request.isSubrequest
        else {
            write(head, nil, &request, &services, location: location)
            return
        }
        let place = services.plan.locations[index]
        let added = Headers.allAddedFields(to: head, &request, &services, place, target: location)
        request.status = head.status
        write(head, added, &request, &services, location: location)
    }

    private static func write(
        _ head: ResponseHead, _ added: AddedFields?, _ request: inout Request,
        _ services: inout Services,
        location: [UInt8]
    ) {
        let challenges = Access.challenges(request)
        let cookies = UserIDCookies.cookies(&request, &services)
        let charset = request.evaluatedCharset ?? []
        while true {
            let end = request.outputEnd
            var writer = request.output.writer(from: end)
            head.write(
                into: &writer, services.clock, location: location.span,
                charset: charset.span,
                challenges: challenges.span, cookies: cookies.span, adding: added)
            if !writer.hasOverflowed {
                request.outputEnd = end &+ writer.count
                request.headBytes = Int64(writer.count)
                if services.plan.namesSentFields { storeHead(writer, &request) }
                return
            }
            guard growOutput(&request, &services) else { return }
        }
    }

    private static func storeHead(_ writer: ByteWriter, _ request: inout Request) {
        let bytes = writer.bytes
        Headers.storeSentHead(bytes.indices.map { bytes[$0] }, &request)
    }

    static func appendBody(
        _ bytes: Span<UInt8>, _ request: inout Request, _ services: inout Services
    ) {
        while true {
            let end = request.outputEnd
            var writer = request.output.writer(from: end)
            writer.append(bytes)
            if !writer.hasOverflowed {
                request.outputEnd = end &+ writer.count
                request.bodyBytes &+= Int64(writer.count)
                return
            }
            guard growOutput(&request, &services) else { return }
        }
    }

    /// Doubles the output buffer. Returns false if memory is short.
    private static func growOutput(_ request: inout Request, _ services: inout Services) -> Bool {
        let old = request.output
        let larger = services.outputs.acquire(atLeast: max(old.capacity &* 2, 8192))
        guard !larger.isNone else {
            request.outOfMemory = true
            return false
        }
        larger.copy(from: old, count: request.outputEnd)
        services.outputs.release(old)
        request.output = larger
        return true
    }

    /// Fills the output from the producer.
    static func produce(_ request: inout Request, _ services: inout Services) -> Connection.Input {
        guard let producer = request.producer else { return .sourceFailed }
        let features = services.plan.locations[Int(request.location)].features
        if FileReading.readsViaHelper(features, services), let piece = producer.nextPiece,
            FileReading.startReading(2 * Int64(BufferedStage.size), of: piece, &request, &services)
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
                appendBody(Headers.trailerLines(&request, &services).span, &request, &services)
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
