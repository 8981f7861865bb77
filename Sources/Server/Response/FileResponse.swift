import Files
import HTTP
import Linux

/// Responses with a file: preconditions, ranges, coding and head.
extension Worker {
    /// Responds with an open regular file, which the request owns from here on. `coding` is that
    /// of a precompressed file.
    mutating func respondWithFile(
        _ found: FoundFile, coding: ContentCoding, _ request: inout Request
    ) -> Outcome {
        let fileStatus = found.fileStatus
        if explanation != nil { noteFile(fileStatus, coding) }
        adoptFile(found, &request)
        let location = plan.locations[Int(request.location)]
        var head = commonHead(200, request, location)
        head.contentType = mediaType(request, location)
        head.contentLength = fileStatus.size
        let validators = FileValidators(fileStatus, now: clock.seconds)
        head.validators = validators
        // Error pages have no Last-Modified, except for these statuses (ngx_http_header_filter).
        head.sendsModified = [200, 206, 304].contains(head.status)
        head.hasETag = location.features.contains(.etag)
        head.acceptsRanges = location.maxRanges > 0 && head.status == 200
        head.coding = coding
        let outcome: Preconditions.Outcome =
            head.status == 200
            ? evaluatePreconditions(validators, hasETag: head.hasETag, request, location)
            : .proceed
        if outcome == .failed {
            explanation?.note("preconditions: not met")
            closeSource(&request)
            return .status(412)
        }
        let filters = filter(&head, &request, location)
        if outcome == .notModified {
            return respondNotModified(head, found, filters, &request, location)
        }
        let method = request.method
        var isGenerated = head.contentLength < 0
        if !isGenerated, coding == .identity, method == .get || method == .head,
            shouldCompress(head, &request, location)
        {
            if let variant = findOrRequestVariant(of: found, head, filters, &request, location) {
                respond(withVariant: variant, of: found, head, &request, location)
                return .responded
            }
            isGenerated = !isSentUncompressed(found, filters, location)
        }
        // A generated body has no ranges, since its bytes could differ each time.
        if isGenerated {
            deliverFile(head, fileStatus.size, filters, &request, location)
            return .responded
        }
        head.varies = request.varies && location.features.contains(.gzipVary)
        if coding == .identity, isStrict(request), refusesUncompressed(request) {
            closeSource(&request)
            return .status(406)
        }
        if method == .get, head.status == 200, !request.isSubrequest,
            let outcome = handleRange(fileStatus, &head, filters, &request, location)
        {
            return outcome
        }
        if hasTrailers(head.status, request, location) {
            deliverFile(head, fileStatus.size, filters, &request, location)
            return .responded
        }
        appendHead(head, &request)
        if method == .head || !head.allowsContent {
            closeSource(&request)
        } else {
            if found.isCached, filters.isNone { recorder.recordBody(found.entry) }
            attachFile(filters, &request, location)
        }
        return .responded
    }

    /// Sends `count` bytes of the request's file with a body that is produced while it is sent.
    private mutating func deliverFile(
        _ head: ResponseHead, _ count: Int64, _ filters: BodyFilters,
        _ request: inout Request, _ location: LocationPlan
    ) {
        deliver(head, [.file(offset: 0, count: count)], filters, &request, location)
    }

    /// Transfers ownership of the file to the request.
    private mutating func adoptFile(_ found: FoundFile, _ request: inout Request) {
        request.file = found.descriptor
        if found.isCached {
            files.pin(found.entry, nowMs: clock.monotonicMs)
            request.entry = found.entry
            request.file = files.descriptor(of: found.entry)
            recorder.record(fileVersion(of: found))
        }
        request.fileOffset = 0
        request.readAheadEnd = 0
        request.fileRemaining = found.fileStatus.size
    }

    /// Returns the version of a file, for recording that a response depends on it.
    func fileVersion(of found: FoundFile) -> CachedResponse.FileVersion {
        CachedResponse.FileVersion(entry: found.entry, generation: files[found.entry].generation)
    }

    /// Returns the head that all responses of a location have in common; an error page has the
    /// error's status.
    func commonHead(_ status: Int, _ request: borrowing Request, _ location: LocationPlan)
        -> ResponseHead
    {
        let errorStatus = request.errorStatus
        var head = ResponseHead(
            status: errorStatus > 0 ? errorStatus : status,
            keepsAlive: request.keepsAlive,
            showsVersion: location.features.contains(.serverTokens))
        head.keepaliveSeconds = location.timeouts.keepaliveFieldSeconds
        head.varies = request.varies && location.features.contains(.gzipVary)
        if head.status == 431 { head.hasReasonFor431 = isStrict(request) }
        return head
    }

    /// Returns the media type of the path, by its extension.
    func mediaType(_ request: borrowing Request, _ location: LocationPlan) -> PlanBytes {
        let types = Int(location.types)
        let index = plan.types[types].type(forPath: request.uri.span)
        guard index >= 0 else { return location.defaultType }
        return plan.typeNames[types][Int(index)]
    }

