import Files
import HTTP
import Linux

/// Responses with a file: preconditions, ranges, coding and head.
extension Worker {
    /// Responds with an open regular file, which the exchange owns from here on. `coding` is that
    /// of a precompressed file.
    mutating func respondWithFile(
        _ found: FoundFile, coding: ContentCoding, _ slot: Int, _ exchange: Int
    ) -> Outcome {
        let fileStatus = found.fileStatus
        if explanation != nil { noteFile(fileStatus, coding) }
        adoptFile(found, exchange)
        let location = plan.locations[Int(exchanges[exchange].location)]
        var head = commonHead(200, exchange, location)
        head.contentType = mediaType(location)
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
            ? evaluatePreconditions(validators, hasETag: head.hasETag, exchange, location)
            : .proceed
        if outcome == .failed {
            explanation?.note("preconditions: not met")
            closeSource(exchange)
            return .status(412)
        }
        let filters = filter(&head, slot, exchange, location)
        if outcome == .notModified {
            return respondNotModified(head, found, filters, slot, exchange, location)
        }
        let method = exchanges[exchange].method
        var isGenerated = head.contentLength < 0
        if !isGenerated, coding == .identity, method == .get || method == .head,
            shouldCompress(head, slot, exchange, location)
        {
            if let variant = findOrRequestVariant(of: found, head, filters, exchange, location) {
                respond(withVariant: variant, of: found, head, slot, exchange, location)
                return .responded
            }
            isGenerated = !isSentUncompressed(found, filters, location)
        }
        // A generated body has no ranges, since its bytes could differ each time.
        if isGenerated {
            deliverFile(head, fileStatus.size, filters, slot, exchange, location)
            return .responded
        }
        head.varies = exchanges[exchange].varies && location.features.contains(.gzipVary)
        if coding == .identity, isStrict(exchange), refusesUncompressed(exchange) {
            closeSource(exchange)
            return .status(406)
        }
        if method == .get, head.status == 200, !exchanges[exchange].isSubrequest,
            let outcome = handleRange(fileStatus, &head, filters, slot, exchange, location)
        {
            return outcome
        }
        if hasTrailers(head.status, exchange, location) {
            deliverFile(head, fileStatus.size, filters, slot, exchange, location)
            return .responded
        }
        appendHead(head, slot, exchange)
        if method == .head || !head.allowsContent {
            closeSource(exchange)
        } else {
            if found.isCached, filters.isNone { recorder.recordBody(found.entry) }
            attachFile(filters, slot, exchange, location)
        }
        return .responded
    }

    /// Sends `count` bytes of the exchange's file with a body that is produced while it is sent.
    private mutating func deliverFile(
        _ head: ResponseHead, _ count: Int64, _ filters: BodyFilters, _ slot: Int,
        _ exchange: Int, _ location: LocationPlan
    ) {
        deliver(head, [.file(offset: 0, count: count)], filters, slot, exchange, location)
    }

    /// Transfers ownership of the file to the exchange.
    private mutating func adoptFile(_ found: FoundFile, _ exchange: Int) {
        exchanges[exchange].file = found.descriptor
        if found.isCached {
            files.pin(found.entry, nowMs: clock.monotonicMs)
            exchanges[exchange].entry = found.entry
            exchanges[exchange].file = files.descriptor(of: found.entry)
            recorder.record(fileVersion(of: found))
        }
        exchanges[exchange].fileOffset = 0
        exchanges[exchange].readAheadEnd = 0
        exchanges[exchange].fileRemaining = found.fileStatus.size
    }

    /// Returns the version of a file, for recording that a response depends on it.
    func fileVersion(of found: FoundFile) -> CachedResponse.FileVersion {
        CachedResponse.FileVersion(entry: found.entry, generation: files[found.entry].generation)
    }

