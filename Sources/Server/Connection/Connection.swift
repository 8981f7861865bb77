import HTTP

/// The state machine of a client's connection, which does no I/O.
///
/// It receives an event (``Input``) and returns the next action (``Action``). The worker performs
/// the action and passes its result as the next event, until the action is to wait or to close.
/// Tests do the same with a simulated socket.
struct Connection: BitwiseCopyable {
    enum State: UInt8, BitwiseCopyable {
        /// A free slot.
        case free
        /// The connection waits for a request, no byte of which was received.
        case idle
        /// A part of the PROXY protocol header was received, which precedes the first request.
        case proxyHeader
        /// A part of a request head was received.
        case head
        /// A response is being chosen or sent.
        case responding
        /// The response is sent; the rest of the request's body is still to come.
        case discarding
        /// Our side is shut down; received bytes are discarded.
        case lingering
    }

    /// An event, or the result of an action.
    enum Input {
        /// The descriptor is ready for the direction that was waited for, or the connection may
        /// continue after it yielded.
        case ready
        case received(Int)
        /// A receive found no bytes.
        case nothingToReceive
        case endOfStream
        /// The input buffer was enlarged.
        case inputGrown
        /// The addresses of the PROXY protocol header were stored.
        case proxyHeaderStored
        /// The beginning of a response is in `output`, its rest in `source`.
        case responded
        /// The response is complete, but does not fit after the bytes that wait in `output`.
        case needsFlush
        /// The response waits for something other than the client.
        case suspended
        /// The wait of a suspended response is over.
        case resumed
        /// No response is to be sent.
        case dropped
        case sent(Int)
        /// The number of bytes of the file that were sent, and of those requested.
        case sentFile(Int, of: Int)
        /// The next bytes of the file are not in memory yet.
        case fileNotInMemory
        /// The bytes of the file were read.
        case fileRead
        /// A send found no room.
        case noRoom
        /// Nothing may be sent yet: the rate is limited.
        case limited
        /// The producer has added bytes to `output`; there are no more if `isLast`.
        case produced(isLast: Bool)
        /// The file was truncated or cannot be read.
        case sourceFailed
        /// The request was logged and its file closed.
        case finished
        /// The socket is broken.
        case failed
        /// The deadline has expired.
        case expired
    }

    /// An action for the worker to perform.
    enum Action {
        case receive
        /// Enlarge the input buffer: the head does not fit.
        case growInput
        /// Store the addresses of the PROXY protocol header from the request.
        case storeProxyHeader
        /// Process the request (or the fault) in the request.
        case processRequest
        /// Send `output`; more follows at once.
        case send(moreFollows: Bool)
        /// Send a slice of the file.
        case sendFile
        case produce
        /// Finish the request: log it, close its file.
        case finish
        case wait(for: Direction, deadline: DeadlineKind)
        /// Wait until the response can continue; on the socket, only a disconnect is watched for.
        case suspend
        /// Wait until the rate allows sending more.
        case throttle
        /// Let other connections run, then continue.
        case yield
        /// Shut down our side and wait for the client to close.
        case linger
        /// Release the request and wait for the next request.
        case keepIdle
        case close(CloseReason)
    }

    enum Direction: UInt8, BitwiseCopyable {
        case read, write
    }

    /// The timeout that is running.
    enum DeadlineKind: UInt8, BitwiseCopyable {
        /// client_header_timeout: it covers the whole head, so it is not restarted while it runs.
        case header
        case body, send, keepalive, lingering
    }

    enum CloseReason: BitwiseCopyable, Equatable {
        /// All requests were served.
        case done
        /// The client closed the connection within a head: logged as 400.
        case abandonedHead
        /// The head took too long: logged as 408.
        case headTimedOut
        /// The client stopped reading, or the socket broke, within a response.
        case responseTimedOut, responseFailed
        /// The response cannot be completed.
        case sourceFailed
        /// The configuration wants no response (`return 444`).
        case dropped
        /// A timeout outside of a request.
        case timedOut
        /// A PROXY protocol header is missing or invalid.
        case brokenProxyHeader(ProxyHeader.Fault)
    }

    /// The number of pipelined requests that are served before other connections run.
    static let requestsPerSlice = 32
    /// The number of bytes of files that are sent before other connections run.
    static let fileBytesPerSlice: Int64 = 1 << 20
    /// The room that must be left after a response to append the next one.
    static let roomForNextResponse = 2048

