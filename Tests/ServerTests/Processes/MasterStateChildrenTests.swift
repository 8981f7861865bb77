import Linux
import Testing

@testable import Server

/// Reloads whose new processes cannot all be started: the old ones continue to serve.
@Suite struct MasterTransitionTests {
    private typealias Action = MasterState.Action

    /// Returns the state of a master with a logger 300, workers 100 and 101, and a helper process
    /// 200, that has opened everything for a new configuration with one worker.
    private func reloading() -> MasterState {
        var state = MasterState(settings(workers: 2, logger: 0))
        _ = state.step(.start, nowMs: 0)
        start(&state, [(.logger(0), 300), (.worker(0), 100), (.worker(1), 101), (.helper, 200)])
        _ = state.step(.signal(.hangup), nowMs: 1000)
        _ = state.step(.reloaded(settings(workers: 1, logger: 1)), nowMs: 1000)
        return state
    }

    private func settings(workers: Int, logger: Int) -> MasterState.Settings {
        var settings = MasterState.Settings(workers: workers, shutdownTimeoutMs: 700)
        settings.logger = logger
        settings.hasHelper = true
        return settings
    }

    private func start(
        _ state: inout MasterState, _ children: [(MasterState.Role, Int32)], serves: Bool = true
    ) {
        for (role, process) in children {
            _ = state.step(.started(role, process: process), nowMs: 0)
            if serves { _ = state.step(.workerServes(process), nowMs: 0) }
        }
    }

    private func effects(_ actions: [Action]) -> [Action] {
        actions.filter { if case .log = $0 { false } else { true } }
    }

    @Test func oldWorkersServeUntilNewOnesRun() {
        var state = reloading()
        start(&state, [(.logger(1), 310), (.worker(0), 110)])
        _ = state.step(.started(.helper, process: 210), nowMs: 1500)
        #expect(effects(state.step(.tick, nowMs: 1500)) == [])
        #expect(
            effects(state.step(.workerServes(210), nowMs: 1600)) == [
                .dropPrevious, .send(.quit, to: 100), .send(.quit, to: 101), .send(.quit, to: 200),
            ])
    }

    @Test(arguments: [MasterState.Role.worker(0), .helper, .logger(1)])
    func failedForkKeepsOldGeneration(role: MasterState.Role) {
        var state = reloading()
        // The other processes are started nevertheless.
        let others: [(MasterState.Role, Int32)] = [
            (.logger(1), 310), (.worker(0), 110), (.helper, 210),
        ].filter { $0.0 != role }
        #expect(state.step(.notStarted(role, "fork() failed"), nowMs: 1000).isEmpty)
        start(&state, others)
        #expect(state.nextDeadlineMs == 0)
        let actions = state.step(.tick, nowMs: 1001)
        let reason = "\(role.name) process: fork() failed"
        #expect(
            actions.first == .log(.error, "\(reason): the old configuration stays in use"))
        let terminated = others.filter { !$0.0.isLogger }.map { Action.send(.quit, to: $0.1) }
        let closed: [Action] = role.isLogger ? [.closeLogs(generation: 1)] : []
        #expect(effects(actions) == [.restorePrevious(reason)] + closed + terminated)
        for process in [Int32(100), 101, 200] { #expect(!state.isExpectedToExit(process)) }
        // From here on as before: processes that die are replaced.
        _ = state.step(.processEnded(110, ChildExitStatus()), nowMs: 1100)
        let died = state.step(.processEnded(101, ChildExitStatus(signal: 9)), nowMs: 60_000)
        #expect(effects(died) == [.start(.worker(1))])
    }

    @Test(arguments: [(Int32(110), true), (110, false), (210, true), (310, true), (310, false)])
    func earlyExitKeepsOldGeneration(process: Int32, isKilled: Bool) {
        var state = reloading()
        start(&state, [(.logger(1), 310), (.worker(0), 110), (.helper, 210)], serves: false)
        let ending = isKilled ? ChildExitStatus(signal: 9) : ChildExitStatus(code: 2)
        #expect(effects(state.step(.processEnded(process, ending), nowMs: 1100)) == [])
        let actions = effects(state.step(.tick, nowMs: 1100))
        guard case .restorePrevious(let reason) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(reason.hasSuffix(" process \(process) ended while it was started"))
        for old in [Int32(100), 101, 200] { #expect(!actions.contains(.send(.quit, to: old))) }
    }

    @Test func exitAfterServingIsReplaced() {
        var state = reloading()
        start(&state, [(.logger(1), 310), (.worker(0), 110)])
        let died = state.step(.processEnded(110, ChildExitStatus(signal: 11)), nowMs: 60_000)
        #expect(effects(died) == [.start(.worker(0))])
    }

    @Test func startTimeoutKeepsOldGeneration() {
        var state = reloading()
        start(&state, [(.logger(1), 310), (.helper, 210)])
        start(&state, [(.worker(0), 110)], serves: false)
        #expect(state.nextDeadlineMs == 16_000)
        #expect(effects(state.step(.tick, nowMs: 15_999)) == [])
        let actions = effects(state.step(.tick, nowMs: 16_000))
        #expect(actions.first == .restorePrevious("not all processes have started within 15 s"))
        #expect(actions.contains(.send(.quit, to: 110)))
    }

    @Test func deadOldWorkersAreRestartedAfterFailure() {
        var state = reloading()
        let died = state.step(.processEnded(101, ChildExitStatus(signal: 9)), nowMs: 10_000)
        #expect(effects(died) == [])
        _ = state.step(.notStarted(.worker(0), "no"), nowMs: 10_000)
        let actions = effects(state.step(.tick, nowMs: 10_000))
        #expect(
            actions == [
                .restorePrevious("worker process: no"), .closeLogs(generation: 1),
                .start(.worker(1)),
            ])
    }

    @Test func secondReloadWaits() {
        var state = reloading()
        #expect(effects(state.step(.signal(.hangup), nowMs: 1001)) == [])
        #expect(effects(state.step(.signal(.hangup), nowMs: 1001)) == [])
        _ = state.step(.notStarted(.worker(0), "no"), nowMs: 1002)
        #expect(
            effects(state.step(.tick, nowMs: 1003)) == [
                .restorePrevious("worker process: no"), .closeLogs(generation: 1), .reload,
            ])
        // The next generation gets another number than the failed one.
        _ = state.step(.reloaded(settings(workers: 1, logger: 2)), nowMs: 1004)
        start(&state, [(.logger(2), 320), (.helper, 220), (.worker(0), 120)])
        #expect(
            state.isExpectedToExit(100) && state.isExpectedToExit(200)
                && !state.isExpectedToExit(120))
    }

    @Test(arguments: [Signal.quit, .terminate, .interrupt])
    func shutdownStopsBothGenerations(signal: Signal) {
        var state = reloading()
        start(&state, [(.logger(1), 310), (.worker(0), 110)])
        _ = state.step(.signal(.hangup), nowMs: 1001)
        let actions = effects(state.step(.signal(signal), nowMs: 1001))
        #expect(actions.first == .restorePrevious("the server is shutting down"))
        #expect(actions.contains(.refuseReload("the server is shutting down")))
        #expect(!actions.contains { if case .start = $0 { true } else { false } })
        for process in [Int32(100), 101, 110, 200] { #expect(state.isExpectedToExit(process)) }
        for process in [Int32(100), 101, 110, 200, 300] {
            _ = state.step(.processEnded(process, ChildExitStatus()), nowMs: 1002)
        }
        let last = effects(state.step(.processEnded(310, ChildExitStatus()), nowMs: 1003))
        #expect(last == [.closeLogs(generation: 1), .exit(0)])
    }
}

