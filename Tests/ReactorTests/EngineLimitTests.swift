import Foundation
import Linux
import Reactor
import Testing

/// Limits of the engines, and interruptions of a wait. In processes of their own, since descriptor
/// numbers and signal handlers belong to the whole process.
@Suite struct EngineLimitTests {
    @Test(arguments: [Engine.epoll, .poll])
    func eighteenThousandDescriptorsAreWatched(engine: Engine) async {
        await #expect(processExitsWith: .success) { [name = engine.rawValue as String] in
            let engine = Engine(rawValue: name)!
            let count = allowDescriptors(18_100) - 100
            expectInChild(count >= 1000)
            let quiet = openPipes()
            let ready = openPipes()
            var poller = try Poller(engine, capacity: 512)
            var numbers: [Int32] = []
            for slot in 0..<count {
                // Every 100th is ready.
                numbers.append(dup(slot % 100 == 0 ? ready.reads : quiet.reads))
                expectInChild(numbers[slot] >= 0)
                try poller.register(
                    numbers[slot], for: .readable, token: Token(slot: UInt32(slot), generation: 9))
            }
            expectInChild(try poller.wait(timeoutMs: 0) == 0)
            expectInChild(unsafe write(ready.writes, "x", 1) == 1)
            expectInChild(try poller.wait(timeoutMs: 1000) == (count + 99) / 100)
            for index in 0..<((count + 99) / 100) {
                let event = poller.event(at: index)
                expectInChild(event.token.slot % 100 == 0 && event.readiness == .readable)
            }
            for (slot, number) in numbers.enumerated() where slot % 100 == 0 {
                poller.unregister(number)
            }
            expectInChild(try poller.wait(timeoutMs: 0) == 0)
        }
    }

    @Test func selectAccepts1023AndRefuses1024() async {
        await #expect(processExitsWith: .success) {
            expectInChild(allowDescriptors(1100) >= 1100)
            let pipe = openPipes()
            var poller = try Poller(.select)
            expectInChild(dup2(pipe.reads, 1023) == 1023)
            expectInChild(dup2(pipe.reads, 1024) == 1024)
            try poller.register(1023, for: .readable, token: Token(slot: 3, generation: 1))
            for refused in [1024, 1088, 100_000, Int32.max] as [Int32] {
                var code: Int32 = 0
                do {
                    try poller.register(
                        refused, for: .readable, token: Token(slot: 4, generation: 1))
                } catch let error as SystemError { code = error.code }
                expectInChild(code == EMFILE)
                poller.unregister(refused)
            }
            expectInChild(unsafe write(pipe.writes, "x", 1) == 1)
            expectInChild(try poller.wait(timeoutMs: 1000) == 1)
            expectInChild(poller.event(at: 0) == (Token(slot: 3, generation: 1), .readable))
            // A descriptor that was never registered is closed too.
            poller.close(1024)
            expectInChild(fcntl(1024, F_GETFD) < 0)
        }
    }

    @Test func selectWatchesAllItsNumbers() async {
        await #expect(processExitsWith: .success) {
            expectInChild(allowDescriptors(1100) >= 1100)
            let pipe = openPipes()
            var poller = try Poller(.select, capacity: 2000)
            var count = 0
            while true {
                let number = dup(pipe.reads)
                guard number < 1024 else { break }
                count += 1
                try poller.register(
                    number, for: .readable, token: Token(slot: UInt32(number), generation: 1))
            }
            expectInChild(unsafe write(pipe.writes, "x", 1) == 1)
            expectInChild(try poller.wait(timeoutMs: 1000) == count)
        }
    }

    @Test(arguments: Engine.allCases)
    func signalHandlerInterruptsWait(engine: Engine) async {
        await #expect(processExitsWith: .success) { [name = engine.rawValue as String] in
            var poller = try Poller(Engine(rawValue: name)!)
            let pipe = openPipes()
            try poller.register(pipe.reads, for: .readable, token: Token(slot: 1, generation: 1))
            var unblocked = sigset_t()
            unsafe sigemptyset(&unblocked)
            unsafe sigprocmask(SIG_SETMASK, &unblocked, nil)
            _ = signal(SIGALRM) { _ in }
            // Repeated, since the first signal may arrive before the wait has begun.
            let waiting = pthread_self()
            Thread.detachNewThread {
                while true {
                    Thread.sleep(forTimeInterval: 0.05)
                    pthread_kill(waiting, SIGALRM)
                }
            }
            let clock = ContinuousClock()
            let start = clock.now
            expectInChild(try poller.wait(timeoutMs: 60_000) == 0)
            expectInChild(clock.now - start < .seconds(30))
        }
    }
}

/// Raises the limit of descriptors to `count`, or as far as possible. Returns the limit.
private func allowDescriptors(_ count: Int) -> Int {
    var limit = rlimit()
    _ = unsafe getrlimit(7, &limit)
    limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
    _ = unsafe setrlimit(7, &limit)
    return Int(limit.rlim_cur)
}

private func openPipes() -> (reads: Int32, writes: Int32) {
    var ends: [Int32] = [-1, -1]
    expectInChild(unsafe pipe(&ends) == 0)
    return (ends[0], ends[1])
}

/// Fails with an exit status, since expectations do not work in a child process.
private func expectInChild(_ condition: Bool, line: UInt = #line) {
    precondition(condition, "line \(line)")
}
