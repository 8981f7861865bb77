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
    mutating func sendCached(_ slot: Int, _ exchange: Int) -> Bool {
        guard exchanges[exchange].parser.head.requestsWholeOrNotModified,
            exchanges[exchange].fault == nil, exchanges[exchange].parser.head.version > .http09
        else { return false }
        let isGet = exchanges[exchange].parser.head.method == .get
        guard isGet || exchanges[exchange].parser.head.method == .head else { return false }
        exchanges[exchange].method = exchanges[exchange].parser.head.method
        let address = Int(address(of: slot))
        if plan.addresses[address].hasNames {
            selectServer(slot, exchange)
        } else {
            exchanges[exchange].server = plan.addresses[address].defaultServer
        }
        guard let encodingClass = encodingClass(exchange) else { return false }
        let requestsWhole = exchanges[exchange].parser.head.requestsWhole
        let variant = CachedResponse.Key(
            server: exchanges[exchange].server, encodingClass: encodingClass,
            isNotModified: !requestsWhole)
        guard let place = currentResponse(exchange, variant),
            requestsWhole || clientHasVersion(place, exchange)
        else { return false }
        return send(place, hasBody: isGet, slot, exchange)
    }

    /// Returns the cached response to an exchange's path; nil if there is none. One that is not
    /// current any more is removed.
    @inline(__always)
    private mutating func currentResponse(_ exchange: Int, _ variant: CachedResponse.Key) -> Int? {
        let path = exchanges[exchange].path
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
    private mutating func clientHasVersion(_ place: Int, _ exchange: Int) -> Bool {
        let received = exchanges[exchange].received
        let head = responses.head(place)
        // RFC 9110, section 13.1.3: If-Modified-Since counts only without If-None-Match.
        let (field, ours) =
            exchanges[exchange].parser.head.field(.ifNoneMatch).map { ($0, responses[place].tag) }
            ?? exchanges[exchange].parser.head.field(.ifModifiedSince).map {
                ($0, responses[place].modified)
            } ?? (.empty, .empty)
        guard !ours.isEmpty else { return false }
        return received.slice(field).equals(
            head.span(from: Int(ours.offset), to: ours.end))
    }

    private mutating func send(
        _ place: Int, hasBody: Bool, _ slot: Int, _ exchange: Int
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
        let output = exchanges[exchange].output
        let start = exchanges[exchange].outputEnd
        // The head for a connection that is closed is at most as long.
        guard headCount &+ ownBody &+ (isSmall ? size : 0) <= output.capacity &- start else {
            exchanges[exchange].needsFlush = start > 0
            exchanges[exchange].location = responses[place].location
            return start > 0
        }
        exchanges[exchange].keepsAlive = keepsAlive(slot, exchange, location)
        if responses[place].datedSecond != clock.seconds { writeDates(place) }
        var written = headCount &+ ownBody
        if exchanges[exchange].keepsAlive {
            output.copy(to: start, from: head, at: 0, count: written)
        } else {
            written = copyClosing(head, count: written, place, to: output, at: start)
        }
        exchanges[exchange].headBytes = Int64(written &- ownBody)
        exchanges[exchange].bodyBytes = Int64(ownBody)
        if isSmall {
            unsafe files.copy(
                file, into: output.bytes(from: start &+ written, to: output.capacity))
            written &+= size
            exchanges[exchange].bodyBytes = Int64(size)
        } else if sendsFile {
            files.pin(file, nowMs: clock.monotonicMs)
            exchanges[exchange].entry = file
            exchanges[exchange].file = files.descriptor(of: file)
            exchanges[exchange].fileOffset = 0
            exchanges[exchange].readAheadEnd = 0
            exchanges[exchange].fileRemaining = Int64(size)
            exchanges[exchange].source = .file
        }
        exchanges[exchange].outputEnd = start &+ written
        exchanges[exchange].status = Int(responses[place].status)
        exchanges[exchange].location = responses[place].location
        exchanges[exchange].lingeringClose = plan.locations[location].timeouts.lingeringClose
        exchanges[exchange].isRateLimited = false
        exchanges[exchange].index = responses[place].index
        // The path in the worker's buffer belongs to another request.
        if uriExchange == exchange { uriExchange = -1 }
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
