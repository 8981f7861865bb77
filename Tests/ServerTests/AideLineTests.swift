import Linux
import Testing

@testable import Server

/// A worker's line, with the test at its other end as the Aide.
@Suite struct AideLineTests {
    private final class OtherEnd {
        let descriptor: Int32
        private var isOpen = true

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        deinit { close() }

        func close() {
            if isOpen { closeDescriptor(descriptor) }
            isOpen = false
        }

        /// The next question: its number, hash and password.
        func question() -> (number: UInt64, hash: String, password: String)? {
            var bytes = [UInt8](repeating: 0, count: AideMessages.longest)
            let result = unsafe bytes.withUnsafeMutableBytes {
                unsafe receive(descriptor, into: $0)
            }
            guard case .bytes(let count) = result, count > 0 else { return nil }
            let message = Array(bytes[..<count])
            guard let number = AideMessages.number(of: message.span),
                let parts = AideMessages.parts(ofQuestion: message.span)
            else { return nil }
            return (
                number, String(decoding: message[parts.hash..<parts.password], as: UTF8.self),
                String(decoding: message[parts.password...], as: UTF8.self)
            )
        }

        func say(_ message: [UInt8]) {
            let result = unsafe message.withUnsafeBytes { unsafe send(descriptor, $0) }
            #expect(result == .bytes(message.count))
        }
    }

    private var verified = VerifiedPasswords()
    private var line: AideLine
    private let aide: OtherEnd

    init() throws {
        let ends = try openSocketPair()
        line = AideLine(descriptor: ends.0)
        aide = OtherEnd(ends.1)
    }

    private func asker(_ slot: Int) -> AideLine.Asker {
        AideLine.Asker(slot: slot, generation: UInt32(slot))
    }

    private mutating func ask(_ slot: Int, _ password: String, hash: String = "hash")
        -> PasswordPair
    {
        let (hash, password) = (Array(hash.utf8), Array(password.utf8))
        let pair = verified.pair(password.span, hash.span)
        line.ask(pair, hash: hash, password: password, for: asker(slot))
        return pair
    }

    @Test mutating func asksAndAnswers() throws {
        let right = ask(1, "right")
        let wrong = ask(2, "wrong", hash: "")
        let first = try #require(aide.question())
        let second = try #require(aide.question())
        #expect(first.hash == "hash")
        #expect(first.password == "right")
        #expect(second.hash == "")
        #expect(second.password == "wrong")
        #expect(line.takeAnswers().isEmpty)
        aide.say(AideMessages.answer(to: second.number, isRight: false))
        aide.say(AideMessages.answer(to: first.number, isRight: true))
        aide.say(AideMessages.answer(to: first.number, isRight: false))
        #expect(
            line.takeAnswers() == [
                AideLine.Answer(pair: wrong, isRight: false, askers: [asker(2)]),
                AideLine.Answer(pair: right, isRight: true, askers: [asker(1)]),
            ])
    }

    @Test mutating func oneQuestionIsAskedOnce() throws {
        let pair = ask(1, "same")
        #expect(ask(2, "same") == pair)
        let question = try #require(aide.question())
        #expect(aide.question() == nil)
        aide.say(AideMessages.answer(to: question.number, isRight: true))
        #expect(line.takeAnswers().map(\.askers) == [[asker(1), asker(2)]])
    }

    @Test mutating func aFewAreAskedAtATime() throws {
        for slot in 0..<20 { _ = ask(slot, "password \(slot)") }
        var numbers: [UInt64] = []
        while let question = aide.question() { numbers.append(question.number) }
        #expect(numbers.count == AideLine.mostAsked)
        // Who goes away before his turn is not asked for.
        line.cancel(asker(AideLine.mostAsked))
        aide.say(AideMessages.answer(to: numbers[0], isRight: false))
        #expect(line.takeAnswers().count == 1)
        #expect(aide.question()?.password == "password \(AideLine.mostAsked + 1)")
        // Who goes away later is not answered, and the next one has to wait all the same.
        line.cancel(asker(1))
        #expect(aide.question() == nil)
        aide.say(AideMessages.answer(to: numbers[1], isRight: true))
        #expect(line.takeAnswers().map(\.askers) == [[]])
        #expect(aide.question() != nil)
    }

    @Test mutating func aNewAideIsAskedAgainOnce() throws {
        let pair = ask(1, "poison")
        let first = try #require(aide.question())
        aide.say(AideMessages.newcomer)
        #expect(line.takeAnswers().isEmpty)
        #expect(aide.question()?.number == first.number)
        aide.say(AideMessages.newcomer)
        #expect(
            line.takeAnswers()
                == [AideLine.Answer(pair: pair, isRight: nil, askers: [asker(1)])])
        #expect(aide.question() == nil)
        #expect(line.isOpen)
    }

    @Test mutating func withoutAnAideNobodyWaits() throws {
        for slot in 0..<10 { _ = ask(slot, "\(slot)") }
        aide.close()
        let answers = line.takeAnswers()
        #expect(answers.map(\.isRight) == Array(repeating: nil, count: 10))
        #expect(answers.flatMap(\.askers) == (0..<10).map { asker($0) })
        #expect(!line.isOpen)
    }

    @Test mutating func whatIsNoAnswerIsNothing() throws {
        _ = ask(1, "x")
        for message in [[1], [1, 0, 0, 0], [9, 9, 9, 9, 1], Array(repeating: 7, count: 16)] {
            aide.say(message.map { UInt8($0) })
        }
        #expect(line.takeAnswers().isEmpty)
    }

    @Test(arguments: [0, 1, 9]) func questionsThatAreTooShort(count: Int) {
        let message = [UInt8](repeating: 0, count: count)
        let parts = AideMessages.parts(ofQuestion: message.span)
        #expect(parts == nil)
    }

    @Test func aQuestionWhoseHashHasNoEnd() {
        var message = AideMessages.question(1, hash: Array("hash".utf8), password: [])
        message.removeLast()
        let parts = AideMessages.parts(ofQuestion: message.span)
        #expect(parts == nil)
    }

    /// A worker that takes the place of one that died must not get its answers.
    @Test mutating func numbersAreNotThoseOfAnotherWorker() throws {
        _ = ask(1, "x")
        let question = try #require(aide.question())
        let ends = try openSocketPair()
        var other = AideLine(descriptor: ends.0)
        let otherAide = OtherEnd(ends.1)
        let hash = Array("hash".utf8)
        other.ask(
            verified.pair([1].span, hash.span), hash: hash, password: [1], for: asker(1))
        otherAide.say(AideMessages.answer(to: question.number, isRight: true))
        #expect(other.takeAnswers().isEmpty)
    }
}
