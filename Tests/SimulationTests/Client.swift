import FakeKernel

/// A simulated client: sends its requests in pieces, reads in pieces, and checks every byte.
struct Client {
    /// The way in which a client ends.
    enum Ending: CaseIterable {
        /// Waits until the server closes the connection.
        case waits
        /// Closes after the last response.
        case closes
        /// Shuts down its direction after the last request.
        case halfCloses
        /// Resets the connection at any time.
        case resets
        /// Stops reading at any time.
        case stopsReading
        /// Stops sending within its requests.
        case stopsSending
        /// Shuts down its direction within its requests.
        case endsEarly
    }

    /// The number of the connection; nil before it is opened.
    private(set) var number: Int32?
    let ending: Ending
    private(set) var requests: [Request]
    private var outgoing: [UInt8] = []
    /// The offsets of the ends of heads in `outgoing`, and of the starts of the requests.
    private var headEnds: [Int] = []
    private var starts: [Int] = []
    /// The number of bytes that the client will send.
    private var sendLimit: Int
    private var readLimit = Int.max
    private var sent = 0
    private(set) var received: [UInt8] = []
    private var position = 0
    private(set) var readCount = 0
    /// The index of the next request that has no response.
    private(set) var responses = 0
    /// The lines of the access log that the responses so far must have.
    private(set) var logLines: [String] = []
    let port: UInt16
    private var hasEnded = false
    private var hasReset = false
    /// True after a response that ends the connection.
    private var isLast = false
    /// True if the response that is being received may be cut off.
    private var mayBeCut = false
    var sleepsUntilMs: Int64 = 0
    private var headStartedMs: Int64 = 0
    private var respondedMs: Int64 = 0
    private(set) var isDone = false
    private let isSlow: Bool
    /// True if all requests have bodies, which begin some time after the heads.
    private let isUploader: Bool
    private let room: Int

    let address: UInt32
    private let hasBrokenHeader: Bool
    /// The moment until which a limited request may have been in progress.
    private var limitedAt: UInt64 = 0

    init(_ index: Int, for server: Setup, using random: inout SeededGenerator) {
        let setup = ClientSetup(server, using: &random)
        port = UInt16(50_000 + index)
        address = 0x0a00_0001 + UInt32(random.below(2))
        hasBrokenHeader = setup.hasBrokenHeader
        outgoing = setup.proxyHeader
        ending = random.once(in: 2) ? .waits : random.pick(Ending.allCases)
        let count = random.once(in: 12) ? random.from(20...60) : random.from(1...7)
        let isBurst = random.once(in: 10)
        isUploader = !isBurst && random.once(in: 8)
        let uploads = isUploader
        requests = (0..<(isBurst ? count + 40 : count)).map { _ in
            isBurst && !random.once(in: 30)
                ? Request.short(using: &random)
                : Request.random(for: setup, hasBody: uploads, using: &random)
        }
        isSlow = random.once(in: 8)
        room = random.pick([2000, 5000, 20_000, 200_000])
        for request in requests {
            starts.append(outgoing.count)
            headEnds.append(outgoing.count + request.headCount)
            outgoing += request.bytes
        }
        sendLimit = outgoing.count
        if ending == .stopsSending || ending == .endsEarly { sendLimit = random.below(sendLimit) }
        if ending == .stopsReading { readLimit = random.below(30_000) }
    }

    // MARK: actions

    mutating func connect(to listener: Int32) {
        number = fake_connect(listener, address, port, room)
        headStartedMs = Kernel.nowMs
        respondedMs = Kernel.nowMs
    }

    /// True if the client can do something now.
    var canAct: Bool {
        guard let number, !isDone, !hasReset, sleepsUntilMs <= Kernel.nowMs else { return false }
        return canSend(number) || canRead(number) || canEnd
    }

    /// True if it sleeps.
    var isAsleep: Bool { !isDone && !hasReset && number != nil && sleepsUntilMs > Kernel.nowMs }

    private func canSend(_ number: Int32) -> Bool {
        sent < sendLimit && !hasEnded && fake_client_room(number) > 0
            && fake_client_state(number) & Int32(fake_was_reset.rawValue) == 0
    }

