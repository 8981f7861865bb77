import Files
import HTTP
import Linux

/// Records what a response depends on while it is built, to decide whether it may be cached for
/// other clients.
struct CacheRecorder {
    /// True while the response depends only on server, path, the class of accepted encodings and
    /// cached files.
    private(set) var isCacheable = false
    /// The class of the client's accepted encodings.
    var encodingClass: UInt16 = 0
    /// The offset in the output where the response begins.
    var start = 0
    /// The epoch of the file cache when the response was started.
    var epoch: UInt64 = 0
    /// The numbers of messages about requests that were written to the error logs, and that were
    /// only counted, at that time.
    var writtenMessages: UInt64 = 0
    var countedMessages: UInt64 = 0
    /// The files that the response depends on.
    var file = CachedResponse.FileVersion.none
    var otherFile = CachedResponse.FileVersion.none
    /// The rule of `expires` that applies.
    var expires: ExpiresRule?
    /// True if the body is all of `file`.
    var sendsFile = false
    /// The form of a built-in page.
    var padding = CachedResponse.Padding.none

    init() {}

    /// Starts recording for a response that may be cached.
    init(
        encodingClass: UInt16, start: Int, epoch: UInt64, _ messages: RepeatedMessages
    ) {
        isCacheable = true
        self.encodingClass = encodingClass
        self.start = start
        self.epoch = epoch
        writtenMessages = messages.writtenCount
        countedMessages = messages.countedCount
    }

    /// Stops recording.
    mutating func finish() { isCacheable = false }

    /// Records that a part of the processing has contributed to the response.
    @inline(__always)
    mutating func record<Part: Cacheable>(_ part: Part.Type) { record(part.cacheability) }

    /// Records the cacheability of a result that has contributed to the response.
    @inline(__always)
    mutating func record(_ cacheability: Cacheability) {
        if cacheability == .perRequest { isCacheable = false }
    }

    /// Records that the response depends on a file or directory whose changes are not observed.
    mutating func recordUnwatched() { isCacheable = false }

    /// Records that the response depends on the content or times of a file.
    mutating func record(_ source: CachedResponse.FileVersion) {
        if file.entry == source.entry || otherFile.entry == source.entry { return }
        if file.entry < 0 {
            file = source
        } else if otherFile.entry < 0 {
            otherFile = source
        } else {
            isCacheable = false
        }
    }

    /// Replaces a file by its compressed variant.
    mutating func replace(_ entry: Int32, with variant: CachedResponse.FileVersion) {
        if file.entry == entry {
            file = variant
        } else if otherFile.entry == entry {
            otherFile = variant
        }
    }

    /// Makes a recorded file the first one, which is the body.
    mutating func recordBody(_ entry: Int32) {
        sendsFile = true
        if otherFile.entry == entry { swap(&file, &otherFile) }
    }
}

enum ResponseRecording {
    /// Starts recording for a new response.
    static func beginRecording(_ request: inout Request, _ services: inout Services) {
        request.recorder = CacheRecorder()
        guard services.responses.isOn, services.explanation == nil, request.fault == nil,
            request.parser.head.requestsWholeOrNotModified,
            request.parser.head.method == .get,
            request.parser.head.version > .http09
        else { return }
        guard let encodingClass = EncodingClass.encodingClass(&request, &services) else { return }
        request.recorder = CacheRecorder(
            encodingClass: encodingClass, start: request.outputEnd, epoch: services.files.epoch,
            services.repeatedMessages)
    }

    /// Stores the finished response in the cache, if other clients may get it.
    static func storeResponse(_ request: inout Request, _ services: inout Services) {
        guard request.recorder.isCacheable else { return }
        request.recorder.finish()
        let location = Int(request.location)
        guard request.keepsAlive, !request.isWaiting,
            !request.closesWithoutResponse, !request.outOfMemory,
            request.source != .producer, request.recorder.epoch == services.files.epoch,
            request.headBytes > 0, let message = countedMessage(request, services),
            !services.plan.readsContext(logsOf: location, request.context != nil)
        else { return }
        let isNotModified = request.status == 304
        let headEnd = request.recorder.start &+ Int(request.headBytes)
        let output = request.output
        let head = output.span(from: request.recorder.start, to: headEnd)
        var response = CachedResponse()
        response.variant = CachedResponse.Key(
            server: request.server, encodingClass: request.recorder.encodingClass,
            isNotModified: isNotModified, isPadded: request.recorder.padding == .padded)
        response.padding = request.recorder.padding
        response.status = UInt16(clamping: request.status)
        response.location = request.location
        response.file = request.recorder.file
        response.otherFile = request.recorder.otherFile
        response.epoch = request.recorder.epoch
        response.sendsFile = request.recorder.sendsFile && !isNotModified
        response.index = request.index
        response.message = message
        response.datedSecond = services.clock.seconds
        guard find(into: &response, head, request, services) else { return }
        let bodyEnd = response.sendsFile ? headEnd : request.outputEnd
        let path = request.path
        services.responses.store(
            response, path, head: head, body: output.span(from: headEnd, to: bodyEnd))
    }

