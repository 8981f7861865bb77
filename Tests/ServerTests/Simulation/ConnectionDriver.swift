import HTTP
import Linux
import Reactor

@testable import Server

/// An error for actions that a connection must never take.
struct SimulationFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The constant properties of a simulated connection.
struct SimulatedSettings {
    var inputSize = 1024
    var outputSize = 4096
    var keepaliveRequests: UInt32 = 1000
    var lingeringClose = LingeringClose.whenUnread
    var sendfileMaxChunk = 2 << 20
    var limits = HeadLimits(requestLine: 600, fieldLine: 600, head: 2000)

    /// The header that a proxy sends before the first request, if the connection expects one.
    var proxyHeader: [UInt8]?

    static let durationsMs: [Int64] = [60_000, 60_000, 60_000, 75_000, 5_000]
    static let lingeringTimeMs: Int64 = 30_000
}

/// Performs the actions of a connection, as the worker does, on a simulated socket, file and clock.
final class ConnectionDriver {
    var socket: SimulatedSocket
    var nowMs: Int64 = 1000
    private(set) var isClosed = false
    /// The reason that the connection gave for closing.
    private(set) var closeReason: Connection.CloseReason?
    /// Every action with its result, if tracing is on.
    private(set) var trace: [String]?

    private let settings: SimulatedSettings
    private var random: SeededGenerator
    private var connection: Connection
    private var request: Request
    private var hasExchange = false
    private var deadlines = Deadlines(durationsMs: SimulatedSettings.durationsMs, slots: 1)
    private var inputs: BufferPool
    private var outputs: BufferPool
    private var interest = Connection.Direction.read
    private var isQueued = false
    /// The time when the rate limit allows more bytes, or nil.
    private(set) var heldUntilMs: Int64?
    /// True once the response has waited for something other than the client.
    private var isPaused = false
    private var hasPaused = false
    /// True while the next bytes of the file are read, or were just read.
    private var waitsForFile = false
    private var fileIsRead = false
    /// True if the response lacked room behind earlier ones and is retried now.
    private var hasLackedRoom = false
    /// The current response, or nil once it is logged.
    private var current: SimulatedResponse?
    private var isResponding = false
    private var produced = 0
    private var slicesInTurn = 0
    /// The bytes written to the output or sent from files so far, and those that the socket
    /// accepted.
    private var writtenBytes = 0
    private var takenBytes = 0
    /// The offset of the current response in that stream.
    private var responseStart = 0

    init(_ settings: SimulatedSettings, room: Int, seed: UInt64, isTraced: Bool) {
        self.settings = settings
        socket = SimulatedSocket(room: room)
        random = SeededGenerator(seed: seed)
        trace = isTraced ? [] : nil
        inputs = BufferPool(size: settings.inputSize, keeps: 2)
        outputs = BufferPool(size: settings.outputSize, keeps: 2)
        request = Request(limits: settings.limits)
        connection = Connection(
            fd: 3, generation: 1, state: .idle, interest: 0, isQueued: false, listener: 0,
            request: 0, settings: 0, requests: 0, acceptedMs: 1000, number: 1,
            lingerUntilMs: 0, idleSinceMs: 0, hasHeadDeadline: false,
            awaitsProxyHeader: settings.proxyHeader != nil)
    }

    deinit {
        inputs.release(request.input)
        outputs.release(request.output)
    }

    // MARK: iterations

    /// True if the loop would run the connection now.
    var isDue: Bool {
        if let heldUntilMs { return nowMs >= heldUntilMs || socket.isReset }
        return !isClosed
            && (isPaused || isQueued || (interest == .read ? socket.isReadable : socket.isWritable))
    }

    var deadlineMs: Int64? { deadlines.earliestMs() }

    /// Runs an iteration because of readiness, or because the connection is queued.
    func takeTurn() throws {
        if let until = heldUntilMs {
            guard isDue else { return }
            heldUntilMs = nil
            return try drive(nowMs >= until ? .ready : .failed)
        }
        isQueued = false
        if isPaused {
            isPaused = false
            request.isWaiting = false
            fileIsRead = waitsForFile
            waitsForFile = false
            try drive(fileIsRead ? .fileRead : .resumed)
            return
        }
        try drive(.ready)
    }

    /// Advances the clock to the deadline.
    func expire() throws {
        guard deadlines.popExpired(nowMs: nowMs) == Slot(0) else { return }
        if hasExchange { try drive(.expired) } else { close() }
    }

