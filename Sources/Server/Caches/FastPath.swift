import CLinux
import Files
import HTTP
import Linux

/// The fast path: a response that was built before is sent again if nothing has changed.
///
/// 1. Only requests for a whole representation, by GET or HEAD, take this path.
/// 2. The server is selected as usual; server, path and accepted encodings are the cache key.
/// 3. All that the response depends on must be current: the files by their versions, other lookups
/// by the epoch. Changes were processed after the last byte of the request was received.
/// 4. A client that has this version, as its headers say, gets the cached 304.
/// 5. The head is copied with the current date, and with `close` if the connection is not kept
/// alive. A small body is copied after it, a large one follows by sendfile.
enum FastPath {
    /// Sends a cached response if there is one, or suspends until there is room in the output.
    /// Returns false on a miss, without side effects.
    static func sendCached(_ request: inout Request, _ services: inout Services) -> Bool {
        guard request.parser.head.requestsWholeOrNotModified,
            request.fault == nil, request.parser.head.version > .http09
        else { return false }
        let isGet = request.parser.head.method == .get
        guard isGet || request.parser.head.method == .head else { return false }
        request.method = request.parser.head.method
        let address = Int(services.connections[request.slot].address)
        if services.plan.addresses[address].hasNames {
            Phases.selectServer(&request, &services)
        } else {
            request.server = services.plan.addresses[address].defaultServer
        }
        guard let encodingClass = EncodingClass.encodingClass(&request, &services) else {
            return false
        }
        let requestsWhole = request.parser.head.requestsWhole
        let variant = CachedResponse.Key(
            server: request.server, encodingClass: encodingClass,
            isNotModified: !requestsWhole)
        guard let place = currentResponse(&request, &services, variant),
            requestsWhole || clientHasVersion(place, &request, &services)
        else { return false }
        return send(place, hasBody: isGet, &request, &services)
    }

    /// Returns the cached response to a request's path, padded if its browser needs that.
    @inline(__always)
    private static func cachedResponse(
        _ request: inout Request, _ services: inout Services, _ variant: CachedResponse.Key
    ) -> Int? {
        let place = find(request.path, &services, variant)
        if let place, services.responses[place].padding == .none { return place }
        return paddedResponse(&request, &services, variant, orElse: place)
    }

    @inline(never)
    private static func paddedResponse(
        _ request: inout Request, _ services: inout Services, _ variant: CachedResponse.Key,
        orElse unpadded: Int?
    ) -> Int? {
        guard Browsers.needsPadding(request) else { return unpadded }
        var padded = variant
        padded.isPadded = true
        return find(request.path, &services, padded)
    }

    @inline(__always)
    private static func find(
        _ path: Span<UInt8>, _ services: inout Services, _ variant: CachedResponse.Key
    ) -> Int? {
        services.responses.find(path, variant, services.responses.hash(path, variant))
    }

    /// Returns the current response to a request's path; nil if there is none. One that is not
    /// current any more is removed.
    @inline(__always)
    private static func currentResponse(
        _ request: inout Request, _ services: inout Services, _ variant: CachedResponse.Key
    )
        -> Int?
    {
        guard let place = cachedResponse(&request, &services, variant) else { return nil }
        guard isCurrent(place, &services) else {
            services.responses.drop(place)
            return nil
        }
        if services.responses[place].uses < ClockEviction.maxUses {
            services.responses[place].uses &+= 1
        }
        return place
    }

    @inline(__always)
    private static func isCurrent(_ place: Int, _ services: inout Services) -> Bool {
        let file = services.responses[place].file
        let other = services.responses[place].otherFile
        return services.responses[place].epoch == services.files.epoch
            && services.clock.seconds <= services.responses[place].lastSecond
            && (file.entry < 0 || services.files.isCurrent(file.entry, file.generation))
            && (other.entry < 0 || services.files.isCurrent(other.entry, other.generation))
    }

    /// Counts the error message of a cached response. Returns false if it has to be written.
    @inline(__always)
    private static func countMessage(_ place: Int, _ services: inout Services) -> Bool {
        let message = services.responses[place].message
        return message == .none
            || services.repeatedMessages.countAgain(message, nowMs: services.clock.monotonicMs)
    }

