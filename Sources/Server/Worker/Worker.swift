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

/// The event loop: handles signals, timers, listeners and connections.
extension Worker {
    mutating func run() throws(SystemError) -> Int32 {
        try registerSources()
        services.clock.update()
        services.context.notifyMaster(.serves)
        while state != .ended {
            try runIteration(atMostMs: -1)
            services.accessLog.flush(nowMs: services.clock.monotonicMs)
            if services.clock.monotonicMs >= services.repeatedMessages.dueMs {
                services.reportRepeated()
            }
            if services.plan.countsConnections { StubStatus.publishCounts(services) }
            if state == .draining { continueDraining() }
        }
        services.accessLog.finish(nowMs: services.clock.monotonicMs)
        services.reportRepeated(all: true)
        return 0
    }

    /// Runs one iteration: waits for events, at most `limit` milliseconds (-1: no limit), and
    /// handles them.
    mutating func runIteration(atMostMs limit: Int32) throws(SystemError) {
        let wait = waitMs()
        let bound = limit < 0 ? wait : wait < 0 ? limit : min(wait, limit)
        activity.willWait()
        let count = try poller.wait(timeoutMs: bound)
        activity.beginIteration()
        services.clock.update()
        if count == 0, ChangeFeed.hasPendingChanges { services.files.disarm() }
        checkMountEvents(count)
        for index in 0..<count {
            let event = poller.event(at: index)
            dispatch(event.token)
        }
        if !queue.isEmpty { runQueue() }
        expireDeadlines()
    }

    private mutating func registerSources() throws(SystemError) {
        try poller.register(
            signals.descriptor, for: .readable,
            token: Token(slot: Worker.signalSlot, generation: 0))
        if services.context.lifeline >= 0 {
            try poller.register(
                services.context.lifeline, for: .readable,
                token: Token(slot: Worker.lifelineSlot, generation: 0))
        }
        if services.helper.isOpen {
            try poller.register(
                services.helper.descriptor, for: .readable,
                token: Token(slot: Worker.helperSlot, generation: 0))
        }
        if services.mountsDescriptor >= 0 {
            try poller.register(
                services.mountsDescriptor, for: [],
                token: Token(slot: Worker.mountSlot, generation: 0))
        }
        for index in listeners.indices { try watchListener(index) }
    }

    /// Handles mount changes before the requests that arrived after them, in whatever order the
    /// poller reports them.
    @inline(__always)
    private mutating func checkMountEvents(_ count: Int) {
        // select has no error events apart from readiness, and these files are always ready.
        if poller.engine == .select { return services.checkMounts() }
        // With a single event, no other one precedes it.
        guard count > 1 else { return }
        for index in 0..<count where poller.event(at: index).token.slot == Worker.mountSlot {
            services.files.mountsChanged()
        }
    }

    /// Returns the time until the next deadline in milliseconds.
    private mutating func waitMs() -> Int32 {
        if !queue.isEmpty { return 0 }
        var until = deadlines.lowerBoundMs
        if let timer = services.timers.earliestMs() { until = min(until, timer) }
        if state == .draining { until = min(until, idleUntilMs) }
        if listenersPausedUntilMs > 0 { until = min(until, listenersPausedUntilMs) }
        until = min(until, min(services.accessLog.nextFlushMs, services.repeatedMessages.dueMs))
        until = min(until, min(services.files.closeDueMs, services.files.sweepDueMs))
        until = min(until, services.helperCheckMs)
        guard until < Int64.max else { return -1 }
        // The clock's milliseconds are truncated: one more, so that the wait never ends early.
        return Int32(clamping: max(0, until &- services.clock.monotonicMs &+ 1))
    }

