import HTTP
import Linux

/// The state of a request in progress, which an idle connection does not need.
///
/// The steps of a request are: bytes are received into `input`; the parser finds a head; server and
/// location are selected; a response is written into `output`; the rest follows from a file or a
/// producer; the request is logged; the next request begins at the end of this one in `input`.
struct Request {
    /// The index in the worker's table; ``subrequestID`` for a subrequest.
    var id: Int32 = -1
    /// The index of its connection in the worker's tables.
    var slot = Slot(0)

    // Received bytes.
    var input = Buffer.none
    /// The offsets where the request begins, and where the received bytes end.
    var inputStart = 0
    var inputEnd = 0
    /// True if the last receive filled its buffer: there may be more bytes.
    var mayHaveMore = false
    /// True if data arrived since the last mount check.
    var hasReceived = false
    /// True if received bytes are still to be parsed, after the connection yielded.
    var needsParse = false
    var parser: RequestParser
    var fault: RequestFault?

    // The request's body, which is read and discarded.
    var decoder = ChunkedDecoder()
    var body = RequestBody.none
    /// The bytes of the body that are still to come, if its length is known.
    var bodyRemaining: Int64 = 0
    /// The bytes of the body, with its framing, that were received together with the head.
    var bodyBytesWithHead = 0
    /// The maximum length of the body; 0 for no limit.
    var maxBodySize: Int64 = 0

    /// The addresses of the PROXY protocol header, until the worker stores them.
    var proxyAddresses = ProxyHeader.Addresses()
    /// The length of that header, which ends where the first request begins.
    var proxyHeaderCount = 0
    /// True if the connection's peer is replaced by the address that a proxy sent, until the end of
    /// the request.
    var hasRealAddress = false

    // Selected server and location.
    var server: Int32 = 0
    var location: Int32 = 0
    /// The default server of the connection's address, and the location with its settings: they
    /// apply until a request has selected others.
    private var defaultServer: Int32 = 0
    private var defaultLocation: Int32 = 0
    /// The phase at which a suspended request resumes.
    var phase = Phase.start
    /// True if the response must wait until the output is empty.
    var needsFlush = false
    /// True if the response waits for something other than the client.
    var isWaiting = false
    /// True if the connection is closed without a response.
    var closesWithoutResponse = false
    /// The method of the request; GET for an error page.
    var method = Method.get
    /// The number of times that rewrites and internal redirects have changed the path.
    var redirects: UInt8 = 0
    /// True if a rewrite has changed the path, so that the location is searched again.
    var isRewritten = false
    /// True if a rewrite or an internal redirect has replaced the client's path.
    var isInternal = false
    /// True if an error page was selected: further errors get no error page.
    var hasErrorPage = false
    /// The status that is sent with an error page; 0 for the status of the page's own response.
    var errorStatus = 0
    /// True if an error prevents the connection from being kept open.
    var endsConnection = false
    /// True if the response is not sent together with others, because its rate may be limited.
    var isRateLimited = false
    /// True if 100 (Continue) was sent.
    var sentContinue = false
    /// The size of the file for which a range was unsatisfiable; -1 for none.
    var unsatisfiedSize: Int64 = -1
    /// True for a subrequest, which produces a part of another response.
    var isSubrequest = false
    /// The index in the plan of the main response's charset; -1 for none.
    var mainCharset: Int32 = -1
    /// State that few requests need; nil until one needs it.
    var context: RequestContext?
    /// The head of the response, if the configuration uses its fields in variables.
    var sentHead: [UInt8]?
    /// The normalized path, while the request is processed.
    var uri = RequestPath()
    /// True once the path was computed from the request's target.
    var hasPath = false
    /// The index file that the request was redirected to, for `$uri`.
    var index: PlanBytes?
    var status = 0
    /// True if there are several representations to choose from (Vary, with gzip_vary).
    var varies = false
    var keepsAlive = true
    var lingeringClose = LingeringClose.whenUnread

