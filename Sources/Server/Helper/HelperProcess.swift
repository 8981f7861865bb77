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

/// The sockets between the workers of a generation and its helper process: a pair for each worker
/// process.
///
/// The master keeps the helper's ends, so that a replacement of the helper process inherits them,
/// and passes those of new workers to the running one. No two workers share a pair: damage that a
/// hostile worker does to its own (shutdown(2), empty packets) affects no other.
final class HelperSockets {
    /// The helper's end of each worker process's pair.
    private var ends: [Int32: Int32] = [:]
    /// The pair over which the running helper process receives the ends of workers that start
    /// later.
    private var control: (master: Int32, helper: Int32) = (-1, -1)

    deinit { close() }

    // MARK: the master

    /// Creates the pair of a worker before it is forked.
    static func openPair() throws(SystemError) -> (worker: Int32, helper: Int32) {
        let ends = try openSocketPair()
        return (worker: ends.0, helper: ends.1)
    }

    /// Stores the helper's end for a forked worker, and passes it to the helper process.
    func add(_ end: Int32, of process: Int32) {
        ends[process] = end
        if control.master >= 0 { _ = send(control.master, [1], passing: end) }
    }

    /// Removes the pair of a worker that has exited: no other worker uses it.
    func remove(_ process: Int32) {
        if let end = ends.removeValue(forKey: process) { closeDescriptor(end) }
    }

    /// Prepares the fork of a helper process: it inherits all existing ends, and receives others
    /// over a new pair.
    func openControl() throws(SystemError) {
        closeControl()
        let ends = try openSocketPair()
        control = (master: ends.0, helper: ends.1)
    }

    /// Closes the helper's end of the control pair after its fork.
    func closeHelperControl() {
        if control.helper >= 0 { closeDescriptor(control.helper) }
        control.helper = -1
    }

    private func closeControl() {
        closeHelperControl()
        if control.master >= 0 { closeDescriptor(control.master) }
        control.master = -1
    }

    /// Closes everything: when no replacements are started any more, or in a process that does not
    /// need the sockets.
    func close() {
        for end in ends.values { closeDescriptor(end) }
        ends = [:]
        closeControl()
    }

    // MARK: the helper process

    /// Keeps only the helper's ends, in the helper process. Returns them and its end of the control
    /// pair.
    func keepHelperEnds() -> (sockets: [Int32], control: Int32) {
        let own = (sockets: Array(ends.values), control: control.helper)
        ends = [:]
        control.helper = -1
        closeControl()
        return own
    }
}

/// Detects a helper process that does not respond.
///
/// It counts checks, a second apart, instead of time: after both processes were suspended, the
/// helper process has as much time as before.
struct HelperWatchdog {
    static let checkMs: Int64 = 1000
    /// The number of checks without a message, while a request waits, until the helper process
    /// counts as stuck. It limits each job to ``HelperProcess/maxJobSeconds`` itself, so only a
    /// stopped or stuck one gets here.
    static let maxChecks = 12
    /// The number of checks while it only compresses, which may take longer.
    static let maxChecksUnawaited = 60
    /// The total time that a request may wait, including the jobs queued before it.
    static let maxWaitMs: Int64 = 60_000

    /// The time at which ``check(hasInFlight:isAwaited:hasWaiting:nowMs:)`` is due; Int64.max
    /// while nothing waits.
    private(set) var nextCheckMs = Int64.max
    /// True if the helper process must be replaced. Nothing is sent to it until a message arrives
    /// from it or its successor.
    private(set) var isBroken = false
    private var checks = 0

    /// Starts the checks: a job waits for the helper process.
    mutating func arm(nowMs: Int64) { nextCheckMs = min(nextCheckMs, nowMs &+ Self.checkMs) }

    /// Records that a message arrived.
    mutating func disarm() {
        checks = 0
        isBroken = false
    }

    /// Counts a check. `hasInFlight` is true if a job was sent, `isAwaited` if a request waits for
    /// one, `hasWaiting` if requests wait at all. Returns true if the helper process is stuck.
    mutating func check(hasInFlight: Bool, isAwaited: Bool, hasWaiting: Bool, nowMs: Int64) -> Bool
    {
        nextCheckMs = hasInFlight || hasWaiting ? nowMs &+ Self.checkMs : Int64.max
        guard hasInFlight || isBroken && hasWaiting else {
            checks = 0
            return false
        }
        checks &+= 1
        guard checks >= (isAwaited || isBroken ? Self.maxChecks : Self.maxChecksUnawaited) else {
            return false
        }
        checks = 0
        isBroken = true
        return true
    }
}