    private func canRead(_ number: Int32) -> Bool {
        readCount < readLimit && fake_client_readable(number) > 0
    }

    private var canEnd: Bool {
        guard !hasEnded else { return false }
        switch ending {
        case .waits, .stopsReading, .stopsSending: return false
        case .closes: return responses == requests.count
        case .halfCloses, .endsEarly: return sent == sendLimit
        case .resets: return true
        }
    }

    /// Performs one action. `datesBefore` is the number of dates that the clock has shown.
    mutating func act(datesBefore: Int, using random: inout SeededGenerator) {
        guard let number else { return }
        if canSend(number), !canRead(number) || random.once(in: 2) {
            send(number, datesBefore, using: &random)
        } else if canRead(number) {
            let most = random.once(in: 3) ? random.from(1...3000) : 1 << 20
            let bytes = Kernel.receive(number, atMost: min(most, readLimit - readCount))
            readCount += bytes.count
            received += bytes
        } else if canEnd {
            if ending == .resets {
                guard random.once(in: 3) else { return sleep(50) }
                hasReset = true
                return fake_client_reset(number)
            }
            hasEnded = true
            fake_client_end(number)
        }
        if isSlow, random.once(in: 6) { sleep(Int64(random.below(9000))) }
    }

    private mutating func sleep(_ milliseconds: Int64) {
        sleepsUntilMs = Kernel.nowMs + milliseconds
    }

    private mutating func send(
        _ number: Int32, _ datesBefore: Int, using random: inout SeededGenerator
    ) {
        var count = sendLimit - sent
        switch random.below(5) {
        case 0: count = min(count, random.from(1...300))
        case 1: count = min(count, 1)
        // The end of a head, or close to it.
        case 2:
            let end = headEnds.first { $0 > sent } ?? sendLimit
            count = min(count, max(1, end - sent + random.from(-2...2)))
        default: break
        }
        if isUploader, let end = headEnds.first(where: { $0 > sent }), random.once(in: 2) {
            // The head only: its body follows later.
            count = min(count, end - sent)
            sleep(Int64(random.below(2500)))
        }
        let accepted = Kernel.send(number, outgoing[sent..<(sent + count)])
        let wasAtStart = starts.contains(sent)
        let next = starts.first { $0 > sent } ?? Int.max
        let isClosed = fake_client_state(number) & Int32(fake_is_closed.rawValue) != 0
        if !isClosed, wasAtStart || sent + accepted > next { headStartedMs = Kernel.nowMs }
        sent += accepted
        for index in requests.indices where requests[index].sentAt == nil {
            if sent > starts[index] {
                requests[index].startedMs = min(requests[index].startedMs, Kernel.nowMs)
            }
            if requests[index].isRefused, requests[index].datesBefore == 0, sent > starts[index] {
                requests[index].datesBefore = datesBefore
            }
            guard sent >= headEnds[index] else { continue }
            if requests[index].isRefused { continue }
            requests[index].sentAt = Kernel.sequence
            requests[index].datesBefore = datesBefore
        }
    }

    // MARK: checks

    /// Checks what was received. Returns a description of the first error.
    mutating func check(_ judge: (Response, Request, Bool) -> Judge.Verdict, keepalive: Int)
        -> String?
    {
        while position < received.count {
            guard responses < requests.count, !isLast else {
                return "bytes after the last response: \(text(at: position))"
            }
            let request = requests[responses]
            guard request.sentAt != nil || request.isRefused else {
                return "a response to a request that was not sent: \(text(at: position))"
            }
            guard let response = Response(received, at: position) else {
                let begins = Array("HTTP/1.1 ".utf8).prefix(received.count - position)
                guard received[position...].starts(with: begins) else {
                    return "this is not a response: \(text(at: position))"
                }
                return nil
            }
            if response.status == 100 {
                guard request.expectsContinue, response.lines.count == 1 else {
                    return "an unexpected 100 (Continue)"
                }
                position += response.headCount
                requests[responses].expectsContinue = false
                continue
            }
            let start = position + response.headCount
            switch judge(response, request, responses + 1 >= keepalive) {
            case .wrong(let reason):
                return "response \(responses) to \(request.kind): \(reason)"
            case .right(let bodies):
                let ends = bodies.compactMap { checkBody($0, from: start) }
                guard let end = ends.first else {
                    return "response \(responses) to \(request.kind): the body is none of "
                        + "\(bodies): \(received[start...].prefix(40))"
                }
                mayBeCut = bodies.contains(where: \.mayBeCut)
                guard end <= received.count else { return nil }
                position = end
            }
            mayBeCut = false
            let count = position - start
            logLines.append("\(port) \(responses + 1) \(response.status) \(count)")
            if request.isLimited { limitedAt = Kernel.sequence }
            responses += 1
            respondedMs = Kernel.nowMs
            isLast = response.field("Connection") == "close"
        }
        return nil
    }