/// One deadline bounds the shutdown, whichever process hangs.
@Suite struct MasterDeadlineTests {
    /// Returns when a master exits whose logger 300 hangs, and perhaps worker 100 too, or nil if it
    /// waits forever.
    private func exitMs(after signal: Signal, timeoutMs: Int64?, workerEnds: Bool) -> Int64? {
        var settings = MasterState.Settings(workers: 1, shutdownTimeoutMs: timeoutMs)
        settings.logger = 0
        var state = MasterState(settings)
        _ = state.step(.start, nowMs: 0)
        _ = state.step(.started(.logger(0), process: 300), nowMs: 0)
        _ = state.step(.started(.worker(0), process: 100), nowMs: 0)
        _ = state.step(.signal(signal), nowMs: 0)
        if workerEnds { _ = state.step(.processEnded(100, ChildExitStatus()), nowMs: 10) }
        for _ in 0..<20 {
            guard let nowMs = state.nextDeadlineMs else { return nil }
            if state.step(.tick, nowMs: nowMs).contains(.exit(0)) { return nowMs }
        }
        return nil
    }

    @Test(arguments: [true, false])
    func shutdownDeadlinesDoNotAddUp(workerEnds: Bool) {
        #expect(exitMs(after: .interrupt, timeoutMs: nil, workerEnds: workerEnds) == 1750)
        #expect(exitMs(after: .terminate, timeoutMs: nil, workerEnds: workerEnds) == 6750)
        #expect(exitMs(after: .terminate, timeoutMs: 700, workerEnds: workerEnds) == 2450)
        #expect(exitMs(after: .quit, timeoutMs: 700, workerEnds: workerEnds) == 2450)
    }

    @Test func quitWaitsForRequestsNotLogger() {
        #expect(exitMs(after: .quit, timeoutMs: nil, workerEnds: false) == nil)
        #expect(exitMs(after: .quit, timeoutMs: nil, workerEnds: true) == 6010)
    }
}