    /// Returns the head that all responses of a location have in common; an error page has the
    /// error's status.
    func commonHead(_ status: Int, _ exchange: Int, _ location: LocationPlan) -> ResponseHead {
        let errorStatus = exchanges[exchange].errorStatus
        var head = ResponseHead(
            status: errorStatus > 0 ? errorStatus : status,
            keepsAlive: exchanges[exchange].keepsAlive,
            showsVersion: location.features.contains(.serverTokens))
        head.keepaliveSeconds = location.timeouts.keepaliveFieldSeconds
        head.varies = exchanges[exchange].varies && location.features.contains(.gzipVary)
        if head.status == 431 { head.hasReasonFor431 = isStrict(exchange) }
        return head
    }

    /// Returns the media type of the path, by its extension.
    func mediaType(_ location: LocationPlan) -> PlanBytes {
        let types = Int(location.types)
        let index = plan.types[types].type(forPath: uri.span(from: 0, to: uriCount))
        guard index >= 0 else { return location.defaultType }
        return plan.typeNames[types][Int(index)]
    }

    func evaluatePreconditions(
        _ validators: FileValidators, hasETag: Bool, _ exchange: Int, _ location: LocationPlan
    ) -> Preconditions.Outcome {
        let head = exchanges[exchange].parser.head
        guard head.isConditional, !exchanges[exchange].isSubrequest else { return .proceed }
        let received = exchanges[exchange].received
        let method = exchanges[exchange].method
        return validators.withTags(hasETag, location.modifiedSince.rule) {
            Preconditions.evaluate(head, received, $0, method: method)
        }
    }

    /// Returns true if the client refuses uncompressed responses.
    func refusesUncompressed(_ exchange: Int) -> Bool {
        acceptEncoding(exchange) { AcceptEncoding.refusesUncompressed($0) } ?? false
    }

    // MARK: ranges

