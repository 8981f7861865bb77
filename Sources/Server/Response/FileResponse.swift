import Files
import HTTP
import Linux

/// Responses with a file: preconditions, ranges, coding and head.
enum FileResponse {
    /// Responds with an open regular file, which the request owns from here on. `coding` is that
    /// of a precompressed file.
    static func respondWithFile(
        _ found: FoundFile, coding: ContentCoding, _ request: inout Request,
        _ services: inout Services
    ) -> PhaseOutcome {
        let fileStatus = found.fileStatus
        if services.explanation != nil { ResponseNotes.noteFile(fileStatus, coding, services) }
        adoptFile(found, &request, &services)
        let location = services.plan.locations[Int(request.location)]
        let validators = FileValidators(fileStatus, now: services.clock.seconds)
        var head = wholeHead(fileStatus.size, validators, coding, request, services, location)
        let outcome: Preconditions.Outcome =
            head.status == 200
            ? evaluatePreconditions(validators, hasETag: head.hasETag, request, location)
            : .proceed
        if outcome == .failed {
            services.explanation?.note("preconditions: not met")
            closeSource(&request, &services)
            return .status(412)
        }
        let filters = BodyFilterChain.filter(&head, &request, &services, location)
        if outcome == .notModified {
            return NotModified.respondNotModified(
                head, found, filters, &request, &services, location)
        }
        let method = request.method
        var isGenerated = head.contentLength < 0
        if !isGenerated, coding == .identity, method == .get || method == .head,
            GzipFilter.shouldCompress(head, &request, &services, location)
        {
            if let variant = CompressedVariantResponse.findOrRequestVariant(
                of: found, head, filters, &request, &services, location)
            {
                CompressedVariantResponse.respond(
                    withVariant: variant, of: found, head, &request, &services, location)
                return .responded
            }
            isGenerated = !CompressedVariantResponse.isSentUncompressed(
                found, filters, &request, services, location)
        }
        // A generated body has no ranges, since its bytes could differ each time.
        if isGenerated {
            deliverFile(head, fileStatus.size, filters, &request, &services, location)
            return .responded
        }
        head.varies = request.varies && location.features.contains(.gzipVary)
        if coding == .identity, Content.isStrict(request, services),
            refusesUncompressed(request, services)
        {
            closeSource(&request, &services)
            return .status(406)
        }
        if method == .get, head.status == 200, !request.isSubrequest,
            let outcome = handleRange(fileStatus, &head, filters, &request, &services, location)
        {
            return outcome
        }
        if Headers.hasTrailers(head.status, request, services, location) {
            deliverFile(head, fileStatus.size, filters, &request, &services, location)
            return .responded
        }
        BuiltInResponse.appendHead(head, &request, &services)
        if method == .head || !head.allowsContent {
            closeSource(&request, &services)
        } else {
            if found.isCached, filters.isNone { request.recorder.recordBody(found.entry) }
            attachFile(filters, &request, &services, location)
        }
        return .responded
    }

    /// Returns the head of a response with the whole file.
    private static func wholeHead(
        _ size: Int64, _ validators: FileValidators, _ coding: ContentCoding,
        _ request: borrowing Request, _ services: borrowing Services, _ location: LocationPlan
    ) -> ResponseHead {
        var head = commonHead(200, request, services, location)
        head.contentType = mediaType(request, services, location)
        head.contentLength = size
        head.validators = validators
        // Error pages have no Last-Modified, except for these statuses (ngx_http_header_filter).
        head.sendsModified = [200, 206, 304].contains(head.status)
        head.hasETag = location.features.contains(.etag)
        head.acceptsRanges = location.maxRanges > 0 && head.status == 200
        head.coding = coding
        return head
    }

    /// Sends `count` bytes of the request's file with a body that is produced while it is sent.
    private static func deliverFile(
        _ head: ResponseHead, _ count: Int64, _ filters: BodyFilters,
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) {
        GzipFilter.deliver(
            head, [.file(offset: 0, count: count)], filters, &request, &services, location)
    }

    /// Transfers ownership of the file to the request.
    private static func adoptFile(
        _ found: FoundFile, _ request: inout Request, _ services: inout Services
    ) {
        request.file = found.descriptor
        if found.isCached {
            services.files.pin(found.entry, nowMs: services.clock.monotonicMs)
            request.entry = found.entry
            request.file = services.files.descriptor(of: found.entry)
            request.recorder.record(fileVersion(of: found, services))
        }
        request.fileOffset = 0
        request.readAheadEnd = 0
        request.fileRemaining = found.fileStatus.size
    }

    /// Returns the version of a file, for recording that a response depends on it.
    static func fileVersion(of found: FoundFile, _ services: borrowing Services)
        -> CachedResponse.FileVersion
    {
        CachedResponse.FileVersion(
            entry: found.entry, generation: services.files[found.entry].generation)
    }