    private mutating func dispatch(_ token: Token) {
        let slot = Slot(Int(token.slot))
        if slot.index < services.connections.count {
            // Skips connections that were closed in this iteration, the next users of their slots,
            // and those that are in the queue.
            guard services.connections[slot].generation == token.generation,
                services.connections[slot].state != .free, !services.connections[slot].isQueued
            else { return }
            // A throttled connection is only watched for a disconnect.
            let hasDisconnected = services.connections[slot].isThrottled
            services.connections[slot].isThrottled = false
            drive(slot, hasDisconnected ? .failed : .ready)
        } else if token.slot == Worker.signalSlot {
            handleSignals()
        } else if token.slot == Worker.lifelineSlot {
            handleMasterDeath()
        } else if token.slot == Worker.helperSlot {
            handleHelperReplies()
        } else if token.slot == Worker.mountSlot {
            // With other events in the same iteration, `checkMountEvents` has handled this one.
            services.files.mountsChanged()
        } else {
            accept(from: Int(token.slot &- Worker.firstListenerSlot))
        }
    }

    private mutating func runQueue() {
        // Connections queued from here on wait for the next iteration.
        let queued = queue
        queue.removeAll(keepingCapacity: true)
        for slot in queued where services.connections[slot].isQueued {
            services.connections[slot].isQueued = false
            drive(slot, .ready)
        }
    }

    private mutating func expireDeadlines() {
        while let slot = deadlines.popExpired(nowMs: services.clock.monotonicMs) { expire(slot) }
        while let slot = services.timers.popExpired(nowMs: services.clock.monotonicMs) {
            wake(slot)
        }
        if listenersPausedUntilMs > 0, services.clock.monotonicMs >= listenersPausedUntilMs {
            resumeListeners()
        }
        if services.clock.monotonicMs >= services.helperCheckMs { checkHelper() }
        if services.clock.monotonicMs >= services.files.sweepDueMs {
            services.files.sweep(nowMs: services.clock.monotonicMs)
            services.responses.sweep(
                before: services.clock.seconds &- services.plan.main.contentCache.inactiveMs / 1000)
        }
        if services.clock.monotonicMs >= services.files.closeDueMs {
            services.files.closeDescriptors(nowMs: services.clock.monotonicMs)
        }
    }

    // MARK: signals and draining

    private mutating func handleSignals() {
        while let number = signals.next() {
            switch Signal(rawValue: number) {
            case .quit: drain()
            // A terminal sends its new size to all processes of its group.
            case .windowChange where services.plan.main.isDaemon: drain()
            case .terminate, .interrupt: end()
            case .user1: reopenLogs()
            default: break
            }
        }
    }

    private mutating func handleMasterDeath() {
        // Bytes are ignored: another worker may have written them.
        guard isAbandoned(services.context.lifeline) else {
            consumeWakes(services.context.lifeline)
            return
        }
        poller.unregister(services.context.lifeline)
        services.context.errorLog.write(
            .alert, "the master process has died, gracefully shutting down")
        // No other process will accept the connections that wait.
        isLastToAccept = true
        drain()
    }

    private mutating func end() {
        state = .ended
        services.isDraining = true
        services.context.errorLog.write(.notice, "exiting")
    }

    mutating func drain() {
        guard state == .serving else { return }
        state = .draining
        services.isDraining = true
        setProcessTitle("apus: worker process is shutting down")
        drainingSinceMs = services.clock.monotonicMs
        idleUntilMs = drainingSinceMs
        services.context.errorLog.write(.notice, "gracefully shutting down")
        stopListening()
        services.context.notifyMaster(.acceptsNoMore)
        services.accessLog.flushAll(nowMs: services.clock.monotonicMs)
        // The memory is needed by the new workers.
        services.files.close()
        services.responses.close()
    }

    /// Continues draining. A request may be on its way over an idle connection, so each gets some
    /// time in which it is still served.
    private mutating func continueDraining() {
        if services.clock.monotonicMs >= idleUntilMs {
            idleUntilMs = Int64.max
            for slot in services.connections.slots
            where services.connections[slot].state == .idle {
                let untilMs = services.connections[slot].lastRequestDeadlineMs(
                    drainingSinceMs: drainingSinceMs)
                if untilMs <= services.clock.monotonicMs {
                    closeConnection(slot)
                } else {
                    idleUntilMs = min(idleUntilMs, untilMs)
                }
            }
        }
        if connectionCount == 0 { end() }
    }

