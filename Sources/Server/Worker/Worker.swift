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
    /// The report of what this worker is doing.
    let activity: Activity
    var poller: Poller
    let signals: SignalSource
    var deadlines: Deadlines

    /// The parts that the processing of requests uses.
    var services: Services
    var listeners: [Listener]
    var freeConnections: FreeList
    let requests: RequestTable
    var freeRequests: FreeList
    /// Connections that have not sent anything yet, in the order of their acceptance.
    var silent = SlotList()
    var silentLinks = SlotLinks()
    /// Connections whose slice ended before they were done, in the order in which they continue.
    var queue: [Slot] = []

    var inputs: BufferPool
    /// The cache of header blocks.
    let fieldBlockCache = FieldBlockCache.allocate()
    /// The time until which no connection is accepted, because descriptors or slots ran out; 0
    /// otherwise.
    var listenersPausedUntilMs: Int64 = 0
    var connectionCount = 0
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
        activity = context.workerRecord.activity
        Worker.join(context)
        let plan = context.plan
        let slots = plan.main.workerConnections
        deadlines = Deadlines(durationsMs: plan.durationsMs, slots: slots)
        freeConnections = FreeList(count: slots)
        requests = RequestTable(count: slots)
        freeRequests = FreeList(count: slots)
        inputs = BufferPool(size: Worker.inputSize(plan), keeps: 32)
        listeners = Worker.listeners(context)
        services = Services(context, explanation)
    }

    deinit {
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
