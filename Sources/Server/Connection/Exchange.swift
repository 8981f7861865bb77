import HTTP

/// What a connection needs while a request is under way, and gives back when it is idle.
///
/// In this order: bytes are received into `input`; the parser finds a head; server and location are
/// chosen; an answer is written into `output`; what does not fit there follows from a file or a
/// producer; the request is logged; the next one begins where this one ended.
struct Exchange: BitwiseCopyable {
    // What has been received.
    var input = Buffer.none
    /// Where the request begins, and where the received bytes end.
    var inputStart = 0
    var inputEnd = 0
    /// The last receive filled its buffer: there may be more.
    var mayHaveMore = false
    /// Something was received since it was last asked what is mounted.
    var hasReceived = false
    /// Received bytes wait for the connection's next turn to be parsed.
    var needsParse = false
    var parser: RequestParser
    var fault: RequestFault?

    // The request's body, which is read and thrown away.
    var decoder = ChunkedDecoder()
    var body = RequestBody.none
    /// Bytes of the body that are still to come, when its length is known.
    var bodyRemaining: Int64 = 0
    /// Bytes of the body, framing included, that came together with the head.
    var bodyBesideHead = 0
    /// How long the body may be; 0 for any length.
    var bodyLimit: Int64 = 0

    /// What a proxy says of the connection, until the worker keeps it.
    var proxyAddresses = ProxyHeader.Addresses()
    /// The connection's peer is who a proxy says that the client is, until the request is over.
    var hasRealAddress = false

    // What was chosen.
    var server: Int32 = 0
    var location: Int32 = 0
    /// The default server of the connection's address, and the location with its settings: both
    /// hold until a request has chosen others.
    private var defaultServer: Int32 = 0
    private var defaultLocation: Int32 = 0
    /// Where a request that waits goes on.
    var phase = Phase.start
    /// The answer is sent once the output is empty.
    var lacksRoom = false
    /// The answer waits for something else than the client.
    var isWaiting = false
    /// The connection is closed without an answer.
    var isDropped = false
    /// The request's method; an error page is always got.
    var method = Method.get
    /// How often the path has become another one.
    var redirects: UInt8 = 0
    /// A rewrite has changed the path: a location is looked for again.
    var isRewritten = false
    /// The path is not the client's any more.
    var isInternal = false
    /// An error page has been looked up: its own errors have none.
    var hasErrorPage = false
    /// The status that the answer of an error page has; 0 for its own.
    var errorStatus = 0
    /// An error has shown that the connection cannot be kept.
    var endsConnection = false
    /// The answer is not sent together with others: its rate may be limited.
    var isRateLimited = false
    /// 100 was sent.
    var hasContinued = false
    /// How large the file is of which a range was asked that it does not have; -1 for none.
    var unsatisfiedSize: Int64 = -1
    /// Another request has made it, for a part of its own answer.
    var isSubrequest = false
    /// Which of the plan's charsets that other answer is in; -1 for none.
    var mainCharset: Int32 = -1
    /// The worker has a context for it.
    var hasContext = false
    /// The worker has the head of its response, for `$sent_http_` variables.
    var hasSentHead = false
    /// The index file that the request was redirected to, for `$uri`.
    var index: PlanBytes?
    var status = 0
    /// There are several representations to choose from (Vary, where gzip_vary says so).
    var varies = false
    var keepsAlive = true
    var lingeringClose = LingeringClose.whenUnread

    // What is to be sent.
    var output = Buffer.none
    var outputStart = 0
    var outputEnd = 0
    /// There is no memory for the answer: the connection is closed.
    var lacksMemory = false
    var source = BodySource.none
    /// The worker has a producer for it.
    var hasProducer = false
    /// The producer has put something into this answer.
    var hasProduced = false
    var file: Int32 = -1
    /// The file's entry in the cache, to which the descriptor belongs then; -1 for none.
    var entry: Int32 = -1
    var fileOffset: Int64 = 0
    var fileRemaining: Int64 = 0
    /// How much of it goes into a packet; 0 where nobody has asked.
    var segmentSize: Int32 = 0
    /// Up to where the Aide was asked to read it.
    var readEnd: Int64 = 0
    /// It is asked just now.
    var isReading = false