    /// Checks the body as far as it was received. Returns the end of the response, which is after
    /// the received bytes if some are missing; nil if a byte is wrong.
    private func checkBody(_ body: Judge.Body, from start: Int) -> Int? {
        switch body {
        case .none: return start
        case .bytes(let bytes):
            let count = min(bytes.count, received.count - start)
            let part = Array(bytes.prefix(count))
            return hasText(part, in: received, at: start) ? start + bytes.count : nil
        case .file(let offset, let count, let contents, _):
            let end = min(start + Int(count), received.count)
            guard Kernel.matches(received[start..<end], from: offset, contents) else { return nil }
            return start + Int(count)
        case .gzip(let length?, let count, let contents, _):
            return Gzip.check(
                received, from: start, length: length, count: Int(count), contents: contents)
        case .gzip(nil, let count, let contents, _):
            return Gzip.checkChunks(
                received, from: start, count: Int(count), contents: contents)
        case .counts(let length, let most):
            let end = start + length
            guard end <= received.count else { return end }
            return Counts(received[start..<end]).map { $0.areRight(most: most) } == true ? end : nil
        }
    }

    /// True if a limited request may have been in progress since `sequence`.
    func mayHaveLimited(since sequence: UInt64) -> Bool {
        if limitedAt > sequence { return true }
        return !isDone && requests[responses...].contains { $0.isLimited && $0.sentAt != nil }
    }

    private func text(at position: Int) -> String {
        String(decoding: received[position...].prefix(300), as: UTF8.self)
    }

    // MARK: the end

    /// Checks whether the server has ended the connection, and was allowed to. Returns a
    /// description of an error.
    mutating func checkEnd(_ setup: Setup, hasShortages: Bool, drainingSinceMs: Int64?) -> String? {
        guard let number, !isDone else { return nil }
        let state = fake_client_state(number)
        let has = { (bit: fake_client_bits) in state & Int32(bit.rawValue) != 0 }
        if hasReset || has(fake_fault_reset) {
            isDone = has(fake_is_closed) || !has(fake_accepted) && drainingSinceMs != nil
            noteLimited()
            return nil
        }
        guard has(fake_end_of_stream) else { return nil }
        let unread = fake_client_readable(number) > 0
        if unread {
            // The bytes that a client has not read are checked as well.
            if has(fake_is_closed) { readLimit = Int.max }
            return nil
        }
        isDone = has(fake_is_closed)
        noteLimited()
        let endedMs = fake_ended_ms(number)
        let isAllowed = isAllowedToEnd(setup, endedMs, hasShortages, drainingSinceMs)
        if !hasEnded {
            // It closes as well.
            hasEnded = true
            fake_client_end(number)
        }
        guard !isAllowed else { return nil }
        return "client \(number) (\(ending)): the server ended the connection after "
            + "\(responses) of \(requests.count) responses, \(sent) of \(outgoing.count) bytes "
            + "sent, \(received.count - position) bytes of a partial response"
    }

    private mutating func noteLimited() {
        if isDone, requests.contains(where: { $0.isLimited && $0.sentAt != nil }) {
            limitedAt = Kernel.sequence
        }
    }

