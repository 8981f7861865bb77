import Files
import Linux

/// A worker's client of the helper process: the jobs that were sent, and those that are queued.
///
/// Jobs that requests wait for take turns by client (``FairQueue``); the jobs of a client that
/// disconnects are cancelled in constant time. A request waits a bounded time, whatever the helper
/// process does (``AideLine/look(nowMs:)``).
struct AideLine {
    /// The maximum number of passwords sent to the helper process, so that the first password of a
    /// client does not wait for many others. The rest is queued here.
    static let mostPasswordsAsked = 2
    /// The maximum number of pieces of files sent to the helper process.
    static let mostReadingsAsked = 8
    /// The maximum number of compressions sent to the helper process. They take longer, and no
    /// request waits for them.
    static let mostCodingsAsked = 2
    /// The maximum number of passwords that are queued or being verified. Requests beyond that are
    /// refused.
    static let mostPasswords = 256
    /// The maximum number of these of one client.
    static let mostPasswordsOfClient = 64
    /// The maximum number of queued compressions. Others are requested again with the next request
    /// for the file.
    static let mostCodingsWaiting = 64
    /// The maximum number of messages that are read in a row without a valid reply among them.
    static let mostMessages = 64
    /// The maximum number of attempts: a job that two helper processes died of is not sent to a
    /// third.
    static let mostTries = 2

    /// The socket; -1 without a helper process.
    private(set) var descriptor: Int32
    private var lastNumber: UInt64

    private var questions: [Question?] = []
    private var freeQuestions: [Int] = []
    /// The jobs that were sent, in order: only a few.
    private var asked: [Int] = []
    private var passwords = FairQueue<WaitingClient>()
    private var readings = FairQueue<WaitingClient>()
    private var codings: [Int] = []
    private var passwordLane = Lane(most: AideLine.mostPasswordsAsked)
    private var readingLane = Lane(most: AideLine.mostReadingsAsked)
    private var codingLane = Lane(most: AideLine.mostCodingsAsked)
    /// Jobs that failed, to be reported to their waiters.
    private var failed = SlotList()
    private var failedLinks = SlotLinks()

    private var pairs: [PasswordPair: Int] = [:]
    private var passwordCounts: [WaitingClient: Int] = [:]
    private var passwordCount = 0

    /// For each connection by slot: the job that it waits for, and the generation of the slot.
    private var waiting: [(question: Int, generation: UInt32)] = []
    private var askerLinks = SlotLinks()

    /// Jobs that requests wait for, the oldest first.
    private var ages = SlotList()
    private var ageLinks = SlotLinks()
    private var silence = AideSilence()

