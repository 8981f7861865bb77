import CLinux
import Files
import HTTP
import Linux
import Reactor

/// A worker: one process, one thread, one loop over everything that is ready.
///
/// It may touch: the sockets that it was given or accepted, files to be read below the configured
/// roots, its ring of log lines.
struct Worker: ~Copyable {
    let plan: Plan
    let context: WorkerContext
    /// What is noted of requests; nil in a worker that serves.
    let explanation: Explanation?
    /// Where it is noted what this worker is doing.
    let activity: Activity
    var poller: Poller
    let signals: SignalSource
    var deadlines: Deadlines
    /// What connections wait for that wait as long as their own case says.
    var timers: Timers
    var clock = TurnClock()

    /// Password files, and passwords that were found right.
    var logins = Logins()
    /// The way to the Aide. It is apart from the worker, whose own memory is copied now and then.
    private let aideBox: AideBox
    var aide: AideLine {
        _read { yield aideBox.line }
        nonmutating _modify { yield &aideBox.line }
    }
    /// When ``lookAtAide()`` is due; Int64.max for never.
    var aideLookMs = Int64.max
    var userIDs = UserIDSequence()
    var listeners: [Listener]
    var connections: ZeroedStorage<Connection>
    var peers: ZeroedStorage<Peer>
    /// What proxies say of connections, where `hasProxyAddresses`.
    var proxyAddresses: ZeroedStorage<ProxyHeader.Addresses>
    /// Who the peer was before a proxy was believed, where an exchange `hasRealAddress`.
    var socketPeers: ZeroedStorage<Peer>
    var freeConnections: FreeList
    var exchanges: ZeroedStorage<Exchange>
    var freeExchanges: FreeList
    var producers: [BodyProducer?] = []
    /// The heads of answers, by exchange, where a text names their fields.
    var sentHeads: [[UInt8]] = []
    /// Connections that had sent nothing when they were noted, in the order of their acceptance.
    var silent = SlotList()
    var silentLinks = SlotLinks()
    /// Connections whose response has neither a length nor chunks: their end is its end.
    var unframed: Set<Int> = []
    /// Connections whose turn was cut short, in the order in which they go on.
    var queue: [UInt32] = []

    var inputs: BufferPool
    var outputs: BufferPool
    var gzips = GzipPool(capacity: 16)
    /// The fields that clients say again and again.
    let fieldMemory = FieldMemory.allocate()
    /// Some listener has servers of particular addresses.
    let hasParticularAddresses: Bool
    /// What paths are.
    var files: FileCache
    /// Tells of what is mounted; -1 where nothing is kept.
    let mountsDescriptor: Int32
    var answers: AnswerCache
    var making = AnswerInMaking()
    let errorLines = ErrorLineCount()
    var codingClasses = CodingClasses()
    var path = PathBuffer()
    /// How deep the evaluation of a value is that is made of others, and whether one turned out to
    /// be made of itself.
    var evaluationDepth = 0
    var hasCycled = false
    /// The charset that a variable holds, for the head that is written next.
    var madeCharset: [UInt8] = []
    /// The requested host in lower case, while a server is chosen by it.
    let hostName: Buffer
    /// The normalized path of the request that is being answered.
    var uri: Buffer
    var uriCount = 0
    /// The exchange that it is of; -1 for none.
    var uriOwner = -1
    /// What requests have beyond that, by exchange.
    var contexts: [RequestContext?] = []
    var accessLog: AccessLog
    /// What has filled the error logs enough.
    let repeatedMessages = RepeatedMessages()

    /// Until when no connection is accepted, because descriptors or slots ran out; 0 when they have
    /// not.
    var listenersPausedUntilMs: Int64 = 0
    var connectionCount = 0
    /// What this worker's connections are at, where the configuration asks for it.
    var counts = Scoreboard.Counts()
    /// getpid(2)
    let process = currentProcess()
    var acceptedCount: UInt64 = 0
    var state = RunState.serving
    var drainingSinceMs: Int64 = 0
    /// Nobody takes the connections that wait at its listeners when they are closed.
    var isLastToAccept = false
    /// When the next idle connection is closed, once the worker drains.
    var idleUntilMs: Int64 = Int64.max

