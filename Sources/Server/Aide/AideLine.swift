import Files
import Linux

/// A worker's line to the Aide: the questions that were asked, and those that wait to be.
struct AideLine {
    /// How many questions the Aide has of one worker at a time. The rest waits here, where a client
    /// that goes away takes its question with it.
    static let mostAsked = 8
    /// Those to compress something, which take longer, and which nobody waits for.
    static let mostCodingsAsked = 2
    /// More of those do not wait here: they are asked when the file is requested again.
    static let mostCodingsWaiting = 64
    /// A question that two of them died of is not asked a third one.
    static let mostTries = 2

    /// A connection that waits.
    struct Asker: Equatable {
        let slot: Int
        let generation: UInt32
    }

    /// A file of the cache.
    struct KeptFile: Equatable {
        let entry: Int32
        let generation: UInt32
    }

    /// What a question is about.
    enum Matter: Equatable {
        case password(PasswordPair)
        case coding(KeptFile)
        case reading

        /// Nobody waits for it.
        var isCoding: Bool { if case .coding = self { true } else { false } }
    }

    /// What became of a question.
    enum Answer {
        /// nil when there is no answer to be had.
        case password(PasswordPair, isRight: Bool?, askers: [Asker])
        /// nil when it cannot be compressed.
        case coded(KeptFile, CodedBody?)
        /// Nobody is there to compress it.
        case uncoded(KeptFile)
        /// A piece of a file is in the page cache, or not to be had there.
        case read(Bool, askers: [Asker])
    }

    private struct Question {
        let number: UInt64
        let matter: Matter
        let message: [UInt8]
        /// What goes with it, somebody else's; -1 for nothing.
        var descriptor: Int32 = -1
        var askers: [Asker] = []
        var tries = 0
    }

    /// -1 without an Aide.
    private(set) var descriptor: Int32
    private var asked: [Question] = []
    private var queue: [Question] = []
    private var lastNumber: UInt64

