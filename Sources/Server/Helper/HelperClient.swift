import Files
import Linux

/// A worker's client of the helper process: the jobs that were sent, and those that are queued.
///
/// Jobs that requests wait for take turns by client (``FairQueue``); the jobs of a client that
/// disconnects are cancelled in constant time. A request waits a bounded time, whatever the helper
/// process does (``checkTimeouts(nowMs:)``).
struct HelperClient {
    /// The maximum number of passwords sent to the helper process, so that the first password of a
    /// client does not wait for many others. The rest is queued here.
    static let maxPasswordsInFlight = 2
    /// The maximum number of pieces of files sent to the helper process.
    static let maxReadsInFlight = 8
    /// The maximum number of compressions sent to the helper process. They take longer, and no
    /// request waits for them.
    static let maxCompressionsInFlight = 2
    /// The maximum number of passwords that are queued or being verified. Requests beyond that are
    /// refused.
    static let maxPasswords = 256
    /// The maximum number of these of one client.
    static let maxPasswordsPerClient = 64
    /// The maximum number of queued compressions. Others are requested again with the next request
    /// for the file.
    static let maxCompressionsQueued = 64
    /// The maximum number of messages that are read in a row without a valid reply among them.
    static let maxMessages = 64
    /// The maximum number of attempts: a job that two helper processes died of is not sent to a
    /// third.
    static let maxAttempts = 2

    /// The socket; -1 without a helper process.
    private(set) var descriptor: Int32
    private var lastNumber: UInt64

    private var jobs: [Job?] = []
    private var freeJobs: [Int] = []
    /// The jobs that were sent, in order: only a few.
    private var inFlight: [Int] = []
    private var passwords = FairQueue<WaitingClient>()
    private var reads = FairQueue<WaitingClient>()
    private var compressions: [Int] = []
    private var passwordLimit = InFlightLimit(limit: HelperClient.maxPasswordsInFlight)
    private var readLimit = InFlightLimit(limit: HelperClient.maxReadsInFlight)
    private var compressionLimit = InFlightLimit(limit: HelperClient.maxCompressionsInFlight)
    /// Jobs that failed, to be reported to their waiters.
    private var failed = SlotList()
    private var failedLinks = SlotLinks()

    private var pairs: [PasswordPair: Int] = [:]
    private var passwordCounts: [WaitingClient: Int] = [:]
    private var passwordCount = 0

    /// For each connection by slot: the job that it waits for, and the generation of the slot.
    private var waiting: [(job: Int, generation: UInt32)] = []
    private var waiterLinks = SlotLinks()

    /// Jobs that requests wait for, the oldest first.
    private var ages = SlotList()
    private var ageLinks = SlotLinks()
    private var watchdog = HelperWatchdog()

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
    mutating func submit(
        _ pair: PasswordPair, hash: [UInt8], password: [UInt8], for waiter: Waiter,
        of client: WaitingClient, nowMs: Int64
    ) -> Bool {
        cancel(waiter)
        if let known = pairs[pair] {
            add(waiter, to: known)
            return true
        }
        guard passwordCount < HelperClient.maxPasswords,
            passwordCounts[client, default: 0] < HelperClient.maxPasswordsPerClient
        else { return false }
        lastNumber &+= 1
        let job = addJob(
            Job(
                number: lastNumber, subject: .password(pair),
                message: HelperProtocol.request(lastNumber, hash: hash, password: password),
                client: client, sinceMs: nowMs))
        pairs[pair] = job
        passwordCounts[client, default: 0] &+= 1
        passwordCount &+= 1
        add(waiter, to: job)
        passwords.append(job, of: client)
        sendQueue()
        return true
    }