    var fd: Int32
    var generation: UInt32
    var state: State
    /// The events that the poller watches; 0 before the first registration.
    var interest: UInt8
    /// True while the connection waits in the worker's queue.
    var isQueued: Bool
    /// True while the connection waits until its rate allows sending more; on the socket, only a
    /// hang-up is watched for.
    var isThrottled = false
    /// The state under which the worker's counters include the connection.
    var counted = State.free
    var countedRequests: UInt32 = 0
    /// The index of the listener that accepted it.
    var listener: UInt16
    /// The index in the plan of the address that it arrived at, with its servers.
    var address: Int32 = 0
    /// True if the end of the connection is the end of the response's body.
    var delimitsBody = false
    /// The index of its request plus one; 0 for none.
    var request: Int32
    /// The location of the plan whose timeouts apply.
    var settings: Int32
    var requests: UInt32
    /// keepalive_min_timeout while it is idle; -1 if unset.
    var minKeepaliveMs: Int32 = -1
    var acceptedMs: Int64
    var number: UInt64
    /// The time until which the client's bytes are discarded; 0 before that has begun.
    var lingerUntilMs: Int64
    /// The time at which the connection became idle.
    var idleSinceMs: Int64
    /// True if client_header_timeout is running and must not be restarted.
    var hasHeadDeadline: Bool
    /// True if a PROXY protocol header must precede the first request and was not received yet.
    var awaitsProxyHeader = false
    /// True if the PROXY protocol header was received and has addresses.
    var hasProxyAddresses = false

    /// The time until which the idle connection is not closed to make room for new ones.
    var protectedUntilMs: Int64 { idleSinceMs &+ Int64(max(0, minKeepaliveMs)) }

    /// Returns the time until which a worker that has been draining since `startMs` waits for one
    /// more request: a client that has not seen the shutdown yet may be sending one.
    func lastRequestDeadlineMs(drainingSinceMs startMs: Int64) -> Int64 {
        max(idleSinceMs, startMs) &+ Int64(minKeepaliveMs < 0 ? 1000 : minKeepaliveMs)
    }

    /// Processes an input. Returns the next action.
    mutating func step(_ input: Input, _ request: inout Request) -> Action {
        switch input {
        case .ready: return proceed(&request)
        case .received(let count):
            request.inputEnd &+= count
            return afterReceive(&request)
        case .nothingToReceive:
            request.mayHaveMore = false
            return waitForBytes()
        case .endOfStream: return endOfStream()
        case .inputGrown: return .receive
        case .proxyHeaderStored: return afterProxyHeader(&request)
        case .responded: return afterResponse(&request)
        case .needsFlush: return .send(moreFollows: false)
        case .suspended: return suspendResponse(request)
        case .resumed: return .processRequest
        case .dropped:
            // Earlier responses of the pipeline are not sent yet.
            return request.outputCount > 0 ? .send(moreFollows: false) : .close(.dropped)
        case .sent(let count):
            request.outputStart &+= count
            if request.outputCount > 0 { return .wait(for: .write, deadline: .send) }
            request.outputStart = 0
            request.outputEnd = 0
            return afterOutput(&request, hasYielded: false)
        case .sentFile(let count, let wanted): return sentFile(count, of: wanted, &request)
        case .fileNotInMemory: return .suspend
        case .fileRead: return afterOutput(&request, hasYielded: true)
        case .noRoom: return .wait(for: .write, deadline: .send)
        case .limited: return .throttle
        case .produced(let isLast):
            if isLast { request.source = .none }
            return request.outputCount > 0
                ? .send(moreFollows: false) : afterOutput(&request, hasYielded: false)
        case .sourceFailed: return .close(.sourceFailed)
        case .finished: return afterRequest(&request)
        case .failed: return broken()
        case .expired: return expired(request)
        }
    }

    /// Continues where the connection waited or yielded.
    private mutating func proceed(_ request: inout Request) -> Action {
        switch state {
        case .free: return .close(.done)
        case .idle, .proxyHeader, .discarding, .lingering: return .receive
        case .head:
            // Responses to earlier requests of the pipeline are sent before waiting.
            if request.outputCount > 0 { return .send(moreFollows: false) }
            return request.needsParse ? parse(&request) : .receive
        case .responding:
            // A suspended response was only waiting for a disconnect.
            if request.isWaiting, request.outputCount == 0 { return .close(.responseFailed) }
            if request.outputCount > 0 { return .send(moreFollows: request.source == .file) }
            return afterOutput(&request, hasYielded: true)
        }
    }
}
