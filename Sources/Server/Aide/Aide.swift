import Files
import Linux

/// The Aide: a process beside the workers that does what no loop has the time for. It checks
/// passwords against hashes that are slow by design, compresses files as small as they get, and
/// reads files that are on a slow disk.
///
/// It may touch: its sockets to the workers, and what they hand over. It has given up root as they
/// have, and has none of their listening sockets. It ends when all its workers have ended.
struct Aide: ~Copyable {
    /// A question, or a slice of a file, that takes longer ends the Aide, and is asked of the next
    /// one once more.
    static let longestSeconds: UInt32 = 10
    /// The number of files and bodies of one worker that wait here at a time. A worker asks for
    /// fewer; one that does not holds neither memory nor descriptors of others.
    static let mostWaiting = 4 * (AideLine.mostReadingsAsked + AideLine.mostCodingsAsked)

    private let signals: Descriptor
    private var sockets: [Int32]
    /// The master hands over the sockets of new workers here; -1 once it has closed it.
    private var control: Int32
    private var coding: CodingQueue
    private var reading = ReadingQueue()

    /// An Aide of the workers at these sockets, and of those whose sockets come by `control`, that
    /// keeps so many bytes of what it has compressed.
    init(sockets: [Int32], control: Int32 = -1, memory: Int64) throws(SystemError) {
        signals = try openSignalDescriptor(for: [.terminate])
        self.sockets = sockets
        self.control = control
        coding = CodingQueue(memory: memory)
    }

    /// Answers until nobody is left to ask; `isNewcomer` when another Aide has died before it.
    mutating func run(isNewcomer: Bool) {
        if isNewcomer {
            for socket in sockets { Aide.tell(AideMessages.newcomer, to: socket) }
        }
        while !sockets.isEmpty || control >= 0 {
            let ready = waitUntilReadable(
                [signals.number, control] + sockets,
                timeoutMs: coding.isEmpty && reading.isEmpty ? -1 : 0)
            if ready.first == 0 { return }
            // One question of each worker a turn, so that none waits for all of another's.
            for index in ready.reversed() where index >= 2 {
                Aide.bounded { takeQuestion(at: index &- 2) }
            }
            if ready.contains(1) { takeSocket() }
            // Somebody waits for what is read.
            Aide.bounded { reading.isEmpty ? coding.step() : reading.step() }
        }
    }

    /// Takes the socket of a new worker, or learns that the master starts no more of them.
    private mutating func takeSocket() {
        var message: [UInt8] = [0]
        var passed: Int32 = -1
        let result = receive(control, into: &message, passed: &passed)
        if passed >= 0 { sockets.append(passed) }
        switch result {
        case .bytes(let count) where count > 0: return
        case .wouldBlock: return
        case .bytes, .failed:
            closeDescriptor(control)
            control = -1
        }
    }

    private mutating func takeQuestion(at index: Int) {
        let socket = sockets[index]
        var message = [UInt8](repeating: 0, count: AideMessages.longest)
        var passed: Int32 = -1
        let result = receive(socket, into: &message, passed: &passed)
        let file = passed >= 0 ? Descriptor(owning: passed) : nil
        switch result {
        case .bytes(let count) where count > 0:
            take(message.span.extracting(0..<count), file, from: socket)
        case .wouldBlock: break
        // An empty packet, or one that is longer than any question: no end.
        case .bytes where !isAbandoned(socket): break
        case .failed(let code) where code == Errno.messageTooLong: break
        case .bytes, .failed:
            coding.forget(socket)
            reading.forget(socket)
            closeDescriptor(socket)
            sockets.remove(at: index)
        }
    }

    private mutating func take(
        _ message: Span<UInt8>, _ file: consuming Descriptor?, from socket: Int32
    ) {
        guard let head = AideMessages.head(of: message) else { return }
        let waiting = coding.count(for: socket) &+ reading.count(for: socket)
        guard head.kind == .password || waiting < Aide.mostWaiting else {
            return Aide.tell(AideMessages.message(head.number, .nothing), to: socket)
        }
        let rest = message.extracting(head.end..<message.count)
        switch head.kind {
        case .password: answer(head.number, message, on: socket)
        case .codeBytes:
            coding.add(.bytes(rest.indices.map { rest[$0] }), head.number, for: socket)
        case .codeFile:
            // Only a file has an end, and is read without waiting for somebody else.
            guard let file, case .success(let facts) = facts(of: file.number),
                facts.kind == .regular
            else {
                return Aide.tell(AideMessages.message(head.number, .nothing), to: socket)
            }
            coding.add(.file(file, count: facts.size), head.number, for: socket)
        case .read:
            guard let file, let piece = AideMessages.piece(ofQuestion: message),
                case .success(let facts) = facts(of: file.number), facts.kind == .regular
            else {
                return Aide.tell(AideMessages.message(head.number, .nothing), to: socket)
            }
            reading.add(file, piece, head.number, for: socket)
        case .nothing: break
        }
    }

    private func answer(_ number: UInt64, _ question: Span<UInt8>, on socket: Int32) {
        guard let parts = AideMessages.parts(ofQuestion: question) else { return }
        let verdict = PasswordHash.check(
            question.extracting(parts.password..<question.count),
            against: question.extracting(parts.hash..<parts.password))
        Aide.tell(AideMessages.answer(to: number, isRight: verdict == .match), to: socket)
    }

    private static func bounded(_ work: () -> Void) {
        dieUnlessAskedAgain(within: longestSeconds)
        work()
        dieUnlessAskedAgain(within: 0)
    }

    /// A worker asks a few questions at a time, so that there is room for their answers.
    static func tell(_ message: [UInt8], to socket: Int32, passing descriptor: Int32 = -1) {
        _ = send(socket, message, passing: descriptor)
    }
}
