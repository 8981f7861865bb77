import HTTP

/// One client's connection: a state machine that does no I/O.
///
/// It is told what happened (``Input``) and answers what to do next (``Action``); the worker
/// carries that out and tells what came of it, until the action is to wait or to close. Tests do
/// the same with a simulated socket.
struct Connection: BitwiseCopyable {
    enum State: UInt8, BitwiseCopyable {
        /// The slot is free.
        case free
        /// Nothing of a request has come.
        case idle
        /// A part of a proxy's header has come, which goes before the first request.
        case proxyHeader
        /// A part of a head has come.
        case head
        /// An answer is being chosen or sent.
        case answering
        /// The answer is sent, the rest of the request's body is awaited.
        case discarding
        /// Our side is shut; what still comes is thrown away.
        case lingering
    }

    /// What happened.
    enum Input {
        /// The descriptor is ready to be read or written, as it was waited for; or the connection's
        /// turn has come again.
        case ready
        case received(Int)
        /// A receive found nothing.
        case nothingToReceive
        case endOfStream
        /// The input buffer has become larger.
        case inputGrown
        /// What the proxy says is kept.
        case proxyHeaderTaken
        /// An answer's beginning is in `output`, its rest in `source`.
        case answered
        /// The answer is whole, and has no room behind what waits in `output`.
        case answerLacksRoom
        /// The answer waits for something else than the client.
        case answerWaits
        /// What it waited for has come.
        case resumed
        /// No answer is to be sent.
        case dropped
        case sent(Int)
        /// So many bytes of the file, of those that were asked for.
        case sentFile(Int, of: Int)
        /// The file's next bytes have to be waited for.
        case fileWaits
        /// They have come.
        case fileRead
        /// A send found no room.
        case noRoom
        /// Nothing may be sent yet: the rate is limited.
        case limited
        /// The producer has put more into `output`; it has nothing further when `isLast`.
        case produced(isLast: Bool)
        /// The file is shorter than was promised, or cannot be read.
        case sourceFailed
        /// The request is logged and its file closed.
        case finished
        /// The socket is broken.
        case failed
        /// The deadline that was asked for has come.
        case expired
    }

    /// What to do.
    enum Action {
        case receive
        /// The head does not fit: enlarge the input buffer.
        case growInput
        /// Keep what a proxy says of the connection, as it is in the exchange.
        case takeProxyHeader
        /// Choose an answer to the request (or the fault) in the exchange.
        case answer
        /// Send `output`; more follows at once.
        case send(moreFollows: Bool)
        /// Send a slice of the file.
        case sendFile
        case produce
        /// The request is over: log it, close its file.
        case finish
        case wait(for: Direction, deadline: DeadlineKind)
        /// Wait until the answer goes on; of the client only its going away is noticed.
        case pause
        /// Wait until the rate allows more to be sent.
        case hold
        /// Let the others have their turn, then go on.
        case yield
        /// Shut our side and wait for the client to shut its own.
        case linger
        /// Give the exchange back and wait for the next request.
        case rest
        case close(CloseReason)
    }

    enum Direction: UInt8, BitwiseCopyable {
        case read, write
    }

    /// Which of the settings' timeouts runs.
    enum DeadlineKind: UInt8, BitwiseCopyable {
        /// client_header_timeout: the whole head, so it is not armed again while it runs.
        case header
        case body, send, keepalive, lingering
    }

    enum CloseReason: BitwiseCopyable, Equatable {
        /// Everything is done.
        case done
        /// The client went away within a head: logged as 400.
        case abandonedHead
        /// The head took too long: logged as 408.
        case headTimedOut
        /// The client stopped reading, or the socket broke, within an answer.
        case answerTimedOut, answerFailed
        /// The answer cannot be completed.
        case sourceFailed
        /// The configuration wants no answer (`return 444`).
        case dropped
        /// A deadline outside of a request.
        case timedOut
        /// No proxy's header where one must be.
        case brokenProxyHeader(ProxyHeader.Fault)
    }

    /// How many pipelined requests are answered before other connections have their turn.
    static let requestsPerTurn = 32
    /// How much of files is sent before that.
    static let fileBytesPerTurn: Int64 = 1 << 20
    /// How much room an answer must find behind another one to be sent together with it.
    static let roomForAnswer = 2048

