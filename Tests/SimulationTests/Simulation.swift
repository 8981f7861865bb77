import FakeKernel
import Files
import Glibc
import Linux

@testable import Server

/// One run of a worker with its clients, from its start to its end.
///
/// The worker's own loop runs. Whenever it waits for events, the kernel calls ``wait(_:_:)``, where
/// clients act, files change and time passes.
final class Simulation {
    private let seed: UInt64
    private var random: SeededGenerator
    private let setup: Setup
    private let plan: Plan
    private var site: Site
    private var clients: [Client] = []
    private var phase = Phase.clientsAct
    /// The first error of the worker.
    private(set) var failure: String?
    /// A number that depends on every call and every random decision.
    private(set) var fingerprint: UInt64 = 0
    private var listener: Int32 = -1
    private var steps = 0
    private var hasActed = false
    private var dates: [Int64] = []
    private var drainingSinceMs: Int64?
    private var drainsAtStep = Int.max
    private var hasShortages = false
    private var changesFiles = false
    private var quietUntilMs: Int64 = 0
    private var startFaults = fake_faults()
    private var helper = Helper()
    /// The number of sent pieces, of 1,000, in which a byte is changed.
    var corruptions: Int32 = 0

    private enum Phase {
        case clientsAct
        /// All connections are closed; the worker must close the files that it has cached.
        case quiet
        /// The worker was asked to exit.
        case ending
    }

    private static let mostSteps = 30_000

    init(seed: UInt64, plans: Plans, isTraced: Bool) throws {
        self.seed = seed
        random = SeededGenerator(seed: seed)
        setup = Setup(using: &random)
        plan = try plans.plan(of: setup)
        fake_name_seed(seed)
        unsafe fake_start(seed, isTraced, waiting, changing, nil)
        site = Site(using: &random)
        fake_advance_ms(random.once(in: 4) ? 1 : 5000)
        for index in 0..<random.from(1...5) {
            clients.append(Client(index, for: setup, using: &random))
        }
        prepareFaults()
    }

    private func prepareFaults() {
        var faults = fake_faults()
        if random.once(in: 2) { faults.short_transfers = Int32(random.pick([50, 300, 900])) }
        if random.once(in: 2) { faults.again = Int32(random.pick([20, 200])) }
        if random.once(in: 3) { faults.interrupted = Int32(random.pick([20, 100])) }
        if random.once(in: 12) { faults.resets = 5 }
        changesFiles = random.once(in: 2)
        if random.once(in: 4) { faults.changes = Int32(random.pick([20, 100])) }
        if setup.usesHelper {
            faults.cold_reads = Int32(random.pick([0, 300, 900]))
            helper.deathRate = random.pick([0, 0, 50])
        }
        hasShortages = random.once(in: 12)
        if hasShortages {
            faults.no_descriptors = Int32(random.pick([0, 100]))
            faults.no_memory = Int32(random.pick([0, 50]))
        }
        if changesFiles, random.once(in: 10) { fake_limit_changes(Int32(random.from(1...4))) }
        if random.once(in: 10) { fake_limit_watches(Int32(random.below(8))) }
        if random.once(in: 6) { drainsAtStep = random.below(60) }
        startFaults = faults
    }

    // MARK: running

    /// Runs the worker to its end. Returns the first error.
    func run(records: WorkerRecord) throws -> String? {
        try withContext {
            listener = fake_listen()
            fake_limit_sockets(Int32(setup.workerConnections))
            let logs = try Logs.open(plan, generation: 0)
            var context = WorkerContext(
                plan: plan, index: 0, listeners: [WorkerSocket(listen: 0, descriptor: listener)],
                errorLogs: logs.errors, logWriter: LogWriter(withoutLogger: logs), lifeline: -1,
                zones: try plan.zones.map { try Zone($0) }, workerRecord: records)
            if setup.usesHelper { context.helper = fake_open_helper() }
            try runWorker(context)
        }
        if failure == nil, fake_live_buffers() > 0 {
            failure = "\(fake_live_buffers()) buffers are not freed"
        }
        if failure == nil { failure = Kernel.violation }
        fingerprint = fake_fingerprint()
        fake_stop()
        return failure
    }

    private func withContext(_ body: () throws -> Void) rethrows {
        unsafe fake_set_context(Unmanaged.passUnretained(self).toOpaque())
        try body()
    }