    func drive(_ first: Connection.Input) throws {
        guard !isClosed else { throw SimulationFailure("a turn after the close") }
        if !hasExchange {
            hasExchange = true
            request = Request(limits: settings.limits)
        }
        request.requestsInSlice = 0
        slicesInTurn = 0
        var action = connection.step(first, &request)
        // 32 requests with at most a handful of actions each.
        for _ in 0..<400 {
            let input = try carryOut(action)
            trace?.append(
                "\(nowMs) \(action) -> \(input.map { "\($0)" } ?? "") \(connection.state)")
            guard let input else { return }
            action = connection.step(input, &request)
        }
        throw SimulationFailure("an endless iteration")
    }

    private func carryOut(_ action: Connection.Action) throws -> Connection.Input? {
        switch action {
        case .receive: return try receive()
        case .growInput:
            growInput()
            return .inputGrown
        case .storeProxyHeader:
            let addresses = request.proxyAddresses
            guard let header = settings.proxyHeader,
                case .complete(let sent, request.inputStart) = ProxyHeader.parse(header.span),
                sent ?? ProxyHeader.Addresses() == addresses
            else { throw SimulationFailure("a proxy said \(addresses)") }
            return .proxyHeaderStored
        case .processRequest:
            if hasLackedRoom, request.outputCount > 0 {
                throw SimulationFailure("no room was made")
            }
            hasLackedRoom = request.outputCount > 0 && chance(3)
            if hasLackedRoom {
                request.needsFlush = true
                return .needsFlush
            }
            if !hasPaused, random.next() % 4 == 0 {
                hasPaused = true
                request.isWaiting = true
                return .suspended
            }
            hasPaused = false
            try response()
            return .responded
        case .send(let moreFollows): return try send(moreFollows)
        case .sendFile: return try sendFile()
        case .produce: return try produce()
        case .finish:
            try finish()
            return .finished
        case .wait(let direction, let deadline): return try wait(direction, deadline)
        case .suspend:
            guard request.outputCount == 0 else {
                throw SimulationFailure("what earlier requests are owed waits for this one")
            }
            deadlines.cancel(Slot(0))
            isPaused = true
            return nil
        case .yield:
            deadlines.cancel(Slot(0))
            isQueued = true
            return nil
        case .throttle:
            try hold()
            return nil
        case .linger: return try linger()
        case .keepIdle:
            try rest()
            return nil
        case .close(let reason):
            try abandon(reason)
            return nil
        }
    }

    // MARK: bytes in and out

    private func receive() throws -> Connection.Input {
        if request.input.isNone { request.input = inputs.acquire() }
        let end = request.inputEnd
        let room = request.input.capacity - end
        // Zero bytes from recv(2) would be interpreted as the end of the stream.
        guard room > 0 else { throw SimulationFailure("a receive into no room") }
        if socket.isReset { return .failed }
        if chance(10) { return .nothingToReceive }
        let most = chance(3) ? Int.random(in: 1...room, using: &random) : room
        guard let bytes = socket.receive(atMost: most) else { return .nothingToReceive }
        if bytes.isEmpty { return .endOfStream }
        unsafe request.input.bytes(from: end, to: end + bytes.count).copyBytes(from: bytes)
        request.mayHaveMore = bytes.count == room
        return .received(bytes.count)
    }

    private func growInput() {
        let old = request.input
        let start = request.inputStart
        let count = request.inputEnd - start
        if start > 0 {
            old.move(from: start, to: 0, count: count)
        } else {
            let larger = inputs.acquire(atLeast: old.capacity * 2)
            larger.copy(from: old, count: count)
            inputs.release(old)
            request.input = larger
        }
        request.inputStart = 0
        request.inputEnd = count
    }

    private func send(_ moreFollows: Bool) throws -> Connection.Input {
        guard request.outputCount > 0 else { throw SimulationFailure("a send of nothing") }
        guard moreFollows == (request.source == .file) else {
            throw SimulationFailure("MSG_MORE: \(moreFollows) before \(request.source)")
        }
        if socket.isReset { return .failed }
        if chance(8) { return .noRoom }
        if chance(12) { return .limited }
        let bytes = unsafe Array(
            request.output.bytes(from: request.outputStart, to: request.outputEnd))
        let count = socket.send(bytes, atMost: pieceOf(bytes.count))
        takenBytes += count
        return count == 0 ? .noRoom : .sent(count)
    }