    var fd: Int32
    var generation: UInt32
    var state: State
    /// What the poller watches: 0 before the first registration.
    var interest: UInt8
    /// Waits in the worker's queue for its next turn.
    var isQueued: Bool
    /// Waits until the rate allows more to be sent, and for nothing from the client.
    var isHeld = false
    /// What the worker has counted of it.
    var counted = State.free
    var countedRequests: UInt32 = 0
    /// Which listener it came from.
    var listener: UInt16
    /// Its exchange plus one; 0 for none.
    var exchange: Int32
    /// Whose timeouts hold: a location of the plan.
    var settings: Int32
    var requests: UInt32
    /// keepalive_min_timeout where it rests; -1 when it is unset.
    var keepMinMs: Int32 = -1
    var acceptedMs: Int64
    var number: UInt64
    /// Until when the client's bytes are thrown away, once that has begun; else 0.
    var lingerUntilMs: Int64
    /// Since when it is idle.
    var restedMs: Int64
    /// client_header_timeout runs, and is not to be begun again.
    var hasHeadDeadline: Bool
    /// `proxy_protocol`: a proxy's header goes before the first request, and has not come.
    var awaitsProxyHeader = false
    /// It has come, with addresses.
    var hasProxyAddresses = false

    /// Until when it does not give way to others while it is idle.
    var keptUntilMs: Int64 { restedMs &+ Int64(max(0, keepMinMs)) }

    /// Until when a worker that drains since `startMs` waits for one more request of it: a client
    /// that has not seen the end yet may be sending one.
    func lastChanceMs(drainingSinceMs startMs: Int64) -> Int64 {
        max(restedMs, startMs) &+ Int64(keepMinMs < 0 ? 1000 : keepMinMs)
    }

    /// What follows from an input.
    mutating func step(_ input: Input, _ exchange: inout Exchange) -> Action {
        switch input {
        case .ready: return proceed(&exchange)
        case .received(let count):
            exchange.inputEnd &+= count
            return tookBytes(&exchange)
        case .nothingToReceive:
            exchange.mayHaveMore = false
            return waitForBytes()
        case .endOfStream: return endOfStream()
        case .inputGrown: return .receive
        case .proxyHeaderTaken: return afterProxyHeader(&exchange)
        case .answered: return afterAnswer(&exchange)
        case .answerLacksRoom: return .send(moreFollows: false)
        case .answerWaits: return waitForAnswer(exchange)
        case .resumed: return .answer
        case .dropped:
            // Earlier responses of the pipeline are still owed.
            return exchange.outputCount > 0 ? .send(moreFollows: false) : .close(.dropped)
        case .sent(let count):
            exchange.outputStart &+= count
            if exchange.outputCount > 0 { return .wait(for: .write, deadline: .send) }
            exchange.outputStart = 0
            exchange.outputEnd = 0
            return afterOutput(&exchange, hasYielded: false)
        case .sentFile(let count, let asked): return sentFile(count, of: asked, &exchange)
        case .fileWaits: return .pause
        case .fileRead: return afterOutput(&exchange, hasYielded: true)
        case .noRoom: return .wait(for: .write, deadline: .send)
        case .limited: return .hold
        case .produced(let isLast):
            if isLast { exchange.source = .none }
            return exchange.outputCount > 0
                ? .send(moreFollows: false) : afterOutput(&exchange, hasYielded: false)
        case .sourceFailed: return .close(.sourceFailed)
        case .finished: return afterRequest(&exchange)
        case .failed: return broken()
        case .expired: return expired(exchange)
        }
    }

    /// Goes on where the connection waited or yielded.
    private mutating func proceed(_ exchange: inout Exchange) -> Action {
        switch state {
        case .free: return .close(.done)
        case .idle, .proxyHeader, .discarding, .lingering: return .receive
        case .head:
            // What earlier requests of the pipeline are owed goes out before anything is awaited.
            if exchange.outputCount > 0 { return .send(moreFollows: false) }
            return exchange.needsParse ? parse(&exchange) : .receive
        case .answering:
            // Nothing but its end was waited for.
            if exchange.isWaiting, exchange.outputCount == 0 { return .close(.answerFailed) }
            if exchange.outputCount > 0 { return .send(moreFollows: exchange.source == .file) }
            return afterOutput(&exchange, hasYielded: true)
        }
    }
}
