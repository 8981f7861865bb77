import CLinux
import Files
import HTTP
import Linux
import Reactor

/// A worker: one process, one thread, one event loop.
///
/// A worker has access to the sockets that it inherited or accepted, to its ring of log lines, and,
/// for reading, to the files below the configured roots.
struct Worker: ~Copyable {
    let plan: Plan
    let context: WorkerContext
    /// The notes of `apus explain`; nil in a worker that serves.
    let explanation: Explanation?
    /// The report of what this worker is doing.
    let activity: Activity
    var poller: Poller
    let signals: SignalSource
    var deadlines: Deadlines
    /// Individual deadlines of connections, for limit_rate and similar delays.
    var timers: Timers
    var clock = CachedTime()

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
    var listeners: [Listener]
    var connections: ZeroedStorage<Connection>
    var peers: ZeroedStorage<Peer>
    /// The addresses from the PROXY protocol, valid where `hasProxyAddresses`.
    var proxyAddresses: ZeroedStorage<ProxyHeader.Addresses>
    /// The peer before realip replaced it, valid where a request `hasRealAddress`.
    var socketPeers: ZeroedStorage<Peer>
    var freeConnections: FreeList
    let requests: RequestTable
    var freeRequests: FreeList
    /// Connections that have not sent anything yet, in the order of their acceptance.
    var silent = SlotList()
    var silentLinks = SlotLinks()
    /// Connections whose response has neither a length nor chunks: it ends with the connection.
    var connectionDelimited: Set<Int> = []
    /// Connections whose slice ended before they were done, in the order in which they continue.
    var queue: [UInt32] = []

    var inputs: BufferPool
    var outputs: BufferPool
    var gzips = GzipPool(capacity: 16)
    /// The cache of header blocks.
    let fieldBlockCache = FieldBlockCache.allocate()
    /// True if a listener has servers for specific addresses.
    let hasSpecificAddresses: Bool
    /// The file cache.
    var files: FileCache
    /// A descriptor that reports mount changes; -1 if nothing is cached.
    let mountsDescriptor: Int32
    var responses: ResponseCache
    var recorder = CacheRecorder()
    let errorLines = ErrorLineCount()
    var encodingClasses = AcceptEncodingClasses()
    var path = PathBuffer()
    /// The depth of nested evaluations of variables, and whether one depends on itself.
    var evaluationDepth = 0
    var hasCycled = false
    /// The charset from a variable, for the next head.
    var evaluatedCharset: [UInt8] = []
    /// The requested host in lower case, while a server is selected.
    let hostName: Buffer
    /// Buffers for the paths of the requests that are processed: one, and one for a subrequest.
    var paths: BufferPool
    var accessLog: AccessLog
    /// Limits repeated messages in the error logs.
    let repeatedMessages = RepeatedMessages()

    /// The time until which no connection is accepted, because descriptors or slots ran out; 0
    /// otherwise.
    var listenersPausedUntilMs: Int64 = 0
    var connectionCount = 0
    /// The counters of this worker's connections, if the configuration uses them.
    var counts = Scoreboard.Counts()
    /// The process ID: getpid(2).
    let process = currentProcess()
    var acceptedCount: UInt64 = 0
    var state = RunState.serving
    var drainingSinceMs: Int64 = 0
    /// True if no other process accepts the connections that wait at its listeners when they are
    /// closed.
    var isLastToAccept = false
    /// The time at which the next idle connection is closed, while the worker drains.
    var idleUntilMs: Int64 = Int64.max

    enum RunState {
        case serving
        /// No new connections; existing ones are served to their end.
        case draining
        case ended
    }

    // The slots of permanent event sources in tokens. Lower slots are connections.
    static let signalSlot = UInt32.max
    static let lifelineSlot = UInt32.max - 1
    static let helperSlot = UInt32.max - 2
    static let firstListenerSlot = UInt32.max - 65536

