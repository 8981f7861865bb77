import Linux

/// What the master does about what happens to it: pure, so that every case is a line of a table.
/// Times are milliseconds of a monotonic clock.
///
/// ```
/// serving --QUIT, TERM--> draining --TERM (again), INT--> stopping --last worker ends--> exit
///         --INT----------------------------------------->
/// ```
public struct MasterState {
    /// What a process that the master starts is for.
    public enum Role: Hashable, Sendable {
        /// It serves; which of the workers it is, from 0.
        case worker(Int)
        /// It checks passwords.
        case aide
        /// It writes the logs of a generation; which one, from 0.
        case logger(Int)

        /// As log lines call it.
        var name: String {
            switch self {
            case .worker: "worker"
            case .aide: "aide"
            case .logger: "logger"
            }
        }

        /// It serves, and does not only help those that do.
        var isWorker: Bool {
            if case .worker = self { return true }
            return false
        }

        /// It ends when those whose lines it writes have ended, and not before.
        var isLogger: Bool {
            if case .logger = self { return true }
            return false
        }
    }

    /// Something that happened.
    public enum Event: Equatable, Sendable {
        /// The master is ready to start processes.
        case start
        /// A signal came.
        case signal(Signal)
        /// `start` was carried out.
        case started(Role, process: Int32)
        /// `start` failed: there was no process to be had.
        case notStarted(Role)
        /// A worker listens, and answers.
        case workerServes(Int32)
        /// A worker accepts no more connections.
        case workerAcceptsNoMore(Int32)
        /// A child has ended.
        case processEnded(Int32, ProcessEnding)
        /// A worker's loop does not turn any more.
        case hung(process: Int32)
        /// `reload` was carried out: workers of the new configuration may be started.
        case reloaded(Settings)
        /// `reload` failed: the old configuration stays.
        case reloadFailed
        /// `upgrade` was carried out: another master takes over.
        case upgraded(Int32)
        /// `upgrade` failed: there is no other master.
        case upgradeFailed
        /// The Logger of the newest generation has opened its files anew.
        case logsReopened
        /// Time has passed: `nextDeadlineMs` may be over.
        case tick
    }

    /// Something to be done, in the order given.
    public enum Action: Equatable, Sendable {
        /// A line for the error log.
        case log(LogLevel, String)
        /// Fork a process; `started` or `notStarted` answers.
        case start(Role)
        /// Send a signal to a process.
        case send(Signal, to: Int32)
        /// Read the configuration and open what it listens on; `reloaded` or `reloadFailed`
        /// answers.
        case reload
        /// A HUP that cannot be followed now, and why.
        case refuseReload(String)
        /// The configuration is in force: all its workers serve, those of the one before accept no
        /// more connections. Once for a start or a reload.
        case announce
        /// Start the binary that is there now; `upgraded` or `upgradeFailed` answers.
        case upgrade
        /// The other master has ended: the pid file is this one's again.
        case takePidFileBack
        /// Close the sockets that the new configuration does not have.
        case retireListeners
        /// Close all listening sockets.
        case closeListeners
        /// Open the master's own logs anew.
        case reopenLogs
        /// A generation's Logger has ended for good.
        case closeLogs(generation: Int)
        /// All is done: leave with this code.
        case exit(Int32)
    }

    /// What a configuration says to the master's behaviour.
    public struct Settings: Equatable, Sendable {
        /// `worker_processes`.
        public var workers: Int
        /// `worker_shutdown_timeout`.
        public var shutdownTimeoutMs: Int64?
        /// There is a Logger beside the workers, that of this generation.
        public var logger: Int?
        /// There is an Aide beside the workers.
        public var hasAide = false
        /// A worker that hangs leaves a core: it is aborted before it is killed.
        public var wantsCores = false
        /// In the background: only then WINCH means something, as in nginx.
        public var isDaemon = false
        /// HUP ends the server: it belongs to a terminal, and that has gone.
        public var endsOnHangup = false

        /// Which processes there are to be, in the order of their starts.
        var roles: [Role] {
            (logger.map { [.logger($0)] } ?? [])
                + (0..<max(0, workers)).map { .worker($0) } + (hasAide ? [.aide] : [])
        }

