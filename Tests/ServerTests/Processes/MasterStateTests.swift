import Linux
import Server
import Testing

/// The master's decisions: a sequence of events with their times, and the actions after each event.
@Suite struct MasterStateTests {
    private typealias Action = MasterState.Action

    /// Returns the state of a master with `workers` workers, pids 100, 101, …, started at 0 ms.
    private func serving(
        workers: Int = 2, timeoutMs: Int64? = nil,
        change: (inout MasterState.Settings) -> Void = { _ in }
    ) -> MasterState {
        var settings = MasterState.Settings(workers: workers, shutdownTimeoutMs: timeoutMs)
        change(&settings)
        var state = MasterState(settings)
        _ = state.step(.start, nowMs: 0)
        for index in 0..<workers {
            _ = state.step(.started(.worker(index), process: 100 + Int32(index)), nowMs: 0)
        }
        for index in 0..<workers { _ = state.step(.workerServes(100 + Int32(index)), nowMs: 0) }
        return state
    }

    /// Returns the actions other than logging.
    private func effects(_ actions: [Action]) -> [Action] {
        actions.filter { if case .log = $0 { false } else { true } }
    }

    private func messages(_ actions: [Action]) -> [String] {
        actions.compactMap { if case .log(_, let text) = $0 { text } else { nil } }
    }