    /// Numbers start at random: replies to a worker that has died arrive at its successor on the
    /// same socket, and must not be taken for replies to its own jobs.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        var random = SystemRandomNumberGenerator()
        lastNumber = descriptor >= 0 ? random.next() : 0
    }

    /// True if there is a helper process.
    var isOpen: Bool { descriptor >= 0 }

    // MARK: jobs

    /// Requests the verification of a password. Requests for the same pair share one job. Returns
    /// false if too many are queued already.
    mutating func ask(
        _ pair: PasswordPair, hash: [UInt8], password: [UInt8], for asker: Asker,
        of client: WaitingClient, nowMs: Int64
    ) -> Bool {
        cancel(asker)
        if let known = pairs[pair] {
            add(asker, to: known)
            return true
        }
        guard passwordCount < AideLine.mostPasswords,
            passwordCounts[client, default: 0] < AideLine.mostPasswordsOfClient
        else { return false }
        lastNumber &+= 1
        let question = keep(
            Question(
                number: lastNumber, matter: .password(pair),
                message: AideMessages.question(lastNumber, hash: hash, password: password),
                client: client, sinceMs: nowMs))
        pairs[pair] = question
        passwordCounts[client, default: 0] &+= 1
        passwordCount &+= 1
        add(asker, to: question)
        passwords.append(question, of: client)
        sendQueue()
        return true
    }

    /// Requests that a piece of a file is read into the page cache. The caller keeps the descriptor
    /// open until there is a reply, or until ``cancel(_:)``.
    mutating func ask(
        toRead piece: FilePiece, of file: Int32, for asker: Asker, of client: WaitingClient,
        nowMs: Int64
    ) {
        cancel(asker)
        lastNumber &+= 1
        let question = keep(
            Question(
                number: lastNumber, matter: .reading,
                message: AideMessages.question(lastNumber, read: piece), descriptor: file,
                client: client, sinceMs: nowMs))
        add(asker, to: question)
        readings.append(question, of: client)
        sendQueue()
    }

    /// True if one more compression may be requested.
    var takesCodings: Bool { isOpen && codings.count < AideLine.mostCodingsWaiting }

    /// Requests the compression of a file, which the caller keeps in the cache until there is a
    /// reply.
    mutating func ask(_ file: KeptFile, toCode body: FileCache.ToCode, nowMs: Int64) {
        lastNumber &+= 1
        let message: [UInt8]
        var passed: Int32 = -1
        switch body {
        case .bytes(let bytes): message = AideMessages.message(lastNumber, .codeBytes, bytes)
        case .file(let file):
            message = AideMessages.message(lastNumber, .codeFile)
            passed = file
        }
        let question = keep(
            Question(
                number: lastNumber, matter: .coding(file), message: message, descriptor: passed,
                client: nil, sinceMs: nowMs))
        codings.append(question)
        sendQueue()
    }

    /// Cancels the wait of a connection that is closed. If the job was sent already, its reply is
    /// ignored.
    mutating func cancel(_ asker: Asker) {
        guard waiting.indices.contains(asker.slot), askerLinks.contains(asker.slot),
            waiting[asker.slot].generation == asker.generation
        else { return }
        let place = waiting[asker.slot].question
        guard var question = questions[place] else { return }
        askerLinks.remove(asker.slot, from: &question.askers)
        questions[place] = question
        guard question.askers.isEmpty else { return }
        ageLinks.remove(place, from: &ages)
        if failedLinks.contains(place) {
            failedLinks.remove(place, from: &failed)
            forget(place)
        } else if isWaiting(place) {
            passwords.remove(place)
            readings.remove(place)
            forget(place)
        } else if question.matter == .reading {
            // The file may be closed from here on, so the job must not be sent again.
            questions[place]?.tries = AideLine.mostTries
        }
    }

    private func isWaiting(_ place: Int) -> Bool { !asked.contains(place) }

    private mutating func keep(_ question: Question) -> Int {
        silence.expect(nowMs: question.sinceMs)
        let place: Int
        if let free = freeQuestions.popLast() {
            place = free
            questions[place] = question
        } else {
            place = questions.count
            questions.append(question)
        }
        if question.client != nil { ageLinks.append(place, to: &ages) }
        return place
    }

    private mutating func add(_ asker: Asker, to place: Int) {
        guard var question = questions[place] else { return }
        while waiting.count <= asker.slot { waiting.append((question: 0, generation: 0)) }
        waiting[asker.slot] = (question: place, generation: asker.generation)
        askerLinks.append(asker.slot, to: &question.askers)
        questions[place] = question
        // A request waits for it again.
        if !ageLinks.contains(place) { ageLinks.append(place, to: &ages) }
    }

    /// Removes a job that is in no queue, and returns it.
    @discardableResult
    private mutating func forget(_ place: Int) -> Question? {
        guard let question = questions[place] else { return nil }
        ageLinks.remove(place, from: &ages)
        if case .password(let pair) = question.matter {
            pairs[pair] = nil
            passwordCount &-= 1
            if let client = question.client, let count = passwordCounts[client] {
                passwordCounts[client] = count > 1 ? count &- 1 : nil
            }
        }
        questions[place] = nil
        freeQuestions.append(place)
        return question
    }

    /// Unlinks all waiters of a job and returns them.
    private mutating func takeAskers(of place: Int) -> [Asker] {
        guard var question = questions[place] else { return [] }
        var askers: [Asker] = []
        while let slot = askerLinks.takeFirst(of: &question.askers) {
            askers.append(Asker(slot: slot, generation: waiting[slot].generation))
        }
        questions[place] = question
        return askers
    }
}

// Receiving replies.
extension AideLine {
    /// Returns the next reply; nil if there is none for now.
    mutating func takeAnswer() -> Answer? {
        var message = [UInt8](repeating: 0, count: AideMessages.longest)
        // Bounded: invalid messages must not keep the worker from its clients.
        var left = AideLine.mostMessages
        while isOpen, left > 0 {
            left &-= 1
            var passed: Int32 = -1
            let result = receive(descriptor, into: &message, passed: &passed)
            let file = passed >= 0 ? Descriptor(owning: passed) : nil
            switch result {
            case .bytes(let count) where count > 0:
                silence.end()
                if Array(message[..<count]) == AideMessages.newcomer {
                    queueLost()
                } else if let answer = answer(message.span.extracting(0..<count), file) {
                    return answer
                }
            case .wouldBlock:
                sendQueue()
                return hopeless()
            // An empty packet does not end the stream.
            case .bytes where !isAbandoned(descriptor): break
            case .bytes, .failed:
                // The descriptor stays open: the system call filter knows it by its number, which
                // no connection may get.
                descriptor = -1
                giveUpAll()
            }
        }
        return hopeless()
    }

    private mutating func answer(
        _ message: Span<UInt8>, _ file: consuming Descriptor?
    ) -> Answer? {
        // Only a few were sent.
        guard let head = AideMessages.head(of: message),
            let index = asked.firstIndex(where: { questions[$0]?.number == head.number }),
            let matter = questions[asked[index]]?.matter
        else { return nil }
        let rest = message.extracting(head.end..<message.count)
        switch matter {
        case .password(let pair):
            guard head.kind == .password, rest.count == 1 else { return nil }
            let isRight = rest[0] == 1
            return .password(pair, isRight: isRight, askers: takeAnswered(at: index))
        case .reading: return .read(head.kind == .read, askers: takeAnswered(at: index))
        case .coding(let kept):
            _ = takeAnswered(at: index)
            switch head.kind {
            case .codeBytes: return .coded(kept, .bytes(rest.indices.map { rest[$0] }))
            case .codeFile:
                guard let file, case .success(let facts) = facts(of: file.number),
                    facts.kind == .regular
                else {
                    return .coded(kept, nil)
                }
                return .coded(
                    kept, .file(SealedFile(owning: file.release()), count: facts.size))
            case .password, .read, .nothing: return .coded(kept, nil)
            }
        }
    }

