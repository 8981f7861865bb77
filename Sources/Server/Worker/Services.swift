import CLinux
import Files
import HTTP
import Linux
import Reactor

/// The parts of a worker that the processing of requests uses: the plan, the connections, caches,
/// pools, logs and the clock. The event loop and its sockets are not among them.
struct Services: ~Copyable {
    let plan: Plan
    let context: WorkerContext
    /// The notes of `apus explain`; nil in a worker that serves.
    let explanation: Explanation?
    /// Individual deadlines of connections, for limit_rate and similar delays.
    var timers: Timers
    var clock = CachedTime()

    var connections: SlotTable<Connection>
    var peers: SlotTable<Peer>
    /// The addresses from the PROXY protocol, valid where `hasProxyAddresses`.
    var proxyAddresses: SlotTable<ProxyHeader.Addresses>
    /// The values (TLVs) of PROXY protocol headers by the index of the connection's slot, if the
    /// configuration uses them.
    var proxyTLVs: [Int: [UInt8]] = [:]
    /// The peer before realip replaced it, valid where a request `hasRealAddress`.
    var socketPeers: SlotTable<Peer>

    /// Password files and verified passwords.
    var passwordState = PasswordState()
    /// The client of the helper process. A reference keeps the worker small, whose own memory is
    /// copied when a log line is written.
    private let helperBox: HelperClientBox
    var helper: HelperClient {
        _read { yield helperBox.client }
        nonmutating _modify { yield &helperBox.client }
    }
    /// The time at which ``checkHelper()`` is due; Int64.max for never.
    var helperCheckMs = Int64.max
    var userIDs = UserIDSequence()

    var outputs: BufferPool
    var gzips = GzipPool(capacity: 16)
    /// The file cache.
    var files: FileCache
    /// A descriptor that reports mount changes; -1 if nothing is cached.
    let mountsDescriptor: Int32
    var responses: ResponseCache
    var encodingClasses = AcceptEncodingClasses()
    var path = PathBuffer()
    /// The requested host in lower case, while a server is selected.
    let hostName: Buffer
    /// Buffers for the paths of the requests that are processed: one, and one for a subrequest.
    var paths: BufferPool
    var accessLog: AccessLog
    /// Limits repeated messages in the error logs.
    let repeatedMessages = RepeatedMessages()

    /// The counters of this worker's connections, if the configuration uses them.
    var counts = Scoreboard.Counts()
    /// The process ID: getpid(2).
    let process = currentProcess()
    var acceptedCount: UInt64 = 0
    /// True if no new connections are accepted, and idle ones are closed.
    var isDraining = false

    /// The maximum length of a value in bytes.
    private static let maxValueLength = 1 << 20

    init(_ context: WorkerContext, _ explanation: Explanation?) {
        self.context = context
        self.explanation = explanation
        plan = context.plan
        let slots = plan.main.workerConnections
        timers = Timers(slots: slots)
        connections = SlotTable(count: slots)
        peers = SlotTable(count: slots)
        proxyAddresses = SlotTable(count: slots)
        socketPeers = SlotTable(count: slots)
        outputs = BufferPool(size: Services.outputSize, keeps: 32)
        let bounds = Services.cacheBounds(context, explanation)
        let seed = randomNumber()
        files = FileCache(
            bounds, feed: bounds.entries > 0 ? Services.feed(context) : nil, seed: seed)
        mountsDescriptor = files.isOn ? openMounts() : -1
        responses = ResponseCache(
            entries: files.isOn ? bounds.entries : 0, bytes: bounds.bytes / 3, seed: seed)
        paths = BufferPool(size: Services.pathSize(plan), keeps: 2)
        hostName = unsafe Buffer(
            unsafe: .allocate(byteCount: paths.size, alignment: 16), capacity: paths.size)
        accessLog = AccessLog(context.ring, context.logWriter)
        helperBox = HelperClientBox(HelperClient(descriptor: context.helper))
    }

    deinit { unsafe hostName.start?.deallocate() }

    /// Opens the source of change notifications. Returns nil if that fails: nothing is cached then.
    private static func feed(_ context: WorkerContext) -> ChangeFeed? {
        do throws(SystemError) {
            return try ChangeFeed()
        } catch {
            context.errorLog.write(.warn, "\(error): nothing is cached in memory")
            return nil
        }
    }