    @Test func startStartsWorkers() {
        var state = MasterState(MasterState.Settings(workers: 3))
        let actions = state.step(.start, nowMs: 0)
        #expect(
            effects(actions) == [
                .start(.worker(0)), .start(.worker(1)), .start(.worker(2)),
            ])
        #expect(
            state.step(.started(.worker(0), process: 123), nowMs: 0)
                == [.log(.notice, "start worker process 123")])
    }

    @Test func startIsAnnouncedWhenAllWorkersServe() {
        var state = MasterState(MasterState.Settings(workers: 2))
        _ = state.step(.start, nowMs: 0)
        _ = state.step(.started(.worker(0), process: 100), nowMs: 0)
        _ = state.step(.started(.worker(1), process: 101), nowMs: 0)
        #expect(state.step(.workerServes(100), nowMs: 1).isEmpty)
        #expect(state.step(.workerServes(101), nowMs: 2) == [.announce])
        #expect(state.nextDeadlineMs == nil)
        // A replacement of a dead worker is not announced.
        _ = state.step(.processEnded(100, ChildExitStatus(signal: 9)), nowMs: 60_000)
        _ = state.step(.started(.worker(0), process: 102), nowMs: 60_000)
        #expect(state.step(.workerServes(102), nowMs: 60_001).isEmpty)
    }

    @Test func reloadIsAnnouncedWhenOldWorkersStopAccepting() {
        var state = serving(workers: 2)
        _ = state.step(.signal(.hangup), nowMs: 0)
        _ = state.step(.reloaded(MasterState.Settings(workers: 1)), nowMs: 0)
        _ = state.step(.started(.worker(0), process: 200), nowMs: 0)
        #expect(!effects(state.step(.workerServes(200), nowMs: 1)).contains(.announce))
        #expect(state.step(.workerAcceptsNoMore(100), nowMs: 1).isEmpty)
        // A worker that has exited does not accept connections either.
        let ended = state.step(.processEnded(101, ChildExitStatus()), nowMs: 2)
        #expect(effects(ended) == [.announce])
    }

    @Test func reloadIsAnnouncedDespiteHangingWorker() {
        var state = serving(workers: 1)
        _ = state.step(.signal(.hangup), nowMs: 0)
        _ = state.step(.reloaded(MasterState.Settings(workers: 1)), nowMs: 0)
        _ = state.step(.started(.worker(0), process: 200), nowMs: 0)
        // The old worker hangs, and does not report that it accepts no more connections.
        _ = state.step(.workerServes(200), nowMs: 0)
        #expect(state.nextDeadlineMs == 10_000)
        #expect(state.step(.tick, nowMs: 10_000) == [.announce])
        #expect(state.nextDeadlineMs == nil)
    }

    @Test func pendingAnnouncementPrecedesNextReload() {
        for signal in [Signal.hangup, .quit, .interrupt] {
            var state = serving(workers: 1)
            _ = state.step(.signal(.hangup), nowMs: 0)
            _ = state.step(.reloaded(MasterState.Settings(workers: 1)), nowMs: 0)
            _ = state.step(.started(.worker(0), process: 200), nowMs: 0)
            _ = state.step(.workerServes(200), nowMs: 0)
            #expect(effects(state.step(.signal(signal), nowMs: 1)).first == .announce)
        }
    }

    /// Returns the state with a helper process, pid 200, beside workers 100 and 101.
    private func servingWithHelper() -> MasterState {
        var state = serving { $0.hasHelper = true }
        _ = state.step(.started(.helper, process: 200), nowMs: 0)
        return state
    }

    @Test func helperStartsAfterWorkers() {
        var settings = MasterState.Settings(workers: 1)
        settings.hasHelper = true
        var state = MasterState(settings)
        #expect(
            effects(state.step(.start, nowMs: 0))
                == [.start(.worker(0)), .start(.helper)])
        #expect(
            state.step(.started(.helper, process: 9), nowMs: 0)
                == [.log(.notice, "start helper process 9")])
    }

    @Test func deadHelperIsReplaced() {
        var state = servingWithHelper()
        let actions = state.step(.processEnded(200, ChildExitStatus(signal: 14)), nowMs: 60_000)
        #expect(
            actions == [
                .log(.alert, "helper process 200 exited on signal 14"), .start(.helper),
            ])
    }

    @Test func failedHelperStartIsRetried() {
        var state = servingWithHelper()
        _ = state.step(.processEnded(200, ChildExitStatus(code: 2)), nowMs: 10)
        #expect(state.nextDeadlineMs == 110)
        #expect(effects(state.step(.tick, nowMs: 110)) == [.start(.helper)])
    }

    @Test func masterWaitsForHelper() {
        var state = servingWithHelper()
        let actions = effects(state.step(.signal(.quit), nowMs: 0))
        #expect(actions.contains(.closeListeners))
        for process in [Int32(100), 101] {
            let ended = state.step(.processEnded(process, ChildExitStatus()), nowMs: 1)
            #expect(!effects(ended).contains(.exit(0)))
        }
        let last = state.step(.processEnded(200, ChildExitStatus()), nowMs: 2)
        #expect(effects(last) == [.exit(0)])
    }

    @Test func helperAloneDoesNotKeepMaster() {
        var state = servingWithHelper()
        _ = state.step(.processEnded(100, ChildExitStatus(code: 2)), nowMs: 10)
        let actions = state.step(.processEnded(101, ChildExitStatus(code: 2)), nowMs: 10)
        #expect(effects(actions) == [.closeListeners, .send(.terminate, to: 200)])
        let ended = state.step(.processEnded(200, ChildExitStatus()), nowMs: 11)
        #expect(effects(ended) == [.exit(1)])
    }

    @Test(arguments: [
        (ChildExitStatus(signal: 9), LogLevel.alert, "worker process 100 exited on signal 9"),
        (
            ChildExitStatus(signal: 11, dumpedCore: true), .alert,
            "worker process 100 exited on signal 11 (core dumped)"
        ),
        (ChildExitStatus(code: 3), .alert, "worker process 100 exited with code 3"),
        (ChildExitStatus(code: 0), .notice, "worker process 100 exited with code 0"),
    ])
    func deadWorkerIsReplaced(ending: ChildExitStatus, level: LogLevel, message: String) {
        var state = serving()
        let actions = state.step(.processEnded(100, ending), nowMs: 60_000)
        #expect(actions == [.log(level, message), .start(.worker(0))])
    }

    @Test func quickDeathsIncreaseDelay() {
        var state = serving(workers: 1)
        var nowMs: Int64 = 0
        var process: Int32 = 100
        for pauseMs: Int64 in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            nowMs += 999
            let died = state.step(.processEnded(process, ChildExitStatus(code: 1)), nowMs: nowMs)
            #expect(effects(died).isEmpty)
            #expect(state.nextDeadlineMs == nowMs + pauseMs)
            #expect(state.step(.tick, nowMs: nowMs + pauseMs - 1).isEmpty)
            nowMs += pauseMs
            #expect(state.step(.tick, nowMs: nowMs) == [.start(.worker(0))])
            #expect(state.nextDeadlineMs == nil)
            process += 1
            _ = state.step(.started(.worker(0), process: process), nowMs: nowMs)
        }
        // After one second, a worker is replaced at once; after ten, earlier failures are
        // forgotten.
        nowMs += 1000
        let lived = state.step(.processEnded(process, ChildExitStatus(code: 1)), nowMs: nowMs)
        #expect(effects(lived) == [.start(.worker(0))])
        _ = state.step(.started(.worker(0), process: 500), nowMs: nowMs)
        nowMs += 10_000
        _ = state.step(.processEnded(500, ChildExitStatus(code: 1)), nowMs: nowMs)
        _ = state.step(.started(.worker(0), process: 501), nowMs: nowMs)
        _ = state.step(.processEnded(501, ChildExitStatus(code: 1)), nowMs: nowMs)
        #expect(state.nextDeadlineMs == nowMs + 100)
    }

    @Test func failedForkIsRetried() {
        var state = serving(workers: 1)
        #expect(effects(state.step(.notStarted(.worker(0)), nowMs: 50)).isEmpty)
        #expect(state.step(.tick, nowMs: 150) == [.start(.worker(0))])
    }

    @Test func fatalExitCodeIsNotRetried() {
        var state = serving()
        let first = state.step(.processEnded(100, ChildExitStatus(code: 2)), nowMs: 5)
        #expect(
            messages(first) == [
                "worker process 100 exited with code 2",
                "worker process 100 exited with fatal code 2 and cannot be respawned",
            ])
        #expect(effects(first).isEmpty && state.nextDeadlineMs == nil)
        let last = state.step(.processEnded(101, ChildExitStatus(code: 2)), nowMs: 5)
        #expect(effects(last) == [.closeListeners, .exit(1)])
    }

    @Test func unknownChildrenAreIgnored() {
        var state = serving()
        #expect(state.step(.processEnded(999, ChildExitStatus(code: 1)), nowMs: 5).isEmpty)
    }

    @Test func interruptStopsAtOnce() {
        var state = serving()
        #expect(
            state.step(.signal(.interrupt), nowMs: 10) == [
                .log(.notice, "signal 2 (SIGINT) received, exiting"), .closeListeners,
                .send(.terminate, to: 100), .send(.terminate, to: 101),
            ])
        #expect(
            effects(state.step(.processEnded(100, ChildExitStatus(code: 0)), nowMs: 20)).isEmpty)
        #expect(state.nextDeadlineMs == 1010)
        #expect(state.step(.tick, nowMs: 1010) == [.send(.kill, to: 101)])
        #expect(
            state.step(.processEnded(101, ChildExitStatus(signal: 9)), nowMs: 1011)
                .suffix(2) == [.log(.notice, "exit"), .exit(0)])
    }

    @Test func quitDrainsWithoutLimit() {
        var state = serving()
        #expect(
            state.step(.signal(.quit), nowMs: 10) == [
                .log(.notice, "signal 3 (SIGQUIT) received, shutting down"),
                .log(.notice, "gracefully shutting down"), .closeListeners,
                .send(.quit, to: 100), .send(.quit, to: 101),
            ])
        #expect(state.nextDeadlineMs == nil)
        #expect(effects(state.step(.signal(.quit), nowMs: 11)).isEmpty)
        #expect(
            effects(state.step(.signal(.hangup), nowMs: 12))
                == [.refuseReload("the server is shutting down")])
        #expect(
            effects(state.step(.processEnded(100, ChildExitStatus(code: 3)), nowMs: 13)).isEmpty)
        let last = state.step(.processEnded(101, ChildExitStatus(code: 0)), nowMs: 90_000)
        #expect(effects(last) == [.exit(0)])
    }

    @Test(arguments: [
        (Signal.terminate, Int64?.none, Int64?.some(5000)),
        (.terminate, 700, 700),
        (.quit, 700, 700),
        (.quit, nil, nil),
    ])
    func drainTimeoutKillsWorkers(signal: Signal, timeoutMs: Int64?, deadlineMs: Int64?) {
        var state = serving(workers: 1, timeoutMs: timeoutMs)
        #expect(
            effects(state.step(.signal(signal), nowMs: 0)) == [
                .closeListeners, .send(.quit, to: 100),
            ])
        #expect(state.nextDeadlineMs == deadlineMs)
        guard let deadlineMs else { return }
        #expect(state.step(.tick, nowMs: deadlineMs) == [.send(.terminate, to: 100)])
        #expect(state.nextDeadlineMs == deadlineMs + 1000)
        #expect(state.step(.tick, nowMs: deadlineMs + 1000) == [.send(.kill, to: 100)])
        #expect(state.nextDeadlineMs == deadlineMs + 1750)
        let last = state.step(.tick, nowMs: deadlineMs + 1750)
        #expect(effects(last) == [.exit(0)], "a call on a disk may keep the dead")
        #expect(
            messages(last) == ["exiting without worker process 100: killed, but not terminated yet"]
        )
    }

    @Test(arguments: [
        ([Signal.terminate], Signal.terminate), ([.terminate], .interrupt), ([.quit], .interrupt),
        ([.quit, .terminate], .terminate),
    ])
    func secondTermStopsAtOnce(before: [Signal], last: Signal) {
        var state = serving(workers: 1)
        for signal in before { _ = state.step(.signal(signal), nowMs: 0) }
        #expect(effects(state.step(.signal(last), nowMs: 7)) == [.send(.terminate, to: 100)])
        #expect(state.nextDeadlineMs == 1007)
        #expect(effects(state.step(.signal(.interrupt), nowMs: 8)).isEmpty)
        #expect(effects(state.step(.signal(.quit), nowMs: 8)).isEmpty)
    }

    @Test func termAfterQuitLimitsDrain() {
        var state = serving(workers: 1)
        _ = state.step(.signal(.quit), nowMs: 0)
        #expect(effects(state.step(.signal(.terminate), nowMs: 100)).isEmpty)
        #expect(state.nextDeadlineMs == 5100)
    }

    @Test func stoppingMasterStartsNoProcess() {
        var state = serving(workers: 1)
        _ = state.step(.processEnded(100, ChildExitStatus(code: 1)), nowMs: 5)
        #expect(state.nextDeadlineMs == 105)
        #expect(effects(state.step(.signal(.quit), nowMs: 10)) == [.closeListeners, .exit(0)])
        #expect(state.step(.tick, nowMs: 200).isEmpty)
    }

    @Test func reloadStartsNewWorkersFirst() {
        var state = serving(timeoutMs: 900)
        #expect(
            state.step(.signal(.hangup), nowMs: 0) == [
                .log(.notice, "signal 1 (SIGHUP) received, reconfiguring"), .reload,
            ])
        let actions = state.step(.reloaded(MasterState.Settings(workers: 1)), nowMs: 10)
        #expect(effects(actions) == [.start(.worker(0))])
        _ = state.step(.started(.worker(0), process: 200), nowMs: 10)
        #expect(
            effects(state.step(.workerServes(200), nowMs: 10)) == [
                .dropPrevious, .send(.quit, to: 100), .send(.quit, to: 101),
            ])
        #expect(state.nextDeadlineMs == 910, "the old timeout bounds the old workers")
        #expect(
            effects(state.step(.processEnded(100, ChildExitStatus(code: 0)), nowMs: 20)).isEmpty)
        #expect(
            effects(state.step(.processEnded(101, ChildExitStatus(signal: 9)), nowMs: 20))
                == [.announce])
        #expect(
            effects(state.step(.processEnded(200, ChildExitStatus(signal: 9)), nowMs: 60_000))
                == [.start(.worker(0))])
    }

    @Test func failedReloadChangesNothing() {
        var state = serving()
        _ = state.step(.signal(.hangup), nowMs: 0)
        #expect(effects(state.step(.reloadFailed, nowMs: 1)).isEmpty)
        #expect(
            effects(state.step(.processEnded(100, ChildExitStatus(signal: 9)), nowMs: 60_000))
                == [.start(.worker(0))])
    }

    @Test func reloadRestartsFatalWorkers() {
        var state = serving()
        _ = state.step(.processEnded(100, ChildExitStatus(code: 2)), nowMs: 5)
        _ = state.step(.reloaded(MasterState.Settings(workers: 1)), nowMs: 10)
        _ = state.step(.started(.worker(0), process: 200), nowMs: 10)
        #expect(
            effects(state.step(.processEnded(101, ChildExitStatus(code: 0)), nowMs: 20)).isEmpty)
    }

    /// Returns the state with a logger of generation 0, pid 300, beside workers 100 and 101.
    private func servingWithLogger() -> MasterState {
        var state = serving { $0.logger = 0 }
        _ = state.step(.started(.logger(0), process: 300), nowMs: 0)
        return state
    }

    @Test func loggerStartsBeforeWorkers() {
        var settings = MasterState.Settings(workers: 1)
        settings.logger = 4
        var state = MasterState(settings)
        #expect(
            effects(state.step(.start, nowMs: 0)) == [.start(.logger(4)), .start(.worker(0))])
        #expect(
            state.step(.started(.logger(4), process: 9), nowMs: 0)
                == [.log(.notice, "start logger process 9")])
    }

    @Test func loggerReopensBeforeMaster() {
        var state = servingWithLogger()
        #expect(
            state.step(.signal(.user1), nowMs: 0) == [
                .log(.notice, "signal 10 (SIGUSR1) received, reopening logs"),
                .send(.user1, to: 300),
            ])
        #expect(state.step(.logsReopened, nowMs: 1) == [.reopenLogs])
        #expect(state.step(.logsReopened, nowMs: 1) == [])
    }

    @Test func masterReopensWithoutLogger() {
        var state = serving()
        #expect(effects(state.step(.signal(.user1), nowMs: 0)) == [.reopenLogs])
    }

    @Test func deadLoggerIsReplacedAndReopens() {
        var state = servingWithLogger()
        let actions = state.step(.processEnded(300, ChildExitStatus(signal: 9)), nowMs: 60_000)
        #expect(
            actions == [
                .log(.alert, "logger process 300 exited on signal 9"), .start(.logger(0)),
            ])
        _ = state.step(.started(.logger(0), process: 301), nowMs: 60_000)
        _ = state.step(.signal(.user1), nowMs: 60_000)
        let again = state.step(.processEnded(301, ChildExitStatus(signal: 9)), nowMs: 120_000)
        #expect(effects(again) == [.reopenLogs, .start(.logger(0))])
        #expect(effects(state.step(.notStarted(.logger(0)), nowMs: 120_000)) == [])
        #expect(effects(state.step(.tick, nowMs: 120_100)) == [.start(.logger(0))])
    }

    @Test(arguments: [Signal.quit, .terminate, .interrupt])
    func masterWaitsForLogger(signal: Signal) {
        var state = servingWithLogger()
        let actions = effects(state.step(.signal(signal), nowMs: 0))
        #expect(actions.contains(.closeListeners))
        // The logger exits by itself.
        #expect(
            !actions.contains { if case .send(_, to: 300) = $0 { true } else { false } })
        for process in [Int32(100), 101] {
            let ended = state.step(.processEnded(process, ChildExitStatus()), nowMs: 1)
            #expect(effects(ended) == [])
        }
        let last = state.step(.processEnded(300, ChildExitStatus()), nowMs: 2)
        #expect(effects(last) == [.closeLogs(generation: 0), .exit(0)])
    }

    @Test func dyingLoggerAtShutdownIsReplacedAFewTimes() {
        var state = servingWithLogger()
        _ = state.step(.signal(.quit), nowMs: 0)
        for process in [Int32(100), 101] {
            _ = state.step(.processEnded(process, ChildExitStatus()), nowMs: 1)
        }
        var nowMs: Int64 = 10
        for (process, pauseMs) in [(Int32(300), Int64(100)), (301, 200), (302, 400), (303, 800)] {
            let died = state.step(.processEnded(process, ChildExitStatus(signal: 9)), nowMs: nowMs)
            #expect(effects(died) == [])
            nowMs += pauseMs
            #expect(effects(state.step(.tick, nowMs: nowMs)) == [.start(.logger(0))])
            _ = state.step(.started(.logger(0), process: process + 1), nowMs: nowMs)
        }
        let last = state.step(.processEnded(304, ChildExitStatus(signal: 9)), nowMs: nowMs)
        #expect(effects(last) == [.closeLogs(generation: 0), .exit(0)])
        #expect(messages(last).contains { $0.contains("log lines may be lost") })
    }

    @Test func stuckLoggerIsKilledAfterWorkers() {
        var state = servingWithLogger()
        _ = state.step(.signal(.interrupt), nowMs: 0)
        #expect(
            effects(state.step(.tick, nowMs: 1000))
                == [.send(.kill, to: 100), .send(.kill, to: 101)])
        for process in [Int32(100), 101] {
            _ = state.step(.processEnded(process, ChildExitStatus(signal: 9)), nowMs: 1001)
        }
        // The same deadline and a little more: time limits do not add up.
        #expect(state.nextDeadlineMs == 1250)
        #expect(effects(state.step(.tick, nowMs: 1250)) == [.send(.kill, to: 300)])
        let last = state.step(.processEnded(300, ChildExitStatus(signal: 9)), nowMs: 1251)
        #expect(effects(last) == [.closeLogs(generation: 0), .exit(0)])
    }

    @Test func reloadStartsNewLoggerAndKeepsOldOne() {
        var state = servingWithLogger()
        _ = state.step(.signal(.hangup), nowMs: 0)
        var next = MasterState.Settings(workers: 1)
        next.logger = 1
        #expect(
            effects(state.step(.reloaded(next), nowMs: 0))
                == [.start(.logger(1)), .start(.worker(0))])
        _ = state.step(.started(.logger(1), process: 310), nowMs: 0)
        _ = state.step(.started(.worker(0), process: 200), nowMs: 0)
        _ = state.step(.workerServes(310), nowMs: 0)
        #expect(
            effects(state.step(.workerServes(200), nowMs: 0)) == [
                .dropPrevious, .send(.quit, to: 100), .send(.quit, to: 101),
            ])
        // Both loggers reopen files.
        #expect(
            effects(state.step(.signal(.user1), nowMs: 1))
                == [.send(.user1, to: 300), .send(.user1, to: 310)])
        // The old logger is also replaced while its workers finish.
        let died = state.step(.processEnded(300, ChildExitStatus(signal: 9)), nowMs: 60_000)
        #expect(effects(died) == [.start(.logger(0))])
        _ = state.step(.started(.logger(0), process: 301), nowMs: 60_000)
        let ended = state.step(.processEnded(301, ChildExitStatus()), nowMs: 60_001)
        #expect(effects(ended) == [.closeLogs(generation: 0)])
    }

    @Test func masterWithoutWorkersRestartsOnlyThem() {
        var state = serving {
            $0.logger = 0
            $0.hasHelper = true
            $0.isDaemon = true
        }
        _ = state.step(.started(.logger(0), process: 300), nowMs: 0)
        _ = state.step(.started(.helper, process: 200), nowMs: 0)
        _ = state.step(.upgraded(400), nowMs: 0)
        _ = state.step(.signal(.windowChange), nowMs: 0)
        #expect(
            effects(state.step(.signal(.hangup), nowMs: 1))
                == [.start(.worker(0)), .start(.worker(1))])
    }

    @Test func windowChangeKeepsLogger() {
        var state = serving {
            $0.logger = 0
            $0.isDaemon = true
        }
        _ = state.step(.started(.logger(0), process: 300), nowMs: 0)
        #expect(
            effects(state.step(.signal(.windowChange), nowMs: 0))
                == [.send(.quit, to: 100), .send(.quit, to: 101)])
        let died = state.step(.processEnded(300, ChildExitStatus(signal: 9)), nowMs: 60_000)
        #expect(effects(died) == [.start(.logger(0))])
    }

    @Test func winchStopsWorkersOfDaemon() {
        var state = serving { $0.isDaemon = true }
        #expect(
            effects(state.step(.signal(.windowChange), nowMs: 0))
                == [.send(.quit, to: 100), .send(.quit, to: 101)])
        for process: Int32 in [100, 101] {
            let ended = state.step(.processEnded(process, ChildExitStatus(code: 0)), nowMs: 10)
            #expect(effects(ended).isEmpty, "the master stays")
        }
        #expect(effects(state.step(.signal(.hangup), nowMs: 20)) == [.reload])
        let settings = MasterState.Settings(workers: 1)
        #expect(
            effects(state.step(.reloaded(settings), nowMs: 20)) == [.start(.worker(0))])
    }

    @Test func winchInForegroundIsIgnored() {
        var state = serving()
        #expect(state.step(.signal(.windowChange), nowMs: 0).isEmpty)
    }

    @Test func hangupStopsTerminalServer() {
        var state = serving { $0.endsOnHangup = true }
        #expect(
            effects(state.step(.signal(.hangup), nowMs: 0))
                == [.closeListeners, .send(.terminate, to: 100), .send(.terminate, to: 101)])
    }

    @Test func hangingWorkerIsReplacedBeforeItDies() {
        var state = serving()
        #expect(!state.isExpectedToExit(101))
        #expect(
            state.step(.hung(process: 101), nowMs: 50_000)
                == [.send(.kill, to: 101), .start(.worker(1))])
        #expect(state.isExpectedToExit(101))
        // It exits when the disk allows it; no other process is started then.
        let ended = state.step(.processEnded(101, ChildExitStatus(signal: 9)), nowMs: 90_000)
        #expect(effects(ended) == [])
        #expect(messages(ended) == ["worker process 101 exited on signal 9"])
    }

    @Test func hangingWorkerIsAbortedForCore() {
        var state = serving { $0.wantsCores = true }
        #expect(
            state.step(.hung(process: 100), nowMs: 50_000)
                == [.send(.abort, to: 100), .start(.worker(0))])
        #expect(state.nextDeadlineMs == 55_000)
        #expect(state.step(.tick, nowMs: 55_000) == [.send(.kill, to: 100)])
    }

    @Test func hangingDrainingWorkerIsKilledOnly() {
        var state = serving(workers: 1)
        _ = state.step(.signal(.quit), nowMs: 0)
        #expect(state.step(.hung(process: 100), nowMs: 50_000) == [.send(.kill, to: 100)])
        #expect(state.step(.hung(process: 7), nowMs: 50_000) == [])
    }

    // MARK: the helper process

    @Test func stuckHelperIsReplaced() {
        var state = servingWithHelper()
        let actions = state.step(.helperIsStuck(reportedBy: 100), nowMs: 20_000)
        #expect(effects(actions) == [.send(.kill, to: 200), .start(.helper)])
        #expect(messages(actions) == ["helper process 200 does not respond: killing it"])
        // It exits when the disk allows it; no other process is started then.
        _ = state.step(.started(.helper, process: 301), nowMs: 20_000)
        let ended = state.step(.processEnded(200, ChildExitStatus(signal: 9)), nowMs: 20_001)
        #expect(effects(ended).isEmpty)
    }

    /// Workers are not trusted: their reports replace the helper process at most once every ten
    /// seconds.
    @Test func helperReplacementsAreRateLimited() {
        var state = servingWithHelper()
        #expect(state.step(.helperIsStuck(reportedBy: 100), nowMs: 9_999).isEmpty)
        #expect(state.step(.helperIsStuck(reportedBy: 200), nowMs: 20_000).isEmpty)
        #expect(state.step(.helperIsStuck(reportedBy: 7), nowMs: 20_000).isEmpty)
        _ = state.step(.helperIsStuck(reportedBy: 100), nowMs: 20_000)
        _ = state.step(.started(.helper, process: 301), nowMs: 20_000)
        for now in [20_000, 20_001, 29_999] as [Int64] {
            #expect(state.step(.helperIsStuck(reportedBy: 101), nowMs: now).isEmpty)
        }
        let actions = state.step(.helperIsStuck(reportedBy: 101), nowMs: 30_000)
        #expect(effects(actions) == [.send(.kill, to: 301), .start(.helper)])
    }

    @Test func reportsOfLeavingWorkersAreIgnored() {
        var state = servingWithHelper()
        _ = state.step(.signal(.hangup), nowMs: 0)
        _ = state.step(.reloaded(MasterState.Settings(workers: 1)), nowMs: 0)
        _ = state.step(.started(.worker(0), process: 300), nowMs: 0)
        _ = state.step(.started(.helper, process: 400), nowMs: 0)
        let actions = state.step(.helperIsStuck(reportedBy: 100), nowMs: 60_000)
        #expect(effects(actions) == [.send(.kill, to: 200)])
        #expect(state.step(.helperIsStuck(reportedBy: 100), nowMs: 60_001).isEmpty)
    }
}