    /// Returns true if the client has this version, judged by validators that are byte for byte
    /// those that were sent. Any other form is left to the slow path.
    private static func clientHasVersion(
        _ place: Int, _ request: inout Request, _ services: inout Services
    ) -> Bool {
        let received = request.received
        let head = services.responses.head(place)
        // RFC 9110, section 13.1.3: If-Modified-Since counts only without If-None-Match.
        let (field, ours) =
            request.parser.head.field(.ifNoneMatch).map { ($0, services.responses[place].tag) }
            ?? request.parser.head.field(.ifModifiedSince).map {
                ($0, services.responses[place].modified)
            } ?? (.empty, .empty)
        guard !ours.isEmpty else { return false }
        return received.slice(field).equals(
            head.span(from: Int(ours.offset), to: ours.end))
    }

    private static func send(
        _ place: Int, hasBody: Bool, _ request: inout Request, _ services: inout Services
    ) -> Bool {
        let location = Int(services.responses[place].location)
        let head = services.responses.head(place)
        let headCount = Int(services.responses[place].headCount)
        let ownBody = hasBody ? Int(services.responses[place].bodyCount) : 0
        let sendsFile = hasBody && services.responses[place].sendsFile
        let file = services.responses[place].file.entry
        let size = sendsFile ? Int(truncatingIfNeeded: services.files.size(of: file)) : 0
        let isSmall = sendsFile && services.files.hasBytes(file)
        // The slow path opens the file again.
        if sendsFile, !services.files.isReady(file) { return false }
        // Its dates are from another second, which may be later than the current one.
        if services.responses[place].datedSecond != services.clock.seconds,
            services.clock.seconds < services.responses[place].firstSecond
        {
            services.responses.drop(place)
            return false
        }
        let output = request.output
        let start = request.outputEnd
        // The head for a connection that is closed is at most as long.
        guard headCount &+ ownBody &+ (isSmall ? size : 0) <= output.capacity &- start else {
            request.needsFlush = start > 0
            request.location = services.responses[place].location
            return start > 0
        }
        guard countMessage(place, &services) else {
            services.responses.drop(place)
            return false
        }
        request.keepsAlive = Phases.keepsAlive(&request, &services, location)
        if services.responses[place].datedSecond != services.clock.seconds {
            writeDates(place, &services)
        }
        var written = headCount &+ ownBody
        if request.keepsAlive {
            output.copy(to: start, from: head, at: 0, count: written)
        } else {
            written = copyClosing(head, count: written, place, to: output, at: start, &services)
        }
        request.headBytes = Int64(written &- ownBody)
        request.bodyBytes = Int64(ownBody)
        if isSmall {
            unsafe services.files.copy(
                file, into: output.bytes(from: start &+ written, to: output.capacity))
            written &+= size
            request.bodyBytes = Int64(size)
        } else if sendsFile {
            services.files.pin(file, nowMs: services.clock.monotonicMs)
            request.entry = file
            request.file = services.files.descriptor(of: file)
            request.fileOffset = 0
            request.readAheadEnd = 0
            request.fileRemaining = Int64(size)
            request.source = .file
        }
        request.outputEnd = start &+ written
        request.status = Int(services.responses[place].status)
        request.location = services.responses[place].location
        request.lingeringClose = services.plan.locations[location].timeouts.lingeringClose
        request.isRateLimited = false
        request.index = services.responses[place].index
        return true
    }

    /// Copies a head, and the bytes after it, for a connection that is closed. Returns their
    /// number.
    @inline(never)
    private static func copyClosing(
        _ head: Buffer, count: Int, _ place: Int, to output: Buffer, at start: Int,
        _ services: inout Services
    ) -> Int {
        let connection = services.responses[place].connection
        var writer = output.writer(from: start)
        writer.append(head.span(from: 0, to: Int(connection.offset)))
        writer.append("close")
        writer.append(head.span(from: connection.end, to: count))
        return writer.count
    }

    /// Updates the dates in a head to the current second.
    private static func writeDates(_ place: Int, _ services: inout Services) {
        services.responses[place].datedSecond = services.clock.seconds
        let head = services.responses.head(place)
        var writer = head.writer(from: Int(services.responses[place].dateOffset))
        writer.append(services.clock.date.span)
        if services.responses[place].expiresOffset > 0 {
            var writer = head.writer(from: Int(services.responses[place].expiresOffset))
            HTTPDate.write(
                services.clock.seconds.addingReportingOverflow(
                    services.responses[place].expiresAfter
                ).partialValue,
                into: &writer)
        }
    }
}
