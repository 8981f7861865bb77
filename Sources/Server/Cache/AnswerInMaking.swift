import Files
import HTTP
import Linux

/// What is noted while an answer is made, to tell whether it may be kept for others.
struct AnswerInMaking {
    /// Nothing but server, path, what the client takes (its class) and files that are kept were
    /// looked at so far.
    var isShared = false
    /// The class of the client.
    var codingClass: UInt16 = 0
    /// Where in the output it begins.
    var start = 0
    /// The epoch in which it was begun.
    var epoch: UInt64 = 0
    /// How many lines about requests the error logs had.
    var errorLines: UInt64 = 0
    /// The files that were looked at.
    var file = Answer.Source.none
    var otherFile = Answer.Source.none
    /// When `expires` says that it expires.
    var expires: ExpiresRule?
    /// The whole of `file` is its body.
    var sendsFile = false

    /// Notes that a file's bytes or times count.
    mutating func use(_ source: Answer.Source) {
        if file.entry == source.entry || otherFile.entry == source.entry { return }
        if file.entry < 0 {
            file = source
        } else if otherFile.entry < 0 {
            otherFile = source
        } else {
            isShared = false
        }
    }

    /// What was made of a file counts in its place.
    mutating func replace(_ entry: Int32, with variant: Answer.Source) {
        if file.entry == entry {
            file = variant
        } else if otherFile.entry == entry {
            otherFile = variant
        }
    }

    /// Makes a file that was noted the first one: it is the body.
    mutating func send(_ entry: Int32) {
        sendsFile = true
        if otherFile.entry == entry { swap(&file, &otherFile) }
    }
}

extension Worker {
    /// What the answer in hand depends on is not shared with other requests: it is not kept.
    mutating func dependOnRequest() { making.isShared = false }

    /// Begins to note what an answer is made of.
    mutating func beginAnswer(_ exchange: Int) {
        making = AnswerInMaking()
        guard answers.isOn, explanation == nil, exchanges[exchange].fault == nil,
            exchanges[exchange].parser.head.asksForWholeUnlessKnown,
            exchanges[exchange].parser.head.method == .get,
            exchanges[exchange].parser.head.version > .http09
        else { return }
        guard let codingClass = codingClass(exchange) else { return }
        making.isShared = true
        making.codingClass = codingClass
        making.start = exchanges[exchange].outputEnd
        making.epoch = files.epoch
        making.errorLines = errorLines.count
    }

    /// Keeps the answer that was just made, if others may have it.
    mutating func keepAnswer(_ slot: Int, _ exchange: Int) {
        guard making.isShared else { return }
        making.isShared = false
        let location = Int(exchanges[exchange].location)
        guard exchanges[exchange].keepsAlive, !exchanges[exchange].isWaiting,
            !exchanges[exchange].isDropped, !exchanges[exchange].lacksMemory,
            exchanges[exchange].source != .producer, making.epoch == files.epoch,
            making.errorLines == errorLines.count, exchanges[exchange].headBytes > 0,
            !plan.readsContext(logsOf: location, exchanges[exchange].hasContext)
        else { return }
        let isNotModified = exchanges[exchange].status == 304
        let headEnd = making.start &+ Int(exchanges[exchange].headBytes)
        let output = exchanges[exchange].output
        let head = output.span(from: making.start, to: headEnd)
        var answer = Answer()
        answer.variant = Answer.Variant(
            server: exchanges[exchange].server, codingClass: making.codingClass,
            isNotModified: isNotModified)
        answer.status = UInt16(clamping: exchanges[exchange].status)
        answer.location = exchanges[exchange].location
        answer.file = making.file
        answer.otherFile = making.otherFile
        answer.epoch = making.epoch
        answer.sendsFile = making.sendsFile && !isNotModified
        answer.index = exchanges[exchange].index
        answer.datedSecond = clock.seconds
        guard find(into: &answer, head, location) else { return }
        let bodyEnd = answer.sendsFile ? headEnd : exchanges[exchange].outputEnd
        let path = exchanges[exchange].path
        answers.keep(
            answer, path, head: head, body: output.span(from: headEnd, to: bodyEnd))
    }

    /// Finds what in a head changes with time and connection; false when not all of it is known.
    private func find(
        into answer: inout Answer, _ head: Span<UInt8>, _ location: Int
    ) -> Bool {
        guard let date = head.value(of: "\r\nDate: "),
            let connection = head.value(of: "\r\nConnection: ")
        else { return false }
        answer.dateOffset = date.offset
        answer.connection = connection
        if plan.locations[location].timeouts.keepaliveFieldSeconds > 0 {
            guard let time = head.value(of: "\r\nKeep-Alive: "), time.end > connection.end else {
                return false
            }
            answer.connection.count = UInt32(clamping: time.end) &- connection.offset
        }
        answer.tag = head.value(of: "\r\nETag: ") ?? .empty
        if plan.locations[location].modifiedSince != .off {
            answer.modified = head.value(of: "\r\nLast-Modified: ") ?? .empty
        }
        answer.lastSecond = lastSecond(of: answer.file)
        answer.firstSecond = max(
            firstSecond(of: answer.file), firstSecond(of: answer.otherFile))
        switch making.expires?.kind {
        case nil, .off, .epoch, .max: break
        case .access:
            guard let expires = head.value(of: "\r\nExpires: "), expires.count == date.count else {
                return false
            }
            answer.expiresOffset = expires.offset
            answer.expiresAfter = making.expires?.seconds ?? 0
        case .modified, .daily: answer.lastSecond = clock.seconds
        }
        return true
    }

    /// Until when what is told of a file's times holds: while it is young its tag is longer, and
    /// one from the future is clamped to now.
    private func lastSecond(of source: Answer.Source) -> Int64 {
        guard source.entry >= 0 else { return Int64.max }
        let facts = files[source.entry].facts
        guard facts.kind == .regular else { return Int64.max }
        let validators = FileValidators(facts, now: clock.seconds)
        if facts.modified > clock.seconds { return clock.seconds }
        if validators.isYoung, facts.modified > 1 {
            return facts.modified &+ FileValidators.youth &- 1
        }
        return Int64.max
    }

    /// Since when what is told of a file's times holds: before, it would be from the future, and
    /// before it is no longer young its tag is another one.
    private func firstSecond(of source: Answer.Source) -> Int64 {
        guard source.entry >= 0 else { return Int64.min }
        let facts = files[source.entry].facts
        guard facts.kind == .regular else { return Int64.min }
        let isYoung = FileValidators(facts, now: clock.seconds).isYoung
        let age = isYoung ? 0 : FileValidators.youth
        return min(clock.seconds, facts.modified.addingReportingOverflow(age).partialValue)
    }
}

extension Plan {
    /// Whether a log of a location tells of how an answer was made, which a kept one does not know.
    func readsContext(logsOf location: Int, _ hasContext: Bool) -> Bool {
        let logs = locations[location].accessLogs
        for index in 0..<logs.count {
            let log = logs[index]
            if log.destination == .named { return true }
            if log.condition >= 0,
                templates[Int(log.condition)].pieces.isOfMaking(hasContext: hasContext)
            {
                return true
            }
            if formats[Int(log.format)].pieces.isOfMaking(hasContext: hasContext) { return true }
        }
        return false
    }
}

extension Span where Element == UInt8 {
    /// Where the value of a field stands in a head; `name` begins with a line end and ends in a
    /// space. nil when there is none.
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
