import Files
import Linux
import Testing

@testable import Server

/// A worker's connection to the helper process; the test plays the helper.
@Suite struct HelperClientTests {
    private final class HelperEnd {
        let descriptor: Int32
        private var isOpen = true

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        deinit { close() }

        func close() {
            if isOpen { closeDescriptor(descriptor) }
            isOpen = false
        }

        /// Returns the next message, and the descriptor that was passed with it.
        private func message() -> (bytes: [UInt8], passed: Int32)? {
            var bytes = [UInt8](repeating: 0, count: HelperProtocol.maxLength)
            var passed: Int32 = -1
            let result = receive(descriptor, into: &bytes, passed: &passed)
            guard case .bytes(let count) = result, count > 0 else { return nil }
            return (Array(bytes[..<count]), passed)
        }

        /// Returns the next password check: its number, hash and password.
        func question() -> (number: UInt64, hash: String, password: String)? {
            guard let message = message()?.bytes, let head = HelperProtocol.head(of: message.span),
                head.kind == .password, let parts = HelperProtocol.parts(ofQuestion: message.span)
            else { return nil }
            return (
                head.number, String(decoding: message[parts.hash..<parts.password], as: UTF8.self),
                String(decoding: message[parts.password...], as: UTF8.self)
            )
        }

        /// Returns the next job with a file: its number, the rest of the message, and the
        /// descriptor.
        func file() -> (number: UInt64, kind: HelperProtocol.Kind, rest: [UInt8], passed: Int32)? {
            guard let message = message(), let head = HelperProtocol.head(of: message.bytes.span)
            else { return nil }
            return (
                head.number, head.kind, Array(message.bytes[head.end...]), message.passed
            )
        }

        func reply(_ message: [UInt8], passing passed: Int32 = -1) {
            #expect(send(descriptor, message, passing: passed) == .bytes(message.count))
        }
    }

    /// A reply of the helper, for comparison.
    private struct Reply: Equatable {
        var pair: PasswordPair?
        var isCorrect: Bool?
        var waiters: [HelperClient.Waiter] = []
        var file: HelperClient.CacheEntryRef?
        var compressed: [UInt8]?
        var isGivenUp = false
        var isRead: Bool?

        init(pair: PasswordPair, isCorrect: Bool?, waiters: [HelperClient.Waiter]) {
            self.pair = pair
            self.isCorrect = isCorrect
            self.waiters = waiters
        }

        init(file: HelperClient.CacheEntryRef, compressed: [UInt8]?, isGivenUp: Bool = false) {
            self.file = file
            self.compressed = compressed
            self.isGivenUp = isGivenUp
        }

        init(isRead: Bool, waiters: [HelperClient.Waiter]) {
            self.isRead = isRead
            self.waiters = waiters
        }

        init(_ response: HelperClient.Reply) {
            switch response {
            case .password(let pair, let isCorrect, let waiters):
                self.init(pair: pair, isCorrect: isCorrect, waiters: waiters)
            case .compressed(let file, .bytes(let bytes)?): self.init(file: file, compressed: bytes)
            case .compressed(let file, .file(let sealed, let count)?):
                self.init(
                    file: file, compressed: readBytes(sealed.number, atMost: Int(count)))
            case .compressed(let file, nil): self.init(file: file, compressed: nil)
            case .read(let isRead, let waiters): self.init(isRead: isRead, waiters: waiters)
            case .notCompressed(let file): self.init(file: file, compressed: nil, isGivenUp: true)
            }
        }
    }

    private var verified = VerifiedPasswords()
    private var line: HelperClient
    private let helper: HelperEnd

    init() throws {
        let ends = try openSocketPair()
        line = HelperClient(descriptor: ends.0)
        helper = HelperEnd(ends.1)
    }

    /// Returns all pending replies.
    private mutating func responses() -> [Reply] {
        var responses: [Reply] = []
        while let response = line.nextReply() { responses.append(Reply(response)) }
        return responses
    }

    private func client(_ number: UInt32) -> WaitingClient { WaitingClient(Peer(ipv4: number)) }

