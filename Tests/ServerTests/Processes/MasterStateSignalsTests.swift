import Linux
import Server
import Testing

/// Decisions about USR2 and the following signals: another binary takes over, or does not.
@Suite struct MasterUpgradeTests {
    private typealias Action = MasterState.Action

    /// Returns the state of a background master with worker 100, which has run for two minutes.
    private func serving(isDaemon: Bool = true) -> MasterState {
        var settings = MasterState.Settings(workers: 1)
        settings.isDaemon = isDaemon
        var state = MasterState(settings)
        _ = state.step(.start, nowMs: 0)
        _ = state.step(.started(.worker(0), process: 100), nowMs: 0)
        _ = state.step(.workerServes(100), nowMs: 0)
        return state
    }

    /// Returns the same state after an upgrade to master 500.
    private func upgraded() -> MasterState {
        var state = serving()
        _ = state.step(.signal(.user2), nowMs: 120_000)
        _ = state.step(.upgraded(500), nowMs: 120_000)
        return state
    }

    /// Returns the actions other than logging.
    private func effects(_ actions: [Action]) -> [Action] {
        actions.filter { if case .log = $0 { false } else { true } }
    }

    private func text(_ actions: [Action]) -> String {
        actions.map { if case .log(_, let text) = $0 { text } else { "" } }.joined(separator: "|")
    }

    @Test func upgradeStartsNewBinaryAndKeepsWorkers() {
        var state = serving()
        #expect(
            state.step(.signal(.user2), nowMs: 0) == [
                .log(.notice, "signal 12 (SIGUSR2) received, changing binary"), .upgrade,
            ])
        #expect(
            state.step(.upgraded(500), nowMs: 0)
                == [.log(.notice, "start new binary process 500")])
        #expect(state.successor == 500)
        // The old master still replaces its workers.
        let died = state.step(.processEnded(100, ChildExitStatus(signal: 9)), nowMs: 60_000)
        #expect(effects(died) == [.start(.worker(0))])
    }

    @Test func oldMasterExitsByWinchAndQuit() {
        var state = upgraded()
        #expect(effects(state.step(.signal(.windowChange), nowMs: 0)) == [.send(.quit, to: 100)])
        #expect(effects(state.step(.processEnded(100, ChildExitStatus()), nowMs: 1)).isEmpty)
        #expect(
            effects(state.step(.signal(.quit), nowMs: 2)) == [.closeListeners, .exit(0)])
        #expect(state.successor == 500, "the sockets are its")
    }

    @Test func oldMasterReturnsByHangup() {
        var state = upgraded()
        _ = state.step(.signal(.windowChange), nowMs: 0)
        _ = state.step(.processEnded(100, ChildExitStatus()), nowMs: 1)
        #expect(effects(state.step(.signal(.hangup), nowMs: 2)) == [.start(.worker(0))])
        _ = state.step(.started(.worker(0), process: 101), nowMs: 2)
        #expect(effects(state.step(.workerServes(101), nowMs: 3)) == [.announce])
        let ended = state.step(.processEnded(500, ChildExitStatus()), nowMs: 4)
        #expect(
            ended == [
                .log(.notice, "new binary process 500 exited with code 0"), .restorePidFile,
            ])
        #expect(state.successor == nil)
        #expect(effects(state.step(.signal(.hangup), nowMs: 5)) == [.reload])
    }

    @Test func oldMasterReturnsWhenNewOneDies() {
        var state = upgraded()
        _ = state.step(.signal(.windowChange), nowMs: 0)
        let ended = state.step(.processEnded(500, ChildExitStatus(signal: 9)), nowMs: 1)
        #expect(effects(ended) == [.restorePidFile, .start(.worker(0))])
        #expect(text(ended).hasPrefix("new binary process 500 exited on signal 9"))
    }

    @Test func failedUpgradeChangesNothing() {
        var state = serving()
        _ = state.step(.signal(.user2), nowMs: 0)
        #expect(effects(state.step(.upgradeFailed, nowMs: 0)).isEmpty)
        #expect(state.successor == nil)
        #expect(effects(state.step(.signal(.user2), nowMs: 1)) == [.upgrade])
    }

    @Test func hangupIsIgnoredWhileBothServe() {
        var state = upgraded()
        let actions = state.step(.signal(.hangup), nowMs: 0)
        #expect(
            effects(actions)
                == [.refuseReload("the new binary process 500 has taken over")])
    }

    @Test func newMasterExitsWhileOldOneStops() {
        var state = upgraded()
        _ = state.step(.signal(.quit), nowMs: 0)
        let ended = state.step(.processEnded(500, ChildExitStatus()), nowMs: 1)
        #expect(effects(ended) == [.restorePidFile])
        #expect(effects(state.step(.processEnded(100, ChildExitStatus()), nowMs: 2)) == [.exit(0)])
    }

    @Test func upgradeIsRefused() {
        var inForeground = serving(isDaemon: false)
        var twice = upgraded()
        var successor = serving()
        successor.hasPredecessor = true
        var ending = serving()
        _ = ending.step(.signal(.quit), nowMs: 0)
        let cases: [(actions: [Action], reason: String)] = [
            (
                inForeground.step(.signal(.user2), nowMs: 0),
                "only a server in the background can be replaced"
            ),
            (
                twice.step(.signal(.user2), nowMs: 0),
                "the new binary process 500 is already running"
            ),
            (
                successor.step(.signal(.user2), nowMs: 0),
                "the previous binary is still running"
            ),
            (ending.step(.signal(.user2), nowMs: 0), "the server is shutting down"),
        ]
        for (actions, reason) in cases {
            #expect(
                actions
                    == [.log(.notice, "signal 12 (SIGUSR2) received, ignoring: \(reason)")])
        }
        successor.hasPredecessor = false
        #expect(effects(successor.step(.signal(.user2), nowMs: 1)) == [.upgrade])
    }
}