    private func isAllowedToEnd(
        _ setup: Setup, _ endedMs: Int64, _ hasShortages: Bool, _ drainingSinceMs: Int64?
    ) -> Bool {
        guard let number else { return true }
        let isPartial = self.received.count > position
        if hasBrokenHeader, responses == 0, !isPartial { return true }
        if isLast || hasShortages || isPartial && mayBeCut { return true }
        let received = fake_server_received(number)
        let pending = responses < requests.count && received >= headEnds[responses]
        if pending, requests[responses].isDropped, !isPartial { return true }
        // Two helper processes died while they read the body.
        if pending, isPartial, setup.usesHelper, requests[responses].isReadByHelper { return true }
        if responses > 0, requests[responses - 1].hasInvalidBody, !isPartial { return true }
        // Connections without a request are closed to make room for new ones.
        let isForRoom =
            fake_client_state(number) & Int32(fake_closed_for_room.rawValue) != 0
        if isForRoom,
            received == 0 || received == outgoing.count || starts.contains(received)
        {
            return true
        }
        let sinceMs = endedMs - fake_moved_ms(number)
        // The reset after a timeout discards what the client has not read.
        if setup.resetsTimedOut,
            Kernel.nowMs - fake_moved_ms(number) >= Setup.lingeringTimeoutMs
                || Kernel.nowMs - headStartedMs >= Setup.lingeringTimeMs
                || Kernel.nowMs - endedMs >= Setup.lingeringTimeMs
        {
            return true
        }
        let sendIsLate = sinceMs >= Setup.sendTimeoutMs
        if fake_client_readable(number) > 0 || isPartial || pending {
            // A half-closed connection is served, but a delayed response ends.
            if hasEnded, setup.prefixes.contains("/q"), !isPartial { return true }
            return sendIsLate
        }
        // Everything that was requested is here.
        if hasEnded || drainingSinceMs != nil { return true }
        if responses == 0, endedMs - fake_accepted_ms(number) >= Setup.headerTimeoutMs {
            return true
        }
        if responses < requests.count, received > starts[responses] {
            return sinceMs >= Setup.headerTimeoutMs
                || endedMs - requests[responses].startedMs >= Setup.headerTimeoutMs
                || endedMs - respondedMs >= Setup.headerTimeoutMs
        }
        if sinceMs >= (responses == 0 ? Setup.headerTimeoutMs : Setup.keepaliveTimeoutMs) {
            return true
        }
        let end =
            responses > 0 ? starts[responses - 1] + requests[responses - 1].bytes.count : 0
        if received < end {
            return sinceMs >= Setup.lingeringTimeoutMs
                || endedMs - requests[responses - 1].startedMs >= Setup.lingeringTimeMs
        }
        return false
    }

    /// Checks that a response is not held back. Called when nothing but time can help.
    func checkProgress() -> String? {
        guard let number, !isDone, !hasReset, responses < requests.count, !isLast,
            readLimit == Int.max, fake_client_readable(number) == 0,
            fake_client_state(number) & ~Int32(fake_accepted.rawValue) == 0,
            !requests[responses].mayBeDelayed,
            fake_server_received(number) >= headEnds[responses]
        else { return nil }
        return "client \(number) (\(ending)): response \(responses) is held back"
    }

    /// Checks that the server has not missed a deadline. Called when it waits.
    func checkDeadlines() -> String? {
        guard let number, !isDone else { return nil }
        let state = fake_client_state(number)
        guard state & Int32(fake_accepted.rawValue) != 0,
            state & Int32(fake_is_closed.rawValue) == 0
        else { return nil }
        let idleMs = Kernel.nowMs - fake_moved_ms(number)
        if idleMs > Setup.longestMs {
            return "client \(number) (\(ending)): no byte moved for \(idleMs) ms and the connection"
                + " is open"
        }
        let isAtHead =
            responses < requests.count && sent > starts[responses] && sent < headEnds[responses]
        let startMs = max(headStartedMs, respondedMs, fake_accepted_ms(number))
        let headMs = Kernel.nowMs - startMs
        if isAtHead, !hasEnded, headMs > Setup.headerTimeoutMs + 1000,
            received.count == position, fake_client_readable(number) == 0,
            fake_server_readable(number) == 0
        {
            return "client \(number) (\(ending)): a head is incomplete for \(headMs) ms"
        }
        return nil
    }
}
