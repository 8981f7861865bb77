import Files
import Linux

/// A worker's line to the Aide: the questions that were asked, and those that wait to be.
///
/// Questions that requests wait for take turns by client (``FairQueue``); what a client that goes
/// away has asked is forgotten in constant time. A request waits a bounded time, whatever the Aide
/// does (``AideLine/look(nowMs:)``).
struct AideLine {
    /// How many passwords the Aide checks or has next, of one worker: whoever asks for the first
    /// time waits for no more. The rest waits here.
    static let mostPasswordsAsked = 2
    /// How many pieces of files it reads at a time.
    static let mostReadingsAsked = 8
    /// How many files it compresses, which take longer, and which nobody waits for.
    static let mostCodingsAsked = 2
    /// How many passwords wait or are checked. A request beyond that is refused.
    static let mostPasswords = 256
    /// How many of those may be one client's.
    static let mostPasswordsOfClient = 64
    /// More files to compress do not wait: they are asked for when they are requested again.
    static let mostCodingsWaiting = 64
    /// The number of messages that are read in a row without an answer among them.
    static let mostMessages = 64
    /// A question that two Aides died of is not asked a third one.
    static let mostTries = 2

    /// -1 without an Aide.
    private(set) var descriptor: Int32
    private var lastNumber: UInt64

    private var questions: [Question?] = []
    private var freeQuestions: [Int] = []
    /// What the Aide has, in the order in which it was asked: a few.
    private var asked: [Int] = []
    private var passwords = FairQueue<WaitingClient>()
    private var readings = FairQueue<WaitingClient>()
    private var codings: [Int] = []
    private var passwordLane = Lane(most: AideLine.mostPasswordsAsked)
    private var readingLane = Lane(most: AideLine.mostReadingsAsked)
    private var codingLane = Lane(most: AideLine.mostCodingsAsked)
    /// Questions without an answer, to be told to their askers.
    private var failed = SlotList()
    private var failedLinks = SlotLinks()

    private var pairs: [PasswordPair: Int] = [:]
    private var passwordCounts: [WaitingClient: Int] = [:]
    private var passwordCount = 0

    /// Connections by slot: which question each waits for, and as which of the slot's users.
    private var waiting: [(question: Int, generation: UInt32)] = []
    private var askerLinks = SlotLinks()

    /// Questions that requests wait for, the oldest first.
    private var ages = SlotList()
    private var ageLinks = SlotLinks()
    private var silence = AideSilence()

    /// Numbers begin anywhere: what a worker that has died asked is answered to the one that has
    /// its line now, and must not be taken for an answer to this one's question.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        var random = SystemRandomNumberGenerator()
        lastNumber = descriptor >= 0 ? random.next() : 0
    }

    /// There is somebody to ask.
    var isOpen: Bool { descriptor >= 0 }

    // MARK: questions

    /// Asks whether a password is right; who asks about the same pair gets the same answer. Returns
    /// false if too many wait already.
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

    /// Asks for a piece of a file to be read into the page cache; the descriptor stays the asker's,
    /// who must not close it before there is an answer, or ``cancel(_:)``.
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

    /// Whether one more file may be asked to be compressed.
    var takesCodings: Bool { isOpen && codings.count < AideLine.mostCodingsWaiting }

    /// Asks for a file to be compressed, which stays until there is an answer.
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

    /// The asker has gone. What the Aide has of it already is answered to nobody.
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
            // The file may be closed from here on, and is not asked about again.
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
        // Somebody waits for it again.
        if !ageLinks.contains(place) { ageLinks.append(place, to: &ages) }
    }

    /// Forgets a question that is in no queue, and returns it.
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

    /// Unlinks all askers of a question.
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

// What the Aide says.
extension AideLine {
    /// The next answer; nil when there is none for now.
    mutating func takeAnswer() -> Answer? {
        var message = [UInt8](repeating: 0, count: AideMessages.longest)
        // Bounded: messages that answer nothing must not keep the worker from its clients.
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
            // An empty packet is no end.
            case .bytes where !isAbandoned(descriptor): break
            case .bytes, .failed:
                // Stays open: the system call filter knows it by its number, which no connection
                // may get.
                descriptor = -1
                giveUpAll()
            }
        }
        return hopeless()
    }

    private mutating func answer(
        _ message: Span<UInt8>, _ file: consuming Descriptor?
    ) -> Answer? {
        // A few were asked.
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

    /// Forgets a question that was answered: its askers.
    private mutating func takeAnswered(at index: Int) -> [Asker] {
        let place = asked.remove(at: index)
        let askers = takeAskers(of: place)
        release(place)
        forget(place)
        return askers
    }

    /// The Aide has died, and this is another: what the old one had is asked once more, before all
    /// else.
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

    /// A question that is not asked any more: two have died of it, it waited too long, or there is
    /// nobody to ask.
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

    /// The next ``takeAnswer()`` says that there is no answer to a question.
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

// What the Aide is asked, and for how long.
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

    /// Without room it is tried again with the next answer; an end is read, not written.
    private mutating func send(_ place: Int) -> Bool {
        guard let question = questions[place],
            case .bytes = Linux.send(descriptor, question.message, passing: question.descriptor)
        else { return false }
        questions[place]?.tries &+= 1
        asked.append(place)
        return true
    }

    /// The Aide does not have a question any more.
    private mutating func release(_ place: Int) {
        switch questions[place]?.matter {
        case nil: break
        case .password: passwordLane.asked &-= 1
        case .reading: readingLane.asked &-= 1
        case .coding: codingLane.asked &-= 1
        }
    }

    /// When ``look(nowMs:)`` is due; Int64.max while nothing waits.
    var nextLookMs: Int64 { silence.nextLookMs }

    /// Gives up what has waited too long, and everything that the Aide has if nothing was heard of
    /// it for too long. ``takeAnswer()`` then has that. Returns true if the Aide is to be replaced.
    mutating func look(nowMs: Int64) -> Bool {
        while let place = ages.first, let question = questions[place],
            nowMs &- question.sinceMs >= AideSilence.longestWaitMs
        {
            if let index = asked.firstIndex(of: place) {
                // An answer that still comes is nobody's.
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