    private func sendFile() throws -> Connection.Input {
        guard let current, request.fileRemaining > 0 else {
            throw SimulationFailure("a sendfile of nothing")
        }
        guard request.outputCount == 0 else {
            throw SimulationFailure("a file overtakes what is before it")
        }
        try countSlice()
        if socket.isReset { return .failed }
        if mustWaitForFile() { return .fileNotInMemory }
        if chance(8) { return .noRoom }
        if chance(12) { return .limited }
        let asked = Int(min(request.fileRemaining, Int64(settings.sendfileMaxChunk)))
        let position = Int(request.fileOffset) - current.number
        let there = min(asked, current.available - position)
        guard there > 0 else {
            return current.kind == .unreadableFile ? .sourceFailed : .sentFile(0, of: asked)
        }
        let start = Int(request.fileOffset)
        let count = socket.send(
            SimulatedResponse.pattern[start..<(start + there)], atMost: pieceOf(there))
        takenBytes += count
        writtenBytes += count
        return count == 0 ? .noRoom : .sentFile(count, of: asked)
    }

    /// Simulates occasionally that the next bytes of the file are not in memory; once they are
    /// read, they are.
    private func mustWaitForFile() -> Bool {
        defer { fileIsRead = false }
        guard !fileIsRead, chance(6) else { return false }
        waitsForFile = true
        request.isWaiting = true
        return true
    }

    private func produce() throws -> Connection.Input {
        guard let current else { throw SimulationFailure("a slice without a response") }
        guard request.outputCount == 0 else {
            throw SimulationFailure("a slice behind bytes that are not sent")
        }
        if mustWaitForFile() { return .fileNotInMemory }
        try countSlice()
        request.hasProduced = true
        let left = current.available - produced
        if left == 0, current.isCutShort { return .sourceFailed }
        // A compressor buffers bytes, so a slice may produce none.
        let most = chance(4) ? 0 : min(left, request.output.capacity - request.outputEnd)
        let count = most == 0 ? 0 : Int.random(in: 1...most, using: &random)
        let body = current.body
        write(body[(body.startIndex + produced)...].prefix(count))
        produced += count
        request.bodyBytes += Int64(count)
        let isLast = produced == current.available && !current.isCutShort
        return .produced(isLast: isLast && chance(2))
    }

    /// Checks that a large body does not monopolize the loop: other connections run between two
    /// slices.
    private func countSlice() throws {
        slicesInTurn += 1
        guard slicesInTurn <= 1 else { throw SimulationFailure("two slices in a turn") }
    }

    private func write(_ bytes: some Collection<UInt8>) {
        let end = request.outputEnd
        while request.output.capacity - end < bytes.count {
            let larger = outputs.acquire(atLeast: request.output.capacity * 2)
            larger.copy(from: request.output, count: end)
            outputs.release(request.output)
            request.output = larger
        }
        unsafe request.output.bytes(from: end, to: end + bytes.count).copyBytes(from: bytes)
        request.outputEnd = end + bytes.count
        writtenBytes += bytes.count
    }

    // MARK: responses

    /// Responds in the order of the worker's phases: fault, location, body size, content.
    private func response() throws {
        guard !isResponding else { throw SimulationFailure("two requests are under way") }
        isResponding = true
        if request.output.isNone { request.output = outputs.acquire() }
        let head = request.parser.head
        request.lingeringClose = settings.lingeringClose
        guard request.fault == nil else {
            refuse("fault")
            return
        }
        guard let response = SimulatedResponse(path: request.received.slice(head.path).text) else {
            throw SimulationFailure("a path that no client sends")
        }
        request.maxBodySize = response.bodyLimit
        request.keepsAlive = head.keepsAlive && connection.requests < settings.keepaliveRequests
        if request.body == .invalid {
            refuse("400")
        } else if response.bodyLimit > 0, head.contentLength > response.bodyLimit {
            refuse("413")
        } else {
            if head.expectsContinue, request.body != .none { write(SimulatedResponse.interim) }
            begin(response)
        }
    }

    private func refuse(_ status: String) {
        request.keepsAlive = false
        responseStart = writtenBytes
        write(SimulatedResponse.refusal(status))
        request.headBytes = Int64(writtenBytes - responseStart)
    }

    private func begin(_ response: SimulatedResponse) {
        current = response
        responseStart = writtenBytes
        let head = response.head(keepsAlive: request.keepsAlive)
        write(head)
        request.headBytes = Int64(head.count)
        produced = 0
        guard response.length > 0 else { return }
        switch response.kind {
        case .memory:
            write(response.body)
            request.bodyBytes = Int64(response.length)
        case .file, .truncatedFile, .unreadableFile:
            request.source = .file
            request.fileOffset = Int64(response.number)
            request.fileRemaining = Int64(response.length)
        case .producer, .failingProducer:
            request.source = .producer
            request.hasProduced = false
        }
    }