    // What is counted.
    var headBytes: Int64 = 0
    var bodyBytes: Int64 = 0
    var startedMs: Int64 = 0
    /// All of the answer is sent, or in the output.
    var isComplete = false
    var requestsInTurn = 0
    var fileBytesInTurn: Int64 = 0

    /// Fields that were read before.
    var memory: FieldMemory

    init(limits: HeadLimits, memory: FieldMemory = .none) {
        parser = RequestParser(limits: limits)
        self.memory = memory
    }

    /// Resets all fields for a new connection, whose requests begin in `server` and `location`.
    /// Equal to a new value, but in place.
    mutating func begin(
        _ limits: HeadLimits, _ memory: FieldMemory, server: Int32, location: Int32
    ) {
        self.memory = memory
        defaultServer = server
        defaultLocation = location
        input = .none
        inputStart = 0
        inputEnd = 0
        mayHaveMore = false
        hasReceived = false
        needsParse = false
        parser.restart(limits: limits)
        proxyAddresses = ProxyHeader.Addresses()
        hasRealAddress = false
        output = .none
        outputStart = 0
        outputEnd = 0
        startedMs = 0
        requestsInTurn = 0
        fileBytesInTurn = 0
        resetRequest()
    }

    /// Prepares for the next request of the connection; the input's bytes stay.
    mutating func prepareForNextRequest() {
        parser.restart()
        resetRequest()
    }

    /// Resets every field that belongs to one request. Clients may share a connection behind a
    /// proxy, so no request may see what an earlier one left; a test compares all fields of the
    /// type with those of a new value.
    @inline(__always)
    private mutating func resetRequest() {
        fault = nil
        body = .none
        bodyRemaining = 0
        bodyBesideHead = 0
        bodyLimit = 0
        server = defaultServer
        location = defaultLocation
        phase = .start
        lacksRoom = false
        isWaiting = false
        isDropped = false
        method = .get
        redirects = 0
        isRewritten = false
        isInternal = false
        hasErrorPage = false
        errorStatus = 0
        endsConnection = false
        isRateLimited = false
        hasContinued = false
        unsatisfiedSize = -1
        isSubrequest = false
        mainCharset = -1
        hasContext = false
        hasSentHead = false
        index = nil
        status = 0
        varies = false
        keepsAlive = true
        lingeringClose = .whenUnread
        lacksMemory = false
        source = .none
        hasProducer = false
        hasProduced = false
        file = -1
        entry = -1
        fileOffset = 0
        fileRemaining = 0
        segmentSize = 0
        readEnd = 0
        isReading = false
        headBytes = 0
        bodyBytes = 0
        isComplete = false
    }

    /// The received bytes from the request's first one on.
    var received: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            let span = input.span(from: inputStart, to: inputEnd)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The path of the request's target, as it was sent.
    var path: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            let extent = parser.head.path
            let span = input.span(
                from: inputStart &+ Int(extent.offset), to: inputStart &+ extent.end)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    var outputCount: Int { outputEnd &- outputStart }

    /// A file is open, or a producer at work.
    var hasSource: Bool { file >= 0 || entry >= 0 || hasProducer }

    /// Bytes of this answer that the kernel has taken, or, once it is complete, will take: its end
    /// may wait in the output for the next answer.
    var sentBytes: Int64 {
        let made = headBytes &+ bodyBytes
        return isComplete ? made : max(0, made &- Int64(outputCount))
    }

    /// `$status`: that of the response, or before there is one that of the error whose page is
    /// being made; 0 for none.
    var statusSoFar: Int { status > 0 ? status : errorStatus }

    /// Those of them that are the body's.
    var sentBodyBytes: Int64 { max(0, sentBytes &- headBytes) }
}

/// How a request's body ends.
enum RequestBody: UInt8, BitwiseCopyable {
    /// There is none, or all of it was read.
    case none
    case counted
    case chunked
    /// Its framing is broken: what follows it cannot be told.
    case invalid
}

/// Where the rest of an answer comes from, once `output` is sent.
enum BodySource: UInt8, BitwiseCopyable {
    case none
    /// sendfile from `file`.
    case file
    /// The worker's producer of this exchange.
    case producer
}