    /// Requests that a piece of a file is read into the page cache. The caller keeps the descriptor
    /// open until there is a reply, or until ``cancel(_:)``.
    mutating func submit(
        toRead piece: FilePiece, of file: Int32, for waiter: Waiter, of client: WaitingClient,
        nowMs: Int64
    ) {
        cancel(waiter)
        lastNumber &+= 1
        let job = addJob(
            Job(
                number: lastNumber, subject: .read,
                message: HelperProtocol.request(lastNumber, read: piece), descriptor: file,
                client: client, sinceMs: nowMs))
        add(waiter, to: job)
        reads.append(job, of: client)
        sendQueue()
    }

    /// True if one more compression may be requested.
    var canQueueCompression: Bool {
        isOpen && compressions.count < HelperClient.maxCompressionsQueued
    }

    /// Requests the compression of a file, which the caller keeps in the cache until there is a
    /// reply.
    mutating func submit(
        _ file: CacheEntryRef, toCode body: FileCache.CompressionSource, nowMs: Int64
    ) {
        lastNumber &+= 1
        let message: [UInt8]
        var passed: Int32 = -1
        switch body {
        case .bytes(let bytes): message = HelperProtocol.message(lastNumber, .compressBytes, bytes)
        case .file(let file):
            message = HelperProtocol.message(lastNumber, .compressFile)
            passed = file
        }
        let job = addJob(
            Job(
                number: lastNumber, subject: .compression(file), message: message,
                descriptor: passed,
                client: nil, sinceMs: nowMs))
        compressions.append(job)
        sendQueue()
    }

    /// Cancels the wait of a connection that is closed. If the job was sent already, its reply is
    /// ignored.
    mutating func cancel(_ waiter: Waiter) {
        guard waiting.indices.contains(waiter.slot.index), waiterLinks.contains(waiter.slot.index),
            waiting[waiter.slot.index].generation == waiter.generation
        else { return }
        let place = waiting[waiter.slot.index].job
        guard var job = jobs[place] else { return }
        waiterLinks.remove(waiter.slot.index, from: &job.waiters)
        jobs[place] = job
        guard job.waiters.isEmpty else { return }
        ageLinks.remove(place, from: &ages)
        if failedLinks.contains(place) {
            failedLinks.remove(place, from: &failed)
            removeJob(place)
        } else if isWaiting(place) {
            passwords.remove(place)
            reads.remove(place)
            removeJob(place)
        } else if job.subject == .read {
            // The file may be closed from here on, so the job must not be sent again.
            jobs[place]?.attempts = HelperClient.maxAttempts
        }
    }

    private func isWaiting(_ place: Int) -> Bool { !inFlight.contains(place) }

    private mutating func addJob(_ job: Job) -> Int {
        watchdog.arm(nowMs: job.sinceMs)
        let place: Int
        if let free = freeJobs.popLast() {
            place = free
            jobs[place] = job
        } else {
            place = jobs.count
            jobs.append(job)
        }
        if job.client != nil { ageLinks.append(place, to: &ages) }
        return place
    }

    private mutating func add(_ waiter: Waiter, to place: Int) {
        guard var job = jobs[place] else { return }
        while waiting.count <= waiter.slot.index { waiting.append((job: 0, generation: 0)) }
        waiting[waiter.slot.index] = (job: place, generation: waiter.generation)
        waiterLinks.append(waiter.slot.index, to: &job.waiters)
        jobs[place] = job
        // A request waits for it again.
        if !ageLinks.contains(place) { ageLinks.append(place, to: &ages) }
    }

    /// Removes a job that is in no queue, and returns it.
    @discardableResult
    private mutating func removeJob(_ place: Int) -> Job? {
        guard let job = jobs[place] else { return nil }
        ageLinks.remove(place, from: &ages)
        if case .password(let pair) = job.subject {
            pairs[pair] = nil
            passwordCount &-= 1
            if let client = job.client, let count = passwordCounts[client] {
                passwordCounts[client] = count > 1 ? count &- 1 : nil
            }
        }
        jobs[place] = nil
        freeJobs.append(place)
        return job
    }