        /// Settings.
        public init(workers: Int, shutdownTimeoutMs: Int64? = nil) {
            self.workers = workers
            self.shutdownTimeoutMs = shutdownTimeoutMs
        }
    }

    private enum Mode { case serving, withdrawn, draining, stopping }

    private struct Child {
        let process: Int32
        let role: Role
        let startedMs: Int64
        /// It was told to end, so that its end is no accident.
        var isLeaving = false
        var serves = false
        var acceptsNoMore = false
        /// What it gets, and when, if it has not ended by then.
        var reminder: (signal: Signal, atMs: Int64)?
        /// It was killed for want of an end.
        var isGivenUp = false
    }

    private var settings: Settings
    private var mode = Mode.serving
    private var wasTerminated = false
    private var children: [Child] = []
    private var backoff = RespawnBackoff()
    private var dueStarts: [(role: Role, atMs: Int64)] = []
    private var fatalCount = 0
    /// When a configuration is announced that not all workers serve by then.
    private var announcementMs: Int64?
    /// The master that takes over from this one; nil for none.
    public private(set) var successor: Int32?
    /// The master is still there that this one takes over from.
    public var hasPredecessor = false
    private var exitCode: Int32 = 0
    /// The master's logs wait to be opened anew until the Logger has opened its own.
    private var awaitsReopening = false

    /// A master before its start.
    public init(_ settings: Settings) {
        self.settings = settings
    }

    /// When the next `tick` is wanted, nil when nothing is due.
    public var nextDeadlineMs: Int64? {
        let reminders = children.compactMap { $0.reminder?.atMs }
        return (reminders + dueStarts.map(\.atMs) + (announcementMs.map { [$0] } ?? [])).min()
    }

    /// What is to be done about `event`.
    public mutating func step(_ event: Event, nowMs: Int64) -> [Action] {
        switch event {
        case .start: return startAll(nowMs)
        case .signal(let signal): return take(signal, nowMs)
        case .started(let role, let process):
            children.append(Child(process: process, role: role, startedMs: nowMs))
            return [.log(.notice, "start \(role.name) process \(process)")]
        case .notStarted(let role):
            if role.isLogger {
                let failed = Child(process: 0, role: role, startedMs: nowMs)
                return takeEnd(ofLogger: failed, ProcessEnding(code: 1), nowMs)
            }
            return startLater(role, livedMs: 0, nowMs)
        case .workerServes(let process):
            change(process) { $0.serves = true }
            return announceWhenServed()
        case .workerAcceptsNoMore(let process):
            change(process) { $0.acceptsNoMore = true }
            return announceWhenServed()
        case .processEnded(let process, let ending):
            return take(ending, of: process, nowMs) + announceWhenServed()
        case .hung(let process): return replace(process, nowMs)
        case .reloaded(let settings): return replaceWorkers(settings, nowMs)
        case .logsReopened:
            defer { awaitsReopening = false }
            return awaitsReopening ? [.reopenLogs] : []
        case .reloadFailed: return [.log(.error, "the old configuration stays in force")]
        case .upgraded(let process):
            successor = process
            return [.log(.notice, "start new binary process \(process)")]
        case .upgradeFailed: return [.log(.error, "the old binary goes on")]
        case .tick: return takeTime(nowMs)
        }
    }

    private mutating func startAll(_ nowMs: Int64) -> [Action] {
        announcementMs = nowMs &+ MasterState.patienceMs
        return [.log(.notice, "start worker processes")] + settings.roles.map { .start($0) }
    }

    /// How long all workers may take until they serve.
    private static let patienceMs: Int64 = 10_000

    private mutating func change(_ process: Int32, _ body: (inout Child) -> Void) {
        guard let place = children.firstIndex(where: { $0.process == process }) else { return }
        body(&children[place])
    }

    private mutating func announceWhenServed() -> [Action] {
        let workers = children.filter(\.role.isWorker)
        let isServed =
            workers.count { !$0.isLeaving && $0.serves } &+ fatalCount >= settings.workers
            && workers.allSatisfy { !$0.isLeaving || $0.acceptsNoMore }
        return isServed ? announce() : []
    }

    private mutating func announce() -> [Action] {
        defer { announcementMs = nil }
        return announcementMs == nil ? [] : [.announce]
    }
}