    private func runWorker(_ context: WorkerContext) throws {
        var worker = try Worker(context)
        startFaults.corruptions = corruptions
        Kernel.faults = startFaults
        _ = try worker.run()
        guard failure == nil else { return }
        Kernel.faults = fake_faults()
        if worker.connectionCount != 0 {
            failure = "\(worker.connectionCount) connections are left"
        }
        // A file stays in the cache while the helper process compresses it.
        let isCompressing = setup.usesHelper && setup.prefixes.contains("/z")
        let files = Kernel.openDescriptors(fake_kind_file)
        if files > 0, !isCompressing {
            failure = "\(files) files are open after the worker has drained"
        }
        let sockets = Kernel.openDescriptors(fake_kind_socket)
        if sockets > 0 { failure = "\(sockets) sockets are open after the worker has drained" }
        checkLogs()
        if worker.services.files.byteCount != 0, !isCompressing {
            failure = "the cache has \(worker.services.files.byteCount) bytes after it was closed"
        }
    }

    /// Checks that each response has one line in the access log, and that no message is an alert.
    private func checkLogs() {
        var counts: [Substring: Int] = [:]
        for line in Kernel.lines(of: Setup.accessLog) { counts[line, default: 0] += 1 }
        for line in clients.flatMap(\.logLines) where counts[line[...]] != 1 {
            failure = "\(counts[line[...]] ?? 0) lines \"\(line)\" in the access log"
        }
        guard !hasShortages else { return }
        let harmless = ["file truncated", "worker_connections", "sendfile()", "helper process"]
        for line in Kernel.lines(of: Setup.errorLog)
        where line.contains("[alert]") || line.contains("[emerg]") {
            if !harmless.contains(where: { line.contains($0) }) { failure = "\(line)" }
        }
    }

    // MARK: waiting

    /// Lets the world go on while the worker waits.
    fileprivate func wait(_ timeoutMs: Int32, _ ready: Int32) -> fake_wait {
        steps += 1
        if !hasActed { beginWait() }
        if failure == nil { failure = Kernel.violation }
        if failure == nil, steps > Simulation.mostSteps { failure = "it does not come to an end" }
        if failure != nil {
            if phase != .ending || steps > Simulation.mostSteps + 10 {
                phase = .ending
                fake_raise_signal(SIGTERM)
            }
            return fake_return
        }
        let result = step(timeoutMs, ready)
        if result != fake_look_again { hasActed = false }
        return result
    }

    private func beginWait() {
        noteDate()
        for index in clients.indices {
            if let error = clients[index].checkDeadlines() { fail(error) }
        }
        if steps >= drainsAtStep, drainingSinceMs == nil { drain() }
    }

    private func step(_ timeoutMs: Int32, _ ready: Int32) -> fake_wait {
        if !hasActed {
            hasActed = true
            act()
            return fake_look_again
        }
        if ready > 0 || timeoutMs == 0 {
            if random.once(in: 200) { passTime(Int64(random.below(4000))) }
            return random.once(in: 100) ? fake_interrupt : fake_return
        }
        if setup.usesHelper, helper.act(using: &random) {
            passTime(1)
            return fake_look_again
        }
        if let index = actors.first {
            passTime(1)
            act(index)
            return fake_look_again
        }
        return passTime(atMost: timeoutMs)
    }

    private var actors: [Int] { clients.indices.filter { clients[$0].canAct } }

    private func act() {
        if phase == .clientsAct {
            for _ in 0..<random.below(4) {
                let able = actors
                guard !able.isEmpty else { break }
                act(random.pick(able))
            }
            if clients[0].number == nil || random.once(in: 4) { connectNext() }
            if changesFiles, random.once(in: 4) { site.change(using: &random) }
            if random.once(in: 300) { fake_shift_date(Int64(random.from(-100...100))) }
        }
        if setup.usesHelper, random.once(in: 3) { _ = helper.act(using: &random) }
        if random.once(in: 3) { passTime(Int64(random.below(30))) }
        checkClients()
    }

    private func act(_ index: Int) {
        clients[index].act(datesBefore: dates.count, using: &random)
        check(index)
    }

    private func passTime(_ milliseconds: Int64) {
        fake_advance_ms(milliseconds)
        noteDate()
    }

    private func noteDate() {
        let now = Kernel.dateSeconds
        if dates.last != now { dates.append(now) }
    }