    /// Removes a job that was replied to. Returns its waiters.
    private mutating func takeAnswered(at index: Int) -> [Asker] {
        let place = asked.remove(at: index)
        let askers = takeAskers(of: place)
        release(place)
        forget(place)
        return askers
    }

    /// Handles a restart: the helper process has died and this is its successor. The jobs that were
    /// sent are sent once more, before all others.
    private mutating func queueLost() {
        for place in asked.reversed() {
            guard let question = questions[place] else { continue }
            release(place)
            if question.tries >= AideLine.mostTries {
                fail(place)
                continue
            }
            switch question.matter {
            case .coding: codings.insert(place, at: 0)
            case .password: if let client = question.client { passwords.prepend(place, of: client) }
            case .reading: if let client = question.client { readings.prepend(place, of: client) }
            }
        }
        asked = []
    }

    /// Returns the failure of a job that is not sent again: two helper processes died of it, it
    /// waited too long, or there is no helper process.
    private mutating func hopeless() -> Answer? {
        guard let place = failedLinks.takeFirst(of: &failed) else { return nil }
        let askers = takeAskers(of: place)
        guard let question = forget(place) else { return nil }
        switch question.matter {
        case .password(let pair): return .password(pair, isRight: nil, askers: askers)
        case .reading: return .read(false, askers: askers)
        case .coding(let file):
            return isOpen && question.tries >= AideLine.mostTries
                ? .coded(file, nil) : .uncoded(file)
        }
    }

    /// Marks a job as failed; the next ``takeAnswer()`` reports it.
    private mutating func fail(_ place: Int) {
        ageLinks.remove(place, from: &ages)
        if let question = questions[place], question.askers.isEmpty, question.client != nil {
            forget(place)
        } else {
            failedLinks.append(place, to: &failed)
        }
    }

    private mutating func giveUpAsked() {
        for place in asked {
            release(place)
            fail(place)
        }
        asked = []
    }

    private mutating func giveUpAll() {
        giveUpAsked()
        while let place = passwords.takeFirst() { fail(place) }
        while let place = readings.takeFirst() { fail(place) }
        for place in codings { fail(place) }
        codings = []
    }
}

// Sending jobs, and their timeouts.
extension AideLine {
    private mutating func sendQueue() {
        guard isOpen, !silence.isBroken else { return }
        while !passwordLane.isFull, let place = passwords.first {
            guard send(place) else { return }
            _ = passwords.takeFirst()
            passwordLane.asked &+= 1
        }
        while !readingLane.isFull, let place = readings.first {
            guard send(place) else { return }
            _ = readings.takeFirst()
            readingLane.asked &+= 1
        }
        while !codingLane.isFull, let place = codings.first {
            guard send(place) else { return }
            codings.removeFirst()
            codingLane.asked &+= 1
        }
    }

    /// Sends a job. Without room in the socket it is tried again after the next reply; a closed
    /// socket is detected by reading.
    private mutating func send(_ place: Int) -> Bool {
        guard let question = questions[place],
            case .bytes = Linux.send(descriptor, question.message, passing: question.descriptor)
        else { return false }
        questions[place]?.tries &+= 1
        asked.append(place)
        return true
    }

    /// Records that the helper process no longer has a job.
    private mutating func release(_ place: Int) {
        switch questions[place]?.matter {
        case nil: break
        case .password: passwordLane.asked &-= 1
        case .reading: readingLane.asked &-= 1
        case .coding: codingLane.asked &-= 1
        }
    }

    /// The time at which ``look(nowMs:)`` is due; Int64.max while nothing waits.
    var nextLookMs: Int64 { silence.nextLookMs }

    /// Fails jobs that have waited too long, and all jobs that were sent if nothing was heard of
    /// the helper process for too long. ``takeAnswer()`` then reports them. Returns true if the
    /// helper process must be replaced.
    mutating func look(nowMs: Int64) -> Bool {
        while let place = ages.first, let question = questions[place],
            nowMs &- question.sinceMs >= AideSilence.longestWaitMs
        {
            if let index = asked.firstIndex(of: place) {
                // A reply that still arrives is ignored.
                asked.remove(at: index)
                release(place)
            }
            passwords.remove(place)
            readings.remove(place)
            fail(place)
        }
        let isAwaited = asked.contains { questions[$0]?.client != nil }
        let mayBeBroken = silence.look(
            hasAsked: !asked.isEmpty, isAwaited: isAwaited, hasWaiting: !ages.isEmpty,
            nowMs: nowMs)
        if mayBeBroken { giveUpAsked() }
        return mayBeBroken
    }
}