// Signals.
extension MasterState {
    private mutating func take(_ signal: Signal, _ nowMs: Int64) -> [Action] {
        switch signal {
        case .interrupt: return received(signal, "exiting") + stop(nowMs)
        case .terminate:
            if wasTerminated || mode == .stopping {
                return received(signal, "exiting") + stop(nowMs)
            }
            wasTerminated = true
            return received(signal, "shutting down")
                + drain(settings.shutdownTimeoutMs ?? 5000, nowMs)
        case .quit:
            return received(signal, "shutting down") + drain(settings.shutdownTimeoutMs, nowMs)
        case .hangup: return takeHangup(nowMs)
        case .user1:
            return received(signal, "reopening logs") + reopen()
        case .windowChange:
            guard settings.isDaemon, mode == .serving else { return [] }
            return received(signal, "stop accepting connections") + withdraw(nowMs)
        case .user2:
            if let reason = reasonNotToUpgrade {
                return received(signal, "ignoring: \(reason)")
            }
            return received(signal, "changing binary") + [.upgrade]
        case .child, .kill, .abort: return []
        }
    }

    private mutating func takeHangup(_ nowMs: Int64) -> [Action] {
        if settings.endsOnHangup { return received(.hangup, "exiting") + stop(nowMs) }
        guard isServing else {
            return received(.hangup, "ignoring") + [.refuseReload("the server is ending")]
        }
        if let successor {
            // As nginx: the new binary's configuration may be one that this one cannot read.
            guard mode == .withdrawn else {
                let reason = "the new binary process \(successor) has taken over"
                return received(.hangup, "ignoring: \(reason)") + [.refuseReload(reason)]
            }
            return received(.hangup, "serving again") + serveAgain(nowMs)
        }
        // The one before is in force, though not everywhere yet.
        return announce() + received(.hangup, "reconfiguring") + [.reload]
    }

    /// The workers were told to leave; others start, with the configuration that there was.
    private mutating func serveAgain(_ nowMs: Int64) -> [Action] {
        mode = .serving
        backoff = RespawnBackoff()
        fatalCount = 0
        // The others did not leave with the workers.
        return startAll(nowMs).filter { action in
            guard case .start(let role) = action, !role.isWorker else { return true }
            return !children.contains { $0.role == role }
                && !dueStarts.contains { $0.role == role }
        }
    }

    private var reasonNotToUpgrade: String? {
        if !settings.isDaemon { return "only a server in the background can be replaced" }
        if !isServing { return "the server is ending" }
        if hasPredecessor { return "the binary before this one is still there" }
        return successor.map { "the new binary process \($0) runs already" }
    }

    private func received(_ signal: Signal, _ intention: String) -> [Action] {
        [.log(.notice, "signal \(signal.rawValue) (\(signal.name)) received, \(intention)")]
    }

    /// The Logger goes first: once there is a file of the old name again, whose ever it is, no line
    /// is written to the old file any more.
    private mutating func reopen() -> [Action] {
        let loggers = children.filter(\.role.isLogger)
        awaitsReopening = loggers.contains { $0.role == settings.logger.map { .logger($0) } }
        let signals: [Action] = loggers.map { .send(.user1, to: $0.process) }
        return awaitsReopening ? signals : signals + [.reopenLogs]
    }

    private var isServing: Bool { mode == .serving || mode == .withdrawn }

    /// No new connections; the workers end when theirs have, at the latest after `timeoutMs`.
    private mutating func drain(_ timeoutMs: Int64?, _ nowMs: Int64) -> [Action] {
        guard mode != .stopping else { return [] }
        let isFirst = mode != .draining
        mode = .draining
        dueStarts.removeAll { !$0.role.isLogger }
        let actions: [Action] =
            isFirst ? [.log(.notice, "gracefully shutting down"), .closeListeners] : []
        return announce() + actions + dismissAll(timeoutMs, nowMs) + exitIfAlone()
    }

    /// The workers end now, and are killed when they do not within a second.
    private mutating func stop(_ nowMs: Int64) -> [Action] {
        guard mode != .stopping else { return [] }
        let isFirst = mode != .draining
        mode = .stopping
        dueStarts.removeAll { !$0.role.isLogger }
        var actions: [Action] = announce() + (isFirst ? [.closeListeners] : [])
        for index in children.indices {
            if children[index].role.isLogger {
                children[index].reminder = (.kill, nowMs &+ 1000 &+ MasterState.loggersTimeMs)
                continue
            }
            children[index].isLeaving = true
            children[index].reminder = (.kill, nowMs &+ 1000)
            actions.append(.send(.terminate, to: children[index].process))
        }
        return actions + exitIfAlone()
    }