    init(
        _ context: WorkerContext, explanation: Explanation? = nil
    ) throws(SystemError) {
        let poller = try Poller(context.plan.main.engine, capacity: 512)
        let signals = try SignalSource(Worker.signals)
        self.poller = poller
        self.signals = signals
        self.context = context
        self.explanation = explanation
        activity = context.workerRecord.activity
        Worker.join(context)
        plan = context.plan
        let slots = plan.main.workerConnections
        deadlines = Deadlines(durationsMs: plan.durationsMs, slots: slots)
        timers = Timers(slots: slots)
        connections = ZeroedStorage(count: slots)
        peers = ZeroedStorage(count: slots)
        proxyAddresses = ZeroedStorage(count: slots)
        socketPeers = ZeroedStorage(count: slots)
        freeConnections = FreeList(count: slots)
        requests = RequestTable(count: slots)
        freeRequests = FreeList(count: slots)
        inputs = BufferPool(size: Worker.inputSize(plan), keeps: 32)
        outputs = BufferPool(size: Worker.outputSize, keeps: 32)
        let bounds = Worker.cacheBounds(context, explanation)
        let seed = randomNumber()
        files = FileCache(
            bounds, feed: bounds.entries > 0 ? Worker.feed(context) : nil, seed: seed)
        mountsDescriptor = files.isOn ? openMounts() : -1
        responses = ResponseCache(
            entries: files.isOn ? bounds.entries : 0, bytes: bounds.bytes / 3, seed: seed)
        paths = BufferPool(size: Worker.pathSize(plan), keeps: 2)
        hostName = unsafe Buffer(
            unsafe: .allocate(byteCount: paths.size, alignment: 16), capacity: paths.size)
        accessLog = AccessLog(context.ring, context.logWriter)
        helperBox = HelperClientBox(HelperClient(descriptor: context.helper))
        listeners = Worker.listeners(context)
        hasSpecificAddresses = plan.listens.contains { !$0.specific.isEmpty }
    }

    deinit {
        unsafe hostName.start?.deallocate()
        requests.free()
        fieldBlockCache.free()
    }

    static let signals = [
        Signal.quit, .terminate, .interrupt, .user1, .windowChange, .hangup,
    ].map(\.rawValue)

    static let mountSlot = UInt32.max - 3

    private static func join(_ context: WorkerContext) {
        for zone in context.zones {
            zone.join(context.workerRecord.registry, as: context.workerRecord.number)
            let log = context.errorLog
            zone.report = { log.write(.alert, $0) }
        }
    }

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
        bounds.maxFileSize = min(whole.maxFileSize, Int64(Worker.smallBody))
        return bounds
    }

    /// The size of the output buffer: a head and a small body.
    static let outputSize = 4096 + smallBody
    /// Files up to this size are read into the output buffer and sent together with their head.
    static let smallBody = 16384

    private static func listeners(_ context: WorkerContext) -> [Listener] {
        context.listeners.enumerated().map { index, socket in
            Listener(
                context.plan.listens[socket.listen], index: index, descriptor: socket.descriptor)
        }
    }

    private static func inputSize(_ plan: Plan) -> Int {
        var size = 1024
        for index in 0..<plan.servers.count {
            size = max(size, plan.servers[index].headerBufferSize)
        }
        return min(size, 65536)
    }

    /// Returns the length of the longest request target, with room for an appended index file.
    private static func pathSize(_ plan: Plan) -> Int {
        var size = 8192
        for index in 0..<plan.servers.count {
            size = max(size, plan.servers[index].limits.requestLine)
        }
        return size &+ 4096
    }
}

/// Runs a worker until the master stops it. Returns its exit code.
public func runWorker(_ context: WorkerContext) -> Int32 {
    do {
        var worker = try Worker(context)
        return try worker.run()
    } catch {
        context.errorLog.write(.alert, "\(error)")
        return 2
    }
}