    /// Returns the head that all responses of a location have in common; an error page has the
    /// error's status.
    static func commonHead(
        _ status: Int, _ request: borrowing Request, _ services: borrowing Services,
        _ location: LocationPlan
    )
        -> ResponseHead
    {
        let errorStatus = request.errorStatus
        var head = ResponseHead(
            status: errorStatus > 0 ? errorStatus : status,
            keepsAlive: request.keepsAlive,
            showsVersion: location.features.contains(.serverTokens))
        head.keepaliveSeconds = location.timeouts.keepaliveFieldSeconds
        head.varies = request.varies && location.features.contains(.gzipVary)
        if head.status == 431 { head.hasReasonFor431 = Content.isStrict(request, services) }
        return head
    }

    /// Returns the media type of the path, by its extension.
    static func mediaType(
        _ request: borrowing Request, _ services: borrowing Services, _ location: LocationPlan
    ) -> PlanBytes {
        let types = Int(location.types)
        let index = services.plan.types[types].type(forPath: request.uri.span)
        guard index >= 0 else { return location.defaultType }
        return services.plan.typeNames[types][Int(index)]
    }

    static func evaluatePreconditions(
        _ validators: FileValidators, hasETag: Bool, _ request: borrowing Request,
        _ location: LocationPlan
    ) -> Preconditions.Outcome {
        let head = request.parser.head
        guard head.isConditional, !request.isSubrequest else { return .proceed }
        let received = request.received
        let method = request.method
        return validators.withTags(hasETag, location.modifiedSince.rule) {
            Preconditions.evaluate(head, received, $0, method: method)
        }
    }

    /// Returns true if the client refuses uncompressed responses.
    static func refusesUncompressed(_ request: borrowing Request, _ services: borrowing Services)
        -> Bool
    {
        GzipFilter.acceptEncoding(request, services) {
            AcceptEncoding.refusesUncompressed($0)
        } ?? false
    }

    // MARK: ranges