    /// Handles USR1: the log files belong to the logger, if there is one.
    private mutating func reopenLogs() {
        guard services.accessLog.reopen(nowMs: services.clock.monotonicMs) else {
            services.context.errorLog.write(.notice, "the logger reopens the logs")
            return
        }
        for log in services.context.errorLogs { log.reopen() }
        services.context.errorLog.write(.notice, "reopening logs")
    }
}

/// Handling of the helper process's replies in a worker.
extension Worker {
    /// Handles all replies that have arrived.
    mutating func handleHelperReplies() {
        let (wasOpen, line) = (services.helper.isOpen, services.helper.descriptor)
        // Changes before a file was compressed are processed before its compressed body is stored.
        if ChangeFeed.hasPendingChanges { services.files.processChanges() }
        while let response = services.helper.nextReply() {
            switch response {
            case .password(let pair, let isCorrect, let waiters):
                applyVerdict(pair, isCorrect: isCorrect, waiters)
            case .compressed(let file, let body):
                services.files.adopt(
                    body, for: file.entry, file.generation, nowMs: services.clock.monotonicMs)
            case .read(let isRead, let waiters):
                for asker in waiters { resumeReading(asker, isRead: isRead) }
            case .notCompressed(let file):
                services.files.abandonCompression(
                    file.entry, file.generation, nowMs: services.clock.monotonicMs)
            }
        }
        if wasOpen, !services.helper.isOpen {
            poller.unregister(line)
            services.context.errorLog.write(
                .notice,
                "helper process exited; its work continues in the worker")
        }
    }

    /// Handles the verdict of the helper process; the requests that waited for it continue.
    mutating func applyVerdict(
        _ pair: PasswordPair, isCorrect: Bool?, _ waiters: [HelperClient.Waiter]
    ) {
        if isCorrect == true {
            services.passwordState.verified.remember(pair, nowMs: services.clock.monotonicMs)
        }
        for waiter in waiters { resumeAfterCheck(waiter, (pair: pair, isCorrect: isCorrect)) }
    }

    private mutating func resumeAfterCheck(
        _ waiter: HelperClient.Waiter, _ reply: (pair: PasswordPair, isCorrect: Bool?)
    ) {
        guard services.connections[waiter.slot].generation == waiter.generation,
            services.connections[waiter.slot].request != 0
        else { return }
        let index = Int(services.connections[waiter.slot].request) &- 1
        guard let context = requests[index].context, context.passwordCheck.waiter == waiter else {
            return
        }
        context.passwordCheck.waiter = nil
        context.passwordCheck.verdict = reply
        if reply.isCorrect == nil, services.helper.isOpen {
            services.logError(
                .crit,
                "cannot check a password: the helper process died or did not respond",
                requests[index])
        }
        resume(waiter.slot)
    }

    /// Continues a response after the helper process has read its bytes, or failed to.
    mutating func resumeReading(_ waiter: HelperClient.Waiter, isRead: Bool) {
        guard services.connections[waiter.slot].generation == waiter.generation,
            services.connections[waiter.slot].request != 0
        else { return }
        let index = Int(services.connections[waiter.slot].request) &- 1
        guard requests[index].isReading else { return }
        requests[index].isReading = false
        requests[index].isWaiting = false
        // If the helper process runs but failed to read, the worker does not try: two helper
        // processes may have died of it. Without a helper process, the worker reads the bytes.
        guard isRead || !services.helper.isOpen else { return drive(waiter.slot, .sourceFailed) }
        if requests[index].entry >= 0 { services.files.loadBytes(of: requests[index].entry) }
        drive(waiter.slot, .fileRead)
    }

    /// Bounds the time that requests wait for the helper process, and asks the master to replace it
    /// if it does not respond.
    mutating func checkHelper() {
        // Replies that arrived in the meantime count.
        handleHelperReplies()
        if services.helper.checkTimeouts(nowMs: services.clock.monotonicMs) {
            services.context.errorLog.write(
                .error, "the helper process does not respond; its pending jobs failed")
            services.context.notifyMaster(.helperIsStuck)
        }
        handleHelperReplies()
        services.helperCheckMs = services.helper.nextCheckMs
    }
}