    private func waiter(_ slot: Int) -> HelperClient.Waiter {
        HelperClient.Waiter(slot: Slot(slot), generation: UInt32(slot))
    }

    private mutating func sendRequest(
        _ slot: Int, _ password: String, hash: String = "hash", of number: UInt32 = 1,
        nowMs: Int64 = 0
    ) -> PasswordPair {
        let (hash, password) = (Array(hash.utf8), Array(password.utf8))
        let pair = verified.pair(password.span, hash.span)
        let isAsked = line.submit(
            pair, hash: hash, password: password, for: waiter(slot), of: client(number),
            nowMs: nowMs)
        #expect(isAsked)
        return pair
    }

    /// Submits a password check for a client. Returns true if it was admitted.
    private mutating func admits(_ slot: Int, _ password: String, of number: UInt32) -> Bool {
        let (hash, password) = (Array("hash".utf8), Array(password.utf8))
        let pair = verified.pair(password.span, hash.span)
        return line.submit(
            pair, hash: hash, password: password, for: waiter(slot), of: client(number), nowMs: 0)
    }

    /// Returns the passwords of all checks that the helper has now.
    private func passwords() -> [String] {
        var passwords: [String] = []
        while let question = helper.question() { passwords.append(question.password) }
        return passwords
    }

    @Test mutating func jobsGetReplies() throws {
        let right = sendRequest(1, "right")
        let wrong = sendRequest(2, "wrong", hash: "")
        let first = try #require(helper.question())
        let second = try #require(helper.question())
        #expect(first.hash == "hash")
        #expect(first.password == "right")
        #expect(second.hash == "")
        #expect(second.password == "wrong")
        #expect(responses().isEmpty)
        helper.reply(HelperProtocol.reply(to: second.number, isCorrect: false))
        helper.reply(HelperProtocol.reply(to: first.number, isCorrect: true))
        helper.reply(HelperProtocol.reply(to: first.number, isCorrect: false))
        #expect(
            responses() == [
                Reply(pair: wrong, isCorrect: false, waiters: [waiter(2)]),
                Reply(pair: right, isCorrect: true, waiters: [waiter(1)]),
            ])
    }

    @Test mutating func equalJobsAreSentOnce() throws {
        let pair = sendRequest(1, "same")
        #expect(sendRequest(2, "same") == pair)
        let question = try #require(helper.question())
        #expect(helper.question() == nil)
        helper.reply(HelperProtocol.reply(to: question.number, isCorrect: true))
        #expect(responses().map(\.waiters) == [[waiter(1), waiter(2)]])
    }

    @Test mutating func jobsInFlightAreLimited() throws {
        for slot in 0..<20 { _ = sendRequest(slot, "password \(slot)") }
        var numbers: [UInt64] = []
        while let question = helper.question() { numbers.append(question.number) }
        #expect(numbers.count == HelperClient.maxPasswordsInFlight)
        // A check that is cancelled before it is sent is never sent.
        line.cancel(waiter(HelperClient.maxPasswordsInFlight))
        helper.reply(HelperProtocol.reply(to: numbers[0], isCorrect: false))
        #expect(responses().count == 1)
        #expect(helper.question()?.password == "password \(HelperClient.maxPasswordsInFlight + 1)")
        // A check that is cancelled later gets no reply, but still occupies its place.
        line.cancel(waiter(1))
        #expect(helper.question() == nil)
        helper.reply(HelperProtocol.reply(to: numbers[1], isCorrect: true))
        #expect(responses().map(\.waiters) == [[]])
        #expect(helper.question() != nil)
    }

    @Test mutating func clientsTakeTurns() throws {
        for slot in 0..<20 { _ = sendRequest(slot, "many \(slot)", of: 1) }
        _ = sendRequest(30, "other", of: 2)
        _ = sendRequest(31, "third", of: 3)
        let first = try #require(helper.question())
        #expect(first.password == "many 0")
        #expect(passwords() == ["many 1"])
        helper.reply(HelperProtocol.reply(to: first.number, isCorrect: false))
        #expect(responses().count == 1)
        // Both checks of the first client were sent before the others were submitted.
        let next = try #require(helper.question())
        #expect(next.password == "many 2" || next.password == "other")
        var order = [next.password]
        var number = next.number
        while order.count < 4 {
            helper.reply(HelperProtocol.reply(to: number, isCorrect: false))
            #expect(responses().count == 1)
            let question = try #require(helper.question())
            order.append(question.password)
            number = question.number
        }
        #expect(Set(order).isSuperset(of: ["other", "third"]))
    }

    @Test mutating func passwordsPerClientAreLimited() throws {
        let most = HelperClient.maxPasswordsPerClient
        for slot in 0..<most { _ = sendRequest(slot, "\(slot)", of: 1) }
        #expect(!admits(most, "one more", of: 1))
        // The same password needs no second check, and the limit of one client does not affect
        // others.
        #expect(admits(most, "0", of: 1))
        #expect(admits(most + 1, "one more", of: 2))
        // A cancelled check makes room, unless the helper already has it.
        line.cancel(waiter(most - 1))
        #expect(admits(most - 1, "in its place", of: 1))
        line.cancel(waiter(1))
        #expect(!admits(1, "one more than that", of: 1))
    }

    @Test mutating func passwordsInTotalAreLimited() {
        for slot in 0..<HelperClient.maxPasswords {
            _ = sendRequest(slot, "\(slot)", of: UInt32(slot))
        }
        #expect(!admits(HelperClient.maxPasswords, "one more", of: 1 << 20))
        line.cancel(waiter(HelperClient.maxPasswords - 1))
        #expect(admits(HelperClient.maxPasswords, "one more", of: 1 << 20))
    }

    @Test func ipv6NetworkIsOneClient() {
        let one = WaitingClient(Peer(ipv6: 0x2001_0DB8 << 32, 1))
        #expect(one == WaitingClient(Peer(ipv6: 0x2001_0DB8 << 32, 2)))
        #expect(one != WaitingClient(Peer(ipv6: 0x2001_0DB8 << 32 + 1, 1)))
        #expect(client(1) != client(2))
        #expect(WaitingClient(Peer()) != client(0))
    }

    /// In quadratic time this would take hours, not minutes.
    @Test(.timeLimit(.minutes(2)))
    mutating func cancelTakesConstantTime() throws {
        for slot in 0..<200_000 { _ = sendRequest(slot, "same") }
        for slot in (0..<200_000).reversed() { line.cancel(waiter(slot)) }
        let question = try #require(helper.question())
        helper.reply(HelperProtocol.reply(to: question.number, isCorrect: true))
        #expect(responses().map(\.waiters) == [[]])
    }

    @Test mutating func waiterThatAsksAgainGetsOneReply() throws {
        _ = sendRequest(1, "first")
        let second = sendRequest(1, "second")
        var numbers: [UInt64] = []
        while let question = helper.question() { numbers.append(question.number) }
        for number in numbers { helper.reply(HelperProtocol.reply(to: number, isCorrect: true)) }
        let heard = responses()
        #expect(heard.filter { !$0.waiters.isEmpty }.map(\.pair) == [second])
    }

    // MARK: deadlines

    @Test mutating func silentHelperFailsJobs() throws {
        let pairs = (0..<4).map { sendRequest($0, "\($0)") }
        line.submit(kept(7), toCode: .bytes([1]), nowMs: 0)
        #expect(line.nextCheckMs == 1000)
        for look in 1..<HelperWatchdog.maxChecks {
            let isBroken = line.checkTimeouts(nowMs: Int64(look) * 1000)
            #expect(!isBroken)
            #expect(responses().isEmpty)
        }
        let isBroken = line.checkTimeouts(nowMs: 12_000)
        #expect(isBroken)
        // The jobs that the helper had have failed: two passwords, and one without waiters. The
        // others wait.
        let heard = responses()
        #expect(
            heard.filter { $0.pair != nil }
                == [
                    Reply(pair: pairs[0], isCorrect: nil, waiters: [waiter(0)]),
                    Reply(pair: pairs[1], isCorrect: nil, waiters: [waiter(1)]),
                ])
        #expect(heard.filter { $0.file != nil }.map(\.isGivenUp) == [true])
        while helper.question() != nil {}
        #expect(responses().isEmpty)
        // The next helper process gets the jobs that wait.
        helper.reply(HelperProtocol.replacement)
        #expect(responses().isEmpty)
        #expect(passwords() == ["2", "3"])
    }

    @Test mutating func waitingTimeIsBounded() {
        let pairs = (0..<5).map { sendRequest($0, "\($0)") }
        helper.reply(HelperProtocol.replacement)
        _ = responses()
        let isBroken = line.checkTimeouts(nowMs: HelperWatchdog.maxWaitMs)
        #expect(!isBroken)
        let heard = responses()
        #expect(Set(heard.map(\.pair)) == Set(pairs))
        #expect(heard.allSatisfy { $0.isCorrect == nil && $0.waiters.count == 1 })
        #expect(line.nextCheckMs == Int64.max)
    }

    @Test mutating func lostJobsAreSentOnceMore() throws {
        let pair = sendRequest(1, "poison")
        let first = try #require(helper.question())
        helper.reply(HelperProtocol.replacement)
        #expect(responses().isEmpty)
        #expect(helper.question()?.number == first.number)
        helper.reply(HelperProtocol.replacement)
        #expect(
            responses()
                == [Reply(pair: pair, isCorrect: nil, waiters: [waiter(1)])])
        #expect(helper.question() == nil)
        #expect(line.isOpen)
    }

    @Test mutating func missingHelperFailsJobsAtOnce() throws {
        for slot in 0..<10 { _ = sendRequest(slot, "\(slot)") }
        helper.close()
        let responses = self.responses()
        #expect(responses.map(\.isCorrect) == Array(repeating: nil, count: 10))
        #expect(responses.flatMap(\.waiters) == (0..<10).map { waiter($0) })
        #expect(!line.isOpen)
    }

    @Test mutating func invalidRepliesAreIgnored() throws {
        _ = sendRequest(1, "x")
        for message in [[1], [1, 0, 0, 0], [9, 9, 9, 9, 1], Array(repeating: 7, count: 16)] {
            helper.reply(message.map { UInt8($0) })
        }
        #expect(responses().isEmpty)
    }

    /// An empty packet is not the end of the connection.
    @Test mutating func emptyPacketIsIgnored() throws {
        let pair = sendRequest(1, "x")
        helper.reply([])
        helper.reply([])
        #expect(responses().isEmpty && line.isOpen)
        let question = try #require(helper.question())
        helper.reply([])
        helper.reply(HelperProtocol.reply(to: question.number, isCorrect: true))
        #expect(responses() == [Reply(pair: pair, isCorrect: true, waiters: [waiter(1)])])
    }

    /// Whatever the other end sends, with any descriptors and in any number: the worker reads a
    /// bounded part of it at a time, keeps no descriptor, and accepts the reply that follows.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    mutating func garbageIsIgnored(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pipe = try openPipe(readsNonblocking: true)
        defer {
            closeDescriptor(pipe.reads)
            closeDescriptor(pipe.writes)
        }
        for round in 0..<200 {
            let pair = sendRequest(round, "\(round)")
            let question = try #require(helper.question(), "seed \(seed), round \(round)")
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                var bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                if Bool.random(using: &random), bytes.count > 8 {
                    // Almost a reply: the right number, or an existing kind.
                    bytes.replaceSubrange(
                        0..<9, with: HelperProtocol.message(question.number ^ 1, .failed).prefix(9))
                    bytes[8] = UInt8.random(in: 0..<6, using: &random)
                }
                // Its beginning would announce a replacement of the helper.
                if bytes == HelperProtocol.replacement { bytes = [] }
                helper.reply(bytes, passing: Bool.random(using: &random) ? pipe.reads : -1)
            }
            helper.reply(HelperProtocol.reply(to: question.number, isCorrect: true))
            #expect(
                responses() == [Reply(pair: pair, isCorrect: true, waiters: [waiter(round)])],
                "seed \(seed), round \(round)")
        }
        #expect(line.isOpen)
    }

    /// A descriptor that is not a regular file is refused as compressed content: sending it could
    /// block.
    @Test mutating func pipeIsNotAcceptedAsCompressedFile() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer {
            closeDescriptor(pipe.reads)
            closeDescriptor(pipe.writes)
        }
        let file = HelperClient.CacheEntryRef(entry: 3, generation: 4)
        line.submit(file, toCode: .bytes([1, 2, 3]), nowMs: 0)
        let question = try #require(helper.file())
        helper.reply(HelperProtocol.message(question.number, .compressFile), passing: pipe.reads)
        #expect(responses() == [Reply(file: file, compressed: nil)])
    }

    @Test(arguments: [0, 1, 9, 10]) func tooShortRequestsAreIgnored(count: Int) {
        let message = [UInt8](repeating: 0, count: count)
        let parts = HelperProtocol.parts(ofQuestion: message.span)
        #expect(parts == nil)
    }

    @Test func requestWithUnterminatedHashIsIgnored() {
        var message = HelperProtocol.request(1, hash: Array("hash".utf8), password: [])
        message.removeLast()
        let parts = HelperProtocol.parts(ofQuestion: message.span)
        #expect(parts == nil)
    }

    /// A worker that replaces a dead one must not receive its replies.
    @Test mutating func jobNumbersDifferBetweenWorkers() throws {
        _ = sendRequest(1, "x")
        let question = try #require(helper.question())
        let ends = try openSocketPair()
        var other = HelperClient(descriptor: ends.0)
        let otherHelper = HelperEnd(ends.1)
        let hash = Array("hash".utf8)
        let isAsked = other.submit(
            verified.pair([1].span, hash.span), hash: hash, password: [1], for: waiter(1),
            of: client(1), nowMs: 0)
        #expect(isAsked)
        otherHelper.reply(HelperProtocol.reply(to: question.number, isCorrect: true))
        #expect(other.nextReply() == nil)
    }

    // MARK: files

    private func kept(_ entry: Int32) -> HelperClient.CacheEntryRef {
        HelperClient.CacheEntryRef(entry: entry, generation: UInt32(entry))
    }

    @Test mutating func filesAreCompressed() throws {
        let file = try openMemoryFile(named: "apus-test")
        #expect(writeBytes(file.number, [1, 2, 3], at: 0))
        line.submit(kept(1), toCode: .bytes([7, 8]), nowMs: 0)
        line.submit(kept(2), toCode: .file(file.number), nowMs: 0)
        let first = try #require(helper.file())
        #expect(first.kind == .compressBytes && first.rest == [7, 8] && first.passed == -1)
        let second = try #require(helper.file())
        #expect(second.kind == .compressFile && second.rest == [])
        #expect(readBytes(second.passed, atMost: 10) == [1, 2, 3])
        closeDescriptor(second.passed)
        helper.reply(HelperProtocol.message(second.number, .compressFile), passing: file.number)
        helper.reply(HelperProtocol.message(first.number, .compressBytes, [9]))
        helper.reply(HelperProtocol.message(first.number, .compressBytes, [9]))
        #expect(
            responses() == [
                Reply(file: kept(2), compressed: [1, 2, 3]), Reply(file: kept(1), compressed: [9]),
            ])
    }

    @Test mutating func failedCompressionIsReported() throws {
        for kind in [HelperProtocol.Kind.failed, .compressFile, .password] {
            line.submit(kept(1), toCode: .bytes([7]), nowMs: 0)
            let question = try #require(helper.file())
            helper.reply(HelperProtocol.message(question.number, kind))
            #expect(responses() == [Reply(file: kept(1), compressed: nil)])
        }
    }

    @Test mutating func passwordsHavePriorityOverFiles() throws {
        for entry in 0..<10 {
            line.submit(kept(Int32(entry)), toCode: .bytes([UInt8(entry)]), nowMs: 0)
        }
        var numbers: [UInt64] = []
        for _ in 0..<HelperClient.maxCompressionsInFlight {
            numbers.append(try #require(helper.file()).number)
        }
        _ = sendRequest(1, "secret")
        #expect(helper.question()?.password == "secret")
        #expect(helper.file() == nil)
        helper.reply(HelperProtocol.message(numbers[0], .failed))
        #expect(responses().count == 1)
        #expect(helper.file()?.rest == [UInt8(HelperClient.maxCompressionsInFlight)])
        #expect(helper.file() == nil)
    }

    @Test mutating func queuedCompressionsAreLimited() {
        for entry in 0..<(HelperClient.maxCompressionsQueued + HelperClient.maxCompressionsInFlight)
        {
            #expect(line.canQueueCompression)
            line.submit(kept(Int32(entry)), toCode: .bytes([1]), nowMs: 0)
        }
        #expect(!line.canQueueCompression)
    }

    @Test mutating func jobThatKilledTwoHelpersIsDropped() throws {
        line.submit(kept(1), toCode: .bytes([1]), nowMs: 0)
        let first = try #require(helper.file())
        helper.reply(HelperProtocol.replacement)
        #expect(responses() == [])
        #expect(helper.file()?.number == first.number)
        helper.reply(HelperProtocol.replacement)
        #expect(responses() == [Reply(file: kept(1), compressed: nil)])
    }

    @Test mutating func missingHelperAbandonsCompressions() {
        for entry in 1...3 { line.submit(kept(Int32(entry)), toCode: .bytes([1]), nowMs: 0) }
        helper.close()
        let responses = self.responses()
        #expect(responses.map(\.isGivenUp) == [true, true, true])
        #expect(Set(responses.map(\.file?.entry)) == [1, 2, 3])
        #expect(!line.canQueueCompression)
    }

    // MARK: reading

    @Test mutating func piecesAreRead() throws {
        let file = try openMemoryFile(named: "apus-test")
        let piece = FilePiece(offset: 1 << 40, count: FilePiece.maxCount)
        line.submit(
            toRead: piece, of: file.number, for: waiter(1), of: client(1), nowMs: 0)
        let question = try #require(helper.file())
        #expect(question.kind == .read && question.passed >= 0)
        closeDescriptor(question.passed)
        let message = HelperProtocol.request(question.number, read: piece)
        #expect(Array(message[9...]) == question.rest)
        let asked = HelperProtocol.piece(ofQuestion: message.span)
        #expect(asked == piece)
        helper.reply(HelperProtocol.message(question.number, .read))
        #expect(responses() == [Reply(isRead: true, waiters: [waiter(1)])])
        line.submit(
            toRead: piece, of: file.number, for: waiter(2), of: client(1), nowMs: 0)
        let second = try #require(helper.file())
        closeDescriptor(second.passed)
        helper.reply(HelperProtocol.message(second.number, .failed))
        #expect(responses() == [Reply(isRead: false, waiters: [waiter(2)])])
    }

    @Test(arguments: [
        FilePiece(offset: -1, count: 1), FilePiece(offset: 0, count: FilePiece.maxCount + 1),
        FilePiece(offset: 0, count: -1),
    ])
    func invalidPiecesAreIgnored(piece: FilePiece) {
        let message = HelperProtocol.request(1, read: piece)
        let read = HelperProtocol.piece(ofQuestion: message.span)
        #expect(read == nil)
        let cut = HelperProtocol.piece(ofQuestion: message.span.extracting(0..<20))
        #expect(cut == nil)
    }

    /// The file of the job may be closed by then.
    @Test mutating func cancelledJobIsNotSentAgain() throws {
        let file = try openMemoryFile(named: "apus-test")
        let piece = FilePiece(offset: 0, count: 1)
        line.submit(
            toRead: piece, of: file.number, for: waiter(1), of: client(1), nowMs: 0)
        if let question = helper.file() { closeDescriptor(question.passed) }
        line.cancel(waiter(1))
        helper.reply(HelperProtocol.replacement)
        #expect(responses() == [])
        #expect(helper.file() == nil)
    }
}
