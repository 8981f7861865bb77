import Files
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

        /// The next message, and what came with it.
        private func message() -> (bytes: [UInt8], passed: Int32)? {
            var bytes = [UInt8](repeating: 0, count: AideMessages.longest)
            var passed: Int32 = -1
            let result = receive(descriptor, into: &bytes, passed: &passed)
            guard case .bytes(let count) = result, count > 0 else { return nil }
            return (Array(bytes[..<count]), passed)
        }

        /// The next question: its number, hash and password.
        func question() -> (number: UInt64, hash: String, password: String)? {
            guard let message = message()?.bytes, let head = AideMessages.head(of: message.span),
                head.kind == .password, let parts = AideMessages.parts(ofQuestion: message.span)
            else { return nil }
            return (
                head.number, String(decoding: message[parts.hash..<parts.password], as: UTF8.self),
                String(decoding: message[parts.password...], as: UTF8.self)
            )
        }

        /// The next question about a file: its number, what follows that, and the descriptor.
        func file() -> (number: UInt64, kind: AideMessages.Kind, rest: [UInt8], passed: Int32)? {
            guard let message = message(), let head = AideMessages.head(of: message.bytes.span)
            else { return nil }
            return (
                head.number, head.kind, Array(message.bytes[head.end...]), message.passed
            )
        }

        func say(_ message: [UInt8], passing passed: Int32 = -1) {
            #expect(send(descriptor, message, passing: passed) == .bytes(message.count))
        }
    }

    /// An answer, to be compared.
    private struct Heard: Equatable {
        var pair: PasswordPair?
        var isRight: Bool?
        var askers: [AideLine.Asker] = []
        var file: AideLine.KeptFile?
        var coded: [UInt8]?
        var isGivenUp = false
        var isRead: Bool?

        init(pair: PasswordPair, isRight: Bool?, askers: [AideLine.Asker]) {
            self.pair = pair
            self.isRight = isRight
            self.askers = askers
        }

        init(file: AideLine.KeptFile, coded: [UInt8]?, isGivenUp: Bool = false) {
            self.file = file
            self.coded = coded
            self.isGivenUp = isGivenUp
        }

        init(isRead: Bool, askers: [AideLine.Asker]) {
            self.isRead = isRead
            self.askers = askers
        }

        init(_ answer: AideLine.Answer) {
            switch answer {
            case .password(let pair, let isRight, let askers):
                self.init(pair: pair, isRight: isRight, askers: askers)
            case .coded(let file, .bytes(let bytes)?): self.init(file: file, coded: bytes)
            case .coded(let file, .file(let sealed, let count)?):
                self.init(
                    file: file, coded: readBytes(sealed.number, atMost: Int(count)))
            case .coded(let file, nil): self.init(file: file, coded: nil)
            case .read(let isRead, let askers): self.init(isRead: isRead, askers: askers)
            case .uncoded(let file): self.init(file: file, coded: nil, isGivenUp: true)
            }
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

    /// All that there is to be heard.
    private mutating func answers() -> [Heard] {
        var answers: [Heard] = []
        while let answer = line.takeAnswer() { answers.append(Heard(answer)) }
        return answers
    }

    private func client(_ number: UInt32) -> WaitingClient { WaitingClient(Peer(ipv4: number)) }

    private func asker(_ slot: Int) -> AideLine.Asker {
        AideLine.Asker(slot: slot, generation: UInt32(slot))
    }

    private mutating func ask(
        _ slot: Int, _ password: String, hash: String = "hash", of number: UInt32 = 1,
        nowMs: Int64 = 0
    ) -> PasswordPair {
        let (hash, password) = (Array(hash.utf8), Array(password.utf8))
        let pair = verified.pair(password.span, hash.span)
        let isAsked = line.ask(
            pair, hash: hash, password: password, for: asker(slot), of: client(number),
            nowMs: nowMs)
        #expect(isAsked)
        return pair
    }

    /// True if one more password may wait for a client.
    private mutating func admits(_ slot: Int, _ password: String, of number: UInt32) -> Bool {
        let (hash, password) = (Array("hash".utf8), Array(password.utf8))
        let pair = verified.pair(password.span, hash.span)
        return line.ask(
            pair, hash: hash, password: password, for: asker(slot), of: client(number), nowMs: 0)
    }

    /// The passwords of all questions that the Aide has now.
    private func passwords() -> [String] {
        var passwords: [String] = []
        while let question = aide.question() { passwords.append(question.password) }
        return passwords
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
        #expect(answers().isEmpty)
        aide.say(AideMessages.answer(to: second.number, isRight: false))
        aide.say(AideMessages.answer(to: first.number, isRight: true))
        aide.say(AideMessages.answer(to: first.number, isRight: false))
        #expect(
            answers() == [
                Heard(pair: wrong, isRight: false, askers: [asker(2)]),
                Heard(pair: right, isRight: true, askers: [asker(1)]),
            ])
    }

    @Test mutating func oneQuestionIsAskedOnce() throws {
        let pair = ask(1, "same")
        #expect(ask(2, "same") == pair)
        let question = try #require(aide.question())
        #expect(aide.question() == nil)
        aide.say(AideMessages.answer(to: question.number, isRight: true))
        #expect(answers().map(\.askers) == [[asker(1), asker(2)]])
    }

    @Test mutating func aFewAreAskedAtATime() throws {
        for slot in 0..<20 { _ = ask(slot, "password \(slot)") }
        var numbers: [UInt64] = []
        while let question = aide.question() { numbers.append(question.number) }
        #expect(numbers.count == AideLine.mostPasswordsAsked)
        // Who goes away before his turn is not asked for.
        line.cancel(asker(AideLine.mostPasswordsAsked))
        aide.say(AideMessages.answer(to: numbers[0], isRight: false))
        #expect(answers().count == 1)
        #expect(aide.question()?.password == "password \(AideLine.mostPasswordsAsked + 1)")
        // Who goes away later is not answered, and the next one has to wait all the same.
        line.cancel(asker(1))
        #expect(aide.question() == nil)
        aide.say(AideMessages.answer(to: numbers[1], isRight: true))
        #expect(answers().map(\.askers) == [[]])
        #expect(aide.question() != nil)
    }

    @Test mutating func clientsTakeTurns() throws {
        for slot in 0..<20 { _ = ask(slot, "many \(slot)", of: 1) }
        _ = ask(30, "other", of: 2)
        _ = ask(31, "third", of: 3)
        let first = try #require(aide.question())
        #expect(first.password == "many 0")
        #expect(passwords() == ["many 1"])
        aide.say(AideMessages.answer(to: first.number, isRight: false))
        #expect(answers().count == 1)
        // Both of the first client's that were asked were so before the others came.
        let next = try #require(aide.question())
        #expect(next.password == "many 2" || next.password == "other")
        var order = [next.password]
        var number = next.number
        while order.count < 4 {
            aide.say(AideMessages.answer(to: number, isRight: false))
            #expect(answers().count == 1)
            let question = try #require(aide.question())
            order.append(question.password)
            number = question.number
        }
        #expect(Set(order).isSuperset(of: ["other", "third"]))
    }

    @Test mutating func aClientsPasswordsAreBounded() throws {
        let most = AideLine.mostPasswordsOfClient
        for slot in 0..<most { _ = ask(slot, "\(slot)", of: 1) }
        #expect(!admits(most, "one more", of: 1))
        // The same password is no other question, and other clients are not concerned.
        #expect(admits(most, "0", of: 1))
        #expect(admits(most + 1, "one more", of: 2))
        // Who goes away makes room, unless the Aide has the question already.
        line.cancel(asker(most - 1))
        #expect(admits(most - 1, "in its place", of: 1))
        line.cancel(asker(1))
        #expect(!admits(1, "one more than that", of: 1))
    }

    @Test mutating func allPasswordsAreBounded() {
        for slot in 0..<AideLine.mostPasswords {
            _ = ask(slot, "\(slot)", of: UInt32(slot))
        }
        #expect(!admits(AideLine.mostPasswords, "one more", of: 1 << 20))
        line.cancel(asker(AideLine.mostPasswords - 1))
        #expect(admits(AideLine.mostPasswords, "one more", of: 1 << 20))
    }

    @Test func networksOfIPv6AreOneClient() {
        let one = WaitingClient(Peer(ipv6: 0x2001_0DB8 << 32, 1))
        #expect(one == WaitingClient(Peer(ipv6: 0x2001_0DB8 << 32, 2)))
        #expect(one != WaitingClient(Peer(ipv6: 0x2001_0DB8 << 32 + 1, 1)))
        #expect(client(1) != client(2))
        #expect(WaitingClient(Peer()) != client(0))
    }

    /// In quadratic time this takes hours, not minutes.
    @Test(.timeLimit(.minutes(2)))
    mutating func manyThatGoAwayAtOnceCostNoMoreEach() throws {
        for slot in 0..<200_000 { _ = ask(slot, "same") }
        for slot in (0..<200_000).reversed() { line.cancel(asker(slot)) }
        let question = try #require(aide.question())
        aide.say(AideMessages.answer(to: question.number, isRight: true))
        #expect(answers().map(\.askers) == [[]])
    }

    @Test mutating func anAskerThatAsksAgainIsAnsweredOnce() throws {
        _ = ask(1, "first")
        let second = ask(1, "second")
        var numbers: [UInt64] = []
        while let question = aide.question() { numbers.append(question.number) }
        for number in numbers { aide.say(AideMessages.answer(to: number, isRight: true)) }
        let heard = answers()
        #expect(heard.filter { !$0.askers.isEmpty }.map(\.pair) == [second])
    }

    // MARK: deadlines

    @Test mutating func anAideThatSaysNothingIsGivenUp() throws {
        let pairs = (0..<4).map { ask($0, "\($0)") }
        line.ask(kept(7), toCode: .bytes([1]), nowMs: 0)
        #expect(line.nextLookMs == 1000)
        for look in 1..<AideSilence.mostLooks {
            let isBroken = line.look(nowMs: Int64(look) * 1000)
            #expect(!isBroken)
            #expect(answers().isEmpty)
        }
        let isBroken = line.look(nowMs: 12_000)
        #expect(isBroken)
        // What it had is given up: two passwords, and what nobody waits for. The others wait.
        let heard = answers()
        #expect(
            heard.filter { $0.pair != nil }
                == [
                    Heard(pair: pairs[0], isRight: nil, askers: [asker(0)]),
                    Heard(pair: pairs[1], isRight: nil, askers: [asker(1)]),
                ])
        #expect(heard.filter { $0.file != nil }.map(\.isGivenUp) == [true])
        while aide.question() != nil {}
        #expect(answers().isEmpty)
        // The next Aide is asked what waits.
        aide.say(AideMessages.newcomer)
        #expect(answers().isEmpty)
        #expect(passwords() == ["2", "3"])
    }

    @Test mutating func nothingWaitsLongerThanItMay() {
        let pairs = (0..<5).map { ask($0, "\($0)") }
        aide.say(AideMessages.newcomer)
        _ = answers()
        let isBroken = line.look(nowMs: AideSilence.longestWaitMs)
        #expect(!isBroken)
        let heard = answers()
        #expect(Set(heard.map(\.pair)) == Set(pairs))
        #expect(heard.allSatisfy { $0.isRight == nil && $0.askers.count == 1 })
        #expect(line.nextLookMs == Int64.max)
    }

    @Test mutating func aNewAideIsAskedAgainOnce() throws {
        let pair = ask(1, "poison")
        let first = try #require(aide.question())
        aide.say(AideMessages.newcomer)
        #expect(answers().isEmpty)
        #expect(aide.question()?.number == first.number)
        aide.say(AideMessages.newcomer)
        #expect(
            answers()
                == [Heard(pair: pair, isRight: nil, askers: [asker(1)])])
        #expect(aide.question() == nil)
        #expect(line.isOpen)
    }

    @Test mutating func withoutAnAideNobodyWaits() throws {
        for slot in 0..<10 { _ = ask(slot, "\(slot)") }
        aide.close()
        let answers = self.answers()
        #expect(answers.map(\.isRight) == Array(repeating: nil, count: 10))
        #expect(answers.flatMap(\.askers) == (0..<10).map { asker($0) })
        #expect(!line.isOpen)
    }

    @Test mutating func whatIsNoAnswerIsNothing() throws {
        _ = ask(1, "x")
        for message in [[1], [1, 0, 0, 0], [9, 9, 9, 9, 1], Array(repeating: 7, count: 16)] {
            aide.say(message.map { UInt8($0) })
        }
        #expect(answers().isEmpty)
    }

    /// An empty packet is no end of the line: only the other end's is.
    @Test mutating func anEmptyPacketClosesNothing() throws {
        let pair = ask(1, "x")
        aide.say([])
        aide.say([])
        #expect(answers().isEmpty && line.isOpen)
        let question = try #require(aide.question())
        aide.say([])
        aide.say(AideMessages.answer(to: question.number, isRight: true))
        #expect(answers() == [Heard(pair: pair, isRight: true, askers: [asker(1)])])
    }

    /// Whatever the other end says, with whatever descriptors, in whatever number: the worker reads
    /// a bounded part of it at a time, keeps no descriptor, and hears the answer that follows.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    mutating func garbageIsPassedOver(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pipe = try openPipe(readsNonblocking: true)
        defer {
            closeDescriptor(pipe.reads)
            closeDescriptor(pipe.writes)
        }
        for round in 0..<200 {
            let pair = ask(round, "\(round)")
            let question = try #require(aide.question(), "seed \(seed), round \(round)")
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                var bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                if Bool.random(using: &random), bytes.count > 8 {
                    // Close to an answer: the right number, or a kind that there is.
                    bytes.replaceSubrange(
                        0..<9, with: AideMessages.message(question.number ^ 1, .nothing).prefix(9))
                    bytes[8] = UInt8.random(in: 0..<6, using: &random)
                }
                // Its beginning would be one that takes the place of another.
                if bytes == AideMessages.newcomer { bytes = [] }
                aide.say(bytes, passing: Bool.random(using: &random) ? pipe.reads : -1)
            }
            aide.say(AideMessages.answer(to: question.number, isRight: true))
            #expect(
                answers() == [Heard(pair: pair, isRight: true, askers: [asker(round)])],
                "seed \(seed), round \(round)")
        }
        #expect(line.isOpen)
    }

    /// What is no file cannot stand for what was compressed: sending it would wait.
    @Test mutating func aPipeIsNoCompressedFile() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer {
            closeDescriptor(pipe.reads)
            closeDescriptor(pipe.writes)
        }
        let file = AideLine.KeptFile(entry: 3, generation: 4)
        line.ask(file, toCode: .bytes([1, 2, 3]), nowMs: 0)
        let question = try #require(aide.file())
        aide.say(AideMessages.message(question.number, .codeFile), passing: pipe.reads)
        #expect(answers() == [Heard(file: file, coded: nil)])
    }

    @Test(arguments: [0, 1, 9, 10]) func questionsThatAreTooShort(count: Int) {
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
        let isAsked = other.ask(
            verified.pair([1].span, hash.span), hash: hash, password: [1], for: asker(1),
            of: client(1), nowMs: 0)
        #expect(isAsked)
        otherAide.say(AideMessages.answer(to: question.number, isRight: true))
        #expect(other.takeAnswer() == nil)
    }

    // MARK: files

    private func kept(_ entry: Int32) -> AideLine.KeptFile {
        AideLine.KeptFile(entry: entry, generation: UInt32(entry))
    }

    @Test mutating func filesAreCompressed() throws {
        let file = try openMemoryFile(named: "apus-test")
        #expect(writeBytes(file.number, [1, 2, 3], at: 0))
        line.ask(kept(1), toCode: .bytes([7, 8]), nowMs: 0)
        line.ask(kept(2), toCode: .file(file.number), nowMs: 0)
        let first = try #require(aide.file())
        #expect(first.kind == .codeBytes && first.rest == [7, 8] && first.passed == -1)
        let second = try #require(aide.file())
        #expect(second.kind == .codeFile && second.rest == [])
        #expect(readBytes(second.passed, atMost: 10) == [1, 2, 3])
        closeDescriptor(second.passed)
        aide.say(AideMessages.message(second.number, .codeFile), passing: file.number)
        aide.say(AideMessages.message(first.number, .codeBytes, [9]))
        aide.say(AideMessages.message(first.number, .codeBytes, [9]))
        #expect(
            answers() == [
                Heard(file: kept(2), coded: [1, 2, 3]), Heard(file: kept(1), coded: [9]),
            ])
    }

    @Test mutating func whatCannotBeCompressedIsSaid() throws {
        for kind in [AideMessages.Kind.nothing, .codeFile, .password] {
            line.ask(kept(1), toCode: .bytes([7]), nowMs: 0)
            let question = try #require(aide.file())
            aide.say(AideMessages.message(question.number, kind))
            #expect(answers() == [Heard(file: kept(1), coded: nil)])
        }
    }

    @Test mutating func passwordsGoBeforeFiles() throws {
        for entry in 0..<10 {
            line.ask(kept(Int32(entry)), toCode: .bytes([UInt8(entry)]), nowMs: 0)
        }
        var numbers: [UInt64] = []
        for _ in 0..<AideLine.mostCodingsAsked { numbers.append(try #require(aide.file()).number) }
        _ = ask(1, "secret")
        #expect(aide.question()?.password == "secret")
        #expect(aide.file() == nil)
        aide.say(AideMessages.message(numbers[0], .nothing))
        #expect(answers().count == 1)
        #expect(aide.file()?.rest == [UInt8(AideLine.mostCodingsAsked)])
        #expect(aide.file() == nil)
    }

    @Test mutating func manyFilesDoNotWait() {
        for entry in 0..<(AideLine.mostCodingsWaiting + AideLine.mostCodingsAsked) {
            #expect(line.takesCodings)
            line.ask(kept(Int32(entry)), toCode: .bytes([1]), nowMs: 0)
        }
        #expect(!line.takesCodings)
    }

    @Test mutating func aFileThatTwoDiedOfIsNotAskedForAgain() throws {
        line.ask(kept(1), toCode: .bytes([1]), nowMs: 0)
        let first = try #require(aide.file())
        aide.say(AideMessages.newcomer)
        #expect(answers() == [])
        #expect(aide.file()?.number == first.number)
        aide.say(AideMessages.newcomer)
        #expect(answers() == [Heard(file: kept(1), coded: nil)])
    }

    @Test mutating func withoutAnAideFilesAreGivenUp() {
        for entry in 1...3 { line.ask(kept(Int32(entry)), toCode: .bytes([1]), nowMs: 0) }
        aide.close()
        let answers = self.answers()
        #expect(answers.map(\.isGivenUp) == [true, true, true])
        #expect(Set(answers.map(\.file?.entry)) == [1, 2, 3])
        #expect(!line.takesCodings)
    }

    // MARK: reading

    @Test mutating func piecesAreRead() throws {
        let file = try openMemoryFile(named: "apus-test")
        let piece = FilePiece(offset: 1 << 40, count: FilePiece.longest)
        line.ask(
            toRead: piece, of: file.number, for: asker(1), of: client(1), nowMs: 0)
        let question = try #require(aide.file())
        #expect(question.kind == .read && question.passed >= 0)
        closeDescriptor(question.passed)
        let message = AideMessages.question(question.number, read: piece)
        #expect(Array(message[9...]) == question.rest)
        let asked = AideMessages.piece(ofQuestion: message.span)
        #expect(asked == piece)
        aide.say(AideMessages.message(question.number, .read))
        #expect(answers() == [Heard(isRead: true, askers: [asker(1)])])
        line.ask(
            toRead: piece, of: file.number, for: asker(2), of: client(1), nowMs: 0)
        let second = try #require(aide.file())
        closeDescriptor(second.passed)
        aide.say(AideMessages.message(second.number, .nothing))
        #expect(answers() == [Heard(isRead: false, askers: [asker(2)])])
    }

    @Test(arguments: [
        FilePiece(offset: -1, count: 1), FilePiece(offset: 0, count: FilePiece.longest + 1),
        FilePiece(offset: 0, count: -1),
    ])
    func piecesThatAreNone(piece: FilePiece) {
        let message = AideMessages.question(1, read: piece)
        let read = AideMessages.piece(ofQuestion: message.span)
        #expect(read == nil)
        let cut = AideMessages.piece(ofQuestion: message.span.extracting(0..<20))
        #expect(cut == nil)
    }

    /// Its file may be closed by then.
    @Test mutating func whoHasGoneIsNotAskedForAgain() throws {
        let file = try openMemoryFile(named: "apus-test")
        let piece = FilePiece(offset: 0, count: 1)
        line.ask(
            toRead: piece, of: file.number, for: asker(1), of: client(1), nowMs: 0)
        if let question = aide.file() { closeDescriptor(question.passed) }
        line.cancel(asker(1))
        aide.say(AideMessages.newcomer)
        #expect(answers() == [])
        #expect(aide.file() == nil)
    }
}
