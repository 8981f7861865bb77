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
extension Worker {
    /// Sends a cached response if there is one, or suspends until there is room in the output.
    /// Returns false on a miss, without side effects.
    mutating func sendCached(_ request: inout Request) -> Bool {
        guard request.parser.head.requestsWholeOrNotModified,
            request.fault == nil, request.parser.head.version > .http09
        else { return false }
        let isGet = request.parser.head.method == .get
        guard isGet || request.parser.head.method == .head else { return false }
        request.method = request.parser.head.method
        let address = Int(address(of: request.slot))
        if plan.addresses[address].hasNames {
            selectServer(&request)
        } else {
            request.server = plan.addresses[address].defaultServer
        }
        guard let encodingClass = encodingClass(&request) else { return false }
        let requestsWhole = request.parser.head.requestsWhole
        let variant = CachedResponse.Key(
            server: request.server, encodingClass: encodingClass,
            isNotModified: !requestsWhole)
        guard let place = currentResponse(&request, variant),
            requestsWhole || clientHasVersion(place, &request)
        else { return false }
        return send(place, hasBody: isGet, &request)
    }

    /// Returns the cached response to a request's path; nil if there is none. One that is not
    /// current any more is removed.
    @inline(__always)
    private mutating func currentResponse(_ request: inout Request, _ variant: CachedResponse.Key)
        -> Int?
    {
        let path = request.path
        let hash = responses.hash(path, variant)
        guard let place = responses.find(path, variant, hash) else { return nil }
        guard isCurrent(place) else {
            responses.drop(place)
            return nil
        }
        if responses[place].uses < ClockEviction.maxUses { responses[place].uses &+= 1 }
        return place
    }

    @inline(__always)
    private mutating func isCurrent(_ place: Int) -> Bool {
        let file = responses[place].file
        let other = responses[place].otherFile
        return responses[place].epoch == files.epoch && clock.seconds <= responses[place].lastSecond
            && (file.entry < 0 || files.isCurrent(file.entry, file.generation))
            && (other.entry < 0 || files.isCurrent(other.entry, other.generation))
    }

    /// Returns true if the client has this version, judged by validators that are byte for byte
    /// those that were sent. Any other form is left to the slow path.
    private mutating func clientHasVersion(_ place: Int, _ request: inout Request) -> Bool {
        let received = request.received
        let head = responses.head(place)
        // RFC 9110, section 13.1.3: If-Modified-Since counts only without If-None-Match.
        let (field, ours) =
            request.parser.head.field(.ifNoneMatch).map { ($0, responses[place].tag) }
            ?? request.parser.head.field(.ifModifiedSince).map {
                ($0, responses[place].modified)
            } ?? (.empty, .empty)
        guard !ours.isEmpty else { return false }
        return received.slice(field).equals(
            head.span(from: Int(ours.offset), to: ours.end))
    }

    private mutating func send(
        _ place: Int, hasBody: Bool, _ request: inout Request
    ) -> Bool {
        let location = Int(responses[place].location)
        let head = responses.head(place)
        let headCount = Int(responses[place].headCount)
        let ownBody = hasBody ? Int(responses[place].bodyCount) : 0
        let sendsFile = hasBody && responses[place].sendsFile
        let file = responses[place].file.entry
        let size = sendsFile ? Int(truncatingIfNeeded: files.size(of: file)) : 0
        let isSmall = sendsFile && files.hasBytes(file)
        // The slow path opens the file again.
        if sendsFile, !files.isReady(file) { return false }
        // Its dates are from another second, which may be later than the current one.
        if responses[place].datedSecond != clock.seconds,
            clock.seconds < responses[place].firstSecond
        {
            responses.drop(place)
            return false
        }
        let output = request.output
        let start = request.outputEnd
        // The head for a connection that is closed is at most as long.
        guard headCount &+ ownBody &+ (isSmall ? size : 0) <= output.capacity &- start else {
            request.needsFlush = start > 0
            request.location = responses[place].location
            return start > 0
        }
        request.keepsAlive = keepsAlive(&request, location)
        if responses[place].datedSecond != clock.seconds { writeDates(place) }
        var written = headCount &+ ownBody
        if request.keepsAlive {
            output.copy(to: start, from: head, at: 0, count: written)
        } else {
            written = copyClosing(head, count: written, place, to: output, at: start)
        }
        request.headBytes = Int64(written &- ownBody)
        request.bodyBytes = Int64(ownBody)
        if isSmall {
            unsafe files.copy(
                file, into: output.bytes(from: start &+ written, to: output.capacity))
            written &+= size
            request.bodyBytes = Int64(size)
        } else if sendsFile {
            files.pin(file, nowMs: clock.monotonicMs)
            request.entry = file
            request.file = files.descriptor(of: file)
            request.fileOffset = 0
            request.readAheadEnd = 0
            request.fileRemaining = Int64(size)
            request.source = .file
        }
        request.outputEnd = start &+ written
        request.status = Int(responses[place].status)
        request.location = responses[place].location
        request.lingeringClose = plan.locations[location].timeouts.lingeringClose
        request.isRateLimited = false
        request.index = responses[place].index
        return true
    }

    /// Copies a head, and the bytes after it, for a connection that is closed. Returns their
    /// number.
    @inline(never)
    private mutating func copyClosing(
        _ head: Buffer, count: Int, _ place: Int, to output: Buffer, at start: Int
    ) -> Int {
        let connection = responses[place].connection
        var writer = output.writer(from: start)
        writer.append(head.span(from: 0, to: Int(connection.offset)))
        writer.append("close")
        writer.append(head.span(from: connection.end, to: count))
        return writer.count
    }

    /// Updates the dates in a head to the current second.
    private mutating func writeDates(_ place: Int) {
        responses[place].datedSecond = clock.seconds
        let head = responses.head(place)
        var writer = head.writer(from: Int(responses[place].dateOffset))
        writer.append(clock.date.span)
        if responses[place].expiresOffset > 0 {
            var writer = head.writer(from: Int(responses[place].expiresOffset))
            HTTPDate.write(
                clock.seconds.addingReportingOverflow(responses[place].expiresAfter).partialValue,
                into: &writer)
        }
    }
}