    /// Handles Range: responds with a part, parts, or 416. Returns nil if the whole file is sent.
    private static func handleRange(
        _ fileStatus: FileStatus, _ head: inout ResponseHead, _ filters: BodyFilters,
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> PhaseOutcome? {
        let requestHead = request.parser.head
        guard let field = requestHead.field(.range), location.maxRanges > 0 else { return nil }
        // Range is not a list: with strict_requests several lines are invalid; nginx reads the
        // first.
        if requestHead.hasSeveral(.range), Content.isStrict(request, services) { return nil }
        if let condition = requestHead.field(.ifRange),
            !rangeIsAllowed(
                condition, FileValidators(fileStatus, now: services.clock.seconds), head, &request,
                &services,
                location)
        {
            services.explanation?.note(
                "If-Range: does not match this version, sending the whole file")
            return nil
        }
        let ranges = ByteRanges(
            request.received.slice(field), size: fileStatus.size,
            maximum: location.maxRanges, isStrict: Content.isStrict(request, services))
        services.explanation?.note("Range: \(ranges.text)")
        switch ranges {
        case .none: return nil
        case .unsatisfiable:
            closeSource(&request, &services)
            request.unsatisfiedSize = fileStatus.size
            Headers.storeFields(of: head, &request, &services, location)
            return .status(416)
        case .one(let range):
            head.status = 206
            head.wholeLength = fileStatus.size
            head.contentLength = range.count
            head.acceptsRanges = false
            head.contentRange = .part(first: range.start, last: range.end &- 1, of: fileStatus.size)
            request.fileOffset = range.start
            request.fileRemaining = range.count
            if Headers.hasTrailers(206, request, services, location) {
                let segment = BodySegment.file(offset: range.start, count: range.count)
                GzipFilter.deliver(head, [segment], filters, &request, &services, location)
                return .responded
            }
            BuiltInResponse.appendHead(head, &request, &services)
            attachFile(filters, &request, &services, location)
        case .many(let ranges):
            let parts = MultipartRanges(
                ranges, size: fileStatus.size,
                boundary: services.connections[request.slot].number &* 1_000_003
                    &+ UInt64(services.connections[request.slot].requests),
                contentType: partType(of: head, request))
            head.status = 206
            head.boundary = parts.boundary
            head.wholeLength = fileStatus.size
            head.contentLength = parts.contentLength
            head.acceptsRanges = false
            if Headers.hasTrailers(206, request, services, location) {
                GzipFilter.deliver(
                    head, parts.segments, filters, &request, &services, location)
                return .responded
            }
            BuiltInResponse.appendHead(head, &request, &services)
            attach(parts.segments, filters, &request, &services)
        }
        return .responded
    }

    /// Returns the Content-Type of a part of a multipart/byteranges response: that of the whole
    /// file.
    private static func partType(of head: ResponseHead, _ request: borrowing Request) -> [UInt8] {
        guard let type = head.contentType else { return [] }
        let charset = request.evaluatedCharset ?? []
        let capacity = type.count &+ charset.count &+ 256
        return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            guard let start = memory.baseAddress else { return }
            var writer = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: capacity)
            writer.append(type.span)
            head.charset.write(evaluated: charset.span, into: &writer)
            count = writer.count
        }
    }

    /// Returns true if If-Range matches the validators that are sent: those of the file, or those
    /// that add_header sets.
    private static func rangeIsAllowed(
        _ condition: ByteExtent, _ validators: FileValidators, _ head: ResponseHead,
        _ request: inout Request, _ services: inout Services, _ location: LocationPlan
    ) -> Bool {
        let hasETag = location.features.contains(.etag)
        var added = AddedFields()
        if location.features.contains(.addsFields) {
            added = Headers.addedFields(to: head, &request, &services, location)
        }
        let value = request.received.slice(condition)
        let tag = added.addedTag
        let modified =
            added.hidesModified
            ? added.addedModified.flatMap { HTTPDate.parse($0.span) } : validators.modified
        return validators.withTags(hasETag) { own in
            let (first, second) = (own.etag, own.otherTag)
            if let tag {
                let other = tag.span
                return IfRange.allowsRange(value, Validators(modified: modified, etag: other))
            }
            return IfRange.allowsRange(
                value, Validators(modified: modified, etag: first, otherTag: second))
        }
    }

    // MARK: the body

    /// Attaches the file to the response: a small one in the same buffer as the head, a larger one
    /// by sendfile or a producer.
    private static func attachFile(
        _ filters: BodyFilters, _ request: inout Request, _ services: inout Services,
        _ location: LocationPlan
    ) {
        let count = request.fileRemaining
        if count <= 0 {
            closeSource(&request, &services)
        } else if filters.isNone, readSmall(&request, &services) {
            closeSource(&request, &services)
        } else if filters.isNone, location.features.contains(.sendfile),
            request.file >= 0
        {
            request.source = .file
        } else {
            let offset = request.fileOffset
            attach([.file(offset: offset, count: count)], filters, &request, &services)
        }
    }

    /// Attaches segments as the rest of the response, passed through filters that keep their
    /// length.
    static func attach(
        _ segments: [BodySegment], _ filters: BodyFilters, _ request: inout Request,
        _ services: inout Services
    ) {
        guard let body = BodyFilterChain.filtered(segments, filters, &request, &services) else {
            request.outOfMemory = true
            return
        }
        attach(BodyProducer(body), &request)
    }

    /// Reads a small file into the output. Returns false if it is larger, there is no room, or it
    /// was truncated.
    static func readSmall(_ request: inout Request, _ services: inout Services) -> Bool {
        guard request.fileRemaining <= Int64(Services.smallBody) else { return false }
        let count = Int(request.fileRemaining)
        let end = request.outputEnd
        let output = request.output
        guard output.capacity &- end >= count else { return false }
        let entry = request.entry
        if entry >= 0, services.files.hasBytes(entry) {
            let start = Int(request.fileOffset)
            let bytes = services.files.bytes(of: entry)
            var writer = output.writer(from: end)
            writer.append(bytes.slice(from: start, to: start &+ count))
            guard writer.count == count else { return false }
        } else {
            let (file, offset) = (request.file, request.fileOffset)
            let room = unsafe output.bytes(from: end, to: end &+ count)
            let features = services.plan.locations[Int(request.location)].features
            let result =
                unsafe FileReading.readsViaHelper(features, services)
                ? readCached(file, at: offset, into: room) : readFile(file, at: offset, into: room)
            guard result == .bytes(count) else { return false }
        }
        request.outputEnd = end &+ count
        request.bodyBytes &+= Int64(count)
        return true
    }

    /// Makes a producer the source of the rest of the response.
    static func attach(_ producer: BodyProducer, _ request: inout Request) {
        request.producer = producer
        request.source = .producer
        request.hasProduced = false
    }

    /// Closes the file and drops the producer.
    static func closeSource(_ request: inout Request, _ services: inout Services) {
        if request.entry >= 0 {
            services.files.unpin(request.entry, nowMs: services.clock.monotonicMs)
            request.entry = -1
            request.file = -1
        } else if request.file >= 0 {
            closeDescriptor(request.file)
            request.file = -1
        }
        if let producer = request.producer {
            if let encoder = producer.detachEncoder() { services.gzips.release(encoder) }
            request.producer = nil
        }
        request.source = .none
    }
}

extension ModifiedSinceRule {
    /// The rule in the form that preconditions use.
    var rule: Validators.ModifiedSince {
        switch self {
        case .off: .off
        case .exact: .exact
        case .before: .before
        }
    }
}