    func evaluatePreconditions(
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
    func refusesUncompressed(_ request: borrowing Request) -> Bool {
        acceptEncoding(request) { AcceptEncoding.refusesUncompressed($0) } ?? false
    }

    // MARK: ranges

    /// Handles Range: responds with a part, parts, or 416. Returns nil if the whole file is sent.
    private mutating func handleRange(
        _ fileStatus: FileStatus, _ head: inout ResponseHead, _ filters: BodyFilters,
        _ request: inout Request, _ location: LocationPlan
    ) -> Outcome? {
        let requestHead = request.parser.head
        guard let field = requestHead.field(.range), location.maxRanges > 0 else { return nil }
        // Range is not a list: with strict_requests several lines are invalid; nginx reads the
        // first.
        if requestHead.hasSeveral(.range), isStrict(request) { return nil }
        if let condition = requestHead.field(.ifRange),
            !rangeIsAllowed(
                condition, FileValidators(fileStatus, now: clock.seconds), head, &request,
                location)
        {
            explanation?.note("If-Range: does not match this version, sending the whole file")
            return nil
        }
        let ranges = ByteRanges(
            request.received.slice(field), size: fileStatus.size,
            maximum: location.maxRanges, isStrict: isStrict(request))
        explanation?.note("Range: \(ranges.text)")
        switch ranges {
        case .none: return nil
        case .unsatisfiable:
            closeSource(&request)
            request.unsatisfiedSize = fileStatus.size
            storeFields(of: head, &request, location)
            return .status(416)
        case .one(let range):
            head.status = 206
            head.wholeLength = fileStatus.size
            head.contentLength = range.count
            head.acceptsRanges = false
            head.contentRange = .part(first: range.start, last: range.end &- 1, of: fileStatus.size)
            request.fileOffset = range.start
            request.fileRemaining = range.count
            if hasTrailers(206, request, location) {
                let segment = BodySegment.file(offset: range.start, count: range.count)
                deliver(head, [segment], filters, &request, location)
                return .responded
            }
            appendHead(head, &request)
            attachFile(filters, &request, location)
        case .many(let ranges):
            let parts = MultipartRanges(
                ranges, size: fileStatus.size,
                boundary: acceptedCount &* 1_000_003 &+ UInt64(connections[request.slot].requests),
                contentType: partType(of: head))
            head.status = 206
            head.boundary = parts.boundary
            head.wholeLength = fileStatus.size
            head.contentLength = parts.contentLength
            head.acceptsRanges = false
            if hasTrailers(206, request, location) {
                deliver(head, parts.segments, filters, &request, location)
                return .responded
            }
            appendHead(head, &request)
            attach(parts.segments, filters, &request)
        }
        return .responded
    }

    /// Returns the type of a part, which is that of the whole.
    private func partType(of head: ResponseHead) -> [UInt8] {
        guard let type = head.contentType else { return [] }
        let capacity = type.count &+ evaluatedCharset.count &+ 256
        return unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            guard let start = memory.baseAddress else { return }
            var writer = unsafe ByteWriter(
                unsafe: UnsafeMutableRawPointer(start), capacity: capacity)
            writer.append(type.span)
            head.charset.write(evaluated: evaluatedCharset.span, into: &writer)
            count = writer.count
        }
    }

    /// Returns true if If-Range matches the validators that are sent: those of the file, or those
    /// that add_header sets.
    private mutating func rangeIsAllowed(
        _ condition: ByteExtent, _ validators: FileValidators, _ head: ResponseHead,
        _ request: inout Request, _ location: LocationPlan
    ) -> Bool {
        let hasETag = location.features.contains(.etag)
        var added = AddedFields()
        if location.features.contains(.addsFields) {
            added = addedFields(to: head, &request, location)
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
    private mutating func attachFile(
        _ filters: BodyFilters, _ request: inout Request, _ location: LocationPlan
    ) {
        let count = request.fileRemaining
        if count <= 0 {
            closeSource(&request)
        } else if filters.isNone, readSmall(&request) {
            closeSource(&request)
        } else if filters.isNone, location.features.contains(.sendfile),
            request.file >= 0
        {
            request.source = .file
        } else {
            let offset = request.fileOffset
            attach([.file(offset: offset, count: count)], filters, &request)
        }
    }

    /// Attaches segments as the rest of the response, passed through filters that keep their
    /// length.
    mutating func attach(
        _ segments: [BodySegment], _ filters: BodyFilters, _ request: inout Request
    ) {
        guard let body = filtered(segments, filters, &request) else {
            request.outOfMemory = true
            return
        }
        attach(BodyProducer(body), &request)
    }

    /// Reads a small file into the output. Returns false if it is larger, there is no room, or it
    /// was truncated.
    mutating func readSmall(_ request: inout Request) -> Bool {
        guard request.fileRemaining <= Int64(Worker.smallBody) else { return false }
        let count = Int(request.fileRemaining)
        let end = request.outputEnd
        let output = request.output
        guard output.capacity &- end >= count else { return false }
        let entry = request.entry
        if entry >= 0, files.hasBytes(entry) {
            let start = Int(request.fileOffset)
            let bytes = files.bytes(of: entry)
            var writer = output.writer(from: end)
            writer.append(bytes.slice(from: start, to: start &+ count))
            guard writer.count == count else { return false }
        } else {
            let (file, offset) = (request.file, request.fileOffset)
            let room = unsafe output.bytes(from: end, to: end &+ count)
            let features = plan.locations[Int(request.location)].features
            let result =
                unsafe readsViaHelper(features)
                ? readCached(file, at: offset, into: room) : readFile(file, at: offset, into: room)
            guard result == .bytes(count) else { return false }
        }
        request.outputEnd = end &+ count
        request.bodyBytes &+= Int64(count)
        return true
    }

    /// Makes a producer the source of the rest of the response.
    mutating func attach(_ producer: BodyProducer, _ request: inout Request) {
        request.producer = producer
        request.source = .producer
        request.hasProduced = false
    }

    /// Closes the file and drops the producer.
    mutating func closeSource(_ request: inout Request) {
        if request.entry >= 0 {
            files.unpin(request.entry, nowMs: clock.monotonicMs)
            request.entry = -1
            request.file = -1
        } else if request.file >= 0 {
            closeDescriptor(request.file)
            request.file = -1
        }
        if let producer = request.producer {
            if let encoder = producer.detachEncoder() { gzips.release(encoder) }
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