    /// Returns the message that a response has caused, which was only counted: so are those of the
    /// next ones. Returns nil if more were, or if one was written: then the next ones may be
    /// written as well.
    private static func countedMessage(
        _ request: borrowing Request, _ services: borrowing Services
    ) -> RepeatedMessages.Reference? {
        let messages = services.repeatedMessages
        guard request.recorder.writtenMessages == messages.writtenCount else { return nil }
        switch messages.countedCount &- request.recorder.countedMessages {
        case 0: return RepeatedMessages.Reference.none
        case 1: return messages.lastCounted
        default: return nil
        }
    }

    /// Finds the parts of a head that depend on the time and the connection. Returns false if one
    /// is not found.
    private static func find(
        into response: inout CachedResponse, _ head: Span<UInt8>, _ request: borrowing Request,
        _ services: borrowing Services
    ) -> Bool {
        let location = Int(request.location)
        guard let date = head.value(of: "\r\nDate: "),
            let connection = head.value(of: "\r\nConnection: ")
        else { return false }
        response.dateOffset = date.offset
        response.connection = connection
        if services.plan.locations[location].timeouts.keepaliveFieldSeconds > 0 {
            guard let time = head.value(of: "\r\nKeep-Alive: "), time.end > connection.end else {
                return false
            }
            response.connection.count = UInt32(clamping: time.end) &- connection.offset
        }
        response.tag = head.value(of: "\r\nETag: ") ?? .empty
        if services.plan.locations[location].modifiedSince != .off {
            response.modified = head.value(of: "\r\nLast-Modified: ") ?? .empty
        }
        response.lastSecond = lastSecond(of: response.file, services)
        response.firstSecond = max(
            firstSecond(of: response.file, services), firstSecond(of: response.otherFile, services))
        switch request.recorder.expires?.kind {
        case nil, .off, .epoch, .max: break
        case .access:
            guard let expires = head.value(of: "\r\nExpires: "), expires.count == date.count else {
                return false
            }
            response.expiresOffset = expires.offset
            response.expiresAfter = request.recorder.expires?.seconds ?? 0
        case .modified, .daily: response.lastSecond = services.clock.seconds
        }
        return true
    }

    /// Returns the last second in which the headers derived from a file's times are right: the
    /// entity tag of a recently modified file is longer, and a time in the future is replaced by
    /// the current time.
    private static func lastSecond(
        of source: CachedResponse.FileVersion, _ services: borrowing Services
    ) -> Int64 {
        guard source.entry >= 0 else { return Int64.max }
        let fileStatus = services.files[source.entry].fileStatus
        guard fileStatus.kind == .regular else { return Int64.max }
        let validators = FileValidators(fileStatus, now: services.clock.seconds)
        if fileStatus.modified > services.clock.seconds { return services.clock.seconds }
        if validators.mtimeIsAmbiguous, fileStatus.modified > 1 {
            return fileStatus.modified &+ FileValidators.ambiguousSeconds &- 1
        }
        return Int64.max
    }

    /// Returns the first second in which the headers derived from a file's times are right:
    /// earlier, the time would be in the future, and the entity tag might be the longer one.
    private static func firstSecond(
        of source: CachedResponse.FileVersion, _ services: borrowing Services
    ) -> Int64 {
        guard source.entry >= 0 else { return Int64.min }
        let fileStatus = services.files[source.entry].fileStatus
        guard fileStatus.kind == .regular else { return Int64.min }
        let mtimeIsAmbiguous = FileValidators(fileStatus, now: services.clock.seconds)
            .mtimeIsAmbiguous
        let age = mtimeIsAmbiguous ? 0 : FileValidators.ambiguousSeconds
        return min(
            services.clock.seconds, fileStatus.modified.addingReportingOverflow(age).partialValue)
    }
}

extension Span where Element == UInt8 {
    /// Returns the extent of the value of a header in a head; `name` begins with a line end and
    /// ends in a space. Returns nil if there is none.
    fileprivate func value(of name: StaticString) -> ByteExtent? {
        let length = name.utf8CodeUnitCount
        var index = 0
        while let start = firstIndex(of: 0x0D, from: index) {
            index = start &+ 1
            guard slice(from: start, to: start &+ length).equals(name) else { continue }
            let begin = start &+ length
            let end = firstIndex(of: 0x0D, from: begin) ?? count
            return ByteExtent(
                offset: UInt32(clamping: begin), count: UInt32(clamping: end &- begin))
        }
        return nil
    }
}