    private func finish() throws {
        guard isResponding else { throw SimulationFailure("a request is over twice") }
        guard request.source == .none else { throw SimulationFailure("finished too early") }
        try checkLoggedBytes(writtenBytes - responseStart)
        isResponding = false
        slicesInTurn = 0
        current = nil
        connection.hasHeadDeadline = false
    }

    // MARK: waiting

    private func wait(
        _ direction: Connection.Direction, _ kind: Connection.DeadlineKind
    ) throws -> Connection.Input? {
        interest = direction
        if direction == .read, request.outputCount > 0 {
            throw SimulationFailure("it waits for bytes and owes \(request.outputCount)")
        }
        if direction == .write, request.outputCount == 0, request.source == .none {
            throw SimulationFailure("it waits for room and has nothing to send")
        }
        switch kind {
        case .header:
            if !connection.hasHeadDeadline || !deadlines.isArmed(Slot(0)) {
                connection.hasHeadDeadline = true
                deadlines.arm(Slot(0), list: 0, nowMs: nowMs)
            }
        case .send: arm(2)
        case .keepalive: arm(3)
        case .body, .lingering:
            if connection.lingerUntilMs == 0 {
                connection.lingerUntilMs = nowMs + SimulatedSettings.lingeringTimeMs
            }
            if nowMs >= connection.lingerUntilMs { return .expired }
            arm(4)
        }
        return nil
    }

    /// Waits until the rate limit allows more: no timeout runs, and readiness is not awaited.
    private func hold() throws {
        guard isResponding || request.outputCount > 0 else {
            throw SimulationFailure("it waits to send nothing")
        }
        deadlines.cancel(Slot(0))
        heldUntilMs = nowMs + Int64.random(in: 1...100_000, using: &random)
    }

    private func arm(_ list: Int) {
        connection.hasHeadDeadline = false
        deadlines.arm(Slot(0), list: list, nowMs: nowMs)
    }

    private func linger() throws -> Connection.Input? {
        guard !isResponding, request.outputCount == 0 else {
            throw SimulationFailure("it shuts its side and owes a response")
        }
        socket.serverHasEnded = true
        connection.state = .lingering
        connection.lingerUntilMs = 0
        request.inputStart = 0
        request.inputEnd = 0
        return try wait(.read, .lingering)
    }

    private func rest() throws {
        guard request.outputCount == 0, request.source == .none, !isResponding else {
            throw SimulationFailure("it rests and owes \(request.outputCount) bytes")
        }
        guard request.inputStart == request.inputEnd else {
            throw SimulationFailure("it rests on bytes that it has not read")
        }
        releaseExchange()
        interest = .read
        if connection.requests == 0 {
            if !deadlines.isArmed(Slot(0)) {
                connection.hasHeadDeadline = true
                deadlines.arm(Slot(0), list: 0, nowMs: nowMs)
            }
        } else {
            arm(3)
        }
    }

    // MARK: the end

    private func abandon(_ reason: Connection.CloseReason) throws {
        closeReason = reason
        let isWithinResponse =
            switch reason {
            case .responseTimedOut, .responseFailed, .sourceFailed, .dropped: true
            case .done, .abandonedHead, .headTimedOut, .timedOut, .brokenProxyHeader: false
            }
        guard (isResponding || hasPaused || hasLackedRoom) == isWithinResponse else {
            throw SimulationFailure("closed as \(reason), within a response: \(isResponding)")
        }
        if isWithinResponse {
            try checkLoggedBytes(isResponding ? max(0, takenBytes - responseStart) : 0)
        }
        close()
    }

    /// Checks the number of bytes that the access log reports for the response.
    private func checkLoggedBytes(_ bytes: Int) throws {
        guard request.sentBytes == Int64(bytes) else {
            throw SimulationFailure("\(bytes) bytes are logged as \(request.sentBytes)")
        }
    }

    private func close() {
        isClosed = true
        socket.serverHasEnded = true
        deadlines.cancel(Slot(0))
        isQueued = false
        if hasExchange { releaseExchange() }
        connection.state = .free
    }

    private func releaseExchange() {
        inputs.release(request.input)
        outputs.release(request.output)
        request.input = .none
        request.output = .none
        hasExchange = false
    }

    /// Checks the invariants that hold between two iterations.
    func checkBetweenTurns() throws {
        if isClosed || heldUntilMs != nil {
            guard deadlines.earliestMs() == nil else { throw SimulationFailure("a timer is left") }
        } else if !isQueued, !isPaused, !deadlines.isArmed(Slot(0)) {
            throw SimulationFailure("it waits without a deadline")
        }
    }

    private func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private func pieceOf(_ count: Int) -> Int {
        chance(2) ? count : Int.random(in: 1...count, using: &random)
    }
}