    /// Unlinks all waiters of a job and returns them.
    private mutating func removeWaiters(of place: Int) -> [Waiter] {
        guard var job = jobs[place] else { return [] }
        var waiters: [Waiter] = []
        while let slot = waiterLinks.popFirst(of: &job.waiters) {
            waiters.append(Waiter(slot: Slot(slot), generation: waiting[slot].generation))
        }
        jobs[place] = job
        return waiters
    }
}

// Receiving replies.
extension HelperClient {
    /// Returns the next reply; nil if there is none for now.
    mutating func nextReply() -> Reply? {
        var message = [UInt8](repeating: 0, count: HelperProtocol.maxLength)
        // Bounded: invalid messages must not keep the worker from its clients.
        var left = HelperClient.maxMessages
        while isOpen, left > 0 {
            left &-= 1
            var passed: Int32 = -1
            let result = receive(descriptor, into: &message, passed: &passed)
            let file = passed >= 0 ? Descriptor(owning: passed) : nil
            switch result {
            case .bytes(let count) where count > 0:
                watchdog.disarm()
                if Array(message[..<count]) == HelperProtocol.replacement {
                    requeueLostJobs()
                } else if let response = response(message.span.extracting(0..<count), file) {
                    return response
                }
            case .wouldBlock:
                sendQueue()
                return nextFailure()
            // An empty packet does not end the stream.
            case .bytes where !isAbandoned(descriptor): break
            case .bytes, .failed:
                // The descriptor stays open: the system call filter knows it by its number, which
                // no connection may get.
                descriptor = -1
                dropAll()
            }
        }
        return nextFailure()
    }

    private mutating func response(
        _ message: Span<UInt8>, _ file: consuming Descriptor?
    ) -> Reply? {
        // Only a few were sent.
        guard let head = HelperProtocol.head(of: message),
            let index = inFlight.firstIndex(where: { jobs[$0]?.number == head.number }),
            let subject = jobs[inFlight[index]]?.subject
        else { return nil }
        let rest = message.extracting(head.end..<message.count)
        switch subject {
        case .password(let pair):
            guard head.kind == .password, rest.count == 1 else { return nil }
            let isCorrect = rest[0] == 1
            return .password(pair, isCorrect: isCorrect, waiters: finishJob(at: index))
        case .read: return .read(head.kind == .read, waiters: finishJob(at: index))
        case .compression(let variant):
            _ = finishJob(at: index)
            switch head.kind {
            case .compressBytes: return .compressed(variant, .bytes(rest.indices.map { rest[$0] }))
            case .compressFile:
                guard let file, case .success(let fileStatus) = fileStatus(of: file.number),
                    fileStatus.kind == .regular
                else {
                    return .compressed(variant, nil)
                }
                return .compressed(
                    variant, .file(SealedFile(owning: file.detach()), count: fileStatus.size))
            case .password, .read, .failed: return .compressed(variant, nil)
            }
        }
    }

    /// Removes a job that was replied to. Returns its waiters.
    private mutating func finishJob(at index: Int) -> [Waiter] {
        let place = inFlight.remove(at: index)
        let waiters = removeWaiters(of: place)
        markDone(place)
        removeJob(place)
        return waiters
    }

    /// Handles a restart: the helper process has died and this is its successor. The jobs that were
    /// sent are sent once more, before all others.
    private mutating func requeueLostJobs() {
        for place in inFlight.reversed() {
            guard let job = jobs[place] else { continue }
            markDone(place)
            if job.attempts >= HelperClient.maxAttempts {
                fail(place)
                continue
            }
            switch job.subject {
            case .compression: compressions.insert(place, at: 0)
            case .password: if let client = job.client { passwords.prepend(place, of: client) }
            case .read: if let client = job.client { reads.prepend(place, of: client) }
            }
        }
        inFlight = []
    }

