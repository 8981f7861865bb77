import Files
import Linux

/// The helper process: does work that would block an event loop. It verifies passwords against
/// hashes that are slow by design, compresses files at the best level, and reads files from slow
/// disks.
///
/// Its only resources are its sockets to the workers, and what they pass over them. It has dropped
/// root as the workers have, and has none of their listening sockets. It exits when all its workers
/// have exited.
struct HelperProcess: ~Copyable {
    /// The maximum time for one job, or one slice of a file, in seconds. After that SIGALRM
    /// terminates the process, and the next helper process gets the job once more.
    static let maxJobSeconds: UInt32 = 10
    /// The maximum number of files and bodies of one worker in the queues here. A worker sends
    /// fewer; one that does not must not use memory or descriptors of others.
    static let maxQueuedJobs =
        4 * (HelperClient.maxReadsInFlight + HelperClient.maxCompressionsInFlight)

    private let signals: Descriptor
    private var sockets: [Int32]
    /// The socket on which the master passes the sockets of new workers; -1 once the master has
    /// closed it.
    private var control: Int32
    private var compression: CompressionQueue
    private var reading = ReadQueue()

    /// Creates a helper process for the workers at these sockets, and for those whose sockets
    /// arrive on `control`. It caches up to `memory` bytes of compressed bodies.
    init(sockets: [Int32], control: Int32 = -1, memory: Int64) throws(SystemError) {
        signals = try openSignalDescriptor(for: [.terminate])
        self.sockets = sockets
        self.control = control
        compression = CompressionQueue(memory: memory)
    }

    /// Runs until no worker is left; `isReplacement` if it replaces a helper process that died.
    mutating func run(isReplacement: Bool) {
        if isReplacement {
            for socket in sockets { HelperProcess.reply(HelperProtocol.replacement, to: socket) }
        }
        while !sockets.isEmpty || control >= 0 {
            let ready = waitUntilReadable(
                [signals.number, control] + sockets,
                timeoutMs: compression.isEmpty && reading.isEmpty ? -1 : 0)
            if ready.first == 0 { return }
            // One request of each worker per iteration, so that no worker waits for all requests of
            // another.
            for index in ready.reversed() where index >= 2 {
                HelperProcess.withTimeLimit { receiveRequest(at: index &- 2) }
            }
            if ready.contains(1) { acceptSocket() }
            // Reads come first: clients wait for them.
            HelperProcess.withTimeLimit { reading.isEmpty ? compression.step() : reading.step() }
        }
    }

    /// Accepts the socket of a new worker, or the end of the stream: the master starts no more of
    /// them.
    private mutating func acceptSocket() {
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

    private mutating func receiveRequest(at index: Int) {
        let socket = sockets[index]
        var message = [UInt8](repeating: 0, count: HelperProtocol.maxLength)
        var passed: Int32 = -1
        let result = receive(socket, into: &message, passed: &passed)
        let file = passed >= 0 ? Descriptor(owning: passed) : nil
        switch result {
        case .bytes(let count) where count > 0:
            handleRequest(message.span.extracting(0..<count), file, from: socket)
        case .wouldBlock: break
        // An empty packet, or one that is longer than any request, does not end the stream.
        case .bytes where !isAbandoned(socket): break
        case .failed(let code) where code == Errno.messageTooLong: break
        case .bytes, .failed:
            compression.removeAll(socket)
            reading.removeAll(socket)
            closeDescriptor(socket)
            sockets.remove(at: index)
        }
    }

    private mutating func handleRequest(
        _ message: Span<UInt8>, _ file: consuming Descriptor?, from socket: Int32
    ) {
        guard let head = HelperProtocol.head(of: message) else { return }
        let waiting = compression.count(for: socket) &+ reading.count(for: socket)
        guard head.kind == .password || waiting < HelperProcess.maxQueuedJobs else {
            return HelperProcess.reply(HelperProtocol.message(head.number, .failed), to: socket)
        }
        let rest = message.extracting(head.end..<message.count)
        switch head.kind {
        case .password: verifyPassword(head.number, message, on: socket)
        case .compressBytes:
            compression.add(.bytes(rest.indices.map { rest[$0] }), head.number, for: socket)
        case .compressFile:
            // Only a regular file has an end and never blocks the reader.
            guard let file, case .success(let fileStatus) = fileStatus(of: file.number),
                fileStatus.kind == .regular
            else {
                return HelperProcess.reply(HelperProtocol.message(head.number, .failed), to: socket)
            }
            compression.add(.file(file, count: fileStatus.size), head.number, for: socket)
        case .read:
            guard let file, let piece = HelperProtocol.piece(ofQuestion: message),
                case .success(let fileStatus) = fileStatus(of: file.number),
                fileStatus.kind == .regular
            else {
                return HelperProcess.reply(HelperProtocol.message(head.number, .failed), to: socket)
            }
            reading.add(file, piece, head.number, for: socket)
        case .failed: break
        }
    }

    private func verifyPassword(_ number: UInt64, _ question: Span<UInt8>, on socket: Int32) {
        guard let parts = HelperProtocol.parts(ofQuestion: question) else { return }
        let verdict = PasswordHash.check(
            question.extracting(parts.password..<question.count),
            against: question.extracting(parts.hash..<parts.password))
        HelperProcess.reply(
            HelperProtocol.reply(to: number, isCorrect: verdict == .match), to: socket)
    }

    private static func withTimeLimit(_ work: () -> Void) {
        setWatchdogAlarm(within: maxJobSeconds)
        work()
        setWatchdogAlarm(within: 0)
    }

    /// Sends a reply. A worker sends only a few requests at a time, so that there is room for their
    /// replies.
    static func reply(_ message: [UInt8], to socket: Int32, passing descriptor: Int32 = -1) {
        _ = send(socket, message, passing: descriptor)
    }
}