    // Bytes to send.
    var output = Buffer.none
    var outputStart = 0
    var outputEnd = 0
    /// True if there is no memory for the response: the connection is closed.
    var outOfMemory = false
    var source = BodySource.none
    /// The record of what the response depends on, while it is built.
    var recorder = CacheRecorder()
    /// The depth of nested evaluations of variables, and whether one depends on itself.
    var evaluationDepth = 0
    var hasCycled = false
    /// The charset from a variable, for the head; nil for none.
    var evaluatedCharset: [UInt8]?
    /// The producer of the rest of the response; nil for none.
    var producer: BodyProducer?
    /// True if the producer has contributed to this response.
    var hasProduced = false
    var file: Int32 = -1
    /// The file's entry in the cache, which owns the descriptor then; -1 for none.
    var entry: Int32 = -1
    var fileOffset: Int64 = 0
    var fileRemaining: Int64 = 0
    /// The segment size of the connection; 0 if unknown.
    var segmentSize: Int32 = 0
    /// The end of the part of the file that the helper process has read or is reading.
    var readAheadEnd: Int64 = 0
    /// True while the helper process reads a piece of the file.
    var isReading = false

    // Counters.
    var headBytes: Int64 = 0
    var bodyBytes: Int64 = 0
    var startedMs: Int64 = 0
    /// True if all of the response is sent, or in the output.
    var isComplete = false
    var requestsInSlice = 0
    var fileBytesInSlice: Int64 = 0

    /// The cache of header blocks.
    var fieldBlockCache: FieldBlockCache

    /// The ``id`` of subrequests, of which there is at most one at a time.
    static let subrequestID = Int32.max

    init(limits: HeadLimits, memory: FieldBlockCache = .none) {
        parser = RequestParser(limits: limits)
        self.fieldBlockCache = memory
    }

    /// Resets all fields for a new connection, whose requests start in `server` and `location`.
    /// Equivalent to a new value, but in place.
    mutating func resetForConnection(
        id: Int32, slot: Slot, _ limits: HeadLimits, _ memory: FieldBlockCache, server: Int32,
        location: Int32
    ) {
        self.id = id
        self.slot = slot
        self.fieldBlockCache = memory
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
        proxyHeaderCount = 0
        hasRealAddress = false
        output = .none
        outputStart = 0
        outputEnd = 0
        startedMs = 0
        requestsInSlice = 0
        fileBytesInSlice = 0
        resetRequest()
    }

    /// Prepares for the next request of the connection; the bytes in the input stay.
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
        bodyBytesWithHead = 0
        maxBodySize = 0
        server = defaultServer
        location = defaultLocation
        phase = .start
        needsFlush = false
        isWaiting = false
        closesWithoutResponse = false
        method = .get
        redirects = 0
        isRewritten = false
        isInternal = false
        hasErrorPage = false
        errorStatus = 0
        endsConnection = false
        isRateLimited = false
        sentContinue = false
        unsatisfiedSize = -1
        isSubrequest = false
        mainCharset = -1
        if context != nil { context = nil }
        if sentHead != nil { sentHead = nil }
        uri = RequestPath()
        hasPath = false
        index = nil
        status = 0
        varies = false
        keepsAlive = true
        lingeringClose = .whenUnread
        outOfMemory = false
        source = .none
        recorder = CacheRecorder()
        evaluationDepth = 0
        hasCycled = false
        if evaluatedCharset != nil { evaluatedCharset = nil }
        if producer != nil { producer = nil }
        hasProduced = false
        file = -1
        entry = -1
        fileOffset = 0
        fileRemaining = 0
        segmentSize = 0
        readAheadEnd = 0
        isReading = false
        headBytes = 0
        bodyBytes = 0
        isComplete = false
    }

    /// The received bytes from the first one of the request on.
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

    /// True if a file is open, or a producer active.
    var hasSource: Bool { file >= 0 || entry >= 0 || producer != nil }

    /// The number of bytes of this response that were passed to the kernel, or will be: the end of
    /// a complete response may wait in the output for the next response.
    var sentBytes: Int64 {
        let produced = headBytes &+ bodyBytes
        return isComplete ? produced : max(0, produced &- Int64(outputCount))
    }

    /// The value of `$status`: the status of the response, or of the error whose page is being
    /// produced; 0 before there is one.
    var currentStatus: Int { status > 0 ? status : errorStatus }

    /// The part of the sent bytes that belongs to the body.
    var sentBodyBytes: Int64 { max(0, sentBytes &- headBytes) }
}

/// The framing of a request's body.
enum RequestBody: UInt8, BitwiseCopyable {
    /// There is no body, or all of it was read.
    case none
    case fixedLength
    case chunked
    /// The framing is invalid: the start of the next request is unknown.
    case invalid
}

/// The source of the rest of a response, after `output`.
enum BodySource: UInt8, BitwiseCopyable {
    case none
    /// sendfile from `file`.
    case file
    /// The producer of this request.
    case producer
}