    enum RunState {
        case serving
        /// No new connections; those that are there are served to their end.
        case draining
        case ended
    }

    /// Slots below this number are connections; above are the sources that are always there.
    static let signalSlot = UInt32.max
    static let lifelineSlot = UInt32.max - 1
    static let aideSlot = UInt32.max - 2
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
        activity = context.seat.activity
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
        // One more: for the requests that requests make.
        exchanges = ZeroedStorage(count: slots &+ 1)
        freeExchanges = FreeList(count: slots)
        inputs = BufferPool(size: Worker.inputSize(plan), keeps: 32)
        outputs = BufferPool(size: Worker.outputSize, keeps: 32)
        let bounds = Worker.cacheBounds(context, explanation)
        let seed = randomNumber()
        files = FileCache(
            bounds, feed: bounds.entries > 0 ? Worker.feed(context) : nil, seed: seed)
        mountsDescriptor = files.isOn ? openMounts() : -1
        answers = AnswerCache(
            entries: files.isOn ? bounds.entries : 0, bytes: bounds.bytes / 3, seed: seed)
        uri = Worker.scratch(plan)
        hostName = Worker.scratch(plan)
        accessLog = AccessLog(context.ring, context.logWriter)
        aideBox = AideBox(AideLine(descriptor: context.aide))
        listeners = Worker.listeners(context)
        hasParticularAddresses = plan.listens.contains { !$0.particular.isEmpty }
    }

    deinit {
        unsafe uri.start?.deallocate()
        unsafe hostName.start?.deallocate()
        fieldMemory.free()
    }

    static let signals = [
        Signal.quit, .terminate, .interrupt, .user1, .windowChange, .hangup,
    ].map(\.rawValue)

    static let mountSlot = UInt32.max - 3

    private static func join(_ context: WorkerContext) {
        for zone in context.zones {
            zone.join(context.seat.registry, as: context.seat.number)
            let log = context.errorLog
            zone.report = { log.write(.alert, $0) }
        }
    }

    /// What tells of changes; without it nothing is kept.
    private static func feed(_ context: WorkerContext) -> ChangeFeed? {
        do throws(SystemError) {
            return try ChangeFeed()
        } catch {
            context.errorLog.write(.warn, "\(error): nothing is kept in memory")
            return nil
        }
    }

    /// An equal part for each worker of what the server may keep: three quarters of it are for
    /// files, the rest for heads, but for what the Aide may keep.
    private static func cacheBounds(
        _ context: WorkerContext, _ explanation: Explanation?
    ) -> CacheBounds {
        let whole = context.plan.main.contentCache
        let workers =
            context.plan.main.usesMasterProcess ? max(1, context.plan.main.workerProcesses) : 1
        var bounds = whole
        bounds.bytes = (whole.bytes &- context.plan.codedMemory) / 4 * 3 / Int64(workers)
        bounds.entries = explanation == nil ? whole.entries / workers : 0
        bounds.largestFile = min(whole.largestFile, Int64(Worker.smallBody))
        return bounds
    }

    /// Room for a head of some fields and a small body behind it.
    static let outputSize = 4096 + smallBody
    /// Files up to this size are read into the output and leave in one send with their head.
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

    /// Memory for the longest request target that is read, and what is added to it.
    private static func scratch(_ plan: Plan) -> Buffer {
        var size = 8192
        for index in 0..<plan.servers.count {
            size = max(size, plan.servers[index].limits.requestLine)
        }
        return unsafe Buffer(
            unsafe: .allocate(byteCount: size &+ 4096, alignment: 16), capacity: size &+ 4096)
    }
}

/// Serves until it is told to end: the process's exit status.
public func runWorker(_ context: WorkerContext) -> Int32 {
    do {
        var worker = try Worker(context)
        return try worker.run()
    } catch {
        context.errorLog.write(.alert, "\(error)")
        return 2
    }
}
