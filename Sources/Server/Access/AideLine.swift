import Linux

/// A worker's line to the Aide: the questions that were asked, and those that wait to be.
struct AideLine {
    /// How many questions the Aide has of one worker at a time. The rest waits here, where a client
    /// that goes away takes its question with it.
    static let mostAsked = 8
    /// A question that two of them died of is not asked a third one.
    static let mostTries = 2

    /// A connection that waits.
    struct Asker: Equatable {
        let slot: Int
        let generation: UInt32
    }

    /// What became of a question.
    struct Answer: Equatable {
        let pair: PasswordPair
        /// nil when there is no answer to be had.
        let isRight: Bool?
        let askers: [Asker]
    }

    private struct Question {
        let number: UInt64
        let pair: PasswordPair
        let message: [UInt8]
        var askers: [Asker]
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
        if let index = asked.firstIndex(where: { $0.pair == pair }) {
            asked[index].askers.append(asker)
        } else if let index = queue.firstIndex(where: { $0.pair == pair }) {
            queue[index].askers.append(asker)
        } else {
            lastNumber &+= 1
            queue.append(
                Question(
                    number: lastNumber, pair: pair,
                    message: AideMessages.question(lastNumber, hash: hash, password: password),
                    askers: [asker]))
            sendQueue()
        }
    }

    /// The asker has gone. What the Aide has of it already is answered to nobody.
    mutating func cancel(_ asker: Asker) {
        for index in asked.indices { asked[index].askers.removeAll { $0 == asker } }
        for index in queue.indices { queue[index].askers.removeAll { $0 == asker } }
        queue.removeAll { $0.askers.isEmpty }
    }

    /// Takes what the Aide says.
    mutating func takeAnswers() -> [Answer] {
        var answers: [Answer] = []
        var message = [UInt8](repeating: 0, count: 16)
        while isOpen {
            let result = unsafe message.withUnsafeMutableBytes {
                unsafe receive(descriptor, into: $0)
            }
            switch result {
            case .bytes(let count) where count > 0:
                take(Array(message[..<count]), into: &answers)
            case .wouldBlock:
                sendQueue()
                return answers
            case .bytes, .failed: close(into: &answers)
            }
        }
        return answers
    }

    private mutating func take(_ message: [UInt8], into answers: inout [Answer]) {
        if message == AideMessages.newcomer {
            askAgain(into: &answers)
            return
        }
        guard let verdict = AideMessages.verdict(ofAnswer: message.span),
            let index = asked.firstIndex(where: { $0.number == verdict.number })
        else { return }
        let question = asked.remove(at: index)
        answers.append(
            Answer(pair: question.pair, isRight: verdict.isRight, askers: question.askers))
    }

    /// The Aide has died, and this is another: what the old one had is asked once more.
    private mutating func askAgain(into answers: inout [Answer]) {
        let lost = asked
        asked = []
        for question in lost {
            if question.tries < AideLine.mostTries {
                queue.insert(question, at: 0)
            } else {
                answers.append(
                    Answer(pair: question.pair, isRight: nil, askers: question.askers))
            }
        }
    }

    /// There will be no Aide any more: who waits is told, and checks by itself.
    private mutating func close(into answers: inout [Answer]) {
        closeDescriptor(descriptor)
        descriptor = -1
        for question in asked + queue {
            answers.append(Answer(pair: question.pair, isRight: nil, askers: question.askers))
        }
        asked = []
        queue = []
    }

    private mutating func sendQueue() {
        while isOpen, asked.count < AideLine.mostAsked, var question = queue.first {
            let result = unsafe question.message.withUnsafeBytes { unsafe send(descriptor, $0) }
            // Without room it is tried again with the next answer; an end is read, not written.
            guard case .bytes = result else { return }
            queue.removeFirst()
            question.tries &+= 1
            asked.append(question)
        }
    }
}