    /// Returns the failure of a job that is not sent again: two helper processes died of it, it
    /// waited too long, or there is no helper process.
    private mutating func nextFailure() -> Reply? {
        guard let place = failedLinks.popFirst(of: &failed) else { return nil }
        let waiters = removeWaiters(of: place)
        guard let job = removeJob(place) else { return nil }
        switch job.subject {
        case .password(let pair): return .password(pair, isCorrect: nil, waiters: waiters)
        case .read: return .read(false, waiters: waiters)
        case .compression(let file):
            return isOpen && job.attempts >= HelperClient.maxAttempts
                ? .compressed(file, nil) : .notCompressed(file)
        }
    }

    /// Marks a job as failed; the next ``nextReply()`` reports it.
    private mutating func fail(_ place: Int) {
        ageLinks.remove(place, from: &ages)
        if let job = jobs[place], job.waiters.isEmpty, job.client != nil {
            removeJob(place)
        } else {
            failedLinks.append(place, to: &failed)
        }
    }

    private mutating func failInFlight() {
        for place in inFlight {
            markDone(place)
            fail(place)
        }
        inFlight = []
    }

    private mutating func dropAll() {
        failInFlight()
        while let place = passwords.popFirst() { fail(place) }
        while let place = reads.popFirst() { fail(place) }
        for place in compressions { fail(place) }
        compressions = []
    }
}

// Sending jobs, and their timeouts.
extension HelperClient {
    private mutating func sendQueue() {
        guard isOpen, !watchdog.isBroken else { return }
        while !passwordLimit.isFull, let place = passwords.first {
            guard send(place) else { return }
            _ = passwords.popFirst()
            passwordLimit.inFlight &+= 1
        }
        while !readLimit.isFull, let place = reads.first {
            guard send(place) else { return }
            _ = reads.popFirst()
            readLimit.inFlight &+= 1
        }
        while !compressionLimit.isFull, let place = compressions.first {
            guard send(place) else { return }
            compressions.removeFirst()
            compressionLimit.inFlight &+= 1
        }
    }

    /// Sends a job. Without room in the socket it is tried again after the next reply; a closed
    /// socket is detected by reading.
    private mutating func send(_ place: Int) -> Bool {
        guard let job = jobs[place],
            case .bytes = Linux.send(descriptor, job.message, passing: job.descriptor)
        else { return false }
        jobs[place]?.attempts &+= 1
        inFlight.append(place)
        return true
    }

    /// Records that the helper process no longer has a job.
    private mutating func markDone(_ place: Int) {
        switch jobs[place]?.subject {
        case nil: break
        case .password: passwordLimit.inFlight &-= 1
        case .read: readLimit.inFlight &-= 1
        case .compression: compressionLimit.inFlight &-= 1
        }
    }

    /// The time at which ``checkTimeouts(nowMs:)`` is due; Int64.max while nothing waits.
    var nextCheckMs: Int64 { watchdog.nextCheckMs }

    /// Fails jobs that have waited too long, and all jobs that were sent if nothing was heard of
    /// the helper process for too long. ``nextReply()`` then reports them. Returns true if the
    /// helper process must be replaced.
    mutating func checkTimeouts(nowMs: Int64) -> Bool {
        while let place = ages.first, let job = jobs[place],
            nowMs &- job.sinceMs >= HelperWatchdog.maxWaitMs
        {
            if let index = inFlight.firstIndex(of: place) {
                // A reply that still arrives is ignored.
                inFlight.remove(at: index)
                markDone(place)
            }
            passwords.remove(place)
            reads.remove(place)
            fail(place)
        }
        let isAwaited = inFlight.contains { jobs[$0]?.client != nil }
        let mayBeBroken = watchdog.check(
            hasInFlight: !inFlight.isEmpty, isAwaited: isAwaited, hasWaiting: !ages.isEmpty,
            nowMs: nowMs)
        if mayBeBroken { failInFlight() }
        return mayBeBroken
    }
}

/// The client of the helper process, held by reference.
final class HelperClientBox {
    var client: HelperClient

    init(_ line: HelperClient) { self.client = line }
}