    /// Lets time pass when only that helps.
    private func passTime(atMost timeoutMs: Int32) -> fake_wait {
        checkClients()
        if phase == .clientsAct {
            if clients.allSatisfy({ $0.isDone || $0.number == nil && drainingSinceMs != nil }) {
                phase = .quiet
                quietUntilMs = Kernel.nowMs + 4000
            } else if drainingSinceMs == nil, clients.contains(where: { $0.number == nil }) {
                connectNext()
                return fake_look_again
            }
        }
        if phase == .quiet, Kernel.nowMs >= quietUntilMs || timeoutMs < 0 {
            let files = Kernel.openDescriptors(fake_kind_file)
            if files > 0, drainingSinceMs == nil {
                fail("\(files) files are open although no connection is")
            }
            phase = .ending
            if drainingSinceMs == nil { drain() }
            return fake_look_again
        }
        if !hasShortages {
            for client in clients { if let error = client.checkProgress() { fail(error) } }
        }
        let now = Kernel.nowMs
        let sleeping = clients.filter(\.isAsleep).map(\.sleepsUntilMs).min()
        guard timeoutMs >= 0 || sleeping != nil else {
            fail("the worker waits without a limit, and clients are not done: \(openClients)")
            return fake_look_again
        }
        let untilTimeout = timeoutMs < 0 ? Int64.max : Int64(timeoutMs)
        let untilClient = sleeping.map { $0 - now } ?? Int64.max
        passTime(min(untilTimeout, untilClient))
        return untilTimeout <= untilClient ? fake_return : fake_look_again
    }

    private var openClients: [String] {
        clients.filter { !$0.isDone }.map { "\($0.number ?? -1) (\($0.ending))" }
    }

    private func drain() {
        drainingSinceMs = Kernel.nowMs
        fake_raise_signal(SIGQUIT)
    }

    /// Lets the world go on during a call of the worker, as other processes would.
    fileprivate func interrupt() {
        guard phase == .clientsAct else { return }
        noteDate()
        if changesFiles, random.once(in: 2) { site.change(using: &random) }
        if changesFiles, random.once(in: 3) {
            // A mount changes just before a request is sent.
            site.changeMount(using: &random)
            connectNext()
            for index in actors { act(index) }
            for index in actors { act(index) }
        } else if random.once(in: 2) {
            connectNext()
            let able = actors
            for _ in 0..<random.below(3) where !able.isEmpty { act(random.pick(able)) }
        }
    }

    private func connectNext() {
        guard drainingSinceMs == nil,
            let next = clients.indices.first(where: { clients[$0].number == nil })
        else { return }
        clients[next].connect(to: listener)
    }

    // MARK: checks

    private func fail(_ text: String) {
        if failure == nil {
            failure = text
            Kernel.trace("FAILURE \(text)")
        }
    }

    private func checkClients() {
        for index in clients.indices { check(index) }
    }

    private func check(_ index: Int) {
        let (clients, address) = (clients, clients[index].address)
        let judge = { [self] (response: Response, request: Request, isLast: Bool) in
            let mayBeLimited = clients.indices.contains {
                $0 != index && clients[$0].address == address
                    && clients[$0].mayHaveLimited(since: request.sentAt ?? 0)
            }
            let judge = Judge(
                site: site, setup: setup, dates: dates, hasShortages: hasShortages,
                isDraining: drainingSinceMs != nil, clientCount: clients.count,
                mayBeLimited: mayBeLimited)
            return judge.judge(response, to: request, isLast: isLast)
        }
        if let error = self.clients[index].check(judge, keepalive: setup.keepaliveRequests) {
            fail("client \(clients[index].number ?? -1): \(error)")
        }
        if let error = self.clients[index].checkEnd(
            setup, hasShortages: hasShortages, drainingSinceMs: drainingSinceMs)
        {
            fail(error)
        }
    }
}

private func simulation(_ context: UnsafeMutableRawPointer?) -> Simulation {
    unsafe Unmanaged<Simulation>.fromOpaque(context!).takeUnretainedValue()
}

private func waiting(_ context: UnsafeMutableRawPointer?, _ timeoutMs: Int32, _ ready: Int32)
    -> Int32
{
    Int32(unsafe simulation(context).wait(timeoutMs, ready).rawValue)
}

private func changing(_ context: UnsafeMutableRawPointer?) {
    unsafe simulation(context).interrupt()
}