    /// WINCH: the workers leave, the master and its sockets stay.
    private mutating func withdraw(_ nowMs: Int64) -> [Action] {
        mode = .withdrawn
        dueStarts.removeAll { !$0.role.isLogger }
        return dismissAll(settings.shutdownTimeoutMs, nowMs)
    }

    /// How long a Logger has, once the last worker was killed, to write what is left.
    static let loggersTimeMs: Int64 = 5000

    /// QUIT to those that have not had it; a deadline for all that have none or a later one.
    private mutating func dismissAll(_ timeoutMs: Int64?, _ nowMs: Int64) -> [Action] {
        var actions: [Action] = []
        for index in children.indices {
            let isLogger = children[index].role.isLogger
            if !children[index].role.isWorker, mode == .withdrawn { continue }
            if !children[index].isLeaving, !isLogger {
                actions.append(.send(.quit, to: children[index].process))
            }
            children[index].isLeaving = true
            guard let timeoutMs else { continue }
            let atMs = nowMs &+ timeoutMs
            if isLogger {
                children[index].reminder = (.kill, atMs &+ 1000 &+ MasterState.loggersTimeMs)
                continue
            }
            if let reminder = children[index].reminder, reminder.atMs <= atMs { continue }
            children[index].reminder = (.terminate, atMs)
        }
        return actions
    }
}

// Workers' ends and starts.
extension MasterState {
    private mutating func take(
        _ ending: ProcessEnding, of process: Int32, _ nowMs: Int64
    ) -> [Action] {
        if process == successor { return takeEndOfSuccessor(ending, nowMs) }
        guard let place = children.firstIndex(where: { $0.process == process }) else { return [] }
        let child = children.remove(at: place)
        var actions: [Action] = [ending.message(of: "\(child.role.name) process \(process)")]
        if child.role.isLogger { return actions + takeEnd(ofLogger: child, ending, nowMs) }
        guard mode == .serving, !child.isLeaving else {
            return actions + exitIfAlone() + exitIfHopeless(nowMs)
        }
        if ending.signal == 0 && ending.code == 2 && child.role.isWorker {
            let text = "worker process \(process) exited with fatal code 2 and cannot be respawned"
            actions.append(.log(.alert, text))
            fatalCount += 1
            return actions + exitIfHopeless(nowMs)
        }
        return actions + startLater(child.role, livedMs: nowMs &- child.startedMs, nowMs)
    }

    /// Nobody takes over: this master is the only one again.
    private mutating func takeEndOfSuccessor(
        _ ending: ProcessEnding, _ nowMs: Int64
    ) -> [Action] {
        let name = "new binary process \(successor ?? 0)"
        successor = nil
        let actions = [ending.message(of: name), .takePidFileBack]
        return mode == .withdrawn ? actions + serveAgain(nowMs) : actions
    }

    /// A worker that hangs may take long to die, within a call on a disk or a network file system:
    /// another one starts at once.
    private mutating func replace(_ process: Int32, _ nowMs: Int64) -> [Action] {
        guard let place = children.firstIndex(where: { $0.process == process }) else { return [] }
        let isWanted = mode == .serving && !children[place].isLeaving
        children[place].isLeaving = true
        children[place].reminder = settings.wantsCores ? (.kill, nowMs &+ 5000) : nil
        return [.send(settings.wantsCores ? .abort : .kill, to: process)]
            + (isWanted ? [.start(children[place].role)] : [])
    }

    /// Whether a process was told to end, or has: its end is no accident.
    public func isLeaving(_ process: Int32) -> Bool {
        children.first { $0.process == process }?.isLeaving ?? true
    }