    /// Returns this worker's equal share of the server's cache: three quarters for files, the rest
    /// for responses, after subtracting the helper process's share.
    private static func cacheBounds(
        _ context: WorkerContext, _ explanation: Explanation?
    ) -> CacheBounds {
        let whole = context.plan.main.contentCache
        let workers =
            context.plan.main.usesMasterProcess ? max(1, context.plan.main.workerProcesses) : 1
        var bounds = whole
        bounds.bytes = (whole.bytes &- context.plan.compressedCacheBytes) / 4 * 3 / Int64(workers)
        bounds.entries = explanation == nil ? whole.entries / workers : 0
        bounds.maxFileSize = min(whole.maxFileSize, Int64(Services.smallBody))
        return bounds
    }

    /// The size of the output buffer: a head and a small body.
    static let outputSize = 4096 + smallBody
    /// Files up to this size are read into the output buffer and sent together with their head.
    static let smallBody = 16384

    /// Returns the length of the longest request target, with room for an appended index file.
    private static func pathSize(_ plan: Plan) -> Int {
        var size = 8192
        for index in 0..<plan.servers.count {
            size = max(size, plan.servers[index].limits.requestLine)
        }
        return size &+ 4096
    }

    /// Returns the bytes that `body` writes, of any length.
    mutating func bytes(_ body: (inout Services, inout ByteWriter) -> Void) -> [UInt8] {
        var capacity = 1024
        while true {
            var hasOverflowed = false
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
                guard let start = memory.baseAddress else { return }
                var writer = unsafe ByteWriter(
                    unsafe: UnsafeMutableRawPointer(start), capacity: memory.count)
                body(&self, &writer)
                hasOverflowed = writer.hasOverflowed
                count = writer.count
            }
            if !hasOverflowed || capacity >= Services.maxValueLength { return bytes }
            capacity &*= 8
        }
    }

    /// Returns the context of a request, and creates it on first use.
    func context(of request: inout Request) -> RequestContext {
        if let context = request.context { return context }
        let context = RequestContext(slots: plan.variables.count)
        request.context = context
        return context
    }

    /// Checks whether mounts have changed.
    mutating func checkMounts() {
        if mountsDescriptor >= 0, mountsChanged(mountsDescriptor) { files.mountsChanged() }
    }

    /// Returns the local address of a connection: getsockname(2), unless it is the simulated one of
    /// `apus explain`.
    func localAddress(of slot: Slot) -> Peer {
        explanation?.local ?? Peer.local(of: connections[slot].fd)
    }

    /// Makes the end of the connection the end of the body. Unless the whole body is sent, the
    /// connection is reset, even if this process dies: otherwise a part of the body would look
    /// complete (RFC 9112, section 8). Clients recognize a truncated body that has a length or is
    /// chunked, so its connection is closed normally; a reset could discard received bytes.
    mutating func delimitBodyByClose(_ slot: Slot) {
        connections[slot].delimitsBody = true
        _ = clinux_reset_on_close(connections[slot].fd)
    }

    // MARK: error logs

    /// Writes a line to the location's error log, with the client and the request, as in nginx.
    func logError(
        _ level: LogLevel, _ message: @autoclosure () -> String, code: Int32 = 0,
        _ request: borrowing Request, file: StaticString = #fileID, line: UInt = #line
    ) {
        let index = Int(plan.locations[Int(request.location)].errorLog)
        let log = context.errorLogs[index]
        guard log.writes(level) else { return }
        if let explanation {
            explanation.note("error_log: [\(level.name)] \(message())")
            return
        }
        let source = RepeatedMessages.Source(file: file, line: line, code: code)
        guard
            repeatedMessages.admits(
                level, source, log: index, nowMs: clock.monotonicMs, { message() })
        else { return }
        let head = request.parser.head
        let received = request.received
        var text =
            "*\(connections[request.slot].number) \(message()), client: \(peers[request.slot].text)"
        let server = plan.servers[Int(request.server)]
        text += ", server: \(server.name.text)"
        if !head.requestLine.isEmpty {
            text += ", request: \"\(received.slice(head.requestLine).text)\""
        }
        if let host = head.field(.host) { text += ", host: \"\(received.slice(host).text)\"" }
        if let referrer = head.field(.referer) {
            text += ", referrer: \"\(received.slice(referrer).text)\""
        }
        log.write(level, text)
    }

    /// Writes a line to the main error log that belongs to no request.
    func logFailure(_ level: LogLevel, _ message: String) {
        guard context.errorLog.writes(level),
            repeatedMessages.admits(level, message, log: 0, nowMs: clock.monotonicMs)
        else { return }
        context.errorLog.write(level, message)
    }

    /// Reports the counts of messages that were not written.
    func reportRepeated(all: Bool = false) {
        for report in repeatedMessages.popReports(nowMs: clock.monotonicMs, all: all) {
            context.errorLogs[report.log].write(report.level, report.text)
        }
    }
}