    /// Numbers begin anywhere: what a worker that has died asked is answered to the one that has
    /// its line now, and must not be taken for an answer to this one's question.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        var random = SystemRandomNumberGenerator()
        lastNumber = descriptor >= 0 ? random.next() : 0
    }

    /// There is somebody to ask.
    var isOpen: Bool { descriptor >= 0 }

    /// Asks whether a password is right; who asks about the same pair gets the same answer.
    mutating func ask(_ pair: PasswordPair, hash: [UInt8], password: [UInt8], for asker: Asker) {
        let matter = Matter.password(pair)
        if let index = asked.firstIndex(where: { $0.matter == matter }) {
            asked[index].askers.append(asker)
        } else if let index = queue.firstIndex(where: { $0.matter == matter }) {
            queue[index].askers.append(asker)
        } else {
            lastNumber &+= 1
            put(
                Question(
                    number: lastNumber, matter: matter,
                    message: AideMessages.question(lastNumber, hash: hash, password: password),
                    askers: [asker]))
        }
    }

    /// Whether one more file may be asked to be compressed.
    var takesCodings: Bool {
        isOpen && queue.count(where: \.matter.isCoding) < AideLine.mostCodingsWaiting
    }

    /// Asks for a file to be compressed, which stays until there is an answer.
    mutating func ask(_ file: KeptFile, toCode body: FileCache.ToCode) {
        lastNumber &+= 1
        switch body {
        case .bytes(let bytes):
            put(
                Question(
                    number: lastNumber, matter: .coding(file),
                    message: AideMessages.message(lastNumber, .codeBytes, bytes)))
        case .file(let descriptor):
            put(
                Question(
                    number: lastNumber, matter: .coding(file),
                    message: AideMessages.message(lastNumber, .codeFile), descriptor: descriptor))
        }
    }

    /// The asker has gone. What the Aide has of it already is answered to nobody.
    mutating func cancel(_ asker: Asker) {
        for index in asked.indices {
            asked[index].askers.removeAll { $0 == asker }
            // The file may be closed from here on, and is not asked about again.
            if asked[index].matter == .reading, asked[index].askers.isEmpty {
                asked[index].tries = AideLine.mostTries
            }
        }
        for index in queue.indices { queue[index].askers.removeAll { $0 == asker } }
        queue.removeAll { !$0.matter.isCoding && $0.askers.isEmpty }
    }

    /// Asks for a piece of a file to be read into the page cache; the descriptor stays the asker's,
    /// who must not close it before there is an answer, or ``cancel(_:)``.
    mutating func ask(toRead piece: FilePiece, of file: Int32, for asker: Asker) {
        lastNumber &+= 1
        put(
            Question(
                number: lastNumber, matter: .reading,
                message: AideMessages.question(lastNumber, read: piece), descriptor: file,
                askers: [asker]))
    }

    // MARK: what the Aide says

    /// The next answer; nil when there is none for now.
    mutating func takeAnswer() -> Answer? {
        var message = [UInt8](repeating: 0, count: AideMessages.longest)
        while isOpen {
            var passed: Int32 = -1
            let result = receive(descriptor, into: &message, passed: &passed)
            let file = passed >= 0 ? Descriptor(owning: passed) : nil
            switch result {
            case .bytes(let count) where count > 0:
                if Array(message[..<count]) == AideMessages.newcomer {
                    queueLost()
                } else if let answer = answer(message.span.extracting(0..<count), file) {
                    return answer
                }
            case .wouldBlock:
                sendQueue()
                return hopeless()
            case .bytes, .failed:
                closeDescriptor(descriptor)
                descriptor = -1
            }
        }
        return hopeless()
    }

    private mutating func answer(
        _ message: Span<UInt8>, _ file: consuming Descriptor?
    ) -> Answer? {
        guard let head = AideMessages.head(of: message),
            let index = asked.firstIndex(where: { $0.number == head.number })
        else { return nil }
        let rest = message.extracting(head.end..<message.count)
        switch asked[index].matter {
        case .password(let pair):
            guard head.kind == .password, rest.count == 1 else { return nil }
            let isRight = rest[0] == 1
            return .password(pair, isRight: isRight, askers: asked.remove(at: index).askers)
        case .reading: return .read(head.kind == .read, askers: asked.remove(at: index).askers)
        case .coding(let kept):
            asked.remove(at: index)
            switch head.kind {
            case .codeBytes: return .coded(kept, .bytes(rest.indices.map { rest[$0] }))
            case .codeFile:
                guard let file, case .success(let facts) = facts(of: file.number) else {
                    return .coded(kept, nil)
                }
                return .coded(
                    kept, .file(SealedFile(owning: file.release()), count: facts.size))
            case .password, .read, .nothing: return .coded(kept, nil)
            }
        }
    }

    /// The Aide has died, and this is another: what the old one had is asked once more.
    private mutating func queueLost() {
        queue = asked.reversed() + queue
        asked = []
    }

    /// A question that is not asked any more: two have died of it, or there is nobody to ask.
    private mutating func hopeless() -> Answer? {
        guard isOpen else {
            if asked.isEmpty { return queue.isEmpty ? nil : unanswered(queue.removeFirst()) }
            return unanswered(asked.removeFirst())
        }
        let index = queue.firstIndex { $0.tries >= AideLine.mostTries }
        return index.map { unanswered(queue.remove(at: $0)) }
    }

    private func unanswered(_ question: Question) -> Answer {
        switch question.matter {
        case .password(let pair): .password(pair, isRight: nil, askers: question.askers)
        case .reading: .read(false, askers: question.askers)
        case .coding(let file): isOpen ? .coded(file, nil) : .uncoded(file)
        }
    }

    // MARK: what it is asked

    /// What is waited for comes first.
    private mutating func put(_ question: Question) {
        let end = question.matter.isCoding ? nil : queue.firstIndex(where: \.matter.isCoding)
        queue.insert(question, at: end ?? queue.endIndex)
        sendQueue()
    }

    private mutating func sendQueue() {
        while isOpen, let index = queue.firstIndex(where: { mayAsk($0) }) {
            var question = queue[index]
            // Without room it is tried again with the next answer; an end is read, not written.
            guard
                case .bytes = send(descriptor, question.message, passing: question.descriptor)
            else { return }
            queue.remove(at: index)
            question.tries &+= 1
            asked.append(question)
        }
    }

    private func mayAsk(_ question: Question) -> Bool {
        guard asked.count < AideLine.mostAsked, question.tries < AideLine.mostTries else {
            return false
        }
        return !question.matter.isCoding
            || asked.count(where: \.matter.isCoding) < AideLine.mostCodingsAsked
    }
}