    /// A Logger that died leaves its lines to the next one. One that dies again and again when
    /// nobody else is left is not waited for.
    private mutating func takeEnd(
        ofLogger child: Child, _ ending: ProcessEnding, _ nowMs: Int64
    ) -> [Action] {
        let isCurrent = isServing && child.role == settings.logger.map { .logger($0) }
        let isOver = ending == ProcessEnding() || child.isGivenUp
        if isCurrent || !isOver {
            var actions: [Action] = awaitsReopening && isCurrent ? [.reopenLogs] : []
            if isCurrent { awaitsReopening = false }
            let pauseMs = backoff.pauseMs(for: child.role, livedMs: nowMs &- child.startedMs)
            if isCurrent || pauseMs < 1000 {
                if pauseMs == 0 { return actions + [.start(child.role)] }
                dueStarts.append((child.role, nowMs &+ pauseMs))
                return actions
            }
            actions.append(.log(.alert, "the logger process is given up, log lines may be lost"))
            return actions + closeLogs(of: child.role) + exitIfAlone()
        }
        return closeLogs(of: child.role) + exitIfAlone()
    }

    private func closeLogs(of role: Role) -> [Action] {
        guard case .logger(let generation) = role else { return [] }
        return [.closeLogs(generation: generation)]
    }

    private mutating func startLater(
        _ role: Role, livedMs: Int64, _ nowMs: Int64
    ) -> [Action] {
        guard mode == .serving else { return [] }
        let pauseMs = backoff.pauseMs(for: role, livedMs: livedMs)
        if pauseMs == 0 { return [.start(role)] }
        dueStarts.append((role, nowMs &+ pauseMs))
        let text = "next \(role.name) process in \(pauseMs) ms: the last one died at once"
        return [.log(.notice, text)]
    }

    /// The new ones first, so that there is always somebody who accepts.
    private mutating func replaceWorkers(_ next: Settings, _ nowMs: Int64) -> [Action] {
        let timeoutMs = settings.shutdownTimeoutMs
        settings = next
        mode = .serving
        backoff = RespawnBackoff()
        dueStarts.removeAll { !$0.role.isLogger }
        fatalCount = 0
        return startAll(nowMs) + [.retireListeners] + dismissAll(timeoutMs, nowMs)
    }

    private mutating func takeTime(_ nowMs: Int64) -> [Action] {
        let due = dueStarts.filter { $0.atMs <= nowMs }
        dueStarts.removeAll { $0.atMs <= nowMs }
        var actions: [Action] = due.map { .start($0.role) }
        for index in children.indices {
            guard let reminder = children[index].reminder, reminder.atMs <= nowMs else { continue }
            actions.append(.send(reminder.signal, to: children[index].process))
            if reminder.signal == .kill { children[index].isGivenUp = true }
            children[index].reminder = reminder.signal == .kill ? nil : (.kill, nowMs &+ 1000)
        }
        if let announcementMs, announcementMs <= nowMs { actions += announce() }
        return actions
    }

    private func exitIfAlone() -> [Action] {
        guard !isServing, children.isEmpty, dueStarts.isEmpty else { return [] }
        return [.log(.notice, "exit"), .exit(exitCode)]
    }

    /// Nobody serves and nobody will.
    private mutating func exitIfHopeless(_ nowMs: Int64) -> [Action] {
        guard mode == .serving, fatalCount >= settings.workers,
            !children.contains(where: \.role.isWorker)
        else { return [] }
        exitCode = 1
        return [.log(.emerg, "no worker process could be started, exiting")] + stop(nowMs)
    }
}

/// How long to wait before a worker that died is replaced: not at all, unless it died within a
/// second; then 100 ms, doubled each time up to 5 s, forgotten when one has lived for 10 s.
struct RespawnBackoff {
    private var pausesMs: [MasterState.Role: Int64] = [:]

    mutating func pauseMs(for role: MasterState.Role, livedMs: Int64) -> Int64 {
        if livedMs >= 10_000 { pausesMs[role] = nil }
        guard livedMs < 1000 else { return 0 }
        let pauseMs = min(5000, max(100, pausesMs[role, default: 0] * 2))
        pausesMs[role] = pauseMs
        return pauseMs
    }
}

extension ProcessEnding {
    /// nginx's line: an alert unless the worker left on its own with code 0.
    fileprivate func message(of process: String) -> MasterState.Action {
        if signal != 0 {
            let core = dumpedCore ? " (core dumped)" : ""
            return .log(.alert, "\(process) exited on signal \(signal)\(core)")
        }
        return .log(
            code == 0 ? .notice : .alert, "\(process) exited with code \(code)")
    }
}