    /// Handles Range: responds with a part, parts, or 416. Returns nil if the whole file is sent.
    private mutating func handleRange(
        _ fileStatus: FileStatus, _ head: inout ResponseHead, _ filters: BodyFilters, _ slot: Int,
        _ exchange: Int, _ location: LocationPlan
    ) -> Outcome? {
        let request = exchanges[exchange].parser.head
        guard let field = request.field(.range), location.maxRanges > 0 else { return nil }
        // Range is not a list: with strict_requests several lines are invalid; nginx reads the
        // first.
        if request.hasSeveral(.range), isStrict(exchange) { return nil }
        if let condition = request.field(.ifRange),
            !rangeIsAllowed(
                condition, FileValidators(fileStatus, now: clock.seconds), head, slot, exchange,
                location)
        {
            explanation?.note("If-Range: does not match this version, sending the whole file")
            return nil
        }
        let ranges = ByteRanges(
            exchanges[exchange].received.slice(field), size: fileStatus.size,
            maximum: location.maxRanges, isStrict: isStrict(exchange))
        explanation?.note("Range: \(ranges.text)")
        switch ranges {
        case .none: return nil
        case .unsatisfiable:
            closeSource(exchange)
            exchanges[exchange].unsatisfiedSize = fileStatus.size
            storeFields(of: head, slot, exchange, location)
            return .status(416)
        case .one(let range):
            head.status = 206
            head.wholeLength = fileStatus.size
            head.contentLength = range.count
            head.acceptsRanges = false
            head.contentRange = .part(first: range.start, last: range.end &- 1, of: fileStatus.size)
            exchanges[exchange].fileOffset = range.start
            exchanges[exchange].fileRemaining = range.count
            if hasTrailers(206, exchange, location) {
                let segment = BodySegment.file(offset: range.start, count: range.count)
                deliver(head, [segment], filters, slot, exchange, location)
                return .responded
            }
            appendHead(head, slot, exchange)
            attachFile(filters, slot, exchange, location)
        case .many(let ranges):
            let parts = MultipartRanges(
                ranges, size: fileStatus.size,
                boundary: acceptedCount &* 1_000_003 &+ UInt64(connections[slot].requests),
                contentType: partType(of: head))
            head.status = 206
            head.boundary = parts.boundary
            head.wholeLength = fileStatus.size
            head.contentLength = parts.contentLength
            head.acceptsRanges = false
            if hasTrailers(206, exchange, location) {
                deliver(head, parts.segments, filters, slot, exchange, location)
                return .responded
            }
            appendHead(head, slot, exchange)
            attach(parts.segments, filters, slot, exchange)
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
        _ condition: ByteExtent, _ validators: FileValidators, _ head: ResponseHead, _ slot: Int,
        _ exchange: Int, _ location: LocationPlan
    ) -> Bool {
        let hasETag = location.features.contains(.etag)
        var added = AddedFields()
        if location.features.contains(.addsFields) {
            added = addedFields(to: head, slot, exchange, location)
        }
        let value = exchanges[exchange].received.slice(condition)
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
        _ filters: BodyFilters, _ slot: Int, _ exchange: Int, _ location: LocationPlan
    ) {
        let count = exchanges[exchange].fileRemaining
        if count <= 0 {
            closeSource(exchange)
        } else if filters.isNone, readSmall(exchange) {
            closeSource(exchange)
        } else if filters.isNone, location.features.contains(.sendfile),
            exchanges[exchange].file >= 0
        {
            exchanges[exchange].source = .file
        } else {
            let offset = exchanges[exchange].fileOffset
            attach([.file(offset: offset, count: count)], filters, slot, exchange)
        }
    }

    /// Attaches segments as the rest of the response, passed through filters that keep their
    /// length.
    mutating func attach(
        _ segments: [BodySegment], _ filters: BodyFilters, _ slot: Int, _ exchange: Int
    ) {
        guard let body = filtered(segments, filters, slot, exchange) else {
            exchanges[exchange].outOfMemory = true
            return
        }
        attach(BodyProducer(body), exchange)
    }

    /// Reads a small file into the output. Returns false if it is larger, there is no room, or it
    /// was truncated.
    mutating func readSmall(_ exchange: Int) -> Bool {
        guard exchanges[exchange].fileRemaining <= Int64(Worker.smallBody) else { return false }
        let count = Int(exchanges[exchange].fileRemaining)
        let end = exchanges[exchange].outputEnd
        let output = exchanges[exchange].output
        guard output.capacity &- end >= count else { return false }
        let entry = exchanges[exchange].entry
        if entry >= 0, files.hasBytes(entry) {
            let start = Int(exchanges[exchange].fileOffset)
            let bytes = files.bytes(of: entry)
            var writer = output.writer(from: end)
            writer.append(bytes.slice(from: start, to: start &+ count))
            guard writer.count == count else { return false }
        } else {
            let (file, offset) = (exchanges[exchange].file, exchanges[exchange].fileOffset)
            let room = unsafe output.bytes(from: end, to: end &+ count)
            let features = plan.locations[Int(exchanges[exchange].location)].features
            let result =
                unsafe readsViaHelper(features)
                ? readCached(file, at: offset, into: room) : readFile(file, at: offset, into: room)
            guard result == .bytes(count) else { return false }
        }
        exchanges[exchange].outputEnd = end &+ count
        exchanges[exchange].bodyBytes &+= Int64(count)
        return true
    }

    /// Makes a producer the source of the rest of the response.
    mutating func attach(_ producer: BodyProducer, _ exchange: Int) {
        while producers.count <= exchange { producers.append(nil) }
        producers[exchange] = producer
        exchanges[exchange].hasProducer = true
        exchanges[exchange].source = .producer
        exchanges[exchange].hasProduced = false
    }

    /// Closes the file and drops the producer.
    mutating func closeSource(_ exchange: Int) {
        if exchanges[exchange].entry >= 0 {
            files.unpin(exchanges[exchange].entry, nowMs: clock.monotonicMs)
            exchanges[exchange].entry = -1
            exchanges[exchange].file = -1
        } else if exchanges[exchange].file >= 0 {
            closeDescriptor(exchanges[exchange].file)
            exchanges[exchange].file = -1
        }
        if producers.indices.contains(exchange), let producer = producers[exchange] {
            if let encoder = producer.detachEncoder() { gzips.release(encoder) }
            producers[exchange] = nil
        }
        exchanges[exchange].hasProducer = false
        exchanges[exchange].source = .none
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
